"""The pictures of the hub: each is stored, captured by a test and shown on a page; what a comparison must refuse."""

import re

import pytest
from hub_driver import ROOT
from PIL import Image

from guide.browser.hub_pictures import Picture, form_of, pictures
from guide.browser.launch import launch
from guide.browser.picture_capture import (
    FOLDER,
    THEMES,
    PictureError,
    capture,
    changed_percent,
    compare,
    file_name,
    manifest,
    manifest_entry,
    store,
)
from guide.facts import load

KNOWN = pictures(load(ROOT / "hub.yml"))
PAGE = '<body style="margin:0"><p id="sentence" style="font-size:40px">{}</p></body>'
PICTURE = Picture("A sentence.", ("#sentence",), (("#sentence", "what it says"),))


@pytest.fixture(scope="module")
def show(playwright):
    """Show a sentence on a page: ``show(text)`` returns the page."""
    browser = launch(playwright)
    page = browser.new_context(device_scale_factor=2).new_page()

    def show_text(text):
        page.set_content(PAGE.format(text))
        return page

    yield show_text
    browser.close()


def test_every_picture_is_stored_in_both_themes():
    assert manifest().keys() == KNOWN.keys()
    expected = {file_name(name, theme) for name in KNOWN for theme in THEMES}
    assert {path.name for path in FOLDER.glob("*.webp")} == expected


def test_every_picture_is_captured_by_the_test_that_the_manifest_names():
    for name, entry in manifest().items():
        file, _, journey = entry["journey"].partition("::")
        source = (ROOT / "tests/fakehub/hub" / f"{file}.py").read_text(encoding="utf-8")
        body = source.split(f"def {journey}(")[1].split("\ndef ")[0]
        call = "form_of(" if name.startswith("form-") else f'"{name}")'
        assert call in body, name


def test_selectors_have_not_changed_since_a_picture_was_captured():
    for name, picture in KNOWN.items():
        entry = manifest()[name]
        assert (list(picture.shows), [list(point) for point in picture.points]) == (entry["shows"], entry["points"])


def test_every_picture_is_on_a_page():
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "book").rglob("*.md"))
    shown = set(re.findall(r"\{hub-picture\} (\S+)", pages))
    shown |= {form_of(facts, tier) for facts in [load(ROOT / "hub.yml")] for tier in facts.access.tiers[1:]}

    assert shown == KNOWN.keys()


def test_all_pictures_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.webp")) < 1_500_000


def test_an_unchanged_page_matches_its_picture(show, tmp_path):
    store_picture(show("Node share: ~8 GB"), tmp_path)

    compare("it", *capture(show("Node share: ~8 GB"), "it", PICTURE), tmp_path)


def test_changed_words_are_refused(show, tmp_path):
    store_picture(show("Node share: ~8 GB"), tmp_path)

    with pytest.raises(PictureError, match=r"it: the page says .*~9 GB.*if that is right: make pictures"):
        compare("it", *capture(show("Node share: ~9 GB"), "it", PICTURE), tmp_path)


def test_changed_colours_are_refused(show, tmp_path):
    store_picture(show("Node share"), tmp_path)
    page = show("Node share")
    page.add_style_tag(content="#sentence { background: navy; color: white }")

    with pytest.raises(PictureError, match=r"it: \d+\.\d % of it has changed in the light theme"):
        compare("it", *capture(page, "it", PICTURE), tmp_path)


def test_a_selector_that_matches_nothing_is_named(show):
    picture = Picture("A sentence.", ("#sentence",), (("#gone", "an element that does not exist"),))

    with pytest.raises(PictureError, match="it: nothing visible on the page matches '#gone' any more"):
        capture(show("Node share"), "it", picture)


def test_an_image_of_another_size_has_changed_completely():
    assert changed_percent(Image.new("RGB", (20, 20)), Image.new("RGB", (20, 22))) == 100


def store_picture(page, folder):
    """Capture ``PICTURE`` of a page and store it in ``folder``."""
    images, words = capture(page, "it", PICTURE)
    store("it", images, manifest_entry(PICTURE, images, words, "a journey", {}), folder)
