/* Cards: the definition of a term, or the title and first sentences of a page that a link in the text leads to. Their
   texts are loaded for the first card. A card opens when a pointer rests on the link or the keyboard reaches it; a finger
   opens that of a term, whose second tap leads to the glossary, while links to pages are followed at once. */
(() => {
  "use strict";

  const LINKS = ":is(a.guide-term, a.reference.internal):not(.unsearched a, .sd-card a, .toctree-wrapper a)";
  const OPEN_MS = 300; // a pointer that only passes opens nothing
  const CLOSE_MS = 250; // the time to move the pointer onto the card
  const GAP = 6;
  const root = document.documentElement;
  const article = document.querySelector("article.bd-article");
  if (!article) return;
  const base = new URL(root.dataset.content_root || "./", document.baseURI).href;
  const card = element("div", "guide-card");
  let texts = null;
  let wanted = null; // the link whose card is to open
  let shown = null; // the link whose card is open
  let dismissed = null; // the link on which the pointer still is, although Escape closed its card
  let touched = false;
  let timer = 0;

  function element(name, classes, ...children) {
    const made = document.createElement(name);
    made.className = classes;
    made.append(...children);
    return made;
  }

  function load() {
    texts ||= fetch(new URL(root.dataset.previews || "_static/previews.json", base))
      .then((answer) => (answer.ok ? answer.json() : {}))
      .catch(() => ({})); // as on a page from disk: links lead to pages as always
    return texts;
  }

  async function textOf(link) {
    if (!link.href.startsWith(base) || link.pathname === location.pathname) return null;
    const known = await load();
    const address = link.href.slice(base.length);
    return known[address] || known[address.split("#")[0]];
  }

  function fill(link, [title, text]) {
    const said = element("p", "guide-card-text", text);
    said.id = "guide-card-text";
    card.replaceChildren(element("p", "guide-card-title", title), said);
    if (!link.matches(".guide-term")) return;
    const more = element("a", "", "Glossary");
    more.href = link.href;
    more.tabIndex = -1; // Enter on the term does the same
    card.append(more);
  }

  /* Below the line on which the link begins, or above it if there is more room. */
  function place(link) {
    const line = link.getClientRects()[0];
    const origin = (card.offsetParent || root).getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const below = line.bottom + GAP + size.height <= innerHeight || line.top < innerHeight / 2;
    const top = below ? line.bottom + GAP : line.top - GAP - size.height;
    const left = Math.max(GAP, Math.min(line.left, root.clientWidth - size.width - GAP));
    card.style.top = `${top - origin.top}px`;
    card.style.left = `${left - origin.left}px`;
  }

  async function open(link) {
    const text = await textOf(link);
    if (link !== wanted) return true;
    close();
    if (!text) return false;
    shown = link;
    fill(link, text);
    article.append(card);
    place(link);
    link.setAttribute("aria-describedby", "guide-card-text");
    return true;
  }

  function close() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    card.remove();
    wanted = shown = null;
  }

  function want(link) {
    clearTimeout(timer);
    if (link === shown) return;
    wanted = link;
    timer = setTimeout(() => open(link), OPEN_MS);
  }

  /* Close soon, unless the pointer or the focus stays. */
  function leave() {
    clearTimeout(timer);
    wanted = null;
    timer = setTimeout(() => shown?.matches(":focus-visible") || close(), CLOSE_MS);
  }

  const linkAt = (target) => (article.contains(target) && !card.contains(target) ? target.closest(LINKS) : null);

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = linkAt(event.target);
    if (link !== dismissed) dismissed = null;
    if (card.contains(event.target)) clearTimeout(timer);
    else if (link && link !== dismissed) want(link);
    else if (!link && (wanted || shown)) leave();
  });
  root.addEventListener("pointerleave", leave);
  document.addEventListener("focusin", (event) => {
    const link = linkAt(event.target);
    if (link?.matches(":focus-visible")) want(link);
    else if (!card.contains(event.target)) close();
  });
  document.addEventListener("focusout", (event) => event.target === shown && leave());
  document.addEventListener("keydown", (event) => {
    touched = false;
    if (event.key !== "Escape" || !(shown || wanted)) return;
    dismissed = shown || wanted;
    close();
  });
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (shown && !card.contains(event.target) && !shown.contains(event.target)) close();
  });
  article.addEventListener("click", async (event) => {
    const link = linkAt(event.target);
    if (!touched || !link?.matches(".guide-term") || link === shown) return;
    event.preventDefault();
    wanted = link;
    if (!(await open(link))) location.assign(link.href);
  });
  function away() {
    const line = shown?.getBoundingClientRect();
    if (line && (line.bottom < 0 || line.top > innerHeight)) close();
  }
  addEventListener("scroll", away, { passive: true, capture: true });
  addEventListener("resize", close);
})();
