/* Questions of a notebook that the reader answers in code. Below each question is a text box, whose content the worker
   judges with checks from the notebook. */
import { makeEditable, sourceOf } from "./run-here-editor.js";
import { element } from "./run-here-outputs.js";

const RESULTS = {
  right: () => "Right.",
  wrong: (hint) => `Not yet. ${hint}`,
  open: () => "Replace the dots with your answer.",
  error: (hint, message) => message,
};

/* The paragraphs with questions, in the order of the page. */
function questions() {
  const bold = [...document.querySelectorAll("article p > strong:first-child")];
  return bold.filter((one) => one.textContent === "Question:" && !one.previousSibling).map((one) => one.parentElement);
}

export class Exercise {
  constructor(live, { question, start, checks, hint }) {
    Object.assign(this, { live, checks, hint });
    const name = `question ${question + 1}`;
    this.code = element("pre", "", start);
    this.button = element("button", "", "Check");
    this.button.type = "button";
    this.button.setAttribute("aria-label", `Check your answer to ${name}`);
    this.button.addEventListener("click", () => this.judge());
    this.result = element("p", "guide-live-result");
    this.result.setAttribute("role", "status");
    makeEditable(this.code, {
      label: `Your answer to ${name}`,
      changed: () => this.say("", ""),
      run: () => this.judge(),
      leave: () => this.button.focus(),
    });
    this.box = element("div", "guide-live-exercise", this.code, this.button, this.result);
    this.box.classList.add("unsearched", "d-print-none");
    questions()[question].after(this.box);
  }

  say(result, text) {
    this.box.dataset.result = result;
    this.result.textContent = text;
  }

  async judge() {
    this.say("", "Checking …");
    const { result, message, failed } = await this.live.judge(sourceOf(this.code), this.checks);
    this.say(result ?? "error", failed ?? RESULTS[result](this.hint, message));
  }
}
