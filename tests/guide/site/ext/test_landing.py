"""The landing page: buttons to the hub and the form, a search box, and a sentence about the test."""

import re

import pytest

from guide.facts import load
from guide.report.report import Report


@pytest.fixture
def page(browser, address):
    """The landing page."""
    page = browser.new_page()
    page.goto(f"{address}/book/index.html")
    yield page
    page.close()


def test_buttons_open_the_hub_and_the_form_for_members(page, root):
    facts = load(root / "hub.yml")
    buttons = page.locator("article a.guide-button")

    assert buttons.all_inner_texts() == ["Open the hub", "Apply for access"]
    assert buttons.evaluate_all("all => all.map(one => one.href)") == [facts.hub.url, facts.help.application_form]
    assert all(button.bounding_box()["height"] >= 24 for button in buttons.all())


def test_the_search_box_opens_the_results(page, address):
    page.get_by_role("searchbox", name="Search for an error message or a task").fill("KeyError: 'SCRATCH_BUCKET'")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/search.html?q=*")
    first = page.locator(".find-link").first
    first.wait_for()

    assert first.get_attribute("href").startswith(f"{address}/book/help/keyerror-scratch-bucket.html")


def test_a_sentence_counts_the_blocks_that_ran(page, root):
    blocks = Report.read(root / "_build/report.json").blocks
    ran = [block for block in blocks if block.status == "passed" and block.kind != "file"]
    text = page.locator("p.guide-tested").inner_text()

    counts = re.search(r"on \d+ \w+ 20\d\d, (\d+) blocks on (\d+) pages ran", text)
    assert [int(count) for count in counts.groups()] == [len(ran), len({block.page for block in ran})]
