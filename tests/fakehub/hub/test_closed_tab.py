"""A cell that runs on while its tab is closed: the notebook of the next tab shows no new lines, but a log does."""

import time

from hub_driver import LONG_MS, log_in, start_server
from playwright.sync_api import expect

USER = "education-user"
CELL = """import time
for year in range(1000, 9999):
    with open("run.log", "a") as log:
        print(year, "saved", file=log)
    print(year, "saved")
    time.sleep(0.3)
"""


def test_output_of_a_closed_tab_is_only_in_the_log(hub, visit):
    tab = visit()
    log_in(tab, hub, USER)
    start_server(tab)
    tab.locator(".jp-LauncherCard", has_text="Python 3").first.click()
    kernel = tab.get_by_title("Change kernel for Untitled.ipynb")
    expect(kernel).to_contain_text("| Idle", timeout=LONG_MS)
    cell = tab.locator(".jp-CodeCell .cm-content").first
    cell.click()
    tab.keyboard.insert_text(CELL)
    tab.keyboard.press("Shift+Enter")
    expect(tab.locator(".jp-OutputArea-output").first).to_contain_text("1003 saved", timeout=LONG_MS)
    context = tab.context
    tab.close()

    tab = context.new_page()
    tab.goto(f"{hub.facts.hub.url}user/{USER}/lab/tree/Untitled.ipynb")
    kernel = tab.get_by_title("Change kernel for Untitled.ipynb")
    expect(kernel).to_contain_text("| Unknown", timeout=LONG_MS)  # the kernel is too busy to answer
    log = hub.folder / "homes" / USER / "run.log"
    shown = tab.locator(".jp-OutputArea-output").all_inner_texts()
    line = log.read_text().splitlines()[-1]
    time.sleep(3)

    assert tab.locator(".jp-OutputArea-output").all_inner_texts() == shown
    assert line not in "".join(shown)
    assert log.read_text().splitlines()[-1] > line
