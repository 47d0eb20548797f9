// The worker in which the cells of a page run: Python for browsers, as a server of the hub. The page sends {start},
// {source}, {answer} and {advance}; each gets an answer with its number. Outputs arrive while a cell runs.
import { boot } from "./boot.mjs";

let session = null;
let running = 0; // the number of the run whose outputs arrive

/* Load a file and say how many bytes have arrived. */
async function read(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const parts = [];
  let size = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    postMessage({ bytes: value.length });
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/* Cells reach the hosts of the hub inside this worker, and nothing outside it. */
function closeNetwork() {
  const names = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "Worker", "SharedWorker"];
  for (const name of [...names, "importScripts", "caches", "indexedDB", "BroadcastChannel", "navigator", "RTCPeerConnection"]) {
    try {
      Object.defineProperty(globalThis, name, { value: undefined, configurable: false, writable: false });
    } catch {
      // not in this browser
    }
  }
}

async function start({ packs, files, betweenWrites, figures, user }) {
  const { loadPyodide } = await import("./pyodide.mjs");
  const hub = (await (await fetch(new URL("hub.json", import.meta.url))).text()).replaceAll("funky-user", user);
  const made = await boot({
    loadPyodide,
    base: new URL("./", import.meta.url).href,
    read,
    packs,
    hub,
    files: JSON.stringify(files),
    emit: (output) => postMessage({ number: running, output: JSON.parse(output) }),
    progress: (step) => postMessage({ step }),
  });
  session = made.session;
  session.limit_writes(betweenWrites);
  if (figures) session.draw_twice();
  closeNetwork();
  return { versions: JSON.parse(session.versions()) };
}

function run({ number, source, target }) {
  running = number;
  if (target) {
    session.write(target, source);
    return { ok: true, bucket: null };
  }
  session.watch();
  const ok = session.run(source);
  return { ok, bucket: JSON.parse(session.seen()) };
}

onmessage = async ({ data }) => {
  const { number } = data;
  try {
    let answer = {};
    if (data.start) answer = await start(data.start);
    else if (data.advance) session.advance(data.advance);
    else if (data.checks) answer = JSON.parse(session.judge(data.answer, JSON.stringify(data.checks)));
    else answer = run(data);
    postMessage({ number, done: true, ...answer });
  } catch (error) {
    postMessage({ number, done: true, failed: String(error.message ?? error).trim().split("\n").at(-1) });
  }
};
