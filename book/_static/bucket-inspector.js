/* The recorded panels: below a block, what it did to the bucket when the page was last tested. One file has the
   descriptions of all blocks of a page; blocks.js loads this module for the first panel. */
import { showBucket } from "./bucket-panel.js";

const NOTE = "Recorded when this page was last tested.";
const LIVE_NOTE = "From the last run of this cell, in your browser.";
const liveHeads = new Map(); // the beginnings of objects that cells wrote here
const pages = new Map(); // the descriptions of a file's blocks, by the address of the file

async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const text = await answer.text();
  const { blocks } = JSON.parse(globalThis.guideNamed?.(text) ?? text);
  return complete(blocks);
}

/* The beginning of an object is in the description of the block that wrote it; `heads` has those by their names. */
function addHeads(objects, heads) {
  for (const object of objects) {
    if (object.state === "unchanged") Object.assign(object, heads.get(object.name));
    else heads.set(object.name, { head: object.head, hex: object.hex });
  }
}

function complete(blocks) {
  const heads = new Map();
  for (const { objects } of blocks) addHeads(objects, heads);
  return new Map(blocks.map((block) => [block.block, { ...block, note: NOTE }]));
}

function descriptions(address) {
  if (!pages.has(address)) {
    const loaded = load(address);
    loaded.catch(() => pages.delete(address)); // a later click tries again
    pages.set(address, loaded);
  }
  return pages.get(address);
}

function makePanel(button, block) {
  const panel = document.createElement("div");
  panel.setAttribute("role", "group"); // a page may have many, so they are no landmarks
  panel.className = "bucket-panel unsearched";
  panel.id = `${block.id}-bucket`;
  panel.setAttribute("aria-label", "Bucket");
  button.setAttribute("aria-controls", panel.id);
  block.append(panel);
  block.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    setOpen(button, panel, false);
    button.focus();
  });
  return panel;
}

function setOpen(button, panel, open) {
  panel.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
}

/* Put what a block did when the reader ran it here into its panel, which stays open or closed. */
export function showLive(block, description) {
  const button = block.querySelector(".guide-bar [data-panel]") ?? addButton(block);
  const panel = block.querySelector(":scope > .bucket-panel") ?? makePanel(button, block);
  if (!panel.dataset.filled) setOpen(button, panel, false);
  panel.dataset.filled = "live";
  addHeads(description.objects, liveHeads);
  const count = description.requests.reduce((total, row) => total + row.count, 0);
  button.textContent = `Bucket: ${count} request${count === 1 ? "" : "s"}`;
  return showBucket(panel, { ...description, note: LIVE_NOTE });
}

function addButton(block) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = "Bucket";
  made.dataset.panel = "";
  made.setAttribute("aria-expanded", "false");
  made.addEventListener("click", () => toggle(made, block));
  block.querySelector(".guide-bar .guide-label").after(made);
  return made;
}

/* Open the panel of a block, or close it. */
export async function toggle(button, block) {
  const made = block.querySelector(":scope > .bucket-panel");
  const panel = made ?? makePanel(button, block);
  setOpen(button, panel, !made || made.hidden);
  if (panel.hidden || panel.dataset.filled) return;
  try {
    const found = await descriptions(new URL(block.dataset.bucket, document.baseURI).href);
    await showBucket(panel, found.get(block.id));
    panel.dataset.filled = "yes";
  } catch {
    await showBucket(panel, null);
  }
}
