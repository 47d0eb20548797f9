"""The pictures of the hub: each is kept, explained, taken by a journey and shown; what it must refuse."""

import re

import pytest
from hub_driver import ROOT
from PIL import Image

from guide.browser.hub_camera import FOLDER, THEMES, PictureError, changed, compare, file_name, keep, manifest, take
from guide.browser.hub_shots import Picture, form_of, pictures
from guide.browser.launch import launch
from hubfacts.load import load

KNOWN = pictures(load(ROOT / "hub.yml"))
PLACE = '<body style="margin:0"><p id="said" style="font-size:40px">{}</p></body>'
PICTURE = Picture("A sentence.", ("#said",), (("#said", "what it says"),))


@pytest.fixture(scope="module")
def place(playwright):
    """A page to take pictures of, that says what one likes."""
    browser = launch(playwright)
    page = browser.new_context(device_scale_factor=2).new_page()

    def say(text):
        page.set_content(PLACE.format(text))
        return page

    yield say
    browser.close()


def test_every_picture_is_kept_light_and_dark_and_no_other():
    assert manifest().keys() == KNOWN.keys()
    wanted = {file_name(name, theme) for name in KNOWN for theme in THEMES}
    assert {path.name for path in FOLDER.glob("*.webp")} == wanted


def test_every_picture_is_taken_by_the_journey_that_the_manifest_names():
    for name, entry in manifest().items():
        file, _, journey = entry["journey"].partition("::")
        source = (ROOT / "tests/fakehub/hub" / f"{file}.py").read_text(encoding="utf-8")
        body = source.split(f"def {journey}(")[1].split("\ndef ")[0]
        wanted = "form_of(" if name.startswith("form-") else f'"{name}")'
        assert wanted in body, name


def test_what_a_picture_shows_and_points_at_is_what_it_was_taken_with():
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


def test_the_same_again_is_no_other_picture(place, tmp_path):
    keep("it", *first(place("Node share: ~8 GB")), "a journey", {}, tmp_path)

    compare("it", *take(place("Node share: ~8 GB"), "it", PICTURE), tmp_path)


def test_other_words_are_another_picture(place, tmp_path):
    keep("it", *first(place("Node share: ~8 GB")), "a journey", {}, tmp_path)

    with pytest.raises(PictureError, match=r"it: it says .*~9 GB.*if right: make pictures"):
        compare("it", *take(place("Node share: ~9 GB"), "it", PICTURE), tmp_path)


def test_another_look_is_another_picture(place, tmp_path):
    keep("it", *first(place("Node share")), "a journey", {}, tmp_path)
    page = place("Node share")
    page.add_style_tag(content="#said { background: navy; color: white }")

    with pytest.raises(PictureError, match=r"it: \d+\.\d % of it has changed, in the light"):
        compare("it", *take(page, "it", PICTURE), tmp_path)


def test_what_a_journey_no_longer_finds_is_named(place):
    with pytest.raises(PictureError, match="it: nothing on the page is '#gone' any more"):
        take(place("Node share"), "it", Picture("A sentence.", ("#said",), (("#gone", "what is not there"),)))


def test_another_size_is_another_picture():
    assert changed(Image.new("RGB", (20, 20)), Image.new("RGB", (20, 22))) == 100


def first(page):
    """What ``keep`` takes of a picture of a page."""
    themes, words = take(page, "it", PICTURE)
    return themes, PICTURE, words
