"""The pages that run in the browser, as the last ``make live`` found them; not run where nobody has called it."""

import pytest
import yaml

from guide.live.pack import Packs
from guide.live.pages import live_page
from guide.live.verdicts import FILES, VERDICTS, last_verdicts
from guide.pages.reader import read_page
from guide.paths import ROOT

# What a page may download, in bytes: without figures, and with them.
MOST, MOST_WITH_FIGURES = 16e6, 21e6
LISTED = ROOT / "guide/live/runs.yml"


def listed() -> list[str]:
    """Return the pages that have the button."""
    return yaml.safe_load(LISTED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def verdicts():
    if not VERDICTS.is_file():
        pytest.skip("not run: make live, which finds the pages that run in the browser, has not run here")
    return last_verdicts()


def test_the_list_names_pages_once_that_have_something_to_run():
    pages = listed()
    assert len(pages) == len(set(pages)) and pages == sorted(pages)
    assert [page for page in pages if live_page(read_page(ROOT / page, ROOT)) is None] == []


@pytest.mark.parametrize("page", [page for page in listed() if page.endswith(".ipynb")])
def test_every_question_of_a_notebook_can_be_answered(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    numbers = [exercise.number for exercise in live_page(read_page(ROOT / page, ROOT)).exercises]

    assert numbers == list(range(text.count("**Question:**"))) != []


@pytest.mark.parametrize("page", listed())
def test_a_listed_page_still_runs(verdicts, page):
    assert verdicts[page].problem == ""


def test_no_other_page_runs(verdicts):
    found = [page for page, verdict in verdicts.items() if not verdict.problem]
    assert sorted(set(found) - set(listed())) == [], "add them to guide/live/runs.yml"


@pytest.mark.parametrize("page", listed())
def test_a_page_downloads_little(verdicts, page):
    extra = live_page(read_page(ROOT / page, ROOT)).packs
    assert Packs.read(FILES).download_size(extra) <= (MOST_WITH_FIGURES if "figures" in extra else MOST)
