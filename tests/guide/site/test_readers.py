"""Journeys of readers: from a search to code that runs under their own names, and by keyboard alone."""

import subprocess
import sys

import pytest
from axe_playwright_python.base import AXE_SCRIPT

USER = "octo-cat"
STORE = f"gs://leap-scratch/{USER}/guide-examples/read-and-write/sst.zarr"


def _search(page, query):
    page.keyboard.press("/")
    page.keyboard.type(query)
    page.wait_for_function("query => document.querySelector('.find-results').dataset.of === query", arg=query)


def _focused(page):
    return page.evaluate("document.activeElement.closest('[class]').className")


def test_code_that_is_found_named_copied_pasted_and_run_works(open_page, root, tmp_path):
    page = open_page("index.html")
    page.wait_for_url("**/book/index.html")
    _search(page, "write a dataset")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/buckets/read-and-write.html*")
    names = page.locator("article .names")
    names.locator("[name=user]").fill("Octo-Cat")
    pasted = []
    for cell in page.locator(".guide-block:has(> div.cell:not(.tag_raises-exception))").all():
        cell.hover()
        cell.locator("button.copybtn").click()
        pasted.append(page.evaluate("navigator.clipboard.readText()"))
    shown = page.locator("div.cell_output .stream", has_text="xr.open_zarr(").inner_text().strip()
    script = tmp_path / "pasted.py"
    script.write_text("\n".join(pasted))

    ran = subprocess.run(
        [sys.executable, "-m", "fakehub", "run", "--user", USER, "--", sys.executable, str(script)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert shown == f'xr.open_zarr("{STORE}")'
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == shown


def test_an_error_pasted_into_the_search_leads_to_its_explanation(open_page):
    page = open_page("notebooks/first-zarr-store.html")
    message = "gcsfs.retry.HttpError: Anonymous caller does not have storage.objects.get access to the object., 401"
    page.keyboard.press("Control+k")
    page.evaluate("text => navigator.clipboard.writeText(text)", message)
    page.keyboard.press("Control+v")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/help/permissions.html*")

    assert page.get_by_role("heading", level=1).is_visible()
    assert not page.locator("#find").is_visible()


def test_everything_by_keyboard_alone(open_page):
    page = open_page("book/index.html")
    _search(page, "zarr group not found")
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Escape"):
        page.keyboard.press(key)
    assert not page.locator("#find").is_visible()
    _search(page, "read and write")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/buckets/read-and-write.html*")

    page.locator("article .names [name=user]").focus()
    page.keyboard.type("octo-cat")
    stops = []
    while "copybtn" not in _focused(page) and len(stops) < 10:
        page.keyboard.press("Tab")
        stops.append(_focused(page))
    assert page.evaluate("getComputedStyle(document.activeElement).opacity") == "1"
    page.keyboard.press("Enter")
    copied = page.evaluate("navigator.clipboard.readText()")

    assert copied.startswith("fs = ")
    assert STORE in page.locator("article").inner_text()


def test_the_search_keeps_the_focus_inside_and_returns_it_at_the_end(open_page):
    page = open_page("book/index.html")
    button = page.locator("button.find-open").and_(page.locator(":visible")).first
    button.focus()
    page.keyboard.press("Enter")
    page.locator(".find-topic").nth(1).wait_for()
    for _ in range(15):
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('#find') || document.activeElement === document.body")
    page.keyboard.press("Escape")

    assert button.evaluate("e => e === document.activeElement")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_reports_no_violation_in_the_open_search_and_beside_a_refused_name(open_page, theme):
    page = open_page("book/buckets/look.html", width=390, color_scheme=theme)
    page.evaluate(AXE_SCRIPT)
    run = "axe.run(document).then(result => result.violations.map(rule => rule.id))"
    page.locator("article .names [name=user]").fill("no name")
    assert page.locator("article .names-status").inner_text()
    assert page.evaluate(run) == []

    page.locator("article h1").click()
    _search(page, "dask")
    page.locator(".find-text").first.wait_for()

    assert page.evaluate(run) == []
