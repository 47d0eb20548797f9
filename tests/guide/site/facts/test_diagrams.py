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
    boxes = [tuple(float(box[side]) for side in ("x", "y", "width", "height")) for box in picture.select(".box rect")]

    assert all(min(x, y) >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    for number, (x, y, w, h) in enumerate(boxes):
        assert not [b for b in boxes[:number] if abs(b[0] - x) < w and abs(b[1] - y) < h]


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_line_runs_through_words(facts, name):
    picture = _drawn(facts, name)
    lines = [tuple(float(line[end]) for end in ("x1", "y1", "x2", "y2")) for line in picture.select("line.arrow")]
    words = picture.select("g.label")

    assert len(words) == len(lines) > 0
    for (x1, y1, x2, y2), label in zip(lines, words, strict=True):
        rows = [(float(row["x"]), float(row["y"])) for row in label.find_all("tspan")]
        if y1 == y2:
            assert all(y < y1 for _, y in rows)
        elif x1 == x2:
            assert label.find("text")["text-anchor"] == "start" and all(x > x1 for x, _ in rows)
        else:
            assert label.find("rect"), "words on a sloping line have a background"


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
