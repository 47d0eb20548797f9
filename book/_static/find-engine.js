/* Finds pages in the index that guide.site.search made. Loaded when a reader first searches; its parts when a query needs
   them, as scripts, which work on a page opened from disk as well. Offers `guideFind.search` and `guideFind.excerpt`. */
(() => {
  "use strict";

  // Stop words and endings come with the index, from guide.site.search.words.
  let STOP = new Set(), ENDINGS = [];
  // A query of more words is an error message: its longest words tell it from others.
  const MOST_WORDS = 7;
  // A page shows a message if it has that many words of it in a row; paths and numbers in it differ.
  const IN_A_ROW = 4;
  // Of the pages for a message that no page shows: how many are listed, and the least share of its words they have.
  const RELATED = 3, RELATED_SHARE = 0.5;
  // The weight of a synonym beside that of the word itself.
  const SYNONYM = 0.5;
  const MOST_RARE = 4.5;
  // A small guide's lists of terms, each of 5 KB, come before the first key, and so do its postings after `prefetch`.
  const MOST_LISTS = 3, MOST_PARTS = 24;
  // Terms that begin with the word that is being typed.
  const MOST_BEGUN = 24;
  const folder = new URL(`${document.documentElement.dataset.content_root || "./"}search/`, document.baseURI);
  const parts = new Map();
  const arrived = new Map();
  let indexed = null;

  window.guideSearch = (name, content) => arrived.set(name, content);

  function load(name, path) {
    if (!parts.has(name)) {
      parts.set(name, new Promise((resolve) => {
        const script = document.createElement("script");
        script.src = new URL(path, folder);
        // Excerpts of pages (p0, p1, ...) come after the results: they must not delay the parts that find those.
        script.fetchPriority = /^p\d/.test(name) ? "low" : "high";
        script.onload = () => resolve(arrived.get(name) ?? null);
        script.onerror = () => resolve(null);
        document.head.append(script);
      }));
    }
    return parts.get(name);
  }

  async function index() {
    if (!indexed) {
      const head = await load("index", "index.js");
      if (!head) throw new Error("no index");
      learn(head);
      let from = 0;
      head.from = head.pages.map((page) => (from += page[3]) - page[3]);
      indexed = head;
      // Needed by most queries, or last for a word with a typo: they come before the first key,
      // and so do the terms of the errors.
      part(head, "e").then((errors) => (errors || []).forEach(([, line]) => plain(line)));
      if (head.lists.length <= MOST_LISTS) head.lists.forEach((_, number) => part(head, `l${number}`));
    }
    return indexed;
  }

  function learn(head) {
    STOP = new Set(head.stop.split(" "));
    ENDINGS = head.endings;
  }

  const part = (head, name) => load(name, `${head.version}/${name}.js`);

  function words(text) {
    return text.normalize("NFKD").match(/[\p{L}\p{N}\p{M}_]+/gu) || [];
  }

  function term(word) {
    const low = word.toLowerCase();
    if (!/^[a-z]{4,}$/.test(low)) return low;
    for (const [ending, instead] of ENDINGS) {
      let stem = low.endsWith(ending) ? low.slice(0, -ending.length) : low;
      if (stem === low || stem.length < 3 || !/[aeiouy]/.test(stem) || low.endsWith("ss")) continue;
      const last = stem.at(-1);
      if (/^(ing|ed)$/.test(ending) && last === stem.at(-2) && !"ls".includes(last)) stem = stem.slice(0, -1);
      return stem + instead;
    }
    return low;
  }

  function pieces(word) {
    const found = word.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) || [];
    return found.length > 1 ? found.filter((piece) => piece.length > 1 && !STOP.has(piece.toLowerCase())) : [];
  }

  /* The lines of postings of `prefix`, or of the terms that begin with it. Those with synonyms are also in one part, which
     a guide does not need whose parts are all there. */
  async function lines(head, prefix, exact) {
    const numbers = around(head.starts, prefix).slice(0, exact ? 1 : 3);
    const together = head.starts.length > MOST_PARTS && Object.hasOwn(head.same, prefix);
    const names = exact && together ? ["s"] : numbers.map((number) => `t${number}`);
    const texts = await Promise.all(names.map((name) => part(head, name)));
    const found = [];
    for (const text of texts) {
      for (const line of (text || "").split("\n")) {
        if (exact ? line.startsWith(`${prefix} `) : line.startsWith(prefix)) found.push(line);
      }
    }
    return found;
  }

  function decode(text) {
    const found = [];
    let number = 0;
    for (const [, distance, letter] of text.matchAll(/([0-9a-z]+)([A-Z])/g)) {
      number += parseInt(distance, 36);
      found.push([number, letter.charCodeAt(0) - 64]);
    }
    return found;
  }

  function entry(line, factor) {
    const [name, titles, sections] = line.split(" ");
    return { name, factor, titles: decode(titles), sections: decode(sections) };
  }

  /* Edits between two words, neighbours that changed places as one; more than `most` as most + 1. */
  function edits(one, other, most) {
    if (Math.abs(one.length - other.length) > most) return most + 1;
    let before = [], row = Array.from({ length: other.length + 1 }, (_, j) => j);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      let least = i;
      for (let j = 1; j <= other.length; j += 1) {
        const same = one[i - 1] === other[j - 1];
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1));
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
          next[j] = Math.min(next[j], before[j - 2] + 1);
        }
        least = Math.min(least, next[j]);
      }
      if (least > most) return most + 1;
      before = row;
      row = next;
    }
    return row[other.length];
  }

  /* The numbers of those parts, of all that begin with `starts`, in which terms with this beginning may stand. */
  function around(starts, beginning) {
    let first = starts.length - 1;
    while (first > 0 && starts[first] > beginning) first -= 1;
    let last = first;
    while (last + 1 < starts.length && starts[last + 1].startsWith(beginning)) last += 1;
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  /* Terms like `name`, which stands nowhere: in the list with its first letter, with its second, then in all. */
  async function similar(head, name) {
    if (name.length < 4) return [];
    const most = name.length < 8 ? 1 : 2;
    const seen = new Set();
    for (const wanted of [around(head.lists, name[0]), around(head.lists, name[1]), head.lists.keys()]) {
      const numbers = [...wanted].filter((number) => !seen.has(number));
      numbers.forEach((number) => seen.add(number));
      const lists = await Promise.all(numbers.map((number) => part(head, `l${number}`)));
      const near = [];
      for (const other of lists.flatMap((list) => (list || "").split(" "))) {
        const whole = edits(name, other, most);
        const begun = other.length > name.length ? edits(name, other.slice(0, name.length), 1) + 0.5 : 9;
        if (Math.min(whole, begun) <= most) near.push([Math.min(whole, begun), other]);
      }
      if (near.length) {
        const least = Math.min(...near.map(([count]) => count));
        return near.filter(([count]) => count === least).slice(0, 3).map(([, other]) => other);
      }
    }
    return [];
  }

  const ofAll = async (head, names) => (await Promise.all(names.map((name) => lines(head, name, true)))).flat();

  /* What a word of the query may mean: it, the terms it begins (the last word is still being typed), or similar ones.
     Every part that a known word needs is asked for at once, so that a reader waits for one answer of the server. */
  async function meanings(head, word, typing) {
    const name = term(word), low = word.toLowerCase();
    const others = (Object.hasOwn(head.same, name) && head.same[name]) || [];
    const beginning = async (wanted) => (wanted && low.length > 1 ? lines(head, low, false) : []);
    const [same, synonyms, typed] = await Promise.all([
      lines(head, name, true), ofAll(head, others), beginning(typing),
    ]);
    const found = [...same.map((line) => entry(line, 1)), ...synonyms.map((line) => entry(line, SYNONYM))];
    const begun = typing || found.length ? typed : await beginning(true);
    for (const line of begun.filter((other) => !same.includes(other)).slice(0, MOST_BEGUN)) {
      found.push(entry(line, (same.length ? 0.35 : 0.9) * Math.sqrt(low.length / line.indexOf(" "))));
    }
    if (found.length) return found;
    return (await ofAll(head, await similar(head, name))).map((line) => entry(line, 0.7));
  }

  /* The words to look up: a message without its paths and numbers, which are the reader's own; statuses such as 403 stay. */
  function wordsOf(query) {
    if (!isMessage(query)) return words(query);
    const without = query.replace(/\b(?:gs|s3|https?):\/\/[^\s'"]+/g, " ");
    const left = words(without).filter((word) => !/^\d+$/.test(word) || /^[45]\d\d$/.test(word));
    return left.length ? left : words(query);
  }

  async function lookup(head, query) {
    const all = wordsOf(query);
    let wanted = all.filter((word, i) => !STOP.has(word.toLowerCase()) && all.indexOf(word) === i);
    if (wanted.length > MOST_WORDS) {
      const longest = [...wanted].sort((a, b) => b.length - a.length).slice(0, MOST_WORDS);
      wanted = wanted.filter((word) => longest.includes(word));
    }
    const typing = /[\p{L}\p{N}_]$/u.test(query) && all.at(-1) === wanted.at(-1);
    const found = await Promise.all(wanted.map(async (word, i) => {
      const meant = await meanings(head, word, typing && i === wanted.length - 1);
      if (meant.length || !pieces(word).length) return [meant];
      return Promise.all(pieces(word).map((piece) => meanings(head, piece, false)));
    }));
    return found.flat().filter((meant) => meant.length);
  }

  /* Points of every page for one word: of its title, and of each section. */
  function points(head, meant) {
    const exact = meant.filter((one) => one.factor === 1);
    const count = (exact.length ? exact : meant).reduce((sum, one) => sum + one.sections.length + one.titles.length, 0);
    const total = head.from.at(-1) + head.pages.at(-1)[3];
    // A word of one section says little more than one of a few: it may be there by chance.
    const rare = Math.min(MOST_RARE, Math.log(1 + total / Math.max(1, count)));
    const titles = new Map(), sections = new Map();
    for (const one of meant) {
      for (const [page, counts] of one.titles) {
        titles.set(page, Math.max(titles.get(page) || 0, counts * one.factor * rare));
      }
      for (const [section, counts] of one.sections) {
        sections.set(section, Math.max(sections.get(section) || 0, counts * one.factor * rare));
      }
    }
    return { rare, titles, sections };
  }

  function rank(head, found) {
    const pages = new Map();
    const of = (page) => {
      if (!pages.has(page)) pages.set(page, { page, title: 0, words: new Set(), anywhere: new Map(), sections: new Map() });
      return pages.get(page);
    };
    found.forEach((word, i) => {
      for (const [page, value] of word.titles) {
        of(page).title += value;
        of(page).words.add(i);
      }
      let page = 0;
      for (const [section, value] of [...word.sections].sort((a, b) => a[0] - b[0])) {
        while (page + 1 < head.from.length && head.from[page + 1] <= section) page += 1;
        const one = of(page);
        one.words.add(i);
        one.sections.set(section, (one.sections.get(section) || 0) + value);
        one.anywhere.set(i, (one.anywhere.get(i) || 0) + value);
      }
    });
    const whole = found.reduce((sum, word) => sum + word.rare, 0);
    for (const one of pages.values()) {
      const [section, best] = [...one.sections].reduce((a, b) => (b[1] > a[1] ? b : a), [head.from[one.page], 0]);
      const anywhere = [...one.anywhere.values()].reduce((sum, value) => sum + Math.sqrt(value * 20), 0);
      const covered = [...one.words].reduce((sum, i) => sum + found[i].rare, 0) / whole;
      one.section = section - head.from[one.page];
      one.covered = covered;
      one.points = (1.6 * one.title + best + 0.5 * anywhere) * covered * covered;
    }
    return [...pages.values()];
  }

  /* The terms of a text in order, with a space around each; made once, as the same titles and errors are compared again. */
  const plains = new Map();
  function plain(text) {
    if (!plains.has(text)) plains.set(text, ` ${words(text).map(term).join(" ")} `);
    return plains.get(text);
  }

  /* Whether a query is the message of a program, and not a task or a question. */
  function isMessage(query) {
    const text = query.trim().replace(/(\w)['’](\w)/g, "$1$2");
    if (/\?$/.test(text)) return false;
    return /(Error|Exception|Warning)\b[^:]*: *\S/.test(text) || (words(text).length > 4 && /[:'"`<>[\]{}]/.test(text));
  }

  const errorNames = (text) => text.match(/\w*(?:Error|Exception|Warning)\b/g) || [];

  /* The most words that two lists have in a row, if one of these words tells something. */
  function inARow(some, others) {
    let best = 0, before = [];
    some.forEach((word) => {
      const row = [];
      others.forEach((other, j) => {
        if (other !== word) return;
        const telling = word.length > 3 && !STOP.has(word);
        const [count, tells] = before[j - 1] || [0, false];
        row[j] = [count + 1, tells || telling];
        if (row[j][1]) best = Math.max(best, count + 1);
      });
      before = row;
    });
    return best;
  }

  /* Whether a page shows the message: all of it, or enough words in a row, and no other error with the same text. */
  async function isShown(head, query) {
    const asked = words(query).map(term), names = errorNames(query);
    const least = Math.min(IN_A_ROW, asked.length);
    return ((await part(head, "e")) || []).some(([, line]) => {
      const others = errorNames(line);
      const same = !names.length || !others.length || names.some((name) => others.some((other) => other.endsWith(name)));
      return same && inARow(asked, plain(line).trim().split(" ")) >= least;
    });
  }

  /* The sections that show an error which begins with `phrase`, with or without its name; which has it, when it is too
     long to stand there by chance; or which is the end of it. */
  async function raising(head, phrase) {
    const count = phrase.trim().split(" ").length;
    if (count < 2) return [];
    const says = (line, said) => {
      const begins = [line, line.replace(/^[\w.]+: /, "")].some((whole) => plain(whole).startsWith(said));
      return begins || (count > 3 && plain(line).includes(said)) || phrase.endsWith(plain(line));
    };
    const errors = (await part(head, "e")) || [];
    return errors.filter(([, line, bold]) => !bold && says(line, phrase.trimEnd())).map(([section]) => section);
  }

  function resultOf(head, page, section = 0) {
    const [url, title, number] = head.pages[page];
    return { page, section, title, topic: head.topics[number], url: new URL(`../${url}.html`, folder).href };
  }

  /* The first page of each topic, for a query that finds nothing. */
  function topicPages(head) {
    const first = head.topics.map((name, topic) => name && head.pages.findIndex((page) => page[2] === topic));
    return first.filter((page) => page > 0).map((page) => resultOf(head, page));
  }

  /* Pages for `query`, best first: {page, title, topic, url, section}, and the terms that were meant. `unknown` is
     whether it is a message that no page shows; then the pages are those that have most of its words. `absent` is a
     word that no page is about; then the page that comes nearest is the first. */
  async function search(query, topic) {
    const head = await index();
    const phrase = plain(query);
    const unnamed = plain(query.replace(/^[\w.]+: /, ""));
    const [meant, ...both] = await Promise.all([lookup(head, query), raising(head, phrase), raising(head, unnamed)]);
    const raised = [...new Set(both.flat())];
    const unknown = !raised.length && isMessage(query) && !(await isShown(head, query));
    const ranked = rank(head, meant.map((word) => points(head, word)));
    for (const one of ranked) {
      const title = plain(head.pages[one.page][1]);
      const inTitle = phrase.length > 4 && title.includes(phrase.trimEnd());
      if (inTitle) one.points *= title === phrase ? 2 : 1.4;
      else if (inARow(phrase.trim().split(" "), title.trim().split(" ")) >= IN_A_ROW) one.points *= 1.4;
    }
    for (const section of raised) {
      const page = head.from.findLastIndex((from) => from <= section);
      const one = ranked.find((other) => other.page === page);
      if (one && !one.raises) Object.assign(one, { raises: true, points: one.points * 3, section: section - head.from[page] });
    }
    const inTopic = ranked.filter((one) => !topic || head.topics[head.pages[one.page][2]] === topic);
    inTopic.sort((a, b) => b.points - a.points || a.page - b.page);
    const related = inTopic.filter((one) => one.covered > RELATED_SHARE).slice(0, RELATED);
    const [absent, nearest] = (!isMessage(query) && head.absent.find(([word]) => phrase.includes(plain(word)))) || [];
    const others = (unknown ? related : inTopic).filter(({ page }) => page !== nearest);
    const chosen = absent && !topic ? [{ page: nearest }, ...others] : others;
    const results = chosen.slice(0, 20).map(({ page, section }) => resultOf(head, page, section));
    const terms = new Set(meant.flatMap((word) => word.map((one) => one.name)));
    return { results, count: chosen.length, unknown, absent, terms, topics: chosen.length ? [] : topicPages(head) };
  }

  /* Where on its page a result stands: {anchor, heading, runs}, runs of text with whether they were searched for. */
  async function excerpt(result, terms) {
    const head = await index();
    const sections = await part(head, `p${result.page}`);
    const [anchor, heading, text] = (sections || [])[result.section] || ["", "", ""];
    const marked = [...text.matchAll(/[\p{L}\p{N}\p{M}_]+/gu)].filter(({ 0: word }) => {
      return terms.has(term(word)) || pieces(word).some((piece) => terms.has(term(piece)));
    });
    const near = (at) => marked.filter(({ index: other }) => other >= at && other < at + 150).length;
    const best = marked.reduce((a, b) => (near(b.index) > near(a.index) ? b : a), marked[0]);
    const start = best && best.index > 40 ? text.lastIndexOf(" ", best.index - 30) + 1 : 0;
    const end = start + 170 < text.length ? text.lastIndexOf(" ", start + 170) : text.length;
    const runs = [];
    let at = start;
    for (const { 0: word, index: where } of marked.filter(({ index: i }) => i >= start && i < end)) {
      runs.push([text.slice(at, where), false], [word, true]);
      at = where + word.length;
    }
    runs.push([text.slice(at, Math.max(at, end)), false]);
    if (start) runs.unshift(["… ", false]);
    if (end < text.length) runs.push([" …", false]);
    return { anchor, heading: result.section ? heading : "", runs: runs.filter(([said]) => said) };
  }

  /* Load everything that a query may need, unless the guide is large. A reader who opens the search will type. */
  async function prefetch() {
    const head = await index();
    if (head.starts.length <= MOST_PARTS) await Promise.all(head.starts.map((_, number) => part(head, `t${number}`)));
  }

  window.guideFind = { search, excerpt, prefetch, topics: async () => (await index()).topics };
})();
