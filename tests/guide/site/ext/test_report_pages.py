"""What the site says about the test: the table of all blocks, and the simulated faults."""

import csv

from fakehub.network.faults import EFFECTS
from guide.report.report import Report
from guide.site.ext.trials import FAULTS


def test_the_page_about_testing_links_to_a_table_of_all_blocks(browser, address, root):
    report = Report.read(root / "_build/report.json")
    page = browser.new_page()
    page.goto(f"{address}/book/buckets/read-and-write.html")
    page.locator(".guide-proof summary").click()
    page.get_by_role("link", name="How this guide is tested").and_(page.locator(".guide-proof a")).click()
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
