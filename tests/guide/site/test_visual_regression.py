"""Ten pages look as they do in the reference screenshots."""

import pytest
from PIL import Image

from guide.browser.visual_regression import (
    LEAST_SIMILARITY,
    PAGES,
    REFERENCES,
    THEMES,
    WIDTHS,
    file_name,
    screenshots,
    similarity,
)

FILES = [file_name(page, width, theme) for page in PAGES for width in WIDTHS for theme in THEMES]


@pytest.fixture(scope="module")
def current(browser, address):
    """Screenshots of the built site, by file name."""
    return dict(screenshots(browser, address))


@pytest.fixture(scope="module")
def references():
    """The reference screenshots, by file name."""
    return {path.name: Image.open(path) for path in REFERENCES.glob("*.webp")}


def test_there_is_a_reference_for_each_page_width_and_theme(references):
    assert sorted(references) == sorted(FILES)
    assert len(FILES) == 40


@pytest.mark.parametrize("file", FILES)
def test_a_page_matches_its_reference(current, references, root, file):
    score = similarity(current[file], references[file])
    saved = root / "_build" / "screenshots" / file
    if score < LEAST_SIMILARITY:
        saved.parent.mkdir(parents=True, exist_ok=True)
        current[file].save(saved, "WEBP")

    assert score >= LEAST_SIMILARITY, f"see {saved}; if the page should look like this: make screenshots"


def test_the_two_themes_do_not_match(references):
    for page in PAGES:
        for width in WIDTHS:
            pair = [references[file_name(page, width, theme)] for theme in THEMES]
            assert similarity(*pair) < 0.8, page


def test_a_page_without_its_style_sheet_does_not_match(browser, address, references, monkeypatch):
    page = "book/buckets/rules"
    monkeypatch.setattr("guide.browser.visual_regression.PAGES", {page: None})
    monkeypatch.setattr("guide.browser.visual_regression.WIDTHS", (1280,))
    new_context = browser.new_context

    def without_style(**options):
        context = new_context(**options)
        context.route("**/*.css", lambda route: route.abort())
        return context

    monkeypatch.setattr(browser, "new_context", without_style)
    bare = dict(screenshots(browser, address))

    file = file_name(page, 1280, "light")
    assert similarity(bare[file], references[file]) < LEAST_SIMILARITY
