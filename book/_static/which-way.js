// Questions above a table, one for each column but the last. An answer hides the rows that do not match it.
document.querySelectorAll("table.which-way").forEach((table) => {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const values = (row, column) => row.cells[column].textContent.split(",").map((text) => text.trim());
  const ANY = "any";

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const choice = (column, value, label) => {
    const input = element("input", { type: "radio", name: `way-${column}`, value, checked: value === "" });
    return element("label", {}, input, ` ${label}`);
  };
  const questions = heads.slice(0, -1).map((head, column) => {
    const answers = [...new Set(rows.flatMap((row) => values(row, column)))].filter((value) => value !== ANY);
    const choices = [...answers.map((value) => choice(column, value, value)), choice(column, "", "Not sure")];
    return element("fieldset", {}, element("legend", { textContent: head }), ...choices);
  });
  const result = element("p", { className: "result" });
  result.setAttribute("role", "status");
  const form = element("form", { className: "which-way" }, ...questions, result);
  form.append(element("button", { type: "reset", textContent: "Reset" }));

  const narrow = () => {
    const given = questions.map((_, column) => form.elements[`way-${column}`].value);
    const fits = (row, column) => !given[column] || values(row, column).some((v) => v === ANY || v === given[column]);
    const left = rows.filter((row) => given.every((_, column) => fits(row, column)));
    rows.forEach((row) => (row.hidden = !left.includes(row)));
    questions.forEach((question, column) => {
      question.hidden = !given[column] && left.every((row) => values(row, column).includes(ANY));
    });
    const [way] = left.length === 1 ? left[0].cells[heads.length - 1].children : [];
    result.replaceChildren(...(way ? ["Recommended: ", ...way.cloneNode(true).childNodes] : [`${left.length} options match.`]));
  };
  form.addEventListener("change", narrow);
  form.addEventListener("reset", () => setTimeout(narrow));
  form.addEventListener("submit", (event) => event.preventDefault());
  (table.closest(".pst-scrollable-table-container") || table).before(form);
  narrow();
});
