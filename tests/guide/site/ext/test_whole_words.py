"""Dates and names with a hyphen stay on one line."""

import pytest
from docutils import nodes
from docutils.utils import new_document

from guide.site.ext.whole_words import KeepWordsWhole


def whole(node):
    """Return the texts that stay on one line after the transform of a document with this ``node``."""
    document = new_document("page")
    document += node
    KeepWordsWhole(document).apply()
    return [inline.astext() for inline in document.findall(nodes.inline) if "guide-whole" in inline["classes"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It ran on 2026-06-04, and on 2026-11-30.", ["2026-06-04", "2026-11-30"]),
        ("LEAP-Pangeo is a hub", ["LEAP-Pangeo"]),
        ("a two-year-old file of 12-2026-06-04x", []),
    ],
)
def test_dates_and_names_of_a_sentence(text, expected):
    paragraph = nodes.paragraph("", text)

    assert whole(paragraph) == expected
    assert paragraph.astext() == text


@pytest.mark.parametrize("kind", [nodes.literal, nodes.title, nodes.reference])
def test_code_titles_and_links_are_left_alone(kind):
    assert whole(nodes.paragraph("", "", kind("", "2026-06-04"))) == []
