/* Keyboard shortcuts, and the list of them that `?` or the button in the footer opens. Readers who dictate, or
   hit keys by mistake, can switch single keys off in the list; Ctrl+K stays. */
(() => {
  "use strict";

  const STORE = "guide-keys";
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const follow = (where) => () => document.querySelector(where)?.click();
  const actions = {
    n: follow(".prev-next-area .right-next"),
    p: follow(".prev-next-area .left-prev"),
    t: follow(".theme-switch-button"),
    "?": open,
  };
  const LIST = [
    [["/"], "Search"],
    [[mac ? "⌘" : "Ctrl", "K"], "Search, also while you type in a field"],
    [["↑", "↓", "Enter"], "Choose and open a result"],
    [["n"], "Next page"],
    [["p"], "Previous page"],
    [["t"], "Change the theme"],
    [["?"], "Show this list"],
    [["Esc"], "Close the search, a menu or this list"],
  ];
  let dialog = null;

  function on() {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true; // no storage
    }
  }

  /* Whether a key was pressed alone, outside of fields and dialogs, by a reader who wants that to do something. */
  function single(event) {
    const held = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    return !held && !field && !document.querySelector("dialog[open]") && on();
  }

  function element(name, text, ...children) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  }

  function makeDialog() {
    const title = element("h2", "Keyboard shortcuts");
    title.id = "guide-keys-title";
    const rows = LIST.map(([keys, text]) => {
      const shown = keys.flatMap((key) => [" ", element("kbd", key)]).slice(1);
      return element("div", "", element("dt", "", ...shown), element("dd", text));
    });
    const box = element("input");
    box.type = "checkbox";
    box.checked = on();
    box.addEventListener("change", () => {
      try {
        localStorage.setItem(STORE, box.checked ? "on" : "off");
      } catch {
        box.checked = true; // Without storage, they stay on.
      }
    });
    const close = element("button", "Esc");
    close.type = "button";
    close.className = "find-close";
    close.setAttribute("aria-label", "Esc: close the list");
    const switches = element("label", "", box, "Use single keys, such as n");
    const made = element("dialog", "", title, close, element("dl", "", ...rows), switches);
    made.className = "find guide-keys d-print-none";
    made.setAttribute("aria-labelledby", title.id);
    close.addEventListener("click", () => made.close());
    made.addEventListener("click", (event) => event.target === made && made.close());
    document.body.append(made);
    return made;
  }

  function open() {
    dialog ||= makeDialog();
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(actions, event.key) || !single(event)) return;
    event.preventDefault();
    actions[event.key]();
  });
  document.querySelector(".guide-keys-open")?.addEventListener("click", open);
  globalThis.guideSingleKey = single; // for the search
})();
