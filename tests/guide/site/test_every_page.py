"""Every page of the site in a browser, wide and narrow, light and dark: without errors, small, legible, accessible."""

import pytest
from visits import WIDTHS, pages, visit_all

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


def test_every_page_has_a_title_and_one_first_heading(visits):
    assert [visit.page for visit in visits if not visit.seen["title"] or visit.seen["headings"] != 1] == []
