/* Run a page in the reader's browser: cells become editable, and run in a worker on a copy of the hub's buckets
   (guide/live/browser/worker.mjs). blocks.js loads this module after a click on "Run here". The file of the page says
   which blocks run; guide/site/export/run_here.py writes it. Nothing is stored, and nothing leaves the browser. */
import { showLive } from "./bucket-inspector.js";
import { makeEditable, sourceOf } from "./run-here-editor.js";
import { Exercise } from "./run-here-exercises.js";
import { dataOutput, element, errorOutput, shortened, textOutput } from "./run-here-outputs.js";

const root = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
const user = globalThis.guideNamed?.("funky-user") ?? "funky-user";
const named = (text) => globalThis.guideNamed?.(text) ?? text;

function button(words, press, name = "") {
  const made = element("button", "", words);
  made.type = "button";
  if (name) made.setAttribute("aria-label", name);
  made.addEventListener("click", press);
  return made;
}

const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/* A time in its largest whole unit. */
function duration(seconds) {
  const [word, unit] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, size]) => seconds % size === 0) ?? ["second", 1];
  return counted(seconds / unit, word);
}

/* The worker with its interpreter. Calls wait for one another. */
class Interpreter {
  constructor(page, told) {
    this.page = page;
    this.told = told; // called with each message that is no answer
    this.calls = new Map();
    this.count = 0;
    this.worker = new Worker(new URL(`${page.base}worker.mjs`, root), { type: "module" });
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => this.fail(event.message || "The worker could not be loaded.");
  }

  receive(data) {
    if (!data.done) {
      this.told(data);
      return;
    }
    this.calls.get(data.number)?.resolve(data);
    this.calls.delete(data.number);
  }

  fail(message) {
    for (const { resolve } of this.calls.values()) resolve({ failed: message });
    this.calls.clear();
  }

  call(message) {
    const number = ++this.count;
    return new Promise((resolve) => {
      this.calls.set(number, { resolve });
      this.worker.postMessage({ number, ...message });
    });
  }

  start() {
    const { packs, files, betweenWrites, figures } = this.page;
    const mine = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, named(text)]));
    return this.call({ start: { packs, files: mine, betweenWrites, figures, user } });
  }

  stop() {
    this.worker.terminate();
    this.fail("stopped");
  }
}

/* One block of the page that runs. */
class Cell {
  constructor(live, entry, place) {
    Object.assign(this, { live, entry, place, edited: false, ran: false });
    this.block = document.getElementById(entry.block);
    this.code = this.block.querySelector("pre");
    this.original = this.code.cloneNode(true);
    this.bar = this.block.querySelector(".guide-bar");
    this.shown = this.block.querySelector(".cell_output"); // what the page shows
    if (entry.why) this.block.append(element("p", "guide-live-why", `In the browser: ${entry.why}`));
    if (entry.skip) return;
    this.run = button("▶ Run", () => live.runCells([this]), `Run cell ${place}`);
    this.reset = button("Reset", () => this.restore(), `Reset cell ${place}`);
    this.reset.hidden = true;
    this.bar.querySelector(".guide-label").after(this.run, this.reset);
    makeEditable(this.code, {
      label: `Code of cell ${place}`,
      changed: () => this.setEdited(true),
      run: (andMoveOn) => {
        live.runCells([this]);
        if (andMoveOn) live.after(this)?.code.focus();
      },
      leave: () => this.run.focus(),
    });
  }

  get source() {
    return sourceOf(this.code);
  }

  setEdited(edited) {
    this.edited = edited;
    if (this.reset) this.reset.hidden = !edited && !this.ran;
  }

  /* Show the code and the output of the page again. */
  restore() {
    this.code.replaceChildren(...this.original.cloneNode(true).childNodes);
    this.output?.remove();
    this.output = null;
    if (this.shown) this.shown.hidden = false;
    this.ran = false;
    this.setEdited(false);
    this.code.focus();
  }

  begin() {
    this.ran = true;
    this.reset.hidden = false;
    this.block.setAttribute("aria-busy", "true");
    this.output?.remove();
    this.output = element("div", "cell_output guide-live-output");
    this.output.setAttribute("role", "group");
    this.output.setAttribute("aria-label", `Output of cell ${this.place}`);
    if (this.shown) this.shown.hidden = true;
    (this.block.querySelector("div.cell") ?? this.block).append(this.output);
    this.stream = null;
  }

  add(output) {
    const name = output.output_type;
    if (name === "stream") {
      if (output.name === "stderr" && this.entry.quiet && !this.edited) return;
      if (this.stream?.dataset.name !== output.name) {
        this.stream = textOutput(`output stream ${output.name === "stderr" ? "stderr" : ""}`);
        this.stream.dataset.name = output.name;
        this.output.append(this.stream);
      }
      this.stream.querySelector("pre").append(shortened(output.text));
      return;
    }
    this.stream = null;
    this.output.append(name === "error" ? errorOutput(output) : dataOutput(output, this.live.page.html));
  }

  end(answer) {
    this.block.removeAttribute("aria-busy");
    if (answer.failed) this.add({ output_type: "error", traceback: [answer.failed], details: "" });
    if (answer.bucket) showLive(this.block, answer.bucket);
    if (!this.output?.childNodes.length) this.output?.append(element("p", "guide-live-nothing", "No output."));
  }
}

/* A page that runs. */
class Live {
  constructor(place, page) {
    this.place = place;
    this.page = page;
    this.queue = Promise.resolve();
    this.makeBar();
  }

  makeBar() {
    this.status = element("p", "guide-live-status");
    this.status.setAttribute("role", "status");
    this.progress = element("progress", "");
    this.progress.setAttribute("aria-label", "Loading Python");
    this.progress.max = this.page.bytes;
    this.all = button("Run all", () => this.runCells(this.running()));
    this.stopping = button("Stop", () => this.stop());
    this.stopping.hidden = true;
    this.again = button("Start again", () => this.restart());
    const buttons = [this.all, this.stopping, this.again];
    const seconds = this.page.advance_s;
    if (seconds) buttons.push(button(`Advance the clock by ${duration(seconds)}`, () => this.advance(seconds)));
    this.bar = element("div", "guide-live-bar", ...buttons);
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", "Run this page");
    this.about = element("p", "guide-live-about");
    this.about.hidden = true;
    this.place.replaceChildren(this.bar, this.progress, this.status, this.about);
  }

  say(text) {
    this.status.textContent = text;
  }

  async start() {
    this.setBusy(true);
    this.progress.hidden = false;
    this.progress.value = 0;
    this.say("Loading Python and its packages …");
    this.python = new Interpreter(this.page, (message) => this.hear(message));
    const answer = await this.python.start();
    this.progress.hidden = true;
    this.setBusy(false);
    if (answer.failed) {
      if (answer.failed !== "stopped") this.say(`Python could not be started: ${answer.failed} Reload the page to try again.`);
      return false;
    }
    this.about.textContent = this.proof(answer.versions);
    this.cells ??= this.page.blocks.map((entry, number) => new Cell(this, entry, number + 1));
    this.exercises ??= this.page.exercises.map((entry) => new Exercise(this, entry));
    this.say("Ready. Edit a cell if you like, and press Shift+Enter to run it. A reload discards your changes, variables and objects.");
    return true;
  }

  hear(message) {
    if (message.bytes) this.progress.value = Math.min(this.progress.value + message.bytes, this.page.bytes);
    else if (message.step === "python") this.say("Unpacking the packages …");
    else if (message.step === "packages") this.say("Starting the hub …");
    else if (message.output) this.current?.add(message.output);
  }

  setBusy(busy) {
    this.stopping.hidden = !busy;
    this.all.disabled = busy;
  }

  running() {
    return this.cells?.filter((cell) => !cell.entry.skip) ?? [];
  }

  after(cell) {
    return this.running().find((other) => other.place > cell.place);
  }

  /* Run some cells one after the other, after those that run already. An error ends a row of several. */
  runCells(cells) {
    const python = this.python;
    this.queue = this.queue.then(async () => {
      if (python !== this.python) return; // stopped
      this.setBusy(true);
      for (const cell of cells) {
        const answer = await this.runCell(cell, python);
        if (answer.failed || (!answer.ok && cells.length > 1 && !this.mayFail(cell))) break;
      }
      if (python === this.python) this.setBusy(false);
    });
    return this.queue;
  }

  /* On some pages, a cell shows an error. */
  mayFail(cell) {
    return Boolean(cell.shown?.querySelector(".traceback") || cell.entry.why);
  }

  async runCell(cell, python) {
    this.current = cell;
    this.say(`Running cell ${cell.place} …`);
    if (cell.entry.after_s && !cell.ran) await this.advance(cell.entry.after_s);
    cell.begin();
    const answer = await python.call({ source: cell.source, target: cell.entry.target ?? "" });
    cell.end(answer);
    this.current = null;
    if (!answer.failed) this.say(`Cell ${cell.place} ${answer.ok ? "ran" : "raised an error"}.`);
    this.about.hidden = false;
    return answer;
  }

  /* Have an answer to a question judged, after the cells that run. */
  judge(answer, checks) {
    const python = this.python;
    const judged = this.queue.then(async () => {
      if (python !== this.python) return { failed: "Stopped." };
      this.setBusy(true);
      const result = await python.call({ answer, checks });
      if (python === this.python) this.setBusy(false);
      return result;
    });
    this.queue = judged;
    return judged;
  }

  proof(versions) {
    const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    const differ = this.page.differences.length ? ` What may differ from the hub: ${this.page.differences.join(" ")}` : "";
    return `Ran in your browser with ${names.join(", ")}.${differ}`;
  }

  async advance(seconds) {
    await this.python.call({ advance: seconds });
    this.say(`The clock of the buckets is now ${duration(seconds)} later.`);
  }

  /* End what runs. All variables, files and objects are lost with the worker. */
  async stop() {
    this.python.stop();
    this.queue = Promise.resolve();
    if (await this.start()) this.say("Stopped. Python was started again, so run the cells from the first one on.");
  }

  async restart() {
    this.python.stop();
    this.queue = Promise.resolve();
    for (const cell of this.running()) cell.ran = false;
    if (await this.start()) this.say("Started again: variables, files and buckets are as at the beginning.");
  }
}

let style = null;

function loadStyle() {
  style ??= new Promise((resolve) => {
    const link = element("link", "");
    link.rel = "stylesheet";
    link.onload = link.onerror = resolve;
    link.href = new URL("run-here.css", import.meta.url);
    document.head.append(link);
  });
  return style;
}

/* Start Python for the page whose button is in `place`. */
export async function begin(place) {
  const answer = await fetch(new URL(place.dataset.live, document.baseURI));
  if (!answer.ok) throw new Error(`${place.dataset.live}: ${answer.status}`);
  const [page] = await Promise.all([answer.json(), loadStyle()]);
  const live = new Live(place, page);
  live.stopping.focus();
  await live.start();
  live.all.focus();
  return live;
}
