"""Ten pages look as they did when somebody last looked at them."""

import pytest
from PIL import Image

from guide.browser.visual_regression import ALIKE, PAGES, THEMES, WIDTHS, file_name, likeness, shots

LOOKS = [file_name(page, width, theme) for page in PAGES for width in WIDTHS for theme in THEMES]


@pytest.fixture(scope="module")
def now(browser, address):
    """How they look now, by file name."""
    return dict(shots(browser, address))


@pytest.fixture(scope="module")
def kept(root):
    """How they looked."""
    return {path.name: Image.open(path) for path in (root / "tests/guide/site/looks").glob("*.webp")}


def test_ten_pages_are_kept_wide_and_narrow_light_and_dark(kept):
    assert sorted(kept) == sorted(LOOKS)
    assert len(LOOKS) == 40


@pytest.mark.parametrize("look", LOOKS)
def test_a_page_looks_as_it_did(now, kept, root, look):
    alike = likeness(now[look], kept[look])
    seen = root / "_build" / "looks" / look
    if alike < ALIKE:
        seen.parent.mkdir(parents=True, exist_ok=True)
        now[look].save(seen, "WEBP")

    assert alike >= ALIKE, f"see {seen}; if that is how it is to look: make looks"


def test_another_theme_is_another_look(kept):
    for page in PAGES:
        for width in WIDTHS:
            pair = [kept[file_name(page, width, theme)] for theme in THEMES]
            assert likeness(*pair) < 0.8, page


def test_a_page_without_its_style_is_another_look(browser, address, kept, monkeypatch):
    page = "book/buckets/rules"
    monkeypatch.setattr("guide.browser.visual_regression.PAGES", {page: None})
    monkeypatch.setattr("guide.browser.visual_regression.WIDTHS", (1280,))
    new_context = browser.new_context

    def without_style(**options):
        context = new_context(**options)
        context.route("**/*.css", lambda route: route.abort())
        return context

    monkeypatch.setattr(browser, "new_context", without_style)
    bare = dict(shots(browser, address))

    assert likeness(bare[file_name(page, 1280, "light")], kept[file_name(page, 1280, "light")]) < ALIKE
