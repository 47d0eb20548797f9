"""What the look at every page must refuse."""

import pytest
from visits import visit_all

from guide.browser.static_server import serve
from guide.site.optimize.policy import policy

BAD = """<html lang="en"><head><title>Bad</title><meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="stylesheet" href="cut.css"></head>
<body><main><article><h1>Bad</h1>{body}</article></main>
<script src="theme.js"></script></body></html>"""
# What follows the system's theme, as the pages of the site do.
THEME = """matchMedia("(prefers-color-scheme: dark)").onchange = e => {
  document.documentElement.dataset.theme = e.matches ? "dark" : "light"; }"""


@pytest.fixture(scope="module")
def bad(browser, tmp_path_factory, root):
    """Visits of the broken pages, by name."""
    site = tmp_path_factory.mktemp("bad")
    (site / "theme.js").write_text(THEME)
    (site / "cut.css").write_text(".cut { overflow: hidden }")
    for path in (root / "tests/broken/site").glob("*.html"):
        (site / path.name).write_text(BAD.format(policy=policy([]), body=path.read_text()))
    with serve(site) as address:
        found = visit_all(browser, address, sorted(path.name for path in site.glob("*.html")))
    return {visit.page: visit for visit in found if visit.width == 390}


@pytest.mark.parametrize("page", ["other-host.html", "own-script.html"])
def test_what_the_policy_forbids_is_an_error_of_the_page(bad, page):
    assert any("Content Security Policy" in line for line in bad[page].noise)


def test_a_wide_page_is_seen(bad):
    assert bad["wide.html"].seen["wider"] > 0


def test_text_whose_end_is_hidden_is_seen(bad):
    assert len(bad["cut.html"].seen["clipped"]) == 1
    assert not any(visit.seen["clipped"] for page, visit in bad.items() if page != "cut.html")


def test_text_that_is_hard_to_read_is_found(bad):
    assert any(line.startswith("color-contrast") for line in bad["pale.html"].violations)


@pytest.mark.parametrize(
    ("page", "rule"), [("small-target.html", "target-size"), ("other-label.html", "label-content-name-mismatch")]
)
def test_what_lighthouse_asks_besides_is_found(bad, page, rule):
    assert any(line.startswith(rule) for line in bad[page].violations)


def test_a_picture_without_a_description_is_found(bad):
    assert len(bad["nameless.html"].seen["nameless"]) == 1
    assert any(line.startswith("image-alt") for line in bad["nameless.html"].violations)
