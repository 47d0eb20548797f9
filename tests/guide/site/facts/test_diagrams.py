"""Diagrams: made from the facts, with a description in words."""

import re

import pytest
from bs4 import BeautifulSoup

from guide.facts import load
from guide.site.facts.diagrams import DIAGRAMS
from guide.site.facts.drawing import svg


def _drawn(facts, name):
    return BeautifulSoup(svg(DIAGRAMS[name](facts), name), "html.parser").svg


@pytest.fixture
def facts(root):
    """The facts of the project's hub."""
    return load(root / "hub.yml")


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_an_image_with_a_name_and_a_description(facts, name):
    drawing = DIAGRAMS[name](facts)
    picture = _drawn(facts, name)
    described = picture["aria-labelledby"].split()

    assert picture.get("role") == "img"
    assert [picture.title["id"], picture.desc["id"]] == described
    assert picture.title.string == drawing.title
    assert all(arrow.what in picture.desc.string for arrow in drawing.arrows)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_box_is_outside_the_drawing_or_overlaps_another(facts, name):
    picture = _drawn(facts, name)
    width, height = (float(picture.get(side)) for side in ("width", "height"))
    boxes = [tuple(float(box[side]) for side in ("x", "y", "width", "height")) for box in picture.find_all("rect")]

    assert all(min(x, y) >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    for number, (x, y, w, h) in enumerate(boxes):
        assert not [b for b in boxes[:number] if abs(b[0] - x) < w and abs(b[1] - y) < h]


def test_who_may_write_follows_the_facts(facts):
    changed = {"delete_after_days": 30, "hub": "read", "writers_group": True}
    options = facts.buckets.options
    options = options | {"leap-scratch": options["leap-scratch"].model_copy(update=changed)}
    ours = facts.model_copy(update={"buckets": facts.buckets.model_copy(update={"options": options})})

    words = DIAGRAMS["who-may-write"](ours).words()

    assert "leap-scratch: deleted after 30 days." in words
    assert "Any server of the hub → leap-scratch: read." in words
    assert "The writers' group → leap-scratch: write." in words


def test_the_life_of_a_file_follows_the_facts(facts):
    words = DIAGRAMS["life-of-a-file"](facts).words()
    days = facts.buckets.options["leap-scratch"].delete_after_days

    assert f"Deleted: from {days} days after it was written." in words
    assert "leap-persistent-ro" not in words
    assert re.search(rf"up to {facts.home.hard_quota_gib} GiB", words)
