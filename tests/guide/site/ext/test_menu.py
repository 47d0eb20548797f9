"""The list of all pages in the sidebar, made once for all of them, and the list of a page's sections."""

from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from guide.site.menu import SidebarMenu, page_contents

# The list that Sphinx makes for a/x.html, a page below a/index.html, in the second part of the book.
MADE = """\
<p class="caption" role="heading"><span class="caption-text">Start</span></p>
<ul>
<li class="toctree-l1"><a class="reference internal" href="../help/index.html">Help</a><ul>
<li class="toctree-l2"><a class="reference internal" href="../help/errors.html">Errors</a></li>
</ul>
</li>
</ul>
<p class="caption" role="heading"><span class="caption-text">Topics</span></p>
<ul class="current">
<li class="toctree-l1 current"><a class="reference internal" href="index.html">A</a><ul class="current">
<li class="toctree-l2 current"><a class="current reference internal" href="#">X</a></li>
</ul>
</li>
<li class="toctree-l1"><a class="reference internal" href="../b/index.html">B</a><ul>
<li class="toctree-l2"><a class="reference internal" href="../b/y.html">Y</a></li>
</ul>
</li>
<li class="toctree-l1"><a class="reference external" href="https://example.org/z.html">Z</a></li>
</ul>
"""
# The list that Sphinx makes of a page's sections.
TOC = """<ul>
<li><a class="reference internal" href="#">Title</a><ul>
<li><a class="reference internal" href="#one">One</a><ul>
<li><a class="reference internal" href="#deep">Deep</a></li>
</ul>
</li>
<li><a class="reference internal" href="#two">Two</a></li>
</ul>
</li>
</ul>
"""


@pytest.fixture
def menu():
    return SidebarMenu(MADE, "a/x.html")


def marked(html: str) -> set[str]:
    """Return the texts of the marked links."""
    return {tag.a.get_text() for tag in BeautifulSoup(html, "html.parser").select("li.current.active")}


def test_the_current_page_and_the_pages_above_it_are_marked_and_no_others(menu):
    soup = BeautifulSoup(menu.html_for("b/y.html"), "html.parser")

    assert marked(str(soup)) == {"B", "Y"}
    assert [tag.get_text() for tag in soup.select('a[aria-current="page"]')] == ["Y"]
    assert [tag["href"] for tag in soup.find_all("a")] == [
        "../help/index.html",
        "../help/errors.html",
        "../a/index.html",
        "../a/x.html",
        "index.html",
        "#",
        "https://example.org/z.html",
    ]
    assert [tag.parent.a.get_text() for tag in soup.select("li > details[open]")] == ["B"]
    assert soup.select("details > ul")[1]["class"] == ["nav", "bd-sidenav", "current"]


def test_the_part_of_the_current_page_is_open_and_the_others_are_folded(menu):
    for page, part in (("b/y.html", "Topics"), ("help/errors.html", "Start"), ("search.html", None)):
        soup = BeautifulSoup(menu.html_for(page), "html.parser")
        parts = soup.select("details.guide-part")

        assert [tag.summary.get_text() for tag in parts] == ["Start", "Topics"]
        assert [tag.summary.get_text() for tag in parts if tag.has_attr("open")] == ([part] if part else [])


def test_a_part_with_one_page_shows_the_pages_below_it_without_another_arrow(menu):
    start = BeautifulSoup(menu.html_for("search.html"), "html.parser").select_one("details.guide-part")

    assert [tag.get_text() for tag in start.select(":scope > ul > li > a")] == ["Help", "Errors"]
    assert start.select("ul details") == []


def test_the_arrows_have_names(menu):
    soup = BeautifulSoup(menu.html_for("b/y.html"), "html.parser")

    assert [tag["aria-label"] for tag in soup.select("li summary")] == [
        "Show or hide the pages of A",
        "Show or hide the pages of B",
    ]


def test_the_list_of_a_page_does_not_depend_on_earlier_pages(menu):
    first = menu.html_for("a/x.html")
    assert marked(first) == {"A", "X"}
    assert marked(menu.html_for("search.html")) == set()
    assert menu.html_for("a/x.html") == first


def test_the_list_of_sections_leaves_out_the_title_and_has_the_classes_of_the_theme():
    sections = BeautifulSoup(page_contents(TOC, 2), "html.parser").ul

    assert [tag.get_text() for tag in sections.find_all("a")] == ["One", "Deep", "Two"]
    assert sections["class"] == ["pst-show_toc_level", "nav", "section-nav", "flex-column"]
    assert sections.ul["class"] == ["nav", "section-nav", "flex-column"], "only two levels are shown"
    assert sections.li["class"] == ["toc-h2", "nav-item", "toc-entry"]
    assert sections.a["class"] == ["reference", "internal", "nav-link"]


@pytest.mark.parametrize(
    ("toc", "found"), [("", 0), (TOC[: TOC.index("<ul>\n<li>", 10)] + "</li></ul>", 0), (TOC * 2, 8)]
)
def test_a_page_without_sections_has_no_list_and_one_with_two_titles_has_both(toc, found):
    assert page_contents(toc, 2).count("<li") == found


def test_every_page_of_the_site_is_marked_in_its_list(site):
    pages = [path for name in ("book", "notebooks") for path in (site / name).rglob("*.html")]
    entries = {}
    for path in pages:
        menu = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("nav.bd-links")
        if menu is None:  # an old address, which redirects
            assert 'http-equiv="refresh"' in path.read_text(encoding="utf-8")
            continue
        here = path.relative_to(site).as_posix()
        # The first page is not in its list: the title above leads there.
        (own,) = (tag for tag in menu.find_all("a") if tag["href"] == "#") if here != "book/index.html" else (None,)
        assert own is None or "current" in own["class"], here
        assert len(menu.select("details.guide-part[open]")) == (own is not None), here
        entries[here] = [here if tag is own else urljoin(here, tag["href"]) for tag in menu.find_all("a")]
        assert own is None or here in entries[here]
    assert len(set(map(tuple, entries.values()))) == 1
