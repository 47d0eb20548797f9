/* Code that a reader edits: an element becomes a text box with the keys of a notebook. */

/* Make the element `code` a text box named `label`. `changed` is called after each change, `run` for Shift+Enter (with
   true) and Ctrl+Enter, and `leave` for Escape, as Tab indents. */
export function makeEditable(code, { label, changed, run, leave }) {
  try {
    code.contentEditable = "plaintext-only";
  } catch {
    code.contentEditable = "true"; // Firefox before 136 throws
  }
  code.spellcheck = false;
  for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-label", label]]) {
    code.setAttribute(name, value);
  }
  code.oninput = changed;
  code.onkeydown = (event) => press(event, run, leave);
  code.onpaste = (event) => {
    event.preventDefault();
    insert(event.clipboardData.getData("text/plain"));
  };
}

function press(event, run, leave) {
  event.stopPropagation(); // not a shortcut of the page
  if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run(event.shiftKey);
  } else if (event.key === "Enter") {
    event.preventDefault();
    insert(`\n${indentation()}`);
  } else if (event.key === "Escape") {
    leave(); // Tab moves on from there
  } else if (event.key === "Tab" && !event.shiftKey && !event.altKey && indentation(true)) {
    event.preventDefault();
    insert("    ");
  }
}

/* The code in an element that the reader edits: a line break may be an element. */
export function sourceOf(code) {
  const copy = code.cloneNode(true);
  for (const br of copy.querySelectorAll("br")) br.replaceWith("\n");
  for (const div of copy.querySelectorAll("div")) div.prepend("\n");
  return copy.textContent.replace(/\u00a0/g, " ").replace(/^\n+|\n+$/g, "");
}

function insert(text) {
  if (document.execCommand("insertText", false, text)) return;
  const range = getSelection().getRangeAt(0);
  range.deleteContents();
  range.insertNode(document.createTextNode(text));
  range.collapse(false);
}

/* The spaces at the beginning of the line with the cursor. With `only`, whether nothing else is before the cursor. */
function indentation(only = false) {
  const selection = getSelection();
  if (!selection.rangeCount) return "";
  const range = selection.getRangeAt(0).cloneRange();
  range.setStart(range.startContainer.parentElement.closest("pre") ?? range.startContainer, 0);
  const line = range.toString().split("\n").at(-1);
  return only ? line.trim() === "" : line.match(/^ */)[0] + (line.trimEnd().endsWith(":") ? "    " : "");
}
