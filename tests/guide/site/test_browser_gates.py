"""Broken pages that the checks of every page in a browser must report."""

import pytest
from visits import visit_all

from guide.browser.static_server import serve
from guide.site.optimize.policy import policy

BAD = """<html lang="en"><head><title>Bad</title><meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="stylesheet" href="cut.css"></head>
<body><main><article><h1>Bad</h1>{body}</article></main>
<script src="theme.js"></script></body></html>"""
# Follows the theme of the system, as pages of the site do.
THEME = """matchMedia("(prefers-color-scheme: dark)").onchange = e => {
  document.documentElement.dataset.theme = e.matches ? "dark" : "light"; }"""


@pytest.fixture(scope="module")
def bad(browser, tmp_path_factory, root):
    """Visits of the broken pages, by their names."""
    site = tmp_path_factory.mktemp("bad")
    (site / "theme.js").write_text(THEME)
    (site / "cut.css").write_text(".cut { overflow: hidden }")
    for path in (root / "tests/broken/site").glob("*.html"):
        (site / path.name).write_text(BAD.format(policy=policy([]), body=path.read_text()))
    with serve(site) as address:
        visits = visit_all(browser, address, sorted(path.name for path in site.glob("*.html")))
    return {visit.page: visit for visit in visits if visit.width == 390}


@pytest.mark.parametrize("page", ["other-host.html", "own-script.html"])
def test_a_violation_of_the_policy_is_an_error_of_the_page(bad, page):
    assert any("Content Security Policy" in line for line in bad[page].errors)


def test_a_page_wider_than_the_screen_is_reported(bad):
    assert bad["wide.html"].seen["wider"] > 0


def test_clipped_text_is_reported(bad):
    assert len(bad["cut.html"].seen["clipped"]) == 1
    assert not any(visit.seen["clipped"] for page, visit in bad.items() if page != "cut.html")


def test_low_contrast_is_reported(bad):
    assert any(line.startswith("color-contrast") for line in bad["pale.html"].violations)


@pytest.mark.parametrize(
    ("page", "rule"), [("small-target.html", "target-size"), ("other-label.html", "label-content-name-mismatch")]
)
def test_rules_of_lighthouse_are_checked_too(bad, page, rule):
    assert any(line.startswith(rule) for line in bad[page].violations)


def test_a_picture_without_a_description_is_reported(bad):
    assert len(bad["nameless.html"].seen["nameless"]) == 1
    assert any(line.startswith("image-alt") for line in bad["nameless.html"].violations)
