/* The search of the site: a button, `/` or Ctrl+K opens it, and two pages (404, search) contain it. Arrow keys select a
   result, Enter opens it. The engine and its index are loaded when the search is first opened. */
(() => {
  "use strict";

  const dialog = document.getElementById("find");
  const form = document.querySelector(".find-form");
  if (!dialog || !form) return;
  const input = form.querySelector("input");
  const list = form.querySelector(".find-results");
  const status = form.querySelector(".find-status");
  const ask = form.querySelector(".find-ask");
  const chips = form.querySelector(".find-topics");
  const place = document.querySelector(".find-here");
  const root = document.documentElement.dataset.content_root || "./";
  const SHOWN = 5; // results with an excerpt; each takes its page's part of the index
  let engine = null;
  let topic = "";
  let turn = 0;

  function start() {
    engine ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`${root}_static/find-engine.js`, document.baseURI);
      script.onload = () => resolve(window.guideFind);
      script.onerror = reject;
      document.head.append(script);
    }).then(async (found) => {
      showTopics(await found.topics());
      return found;
    });
    return engine;
  }

  function element(name, classes, text) {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text) made.textContent = text;
    return made;
  }

  function showTopics(topics) {
    for (const name of ["", ...topics.filter(Boolean)]) {
      const chip = element("button", "find-topic", name || "All topics");
      chip.type = "button";
      chip.setAttribute("aria-pressed", String(name === topic));
      chip.addEventListener("click", () => {
        topic = name;
        for (const other of chips.children) other.setAttribute("aria-pressed", String(other === chip));
        run();
      });
      chips.append(chip);
    }
  }

  function resultItem(result) {
    const item = element("li", "find-result");
    const link = element("a", "find-link");
    link.href = result.url;
    const line = element("span", "find-line");
    line.append(element("span", "find-title", result.title), element("span", "find-of", result.topic));
    link.append(line);
    item.append(link);
    return item;
  }

  async function addExcerpt(found, item, result, terms) {
    const { anchor, heading, runs } = await found.excerpt(result, terms);
    const link = item.firstChild;
    if (anchor) link.href = `${result.url}#${anchor}`;
    const text = element("span", "find-text");
    if (heading) text.append(element("b", "", heading), " ");
    for (const [said, marked] of runs) text.append(marked ? element("mark", "", said) : said);
    link.append(text);
  }

  /* Let the page of a result know what was searched for (see helped.js). */
  function remember(link) {
    if (!link) return;
    try {
      sessionStorage.setItem("guide-asked", JSON.stringify({ page: link.pathname, query: list.dataset.of }));
    } catch {
      // no storage
    }
  }

  async function run() {
    const mine = ++turn;
    const query = input.value.trim();
    if (!query) {
      list.replaceChildren();
      status.textContent = "";
      ask.hidden = true;
      return;
    }
    try {
      const found = await start();
      const { results, count, unknown, absent, terms, topics } = await found.search(input.value.trimStart(), topic);
      if (mine !== turn) return;
      const items = [...results, ...topics].map(resultItem);
      list.replaceChildren(...items);
      list.dataset.of = query;
      const where = topic ? ` in ${topic}` : "";
      ask.hidden = !unknown && !absent && count > 0;
      const pages = `${count} ${count === 1 ? "page" : "pages"}${where}`;
      if (unknown) status.textContent = "No page contains this message." + (count ? ` Related: ${pages}.` : " Topics:");
      else if (absent) status.textContent = `No page is about ${absent}. The first one comes nearest.`;
      else status.textContent = count ? pages : `No results${where}. Topics:`;
      items.slice(0, Math.min(SHOWN, count)).forEach((item, i) => addExcerpt(found, item, results[i], terms));
    } catch {
      status.textContent = "The search index could not be loaded. Use the table of contents instead.";
    }
  }

  const prefetch = () => start().then((found) => found.prefetch()).catch(() => {});

  function open() {
    // A page that contains the search may have been opened for another reason: it waits for the first key.
    if (place) start().catch(() => {});
    else prefetch();
    if (!place && !dialog.open) dialog.showModal();
    input.focus();
    input.select();
  }

  function move(event) {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    if (next < -1 || next >= links.length) return;
    event.preventDefault();
    (links[next] || input).focus();
  }

  document.addEventListener("keydown", (event) => {
    const slash = event.key === "/" && guideSingleKey(event);
    const control = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (slash || control) {
      event.preventDefault();
      open();
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await run(); // the results may be those of the letters before
    list.querySelector("a")?.click();
  });
  input.addEventListener("input", prefetch, { once: true });
  input.addEventListener("input", run);
  list.addEventListener("click", (event) => {
    remember(event.target.closest("a"));
    if (dialog.open) dialog.close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.querySelector(".find-close")?.addEventListener("click", () => dialog.close());
  for (const button of document.querySelectorAll(".find-open")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  if (place) {
    place.replaceChildren(form);
    const asked = new URLSearchParams(location.search).get("q");
    const words = place.dataset.words === "address" ? location.pathname.match(/[^/]+(?=\/?$)/) : null;
    input.value = asked || (words ? decodeURIComponent(words[0]).replace(/\.html?$/, "").replace(/[-_]+/g, " ") : "");
    open();
    run();
  }
})();
