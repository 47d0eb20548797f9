"""Links to pages that a hub's guide leaves out, and the sentences and headings that only make sense with them."""

import pytest

from guide.pages.links import without_links

LEFT_OUT = {"book/buckets/look", "notebooks/first"}
DEAD, LIVE = "[Look](../buckets/look.md#a)", "[Stop](stop.md)"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Read {DEAD} first.", "Read Look first."),
        (f"Read {LIVE} first.", f"Read {LIVE} first."),
        (f"| a | {DEAD} |\n| b | {LIVE} |", f"| b | {LIVE} |"),
        (f"{DEAD} says how.", ""),
        (f"One. {DEAD} says how. Two.", "One. Two."),
        (f"One.\n{DEAD} says\nhow. Two.", "One.\nTwo."),
        (f"It says that\n{DEAD} is shorter. Two.", "It says that\nLook is shorter. Two."),
        (f"- {DEAD} says how.\n- {LIVE} ends it.", f"\n- {LIVE} ends it."),
        (f"- {DEAD} says how. Two.", "- Two."),
        (f"2. {DEAD} (5 min): a notebook.\n3. Three.", "\n3. Three."),
        (f"{DEAD} shows `a.b` and v1.2 of it. Two.", "Two."),
        (f"{DEAD} and then\n\nTwo.", "Look and then\n\nTwo."),
        (f"[First](../../notebooks/first.ipynb) and {LIVE} say it.", ""),
        (f"Text.\n\n## Next\n\n{DEAD} says how.\n", "Text.\n\n"),
        (f"## A\n\n### B\n\n{DEAD} says how.\n\n## C\n\nText.", "## A\n\n## C\n\nText."),
        (f"## A\n\n{DEAD} says how.\n\n### B\n\nText.", "## A\n\n\n\n### B\n\nText."),
    ],
)
def test_what_is_left(text, left):
    assert without_links(text, "book/hub/log-in", LEFT_OUT) == left


def test_nothing_changes_if_all_pages_are_there():
    text = f"## Next\n\n## Empty\n\n{DEAD} says how."

    assert without_links(text, "book/hub/log-in", set()) == text
