"""Broken pages that the checks of every page in a browser must report."""

from dataclasses import replace

import pytest
from copies import wrong_copies
from visits import visit_all

from guide.browser.static_server import serve
from guide.pages.blocks import Block


@pytest.fixture(scope="module")
def bad(browser, bad_site):
    """Visits of the broken pages, by their names."""
    with serve(bad_site) as address:
        visits = visit_all(browser, address, sorted(path.name for path in bad_site.glob("*.html")), thorough=True)
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


def test_an_id_that_is_used_twice_and_an_empty_heading_are_reported(bad):
    assert bad["twice.html"].seen["invalid"] == ["<h2></h2>", "a"]


def test_a_term_that_is_linked_twice_or_in_a_heading_is_reported(bad):
    assert [line.partition(">")[2] for line in bad["terms.html"].seen["terms"]] == ["Chunk</a>", "chunks</a>"]
    assert not any(visit.seen["terms"] for page, visit in bad.items() if page != "terms.html")


def test_a_menu_outside_the_screen_is_reported(bad):
    assert len(bad["menu-outside.html"].outside) > 0
    assert not any(visit.outside for page, visit in bad.items() if page != "menu-outside.html")


def test_a_picture_without_a_description_is_reported(bad):
    assert len(bad["nameless.html"].seen["nameless"]) == 1
    assert any(line.startswith("image-alt") for line in bad["nameless.html"].violations)


def test_a_figure_that_is_blurred_or_bright_is_reported(bad, bad_site):
    visit = bad["blurred.html"]
    in_the_dark = replace(visit, pictures={"dark": visit.pictures["light"]})

    assert set(visit.blurred(bad_site)) == {"blurred.png"}
    assert in_the_dark.bright(bad_site) == ["blurred.png"]


def test_a_copy_button_that_copies_an_output_is_reported(bad):
    source = "$ cd data\n$ find . -type l\n... wind.csv\n"
    block = Block(1, "run", "console", source, on=("hub",))
    wrong = wrong_copies(bad["copies-output.html"].copied, (block,))

    assert wrong == ["copies 'cd data\\n. wind.csv', but 'cd data\\nfind . -type l' ran"]
    assert wrong_copies(["cd data\nfind . -type l"], (block,)) == []


def test_a_block_without_its_frame_is_reported():
    block = Block(1, "run", "bash", "ls\n", on=("hub",))

    assert wrong_copies([], (block,)) == ["0 frames, 1 expected"]
