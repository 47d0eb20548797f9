/* A panel about a bucket: the objects after some code ran, with the beginning of each, and the requests that it made. It
   draws a description (fakehub/storage/inspection.py says what is in one) and does not know where it comes from. Call
   showBucket again after another run: the line that sums up the panel is announced to a screen reader. */
const STATES = ["new", "changed", "deleted", "unchanged"];
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const FEW = 8; // folders with more objects are folded
let style = null;

/* A size as the hub's tools print it: 1 kB is 1000 bytes. */
export function sizeText(bytes) {
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const number = bytes / 1000 ** unit;
  return `${number >= 100 || !unit ? Math.round(number) : Number(number.toPrecision(2))} ${UNITS[unit]}`;
}

/* Draw the description in the container, instead of what is in it; without a description, say that there is none. */
export async function showBucket(container, description) {
  const status = container.querySelector(":scope > .bucket-sum") ?? element("p", "bucket-sum");
  status.setAttribute("role", "status");
  container.classList.add("bucket-panel");
  if (!status.isConnected) container.prepend(status);
  await loadStyle();
  await new Promise(requestAnimationFrame); // a region announces only what changes after it was made
  if (!description) {
    container.replaceChildren(status);
    status.textContent = "This could not be loaded. Try again later.";
    return;
  }
  status.textContent = `${objectsSaid(description)} ${requestsSaid(description.requests)}`;
  const columns = element("div", "bucket-columns");
  if (description.objects.length) columns.append(objectsPart(description));
  if (description.requests.length) columns.append(requestsPart(description.requests));
  container.replaceChildren(status, columns);
  if (description.note) container.append(element("p", "bucket-note", description.note));
}

/* The style sheet is beside this module. A panel without it can be read, so a missing one is no error. */
function loadStyle() {
  style ??= new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.onload = link.onerror = resolve;
    link.href = new URL("bucket-panel.css", import.meta.url);
    document.head.append(link);
  });
  return style;
}

function element(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children); // texts, never markup
  return made;
}

const sum = (rows, key) => rows.reduce((total, row) => total + (row[key] ?? 0), 0);
const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

function objectsSaid({ objects, more }) {
  const left = objects.filter((object) => object.state !== "deleted");
  const number = left.length + (more?.count ?? 0);
  const states = STATES.slice(0, 3).map((state) => [objects.filter((object) => object.state === state).length, state]);
  const changes = states.filter(([count]) => count).map(([count, state]) => `${count} ${state}`);
  const size = sizeText(sum(left, "size") + (more?.size ?? 0));
  const changed = changes.length ? `: ${changes.join(", ")}` : number ? ", none changed" : "";
  return `${counted(number, "object")}${number ? ` (${size})` : ""}${changed}.`;
}

function requestsSaid(requests) {
  if (!requests.length) return "No requests.";
  const [sent, received] = ["bytes_sent", "bytes_received"].map((key) => sizeText(sum(requests, key)));
  return `${counted(sum(requests, "count"), "request")}: ${sent} sent, ${received} received.`;
}

/* The folder that all names have in common, with the slash at its end. */
function commonFolder(names) {
  const [first, ...others] = names;
  let end = first.lastIndexOf("/") + 1;
  while (end && others.some((name) => !name.startsWith(first.slice(0, end)))) {
    end = first.lastIndexOf("/", end - 2) + 1;
  }
  return first.slice(0, end);
}

function objectsPart({ objects, more }) {
  const part = element("div", "bucket-objects");
  const folder = commonFolder(objects.map((object) => object.name));
  part.append(element("p", "bucket-folder", element("code", "", folder)));
  for (const state of STATES) {
    const some = objects.filter((object) => object.state === state);
    if (some.length) part.append(stateList(some, state, folder));
  }
  if (more) part.append(element("p", "bucket-more", `and ${more.count} more (${sizeText(more.size)})`));
  return part;
}

/* Objects in one state. Those that the code did not change are folded. */
function stateList(objects, state, folder) {
  if (state !== "unchanged") return element("ul", "", ...items(objects, folder));
  const common = commonFolder(objects.map((object) => object.name));
  return folded(common.slice(folder.length), objects, element("ul", "", ...items(objects, common)));
}

/* The items of a list of objects in a folder; inner folders with many of them are folded. */
function items(objects, folder) {
  if (objects.length <= FEW) return objects.map((object) => objectItem(object, folder));
  const inner = new Map(); // by the next part of their names
  for (const object of objects) {
    const part = object.name.slice(0, object.name.indexOf("/", folder.length) + 1) || object.name;
    inner.set(part, [...(inner.get(part) ?? []), object]);
  }
  return [...inner.values()].flatMap((some) => {
    if (some.length <= FEW) return some.map((object) => objectItem(object, folder));
    const common = commonFolder(some.map((object) => object.name));
    const list = element("ul", "", ...items(some, common));
    return element("li", "", folded(common.slice(folder.length), some, list));
  });
}

function folded(name, objects, list) {
  const words = `${counted(objects.length, `${objects[0].state} object`)}, ${sizeText(sum(objects, "size"))}`;
  const summary = element("summary", "", ...(name ? [element("code", "", name), " "] : []), words);
  return element("details", "bucket-folded", summary, list);
}

function objectItem(object, folder) {
  const line = [element("code", "bucket-name", object.name.slice(folder.length))];
  if (object.state !== "unchanged") line.push(element("span", `bucket-state bucket-${object.state}`, object.state));
  line.push(element("span", "bucket-size", sizeText(object.size)));
  if (object.head === undefined) return element("li", "bucket-object", ...line);
  const button = element("button", "bucket-object", ...line);
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const item = element("li", "", button);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    if (item.children.length === 1) item.append(headOf(object));
    item.lastChild.hidden = !open;
  });
  return item;
}

/* The beginning of an object: text as it is, other bytes in pairs of digits. */
function headOf(object) {
  const shown = object.hex ? object.head.length / 2 : new TextEncoder().encode(object.head).length;
  const all = shown >= object.size;
  const what = object.hex ? `${counted(shown, "byte")}, in hexadecimal digits` : `${counted(shown, "byte")}`;
  const about = element("p", "", object.size ? `${object.type}. ${all ? "All" : "First"} ${what}:` : `${object.type}, empty`);
  const head = element("div", "bucket-head", about);
  if (object.size) {
    head.append(element("pre", "", object.hex ? object.head.match(/.{2}/g).join(" ") : object.head));
  }
  return head;
}

function requestsPart(requests) {
  const buckets = [...new Set(requests.map((row) => row.bucket))];
  const table = element("table", "bucket-requests");
  const head = ["Request", "Count", "Sent", "Received"].map((words) => element("th", "", words));
  for (const cell of head) cell.scope = "col";
  table.append(element("thead", "", element("tr", "", ...head)));
  for (const bucket of buckets) {
    const body = element("tbody");
    if (bucket) {
      const cell = element("th", "bucket-of", element("code", "", bucket));
      cell.colSpan = head.length;
      cell.scope = "rowgroup";
      body.append(element("tr", "", cell));
    }
    body.append(...requests.filter((row) => row.bucket === bucket).map(requestRow));
    table.append(body);
  }
  return table;
}

function requestRow(row) {
  const failed = [
    [row.missing, "not found"],
    [row.refused, "refused"],
  ].filter(([count]) => count);
  const name = element("th", "", row.what);
  name.scope = "row";
  for (const [count, words] of failed) {
    name.append(" ", element("span", "bucket-failed", `${count === row.count ? "" : `${count} `}${words}`));
  }
  const numbers = [String(row.count), sizeText(row.bytes_sent), sizeText(row.bytes_received)];
  return element("tr", "", name, ...numbers.map((number) => element("td", "", number)));
}
