// "Did this page help?": "Yes" is thanked for and stored nowhere. The report opens with what the reader searched for only
// if the reader says so. A search is known only in this tab, to the page that was opened from its results.
{
  const line = document.querySelector(".guide-helped");
  const button = line?.querySelector("button");
  button?.addEventListener("click", () => {
    button.remove();
    line.querySelector("[role=status]").textContent = "Thank you.";
  });
  let asked;
  try {
    asked = JSON.parse(sessionStorage.getItem("guide-asked"));
  } catch {
    // no storage
  }
  if (line && asked?.page === location.pathname && typeof asked.query === "string") {
    const report = line.querySelector("a");
    const alone = report.href;
    const label = line.querySelector("label");
    label.querySelector("q").textContent = asked.query;
    label.hidden = false;
    label.querySelector("input").addEventListener("change", (event) => {
      report.href = event.target.checked ? alone + encodeURIComponent(`I searched for: ${asked.query}\n\n`) : alone;
    });
  }
}
