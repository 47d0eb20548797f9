"""Badges: below every block that ran, made from the report, and below no other."""

import re
from dataclasses import replace
from html import unescape

from docutils import nodes
from docutils.utils import new_document

from fakehub.network.faults import EFFECTS
from guide.pages.blocks import digest
from guide.report.report import BlockReport, PageReport, Report
from guide.site.ext.badges import add_badges
from guide.site.ext.trials import FAULTS

PAGE = PageReport("book/a.md", "passed", "2026-11-25T04:00:00+00:00", 0.5, "", None, (), 0, 0, 0)
BLOCK = BlockReport("book/a.md", 3, "run", "python", "passed", 0.42, None, "")


def _badges(source, **changes):
    document = new_document("a")
    document += nodes.literal_block(source, source)
    block = replace(BLOCK, digest=digest("print(1)\n"), **changes)
    add_badges(document, PAGE, [block], "hub", "what.html")
    return [paragraph.astext() for paragraph in document.findall(nodes.paragraph)]


def test_the_badge_of_a_block_that_ran_shows_date_stack_and_seconds():
    assert _badges("print(1)") == ["Ran 2026-11-25 · hub · 0.4 s"]


def test_a_block_that_failed_or_did_not_run_has_no_badge():
    assert _badges("print(1)", status="failed") == [] == _badges("print(1)", status="not run")


def test_a_block_with_other_text_than_the_one_that_ran_has_no_badge():
    assert _badges("print(2)") == []


def test_the_badge_of_an_opted_out_block_shows_the_reason():
    assert _badges("print(1)", status="skipped", kind="skip", reason="needs a GPU") == ["Not run: needs a GPU"]


def test_one_run_gives_one_badge_although_two_blocks_are_the_same():
    document = new_document("a")
    document += [nodes.literal_block("x", "x"), nodes.literal_block("x", "x")]
    add_badges(document, PAGE, [replace(BLOCK, digest=digest("x"))], "hub", "what.html")

    assert len(list(document.findall(nodes.paragraph))) == 1


def test_every_block_of_the_report_has_a_badge_that_links_to_its_row(site, root):
    report = Report.read(root / "_build/report.json")
    tested = (site / "book/reference/what-was-tested.html").read_text()

    for page in report.pages:
        name = page.page.rpartition(".")[0]
        text = (site / f"{name}.html").read_text()
        blocks = report.blocks_of(page)
        badges = re.findall(r'<p class="(tested|not-tested) unsearched[^"]*"><a[^>]*href="([^"#]*)#([^"]+)"', text)

        assert len(badges) == len(blocks), page.page
        assert sum(kind == "tested" for kind, _, _ in badges) == sum(b.status == "passed" for b in blocks)
        assert len({anchor for _, _, anchor in badges}) == len(blocks)
        assert all(f'id="{anchor}"' in tested for _, _, anchor in badges)


def test_a_click_on_a_badge_unfolds_its_row_among_all_blocks(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/book/buckets/read-and-write.html")
    page.locator("p.tested a").nth(1).click()
    page.wait_for_url("**/book/reference/what-was-tested.html#run-book-buckets-read-and-write-1")
    row = page.locator("tr:target")
    box = row.bounding_box()

    assert row.is_visible() and 0 < box["y"] < page.viewport_size["height"] - box["height"]
    assert row.locator("td").nth(2).inner_text() == "ran"
    assert page.locator("details.ran[open] a").first.inner_text() == "Read and write a Dataset"
    page.close()


def test_the_list_of_runs_shows_why_a_block_did_not_run(site, root):
    report = Report.read(root / "_build/report.json")
    tested = unescape((site / "book/reference/what-was-tested.html").read_text()).replace("\u2019", "'")
    reasons = [block.reason for block in report.blocks if block.status == "skipped"]

    assert reasons and all(f"opted out: {reason}" in tested for reason in reasons)


def test_every_fault_is_listed_with_what_clients_do():
    assert set(FAULTS) == set(EFFECTS)
