"""Every page of the site in a browser, wide and narrow, light and dark: without errors, small, legible, accessible."""

import base64
import io
import re

import pytest
from copies import wrong_copies
from fontTools.ttLib import TTFont
from visits import COPY_WIDTH, WIDTHS, pages, visit_all

from guide.pages.reader import read_page
from guide.site.optimize.icons import ALWAYS, code_points

# Limits of a first view, compressed; a page needs a reason to exceed them.
MOST_BYTES, MOST_REQUESTS = 120_000, 15


@pytest.fixture(scope="module")
def visits(site, address, browser):
    """Visits of all pages at all widths."""
    return visit_all(browser, address, pages(site))


def test_every_page_was_visited_at_every_width(site, visits):
    assert len(visits) == len(WIDTHS) * len(pages(site)) > 70 * len(WIDTHS)


def test_axe_reports_no_violation(visits):
    assert [f"{visit.page} at {visit.width}: {line}" for visit in visits for line in visit.violations] == []


def test_no_page_requests_another_host(visits, address):
    assert {url for visit in visits for url in visit.requests if not url.startswith(address + "/")} == set()


def test_the_first_view_is_small(site, visits, address):
    heavy = [
        (visit.page, visit.width, size, len(visit.requests))
        for visit in visits
        if (size := visit.bytes(site, address)) > MOST_BYTES or len(visit.requests) > MOST_REQUESTS
    ]

    assert heavy == []


def test_no_page_logs_an_error(visits):
    assert [f"{visit.page} at {visit.width}: {error}" for visit in visits for error in visit.errors] == []


def test_nothing_scrolls_a_page_sideways(visits):
    assert [(visit.page, visit.width, visit.seen["wider"]) for visit in visits if visit.seen["wider"]] == []


def test_no_text_is_cut_off(visits):
    assert [(visit.page, visit.width, visit.seen["clipped"]) for visit in visits if visit.seen["clipped"]] == []


def test_pictures_have_a_description_and_a_size(visits):
    assert {src for visit in visits for src in visit.seen["nameless"] + visit.seen["unsized"]} == set()


def test_pictures_are_sharp(site, visits):
    assert {name for visit in visits for name in visit.blurred(site)} == set()


def test_figures_are_dark_in_the_dark_theme(site, visits):
    figures = {name for visit in visits for name, _, drawn in visit.pictures.get("dark", []) if drawn}

    assert len(figures) > 20
    assert {name for visit in visits for name in visit.bright(site)} == set()


def test_every_page_has_a_title_and_one_first_heading(visits):
    assert [visit.page for visit in visits if not visit.seen["title"] or visit.seen["headings"] != 1] == []


def test_terms_are_linked_once_on_a_page_and_only_in_its_text(visits):
    assert [(visit.page, visit.seen["terms"]) for visit in visits if visit.seen["terms"]] == []


def test_no_menu_opens_outside_the_screen(visits):
    assert [(visit.page, visit.width, visit.outside) for visit in visits if visit.outside] == []


def test_every_page_is_valid_where_a_validator_found_mistakes(visits):
    assert [(visit.page, visit.seen["invalid"]) for visit in visits if visit.seen["invalid"]] == []


def test_every_icon_is_in_its_font(site, visits):
    (sheet,) = (site / "_static").glob("site.*.css")
    drawn = {icon for visit in visits for icon in visit.icons}

    assert len(drawn) > 5
    assert drawn <= _icons_of(sheet.read_text())


def test_the_fonts_that_are_made_in_advance_have_the_icons_of_this_site(site):
    (sheet,) = (site / "_static").glob("site.*.css")

    assert code_points(sheet.read_text()) == ALWAYS


def _icons_of(sheet: str) -> set[str]:
    """Return the icons of the fonts in a style sheet: the family, the weight and the letter of each."""
    icons = set()
    for rule in re.findall(r"@font-face\{[^}]*\}", sheet):
        family = re.search(r"font-family:[\"']?([^\"';]+)", rule)[1].replace("\\", "")
        weight = re.search(r"font-weight:(\d+)", rule)[1]
        data = base64.b64decode(re.search(r"base64,([^\"]+)", rule)[1])
        icons |= {f"{family} {weight} {chr(point)}" for point in TTFont(io.BytesIO(data)).getBestCmap()}
    return icons


def test_every_copy_button_copies_what_ran(visits, root):
    """Without prompts and outputs, and for one machine at a time."""
    wrong, pressed = [], 0
    for visit in (visit for visit in visits if visit.width == COPY_WIDTH):
        sources = [root / visit.page.replace(".html", suffix) for suffix in (".md", ".ipynb")]
        source = next((path for path in sources if path.is_file()), None)
        blocks = read_page(source, root).blocks if source else ()
        pressed += sum(text is not None for text in visit.copied)
        wrong += [f"{visit.page}: {line}" for line in wrong_copies(visit.copied, blocks)]

    assert wrong == []
    assert pressed > 600


def test_every_frame_says_where_its_block_belongs(visits):
    assert [(visit.page, visit.seen["nowhere"]) for visit in visits if visit.seen["nowhere"]] == []


def test_messages_wrap(visits):
    assert [(visit.page, visit.seen["scrolled"]) for visit in visits if visit.seen["scrolled"]] == []
