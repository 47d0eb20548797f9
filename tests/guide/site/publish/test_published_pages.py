"""What the site offers to programs: lists of pages, the feed, cards, and redirects from old addresses."""

import io
import struct
from html.parser import HTMLParser
from urllib.request import urlopen
from xml.etree import ElementTree as Xml

import feedparser
import pytest
import yaml
from axe_playwright_python.base import AXE_SCRIPT

from guide.pages.toc import pages_of_book

BASE = "https://leap-stc.github.io/"
SEED = "leap-pangeo/jupyterhub.html"


class _Head(HTMLParser):
    """Collects the metadata in the head of a page."""

    def __init__(self, text):
        super().__init__()
        self.metadata = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "meta" and (attributes.get("property") or attributes.get("name")):
            self.metadata.setdefault(attributes.get("property") or attributes["name"], attributes.get("content"))
        if tag == "link":
            self.metadata.setdefault(
                f"{attributes.get('rel')} {attributes.get('type', '')}".strip(), attributes.get("href")
            )


@pytest.fixture(scope="module")
def names(root):
    """The name of every page, in the order of the book."""
    return [str(path.relative_to(root).with_suffix("")) for path in pages_of_book()]


def test_the_site_map_has_every_page_once_with_a_date(site, names):
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    urls = Xml.parse(site / "sitemap.xml").findall("s:url", space)  # noqa: S314 - written by this build

    assert [url.findtext("s:loc", None, space) for url in urls] == [f"{BASE}{name}.html" for name in names]
    assert all(len(url.findtext("s:lastmod", "2026-01-01", space)) == 10 for url in urls)
    assert f"Sitemap: {BASE}sitemap.xml" in (site / "robots.txt").read_text()


def test_the_lists_for_programs_that_read_text_have_every_page(site, names):
    short, full = (site / "llms.txt").read_text(), (site / "llms-full.txt").read_text()

    assert short.startswith("# LEAP-Pangeo JupyterHub Guide\n\n> ")
    assert [name for name in names if short.count(f"]({BASE}{name}.md): ") != 1] == []
    assert all((site / f"{name}.md").read_text() in full for name in names)
    assert len(full) < 1_000_000


def test_new_and_changed_pages_are_a_feed(site, names):
    feed = feedparser.parse((site / "changes.xml").read_bytes())

    assert feed.bozo == 0 and feed.version == "atom10"
    assert {entry.link for entry in feed.entries} <= {f"{BASE}{name}.html" for name in names}
    assert len({entry.id for entry in feed.entries}) == len(feed.entries) > 5
    assert [entry.updated for entry in feed.entries] == sorted((e.updated for e in feed.entries), reverse=True)
    assert feed.feed.updated == feed.entries[0].updated
    assert feed.feed.links[0].href == f"{BASE}changes.xml"


def test_the_address_of_the_site_has_the_card_of_the_first_page(site):
    first, shared = (_Head((site / name).read_text()).metadata for name in ("book/index.html", "index.html"))

    for name in ("canonical", "og:title", "og:image", "og:description", "twitter:card"):
        assert shared[name] == first[name] != ""


def test_every_page_links_to_the_feed(site, names):
    for name in names:
        metadata = _Head((site / f"{name}.html").read_text()).metadata
        feed = (site / f"{name}.html").parent / metadata["alternate application/atom+xml"]

        assert feed.resolve() == (site / "changes.xml").resolve()


def test_every_page_has_its_own_card(site, names):
    cards = set()
    for name in names:
        metadata = _Head((site / f"{name}.html").read_text()).metadata
        card = site / metadata["og:image"].removeprefix(BASE)
        cards.add(card)

        assert metadata["og:url"] == metadata["canonical"] == f"{BASE}{name}.html"
        assert metadata["og:title"] and metadata["og:description"] and metadata["twitter:card"] == "summary_large_image"
        head = card.read_bytes()[:24]
        assert head[1:4] == b"PNG" and struct.unpack(">II", head[16:24]) == (1200, 630)
        assert card.stat().st_size < 60_000
    assert len(cards) == len(names) == len(list((site / "_cards").iterdir()))


def test_every_old_section_redirects_to_its_new_place(site, root, browser, address):
    moves = yaml.safe_load((root / "book/redirects.yml").read_text())
    page = browser.new_page()
    for anchor, target in moves[SEED].items():
        name, _, section = target.partition("#")
        page.goto("about:blank")
        page.goto(f"{address}/{SEED}{f'#{anchor}' if anchor else ''}")
        page.wait_for_url(f"{address}/{name}.html{f'#{section}' if section else ''}")

        assert page.locator("article h1").count() == 1
    page.close()


def test_without_scripts_an_old_address_lists_the_new_ones(browser, address):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{address}/{SEED}")

    assert page.get_by_role("heading", name="This page has moved").is_visible()
    page.get_by_role("link", name="Use a GPU").first.click()
    assert page.url == f"{address}/book/compute/gpus.html"
    page.close()


def test_axe_reports_no_violation_on_the_page_at_an_old_address(site, browser, tmp_path):
    text = (site / SEED).read_text()
    page = browser.new_page()
    page.set_content(text)
    page.evaluate(AXE_SCRIPT)

    assert page.evaluate("axe.run(document).then(result => result.violations.map(rule => rule.id))") == []
    page.close()


def test_files_have_the_content_types_that_programs_expect(address):
    for path, kind in (("changes.xml", "xml"), ("llms.txt", "text/plain"), ("book/index.md", "text/markdown")):
        with urlopen(f"{address}/{path}") as response:  # noqa: S310 - the site on this machine
            assert kind in response.headers["Content-Type"]
            assert io.BytesIO(response.read()).read(1)
