/* The reader's names in the code: a GitHub username, and on pages that ask for them a bucket and the name of a Dataset.
   They are stored in this browser alone. Without this script, pages show the names with which the code ran. */
(() => {
  "use strict";

  const STORE = "guide-names";
  const PRINTED = "funky-user";
  const FORMS = {
    user: [/^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i, "A GitHub username has letters, digits and single hyphens, 39 at most."],
    dataset: [/^[A-Za-z\d][A-Za-z\d._-]{0,79}$/, "Take letters, digits, dots, hyphens and underscores, 80 at most."],
  };
  const article = document.querySelector("article.bd-article");
  if (!article) return;
  const asked = JSON.parse(document.querySelector('meta[name="guide-asks"]')?.content || "{}");
  const printed = new Map(); // text nodes that show a name, with what the page prints there
  // Prose names buckets to distinguish them, so the reader's choice would change its meaning.
  const BLOCKS = "pre", ALL = "pre, code";
  let names = read();

  function read() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(STORE)) || {};
    } catch {
      kept = {}; // no storage, or not ours
    }
    return valid(kept);
  }

  /* Accept only values of the right form, whatever their origin. */
  function valid(kept) {
    const found = {};
    for (const [name, [form]] of Object.entries(FORMS)) {
      if (typeof kept[name] === "string" && form.test(kept[name])) found[name] = kept[name];
    }
    if (typeof kept.bucket === "string" && asked.buckets && Object.hasOwn(asked.buckets, kept.bucket)) found.bucket = kept.bucket;
    return found;
  }

  function keep() {
    try {
      localStorage.setItem(STORE, JSON.stringify({ ...JSON.parse(localStorage.getItem(STORE) || "{}"), ...names }));
    } catch {
      // Without storage, the names last until the reader leaves the page.
    }
  }

  /* The original texts, and what replaces them. */
  function replacements() {
    // The hub uses the username in lower case, also in prefixes.
    const found = new Map(names.user ? [[PRINTED, names.user.toLowerCase()]] : []);
    if (asked.dataset && names.dataset) found.set(asked.dataset, names.dataset);
    if (asked.bucket && names.bucket) {
      found.set(asked.bucket, names.bucket);
      found.set(`${asked.buckets[asked.bucket]}/`, `${asked.buckets[names.bucket]}/`);
    }
    return found;
  }

  /* Replace everything in one pass, so that a replacement is not replaced again. */
  function replaced(text, pairs) {
    const wanted = [...pairs.keys()].map((name) => name.replace(/[^\w]/g, "\\$&")).join("|");
    return wanted ? text.replace(new RegExp(wanted, "g"), (found) => pairs.get(found)) : text;
  }

  function collect(where, wanted) {
    for (const block of article.querySelectorAll(where)) {
      const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        if (wanted.some((name) => node.data.includes(name))) printed.set(node, node.data);
      }
    }
  }

  function show() {
    const pairs = replacements();
    const user = new Map([...pairs].filter(([name]) => name === PRINTED));
    for (const [node, text] of printed) {
      const now = replaced(text, node.parentElement.closest(BLOCKS) ? pairs : user);
      if (node.data !== now) node.data = now; // text, never markup
    }
    for (const input of document.querySelectorAll(".names [name]")) {
      if (input !== document.activeElement) input.value = names[input.name] || (input.name === "bucket" ? asked.bucket : "");
    }
  }

  function change(event) {
    const { name, value } = event.target;
    const status = event.target.form.querySelector(".names-status");
    const [form, rule] = FORMS[name] || [/./, ""];
    const wrong = value !== "" && !form.test(value.trim());
    event.target.setAttribute("aria-invalid", String(wrong));
    status.textContent = wrong ? rule : "";
    if (wrong) return;
    names = { ...names, [name]: value.trim() };
    keep();
    names = valid(names);
    show();
  }

  function field(form, name, label, placeholder) {
    const around = document.createElement("label");
    const input = document.createElement(name === "bucket" ? "select" : "input");
    input.name = name;
    if (name === "bucket") {
      input.append(...Object.keys(asked.buckets).map((variable) => new Option(variable, variable)));
    } else {
      Object.assign(input, { type: "text", placeholder, maxLength: 100, autocomplete: "off", spellcheck: false });
      input.autocapitalize = "none";
    }
    input.addEventListener(name === "bucket" ? "change" : "input", change);
    around.append(label, " ", input);
    form.append(around);
  }

  function makeForm(whole) {
    const form = document.createElement("form");
    form.className = "names unsearched";
    field(form, "user", "Your GitHub username", PRINTED);
    if (whole && asked.bucket) field(form, "bucket", "Bucket", "");
    if (whole && asked.dataset) field(form, "dataset", "Name of the Dataset", asked.dataset);
    const status = document.createElement("span");
    status.className = "names-status";
    status.setAttribute("role", "status");
    form.append(status);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  collect(BLOCKS, [PRINTED, asked.dataset, asked.bucket, asked.bucket && `${asked.buckets[asked.bucket]}/`].filter(Boolean));
  const first = printed.keys().next().value?.parentElement;
  collect(ALL, [PRINTED]);
  first?.closest("section > *").before(makeForm(true));
  const settings = document.querySelector(".names-settings");
  if (settings) {
    settings.hidden = false;
    settings.append(makeForm(false));
  }
  show();
  window.addEventListener("storage", () => {
    names = read(); // changed on another page of the guide, in another tab
    show();
  });
})();
