"""Cards in a browser: definitions of terms, and what linked pages say."""

import json
import re
import shutil

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from guide.browser.static_server import serve
from guide.site.optimize.policy import policy

PAGE = """<!DOCTYPE html><html lang="en" data-theme="light" data-content_root="../" data-previews="cards.1.json"><head>
<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}"><title>Page</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="../guide.css">
<link rel="stylesheet" href="../previews.css"><link rel="stylesheet" href="../theme.css"></head>
<body><nav aria-label="Pages"><a class="reference internal" href="other.html">Menu</a></nav>
<main><article class="bd-article"><h1>Page</h1>
<p>Each <a class="guide-term" href="../words.html#term-chunk">chunk</a> is read as a whole.</p>
<p>See <a class="reference internal" href="other.html#part">how to choose</a> and
<a class="reference internal" href="unknown.html">another page</a>.</p>
{space}<p>The end has a <a class="guide-term" href="../words.html#term-shard">shard</a>.</p></article></main>
<script defer src="../previews.js"></script></body></html>"""
CARDS = {
    "words.html#term-chunk": ["chunk", "A block of an array that is read and written as a whole. " * 3],
    "words.html#term-shard": ["shard", "Not <b>markup</b>."],
    "a/other.html": ["Choose chunks", "Give a store chunks that suit its readers."],
}
# What the theme adds to the colours of guide.css.
THEME = """html { --pst-color-text-base: #222832; --pst-color-text-muted: #48566b; --pst-color-on-background: #fff }
html[data-theme="dark"] { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af }
html[data-theme="dark"] { --pst-color-on-background: #171d26 }
body { background: var(--pst-color-background); color: var(--pst-color-text-base) }
a { color: var(--pst-color-link) }"""
CARD = ".guide-card"


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """Serve a small site with these cards, instead of the whole one."""
    site = tmp_path_factory.mktemp("cards")
    for name in ("guide.css", "previews.css", "previews.js"):
        shutil.copy(root / "book/_static" / name, site)
    (site / "theme.css").write_text(THEME)
    (site / "cards.1.json").write_text(json.dumps(CARDS))
    page = PAGE.format(policy=policy([]), space="<p>Words.</p>" * 60)
    for name in ("a/page.html", "a/other.html", "words.html"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(page)
    with serve(site) as served:
        yield served


def _links(page):
    return page.locator(".guide-term").first, page.get_by_role("link", name="how to choose")


def test_a_pointer_opens_a_card_that_it_can_enter_and_that_escape_closes(open_page):
    page = open_page("a/page.html")
    requested = []
    page.on("request", lambda request: requested.append(request.url.rpartition("/")[2]))
    term, other = _links(page)
    card = page.locator(CARD)
    term.hover()
    card.wait_for()

    assert card.locator("p").all_inner_texts() == ["chunk", CARDS["words.html#term-chunk"][1].strip()]
    described = page.locator(f"#{term.get_attribute('aria-describedby')}")
    assert described.inner_text() == CARDS["words.html#term-chunk"][1].strip()
    card.hover()
    page.wait_for_timeout(400)
    assert card.is_visible()
    page.keyboard.press("Escape")
    assert card.count() == 0 and term.get_attribute("aria-describedby") is None
    other.hover()
    card.wait_for()
    assert card.locator("p").all_inner_texts() == CARDS["a/other.html"]
    page.mouse.move(600, 500)
    card.wait_for(state="detached")

    assert requested == ["cards.1.json"]


def test_the_keyboard_opens_one_card_at_a_time_which_stays_until_the_focus_leaves(open_page):
    page = open_page("a/page.html")
    card = page.locator(CARD)
    titles = []
    for _ in range(3):
        page.keyboard.press("Tab")  # the link of the menu has none
        page.wait_for_timeout(400)
        titles += card.locator(".guide-card-title").all_inner_texts()
        page.mouse.move(700, 600 - len(titles))
        page.wait_for_timeout(300 * bool(titles))
    assert titles == ["chunk", "Choose chunks"] and card.count() == 1
    page.keyboard.press("Tab")  # no card for this page, and none of the page before
    card.wait_for(state="detached")
    page.keyboard.press("Shift+Tab")
    card.wait_for()
    page.evaluate("scrollTo(0, 2000)")
    card.wait_for(state="detached")

    page.keyboard.press("Enter")
    page.wait_for_url("**/a/other.html#part")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (320, "light")])
def test_an_open_card_is_accessible_and_inside_the_screen(open_page, width, scheme):
    page = open_page("a/page.html", width=width)
    page.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
    before = page.evaluate("document.body.scrollHeight")
    last = page.locator(".guide-term").last
    last.hover()
    page.locator(CARD).wait_for()
    box, line = page.locator(CARD).bounding_box(), last.bounding_box()

    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["y"] >= 0 and box["y"] + box["height"] <= 900
    assert box["y"] + box["height"] <= line["y"] or box["y"] >= line["y"] + line["height"]
    assert page.evaluate("document.body.scrollHeight") == before, "nothing moves"
    page.evaluate(AXE_SCRIPT)
    violations = page.evaluate("axe.run(document).then(found => found.violations.map(rule => rule.id))")
    assert violations == []
    assert page.locator(f"{CARD} b").count() == 0, "texts are never markup"


def test_a_finger_opens_the_card_of_a_term_and_follows_the_second_tap_and_links_to_pages(open_page, address):
    page = open_page("a/page.html", width=390, has_touch=True, is_mobile=True)
    term, other = _links(page)
    term.tap()
    page.locator(CARD).wait_for()
    assert page.url.endswith("/a/page.html")
    page.locator("h1").tap()
    page.locator(CARD).wait_for(state="detached")
    other.tap()
    page.wait_for_url("**/a/other.html#part")

    page.goto(f"{address}/a/page.html")
    term.tap()
    page.get_by_role("link", name="Glossary").tap()
    page.wait_for_url("**/words.html#term-chunk")
    page.goto(f"{address}/a/page.html")
    term.tap()
    page.locator(CARD).wait_for()
    term.tap()
    page.wait_for_url("**/words.html#term-chunk")


def test_without_its_data_a_term_leads_to_the_glossary(open_page):
    page = open_page("a/page.html", width=390, has_touch=True, is_mobile=True)
    page.route("**/cards.1.json", lambda route: route.abort())
    page.locator(".guide-term").first.tap()

    page.wait_for_url("**/words.html#term-chunk")


def test_paper_has_neither_cards_nor_dots_and_forced_colours_have_a_border(open_page):
    page = open_page("a/page.html", forced_colors="active")
    term = page.locator(".guide-term").first
    term.hover()
    page.locator(CARD).wait_for()
    style = "(e, name) => getComputedStyle(e)[name]"

    assert page.locator(CARD).evaluate(style, "borderTopStyle") == "solid"
    page.emulate_media(media="print")
    assert not page.locator(CARD).is_visible()
    assert term.evaluate(style, "textDecorationLine") == "none"


def test_every_term_of_the_site_leads_to_its_entry_and_every_page_has_a_card(site):
    (path,) = (site / "_static").glob("previews.*.json")
    cards = json.loads(path.read_text())
    texts = {str(page.relative_to(site)): page.read_text() for page in site.glob("*/**/*.html")}
    pages = {name: text for name, text in texts.items() if "<article" in text}  # others lead from old addresses
    entries = {address for address in cards if "#" in address}
    linked = {address for text in pages.values() for address in re.findall(r'"guide-term" href="[./]*([^"]*)"', text)}

    assert len(linked) > 30 and linked <= entries
    assert all(f'id="{entry.partition("#")[2]}"' in pages[entry.partition("#")[0]] for entry in entries)
    assert set(pages) - set(cards) == set()
    assert all(f'data-previews="_static/{path.name}"' in text for text in pages.values())
    assert path.stat().st_size < 60_000
