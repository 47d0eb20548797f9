"""Redirects, the feed and cards, on small sites that the tests create."""

import re
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from PIL import Image

from guide.browser import picture_capture
from guide.site.publish import feed, redirects, social_cards
from guide.site.publish.page_lists import ListedPage

DAY = datetime(2026, 1, 1, tzinfo=UTC)
PAGES = [
    ListedPage("book/new", "Part", "Do a new thing", "Its first paragraph.", DAY),
    ListedPage("book/old", "Part", "Do an old thing", "About it.", DAY + timedelta(days=2)),
    ListedPage("book/undated", "Part", "Not committed", "Nothing.", None),
]


@pytest.fixture
def site(tmp_path):
    """A site of one page with one heading."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/index.html").write_text('<article><h1 id="here">Here</h1></article>')
    return tmp_path


def test_a_redirect_that_leads_nowhere_is_reported(root, site):
    moves = redirects.read(root / "tests/broken/redirects/redirects.yml")

    assert redirects.errors(moves, site) == [
        "redirects.yml: old/nowhere.html# leads to book/no-such-page, which is not a page",
        "redirects.yml: old/no-heading.html#part leads to book/index#no-such-heading, which is not a heading",
        "redirects.yml: book/index.html is a page of the guide, so it cannot redirect",
    ]


def test_an_old_page_with_redirects_for_its_sections_alone_is_refused(root):
    with pytest.raises(redirects.RedirectError, match=r"no-page\.yml: old/page\.html: it needs a target"):
        redirects.read(root / "tests/broken/redirects/no-page.yml")


def test_a_redirect_works_without_scripts(site):
    redirects.write({"old/page.html": {"": "book/index#here"}}, site, "https://example.org/", {"book/index": "Here"})
    text = (site / "old/page.html").read_text()

    assert '<meta http-equiv="refresh" content="0; url=../book/index.html#here">' in text
    assert '<link rel="canonical" href="https://example.org/book/index.html#here">' in text
    assert "<script" not in text and "Content-Security-Policy" in text


def test_the_redirects_of_the_guide_can_be_read(root):
    moves = redirects.read(root / "book/redirects.yml")

    assert {"leap-pangeo/jupyterhub.html", "book/help/forbidden.html"} <= set(moves)
    assert {"", "logging-in", "hub-image-custom", "gpus"} <= set(moves["leap-pangeo/jupyterhub.html"])


def test_new_and_changed_pages_are_entries_with_their_own_addresses():
    added = {"book/new": DAY, "book/old": DAY - timedelta(days=9)}
    parsed = feedparser.parse(feed.atom(PAGES, added, "Guide", "Us", "https://example.org/"))
    old, new = parsed.entries

    assert (old.title, new.title) == ("Do an old thing", "New page: Do a new thing")
    assert (old.link, new.link) == ("https://example.org/book/old.html", "https://example.org/book/new.html")
    assert (old.published, old.updated) == ("2025-12-23T00:00:00Z", "2026-01-03T00:00:00Z")
    assert parsed.feed.updated == old.updated
    assert new.summary == "Its first paragraph."


def test_without_dates_there_is_no_feed():
    assert feed.atom(PAGES[2:], {}, "Guide", "Us", "https://example.org/") == b""


def test_the_address_of_the_site_leads_to_the_first_page_with_and_without_scripts(site):
    redirects.write_first(site, "book/index", "https://example.org/", "A & B", '<meta property="og:title" content="x">')
    text = (site / "index.html").read_text()

    assert text.startswith('<!DOCTYPE html>\n<html lang="en">') and "<title>A &amp; B</title>" in text
    assert '<meta http-equiv="refresh" content="0; url=book/index.html">' in text
    assert '<link rel="canonical" href="https://example.org/book/index.html">' in text
    assert '<a href="book/index.html">' in text and "og:title" in text and "<script" not in text


def test_a_card_is_the_same_each_time_and_different_for_another_title(tmp_path):
    for number, title in enumerate(
        ["Log in", "Log in", "A title that is far too long for one line or even two of it " * 2]
    ):
        social_cards.draw(title, "The hub", "The guide", tmp_path / f"{number}.png")
    first, again, other = ((tmp_path / f"{number}.png").read_bytes() for number in range(3))

    assert first == again != other
    assert Image.open(tmp_path / "0.png").size == social_cards.SIZE
    assert social_cards.name("Log in", "The hub", "The guide") != social_cards.name("Log out", "The hub", "The guide")


def test_cards_and_screenshots_have_the_colours_of_the_theme(root):
    sheet = (root / "book/_static/guide.css").read_text()
    themes = {
        theme: dict(re.findall(r"(--[\w-]+): (#\w+);", rules))
        for theme, rules in re.findall(r'html\[data-theme="(\w+)"\] \{(.*?)\}', sheet, re.DOTALL)
    }

    assert themes["light"]["--pst-color-primary"] == social_cards.NAVY
    assert themes["dark"]["--pst-color-primary"] == social_cards.BLUE
    assert themes["dark"]["--guide-accent"] == social_cards.TEAL
    caption = re.search(r"\.caption-text strong \{(.*?)\}", sheet, re.DOTALL)
    assert f"background: {picture_capture._NUMBER_COLOUR};" in caption[1]
