"""The search lists the right page first for an error message, a name, a task or a typing mistake."""

import gzip
import re
import shutil
import statistics
from collections import defaultdict
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from reader_queries import ABSENT, ASKED, QUERIES, TASKS, UNKNOWN

from guide.facts import load
from guide.pages.reader import read_page
from guide.pages.toc import book_toc
from guide.site.ext import search
from guide.site.search.index import Document, write_index
from guide.site.search.sections import Section, sections

# Types the last letters of a query one by one; returns the time until its results, and that of one file of the index.
TYPED = """async query => {
    const input = document.querySelector(".find-input"), list = document.querySelector(".find-results");
    const one = document.createElement("script");
    one.src = document.querySelector('script[src*="/search/index.js"]').src + "?again";
    const asked = performance.now();
    const file = await new Promise(done => {
        one.onload = () => done(performance.now() - asked);
        document.head.append(one);
    });
    let typed;
    for (let end = Math.max(1, query.length - 4); end <= query.length; end += 1) {
        await new Promise(soon => setTimeout(soon, 60));
        input.value = query.slice(0, end);
        typed = performance.now();
        input.dispatchEvent(new Event("input"));
    }
    const there = () => list.dataset.of === query.trim();
    await new Promise(done => {
        const watch = new MutationObserver(() => there() && done());
        watch.observe(list, { attributes: true });
        if (there()) done();
    });
    return [performance.now() - typed, file];
}"""
# Searches in a page without an earlier search; returns how often the search waits for files of the index.
# Files that are requested together count as one wait: the next ones are only looked at when all of them are there.
WAITS = """async query => {
    const append = document.head.append.bind(document.head);
    let requested = [];
    document.head.append = script => requested.push(script);
    const loaded = script => new Promise(done => {
        script.addEventListener("load", done);
        append(script);
    });
    const settled = () => new Promise(soon => setTimeout(soon));
    const waits = async promise => {
        let count = 0;
        for (await settled(); requested.length; await settled()) {
            count += 1;
            await Promise.all(requested.splice(0).map(loaded));
        }
        await promise;
        return count;
    };
    await waits(guideFind.prefetch());
    return waits(guideFind.search(query, ""));
}"""
ROOT = Path(__file__).resolve().parents[4]


def _page_of(name):
    return f"{name}.html" if name.startswith("notebooks/") else f"book/{name}.html"


@pytest.fixture(scope="module")
def page(browser, address):
    """A page with its search open."""
    page = browser.new_page()
    page.goto(f"{address}/book/buckets/rules.html")
    page.keyboard.press("/")
    page.locator(".find-topic").nth(1).wait_for()
    yield page
    page.close()


def _engine_page(site, folder):
    """Write a page into ``folder`` that only loads the search engine of ``site``; its path."""
    static = folder / "_static"
    static.mkdir()
    shutil.copy(next((site / "_static").glob("find-engine*.js")), static / "find-engine.js")
    page = folder / "a.html"
    page.write_text('<html data-content_root="./"><script src="_static/find-engine.js"></script></html>')
    return page


def _ask(page, query):
    page.locator(".find-input").fill(query)
    page.wait_for_function("query => document.querySelector('.find-results').dataset.of === query", arg=query)


def _first(page):
    return page.locator(".find-link").first.get_attribute("href").split("#")[0]


@pytest.mark.parametrize("query", QUERIES)
def test_the_right_page_comes_first(page, address, query):
    _ask(page, query)

    assert _first(page) == f"{address}/{_page_of(QUERIES[query])}"
    assert page.locator(".find-ask").is_hidden()


def test_questions_in_the_words_of_readers_find_their_page(page, address):
    ranks = {}
    for query, name in ASKED.items():
        _ask(page, query)
        links = page.locator(".find-link").evaluate_all("links => links.map(link => link.href.split('#')[0])")
        wanted = f"{address}/{_page_of(name)}"
        ranks[query] = links.index(wanted) + 1 if wanted in links else 99
    first = sum(rank == 1 for rank in ranks.values()) / len(ranks)
    early = sum(rank <= 3 for rank in ranks.values()) / len(ranks)
    late = {query: rank for query, rank in ranks.items() if rank > 1}

    assert first >= 0.8 and early >= 0.95, (first, early, late)


@pytest.mark.parametrize("name", ["asked.yml", "absent.yml"])
def test_every_question_belongs_to_a_page(name):
    assert set() < search.listed(name).keys() <= set(book_toc().pages)


@pytest.mark.parametrize("query", ["tokamak", "gewächshaus"])
def test_a_search_without_results_lists_the_topics_and_says_where_to_ask(page, query):
    _ask(page, query)

    assert page.locator(".find-status").inner_text() == "No results. Topics:"
    assert page.locator(".find-of").all_inner_texts() == page.locator(".find-topic").all_inner_texts()[1:]
    assert page.locator(".find-ask").is_visible()


@pytest.mark.parametrize(("query", "word", "name"), ABSENT)
def test_a_search_for_what_the_guide_does_not_have_says_so_and_what_comes_nearest(page, address, query, word, name):
    _ask(page, query)

    assert page.locator(".find-status").inner_text() == f"No page is about {word}. The first one comes nearest."
    assert _first(page) == f"{address}/{_page_of(name)}"
    assert page.locator(".find-ask").is_visible()


@pytest.mark.parametrize("query", UNKNOWN)
def test_a_message_that_no_page_shows_says_so_and_where_to_ask(page, query):
    _ask(page, query)
    ask = page.locator(".find-ask")

    assert page.locator(".find-status").inner_text().startswith("No page contains this message.")
    assert page.locator(".find-link").count() <= 3
    assert ask.is_visible() and load(ROOT / "hub.yml").help.email in ask.inner_text()
    assert ask.locator("a").last.get_attribute("href").endswith("help/index.html#ask")


@pytest.mark.parametrize("query", TASKS)
def test_a_task_is_no_message(page, query):
    _ask(page, query)

    assert page.locator(".find-ask").is_hidden()


def test_emptying_the_search_hides_where_to_ask(page):
    _ask(page, UNKNOWN[0])
    page.locator(".find-input").fill("")
    page.wait_for_function("document.querySelector('.find-results').childElementCount === 0")

    assert page.locator(".find-ask").is_hidden()


def _required():
    """Yield the errors that help pages raise, each with its page, or all pages that raise it."""
    pages = defaultdict(set)
    for path in sorted((ROOT / "book/help").glob("*.md")):
        for block in read_page(path, ROOT).blocks:
            for message in filter(None, (block.raises, block.fails)):
                pages[message].add(path.stem)
    for message, names in pages.items():
        yield pytest.param(message, names, id=f"{min(names)}: {message[:60]}")


@pytest.mark.parametrize(("message", "names"), list(_required()))
def test_the_message_of_a_help_page_finds_it_first(page, address, message, names):
    _ask(page, message)

    assert _first(page) in {f"{address}/book/help/{name}.html" for name in names}


def test_the_last_line_of_every_error_on_a_help_page_finds_it_first_with_and_without_its_name(page, site, address):
    pages = defaultdict(set)
    for path in (site / "book/help").glob("*.html"):
        for shown in BeautifulSoup(path.read_text(), "html.parser").select("article div.traceback pre"):
            lines = [line.strip() for line in shown.get_text().split("\n")]
            line = next(line for line in reversed(lines) if re.search("[a-z]", line))[:600]
            pages[line].add(path.name)
    wrong = []
    for line, names in sorted(pages.items()):
        for query in (line, line.partition(": ")[2] or line):
            _ask(page, query)
            wrong += [] if _first(page).rpartition("/")[2] in names else [(sorted(names), query)]

    assert wrong == []


def test_results_come_soon_after_the_last_key(browser, address):
    """The limit is a multiple of the time that one file of the index takes.

    Every fourth query is typed in a new page, in which nothing was searched before.
    """
    took, one_file = [], []
    for query in list(QUERIES)[::4]:
        page = browser.new_page()
        page.goto(f"{address}/book/buckets/rules.html")
        page.keyboard.press("/")
        page.locator(".find-topic").nth(1).wait_for()
        last, file = page.evaluate(TYPED, query)
        took.append(last)
        one_file.append(file)
        page.close()

    assert statistics.median(took) < 8 * statistics.median(one_file), sorted(took)


def test_arrow_keys_select_a_result_and_enter_opens_it(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/book/buckets/rules.html")
    page.keyboard.press("/")
    _ask(page, "dask")
    second = page.locator(".find-link").nth(1).get_attribute("href").split("#")[0]

    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{second}*")
    page.close()


def test_enter_opens_the_first_result(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/book/index.html")
    page.keyboard.press("Control+k")
    page.locator(".find-input").fill("KeyError: 'SCRATCH_BUCKET'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/help/keyerror-scratch-bucket.html*")
    page.close()


def test_a_topic_limits_the_results_to_its_pages(page):
    _ask(page, "zarr")
    page.get_by_role("button", name="Store data").click()
    page.wait_for_function("document.querySelector('.find-status').textContent.endsWith('in Store data')")

    topics = set(page.locator(".find-of").all_inner_texts())
    page.get_by_role("button", name="All topics").click()

    assert topics == {"Store data"}


def test_a_query_is_shown_as_text(page):
    _ask(page, "<img src=x onerror=alert(1)> zarr")

    assert page.locator(".find-form img").count() == 0


def test_it_works_on_a_page_opened_from_disk(browser, site):
    page = browser.new_page()
    page.goto((site / "book/index.html").as_uri())
    page.keyboard.press("/")
    _ask(page, "overlap multiple Dask chunks")

    assert _first(page) == (site / "book/help/write-errors.html").as_uri()
    page.close()


@pytest.mark.parametrize("path", ["search.html?q=anonymous+caller", "docs/old/anonymous-caller/"])
def test_the_search_page_and_the_not_found_page_search_for_the_words_of_their_address(browser, address, path):
    page = browser.new_page()
    page.goto(f"{address}/{path}")
    page.locator(".find-link").first.wait_for()

    assert _first(page) == f"{address}/book/help/permissions.html"
    page.close()


def test_the_not_found_page_has_the_style_of_the_site_and_a_link_to_the_first_page(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/docs/old/anonymous-caller/")

    assert page.evaluate("getComputedStyle(document.querySelector('article h1')).borderBottomStyle") == "solid"
    page.get_by_role("link", name="home page").click()
    page.wait_for_url(f"{address}/book/index.html")
    page.close()


@pytest.mark.parametrize(("times", "most"), [(1, 0), (6, 1)])
def test_a_pasted_query_waits_at_most_once_for_the_index(browser, site, tmp_path, times, most):
    """The guide's own index is there before a reader pastes; a larger guide's parts are requested together.

    In a larger guide, a word with a typo waits twice: first nothing is found, then the list of similar words is loaded.
    """
    _write_larger_index(site, tmp_path, times)
    engine_page = _engine_page(site, tmp_path)
    waits = {}
    for query in [*list(QUERIES)[::4], "gpu", "get access", "token expired"]:
        page = browser.new_page()
        page.goto(engine_page.as_uri())
        waits[query] = page.evaluate(WAITS, query)
        page.close()

    assert waits.pop("anonymuos caller") == 2 * most
    assert set(waits.values()) == {most}, {query: count for query, count in waits.items() if count != most}


def _write_larger_index(site, folder, times):
    """Write the index of a guide ``times`` as large: the pages of ``site``, repeated with other words added."""
    paths = sorted([*site.glob("book/**/*.html"), *site.glob("notebooks/*.html")])
    read = (sections(path.read_text()) for path in paths)
    real = [page for page in read if page]  # an old address that redirects has none
    documents = []
    for number in range(times * len(real)):
        copies = [Section(s.anchor, s.heading, list(s.runs), s.errors, s.bold) for s in real[number % len(real)]]
        if times > 1:
            own = " ".join(f"word{number}{letter}" for letter in "abcdefghijklmnopqrst")
            copies[0].runs.append((own, 1.0))
            copies[0].heading += f" {number}"
        documents.append(Document(f"page-{number}", f"Topic {number % 7}", copies))
    write_index(documents, folder / "search")


@pytest.mark.parametrize(("times", "most"), [(1, 140_000), (6, 80_000)])
def test_a_first_query_loads_a_limited_part_of_the_index(browser, site, tmp_path, times, most):
    """The guide's own postings are all requested when the search opens; a larger guide's when a query needs them."""
    _write_larger_index(site, tmp_path, times)
    engine_page = _engine_page(site, tmp_path)
    for query in [*list(QUERIES)[::8], "conslidated metdata"]:
        page = browser.new_page()
        loaded = []
        page.on("request", lambda request, to=loaded: to.append(request.url))
        page.goto(engine_page.as_uri())
        results = page.evaluate(
            """async (query) => {
                await guideFind.prefetch();
                const {results, unknown, terms} = await guideFind.search(query, "");
                await Promise.all(results.slice(0, 5).map((result) => guideFind.excerpt(result, terms)));
                return results.length > 0 || unknown;
            }""",
            query,
        )
        page.close()
        files = [tmp_path / url.removeprefix(tmp_path.as_uri()).lstrip("/") for url in loaded if "/search/" in url]
        sent = sum(len(gzip.compress(path.read_bytes())) for path in files)

        assert results and len(files) > 3, query
        assert sent <= most, f"{query}: {sent} bytes in {len(files)} files"
