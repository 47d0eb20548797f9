/* The reader's GitHub username in the code. It is stored only in this browser. Without this script, pages show the name
   with which the code ran. */
(() => {
  "use strict";

  const STORE = "guide-names";
  const PRINTED = "funky-user";
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
    // The hub uses the username in lower case, also in prefixes.
    const name = user.toLowerCase() || PRINTED;
    for (const [node, text] of printed) {
      const now = text.replaceAll(PRINTED, name);
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
  collect("pre, code");
  first?.closest("section > *").before(makeForm());
  const settings = document.querySelector(".names-settings");
  if (settings) {
    settings.hidden = false;
    settings.append(makeForm());
  }
  show();
  window.addEventListener("storage", () => {
    user = read(); // changed on another page of the guide, in another tab
    show();
  });
})();
