/* Ticks for the steps of learning paths. They are stored only in this browser, by the names of pages, so that they stay
   when a step gets another title or place. Without this script, the lists have no ticks. */
(() => {
  "use strict";

  const STORE = "guide-done";
  let done = read();

  /* Accept only names, whatever is stored. */
  function read() {
    try {
      const stored = JSON.parse(localStorage.getItem(STORE));
      return new Set(Array.isArray(stored) ? stored.filter((name) => typeof name === "string") : []);
    } catch {
      return new Set(); // no storage, or not ours
    }
  }

  function change(pages, ticked) {
    pages.forEach((page) => (ticked ? done.add(page) : done.delete(page)));
    try {
      localStorage.setItem(STORE, JSON.stringify([...done]));
    } catch {
      // Without storage, ticks last until the reader leaves the page.
    }
    show();
  }

  const stepsOf = (count) => count.dataset.steps.split(" ");

  function show() {
    for (const input of document.querySelectorAll(".guide-tick input")) input.checked = done.has(input.value);
    for (const count of document.querySelectorAll(".guide-count")) {
      const steps = stepsOf(count);
      const ticked = steps.filter((page) => done.has(page)).length;
      const text = ticked ? `${ticked} of ${steps.length} done` : `${steps.length} steps`;
      if (count.textContent !== text) count.textContent = text;
      const clear = count.parentElement.querySelector(":scope > button");
      if (clear) clear.disabled = ticked === 0;
    }
  }

  document.addEventListener("change", ({ target }) => {
    if (target.matches(".guide-tick input")) change([target.value], target.checked);
  });
  for (const clear of document.querySelectorAll(".guide-progress button")) {
    clear.addEventListener("click", () => {
      change(stepsOf(clear.parentElement.querySelector(".guide-count")), false);
      document.querySelector(".guide-tick input").focus(); // a disabled button loses the focus
    });
  }
  const again = () => {
    done = read(); // changed on another page of the guide
    show();
  };
  window.addEventListener("storage", again);
  window.addEventListener("pageshow", (event) => event.persisted && again());
  show();
})();
