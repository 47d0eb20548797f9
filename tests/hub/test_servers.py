"""A reader's first hour: log in, choose, wait, JupyterLab, stop."""

import pytest
from guide.hub_world import LONG_MS, log_in

expect.set_options(timeout=LONG_MS)


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_orange_button_to_a_stopped_server(world, visit, width):
    page = visit(width)
    log_in(page, world, "funky-user")
    expect(page.get_by_role("heading", name="Server Options")).to_be_visible()

    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Your server is starting up")).to_be_visible()
    expect(page.locator("#progress-message")).to_have_text("Container notebook is started")
    page.wait_for_url("**/user/funky-user/lab**", timeout=LONG_MS)
    expect(page.locator(".jp-Launcher")).to_be_visible()

    page.get_by_role("menuitem", name="File").click()
    with page.context.expect_page() as opened:
        page.get_by_role("menuitem", name="Hub Control Panel").click()
    panel = opened.value
    panel.wait_for_load_state("networkidle")  # its buttons work when its scripts are there
    panel.get_by_role("button", name="Stop My Server").click()
    expect(panel.get_by_role("button", name="Stop My Server")).to_be_hidden()
    expect(panel.get_by_role("button", name="Start My Server")).to_be_visible()
