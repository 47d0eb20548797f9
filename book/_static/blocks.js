/* Blocks: a button that copies what runs, one that wraps long lines on every page, one that shows what a block did to the
   bucket, and one that copies an error. The frames are in the page; data-typed has the numbers of the lines to copy,
   without it the whole text is copied, and data-bucket names the file with what the panel shows. */
(() => {
  "use strict";

  const STORE = "guide-wrap";
  const root = document.documentElement;
  const article = document.querySelector("article.bd-article");
  if (!article) return;
  const PROMPT = 2; // the length of "$ " and of "> "
  const wraps = new Map(); // buttons that wrap lines, with their blocks

  /* The text to copy, with the reader's name in it. */
  function textOf(block) {
    const text = block.querySelector("pre").textContent.replace(/^\n+|\n+$/g, "");
    if (block.dataset.typed === undefined) return text;
    const lines = text.split("\n");
    const typed = block.dataset.typed.split(" ").filter(Boolean);
    return typed.map((number) => lines[number].slice(PROMPT)).join("\n");
  }

  async function put(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea"); // in a page without access to the clipboard
      field.value = text;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      if (!done) throw new Error("not copied");
    }
  }

  function button(words, name, press) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    if (name !== words) made.setAttribute("aria-label", name);
    made.addEventListener("click", () => press(made));
    return made;
  }

  function copying(words, name, text) {
    const made = button(words, name, async () => {
      try {
        await put(text());
        made.textContent = "Copied";
      } catch {
        made.textContent = "Not copied";
      }
      made.removeAttribute("aria-label");
      setTimeout(() => {
        made.textContent = words;
        if (name !== words) made.setAttribute("aria-label", name);
      }, 2000);
    });
    made.className = "copybtn";
    return made;
  }

  /* Its scripts are loaded for the first panel. A page opened from disk may not load data. */
  function inspecting(block) {
    const made = button("Bucket", "Bucket", async () => {
      const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
      const inspector = await import(new URL("_static/bucket-inspector.js", root).href);
      inspector.toggle(made, block);
    });
    made.setAttribute("aria-expanded", "false");
    made.dataset.panel = "";
    return made;
  }

  function isWrapped() {
    return root.dataset.wrap === "on";
  }

  function wrap(on) {
    if (on) root.dataset.wrap = "on";
    else delete root.dataset.wrap;
    for (const made of wraps.keys()) made.setAttribute("aria-pressed", String(on));
  }

  function change(pressed) {
    const before = pressed.getBoundingClientRect().top;
    wrap(!isWrapped());
    scrollBy(0, pressed.getBoundingClientRect().top - before); // other blocks change too: keep this one in its place
    try {
      localStorage.setItem(STORE, isWrapped() ? "on" : "off");
    } catch {
      // Without storage, it lasts until the reader leaves the page.
    }
  }

  /* Offer to wrap only lines that do not fit. */
  function measure() {
    const on = isWrapped();
    delete root.dataset.wrap;
    for (const [made, block] of wraps) {
      made.hidden = ![...block.querySelectorAll("pre")].some((pre) => pre.scrollWidth > pre.clientWidth + 1);
    }
    wrap(on);
  }

  for (const block of article.querySelectorAll(".guide-block")) {
    const bar = block.querySelector(".guide-bar");
    if (!block.querySelector("pre")) continue;
    const toggle = button("Wrap lines", "Wrap lines", change);
    wraps.set(toggle, block);
    bar.append(toggle);
    if (block.dataset.bucket && location.protocol !== "file:") bar.append(inspecting(block));
    if (textOf(block)) {
      const what = block.dataset.typed === undefined ? "Copy the code" : "Copy the commands";
      bar.append(copying("Copy", `${what}: ${bar.querySelector(".guide-label").textContent}`, () => textOf(block)));
    }
  }
  for (const error of article.querySelectorAll(".output.traceback")) {
    const text = () => error.querySelector("pre").textContent.trim();
    error.prepend(copying("Copy message", "Copy message", text));
  }
  /* The button that runs the page here. A page opened from disk has no worker. */
  const live = article.querySelector(".guide-live");
  if (live && location.protocol !== "file:") {
    live.hidden = false;
    const start = live.querySelector("button");
    start.addEventListener("click", async () => {
      start.disabled = true;
      const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
      const runner = await import(new URL("_static/run-here.js", root).href);
      await runner.begin(live);
    });
  }
  let on = false;
  try {
    on = localStorage.getItem(STORE) === "on";
  } catch {
    // no storage
  }
  wrap(on);
  measure();
  addEventListener("resize", measure);
})();
