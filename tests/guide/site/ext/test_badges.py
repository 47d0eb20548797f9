"""Badges: below every block that ran, made from the report, and below no other."""

import csv
import re
from dataclasses import replace

from docutils import nodes
from docutils.utils import new_document

from fakehub.network.faults import EFFECTS
from guide.pages.blocks import digest
from guide.report.report import BlockReport, PageReport, Report
from guide.site.ext.badges import add_badges
from guide.site.ext.trials import FAULTS

PAGE = PageReport("book/a.md", "passed", "2026-11-25T04:00:00+00:00", 0.5, "", None, (), 0, 0, 0)
BLOCK = BlockReport("book/a.md", 3, "run", "python", "passed", 0.42, None, "", 0)


def _badges(source, **changes):
    document = new_document("a")
    document += nodes.literal_block(source, source)
    block = replace(BLOCK, digest=digest("print(1)\n"), **changes)
    add_badges(document, PAGE, [block], "what.html")
    return [paragraph.astext() for paragraph in document.findall(nodes.paragraph)]


def test_the_badge_of_a_block_that_ran_shows_the_date():
    assert _badges("print(1)") == ["Tested 2026-11-25"]
    assert _badges("print(1)", kind="file") == ["File used in a test 2026-11-25"]


def test_a_block_that_failed_or_did_not_run_has_no_badge():
    assert _badges("print(1)", status="failed") == [] == _badges("print(1)", status="not run")


def test_a_block_with_other_text_than_the_one_that_ran_has_no_badge():
    assert _badges("print(2)") == []


def test_the_badge_of_a_skipped_block_shows_the_reason():
    assert _badges("print(1)", status="skipped", kind="skip", reason="needs a GPU") == ["Not tested: needs a GPU"]


def test_one_run_gives_one_badge_although_two_blocks_are_the_same():
    document = new_document("a")
    document += [nodes.literal_block("x", "x"), nodes.literal_block("x", "x")]
    add_badges(document, PAGE, [replace(BLOCK, digest=digest("x"))], "what.html")

    assert len(list(document.findall(nodes.paragraph))) == 1


def test_every_block_of_the_report_has_a_badge_that_links_to_the_page_about_testing(site, root):
    report = Report.read(root / "_build/report.json")

    for page in report.pages:
        name = page.page.rpartition(".")[0]
        text = (site / f"{name}.html").read_text()
        blocks = report.blocks_of(page)
        badges = re.findall(r'<p class="(tested|not-tested) unsearched[^"]*"><a[^>]*href="([^"#]*)"', text)

        assert len(badges) == len(blocks), page.page
        assert sum(kind == "tested" for kind, _ in badges) == sum(b.status == "passed" for b in blocks)
        assert all(to.endswith("what-was-tested.html") for _, to in badges)


def test_the_page_about_testing_links_to_a_table_of_all_blocks(browser, address, root):
    report = Report.read(root / "_build/report.json")
    page = browser.new_page()
    page.goto(f"{address}/book/buckets/read-and-write.html")
    page.locator("p.tested a").nth(1).click()
    page.wait_for_url("**/book/reference/what-was-tested.html")
    with page.expect_download() as download:
        page.evaluate("document.querySelector('a[href$=\"tested-blocks.csv\"]').download = ''")
        page.locator("a[href$='tested-blocks.csv']").click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    page.close()

    assert len(rows) == len(report.blocks)
    assert [(row["page"], int(row["line"])) for row in rows] == [(block.page, block.line) for block in report.blocks]
    reasons = {row["reason"] for row in rows if row["result"] == "not run"}
    assert reasons == {block.reason for block in report.blocks if block.status in ("skipped", "not run")}
    assert all(reasons)


def test_every_fault_is_listed_with_what_clients_do():
    assert set(FAULTS) == set(EFFECTS)
