// Checks English with Harper, and looks for finite verbs with compromise. Reads one JSON object from standard input, and
// writes one to standard output: see `grammar.py`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages] = process.argv.slice(2);
const request = JSON.parse(readFileSync(0, "utf-8"));
const load = (file) => import(pathToFileURL(join(packages, "node_modules", "harper.js", "dist", file)));

const { LocalLinter, Dialect } = await load("index.js");
const { binary } = await load("binary.js");
const linter = new LocalLinter({ binary, dialect: Dialect[request.dialect] });
const config = await linter.getDefaultLintConfig();
const unknown = request.disabled.filter((rule) => !(rule in config));
for (const rule of request.disabled) config[rule] = false;
await linter.setLintConfig(config);

const lintsOf = async (text) => {
  const groups = Object.entries(await linter.organizedLints(text, { language: "markdown" }));
  return groups.flatMap(([rule, group]) =>
    group.map((lint) => {
      const fixes = lint.suggestions().map((fix) => [fix.kind(), fix.get_replacement_text()]);
      const { start, end } = lint.span();
      return { rule, start, end, message: lint.message(), fixes };
    }),
  );
};

const nlp = createRequire(join(packages, "package.json"))("compromise/three");
const hasVerb = (text) => nlp(text).has("(#PastTense|#PresentTense|#Imperative|#Copula|#Modal|#Auxiliary)");

const answers = [];
for (const { text, introductions } of request.documents) {
  answers.push({ lints: await lintsOf(text), verbs: introductions.map(hasVerb) });
}
process.stdout.write(JSON.stringify({ unknown, answers }));
