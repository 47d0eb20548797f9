// Run one page in Node.js with the files of the browser: node run.mjs FOLDER BOOT.mjs PAGE.json OUTPUTS.json
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, bootFile, input, output] = process.argv.slice(2);
const page = JSON.parse(readFileSync(input, "utf8"));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const { boot } = await import(pathToFileURL(bootFile));
const started = performance.now();
const times = {};
let outputs = [];

/* Keep an output; what a cell prints in several pieces is one output, as in a notebook. */
function emit(text) {
  const output = JSON.parse(text);
  const last = outputs.at(-1);
  if (output.output_type === "stream" && last?.name === output.name) last.text += output.text;
  else outputs.push(output);
}

async function run() {
  const { pyodide, session } = await boot({
    loadPyodide,
    base: `${folder}/`,
    read: async (name) => new Uint8Array(readFileSync(`${folder}/${name}`)),
    packs: page.packs,
    hub: page.hub,
    files: JSON.stringify(page.files),
    emit,
    progress: (step) => { times[step] = Math.round(performance.now() - started); },
  });
  pyodide.runPython(readFileSync(new URL("checks.py", import.meta.url), "utf8"));
  const check = pyodide.globals.get("check");
  session.limit_writes(page.between_writes_s);
  const blocks = [];
  let broken = false;
  for (const block of page.blocks) {
    outputs = [];
    const before = performance.now();
    let problem = "";
    if (block.after_s) session.advance(block.after_s);
    if (block.target) session.write(block.target, block.source);
    else if (!block.skip) {
      const ended = session.run(block.source);
      if (!ended && !block.raises && !block.may_fail) broken = true;
      if (ended && block.checks.length) problem = check(block.checks, session.namespace);
    }
    blocks.push({ outputs, problem, ms: Math.round(performance.now() - before) });
    if (broken) break;
  }
  return { blocks, times };
}

const result = await run().catch((error) => ({ error: String(error.message ?? error).trim() }));
writeFileSync(output, JSON.stringify(result));
process.exit(0);
