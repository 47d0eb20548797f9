/* The reader's GitHub username in the code, in downloads and in copies. It is stored only in this browser. Without this
   script, pages show the name with which the code ran. */
(() => {
  "use strict";

  const STORE = "guide-names";
  const PRINTED = "funky-user";
  const IN_TEXT = new RegExp(`${PRINTED}(?!@example)`, "g");
  const TEXTS = /\.(ipynb|md|py)$/;
  const FORM = /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i;
  const RULE = "GitHub usernames contain letters, digits and single hyphens (39 characters at most).";
  const article = document.querySelector("article.bd-article");
  if (!article) return;
  const printed = new Map(); // text nodes that show the name, with what the page prints there
  let user = read();

  /* Accept only a username, whatever is stored. */
  function read() {
    try {
      const stored = JSON.parse(localStorage.getItem(STORE))?.user;
      return typeof stored === "string" && FORM.test(stored) ? stored : "";
    } catch {
      return ""; // no storage, or not ours
    }
  }

  /* Text with the reader's name. An example of a Google account has its own name. */
  function named(text) {
    // The hub uses the username in lower case, also in prefixes.
    return user ? text.replace(IN_TEXT, user.toLowerCase()) : text;
  }

  /* Download a file with the reader's name in it; without scripts, and from disk, it is as it was made. */
  async function download(event) {
    const link = event.target.closest("a[download]");
    if (!link || !user || !TEXTS.test(link.pathname)) return;
    event.preventDefault();
    const copy = document.createElement("a");
    copy.href = link.href;
    copy.download = link.pathname.split("/").pop();
    try {
      const answer = await fetch(link.href);
      if (answer.ok) copy.href = URL.createObjectURL(new Blob([named(await answer.text())]));
    } catch {
      // the file as it was made
    }
    copy.click();
    setTimeout(() => URL.revokeObjectURL(copy.href), 60_000);
  }

  function keep() {
    try {
      localStorage.setItem(STORE, JSON.stringify({ user }));
    } catch {
      // Without storage, the name lasts until the reader leaves the page.
    }
  }

  function collect(where) {
    for (const block of article.querySelectorAll(where)) {
      const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.data.includes(PRINTED)) printed.set(node, node.data);
      }
    }
  }

  function show() {
    for (const [node, text] of printed) {
      const now = named(text);
      if (node.data !== now) node.data = now; // text, never markup
    }
    for (const input of document.querySelectorAll(".names [name=user]")) {
      if (input !== document.activeElement) input.value = user;
    }
  }

  function change(event) {
    const value = event.target.value.trim();
    const wrong = value !== "" && !FORM.test(value);
    event.target.setAttribute("aria-invalid", String(wrong));
    event.target.form.querySelector(".names-status").textContent = wrong ? RULE : "";
    if (wrong) return;
    user = value;
    keep();
    show();
  }

  function makeForm() {
    const form = document.createElement("form");
    form.className = "names unsearched";
    const label = document.createElement("label");
    const input = document.createElement("input");
    const options = { name: "user", type: "text", placeholder: PRINTED, maxLength: 100, autocomplete: "off" };
    Object.assign(input, options, { spellcheck: false, autocapitalize: "none" });
    input.addEventListener("input", change);
    label.append("Your GitHub username", " ", input);
    const status = document.createElement("span");
    status.className = "names-status";
    status.setAttribute("role", "status");
    form.append(label, status);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  collect("pre");
  const first = printed.keys().next().value?.parentElement;
  collect("pre, code, .cell_output td");
  first?.closest("section > *").before(makeForm());
  const settings = document.querySelector(".names-settings");
  if (settings) {
    settings.hidden = false;
    settings.append(makeForm());
  }
  show();
  document.addEventListener("click", download);
  globalThis.guideNamed = named; // for the page as Markdown
  window.addEventListener("storage", () => {
    user = read(); // changed on another page of the guide, in another tab
    show();
  });
})();
