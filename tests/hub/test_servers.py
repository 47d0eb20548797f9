"""A reader's first hour: log in, choose, wait, JupyterLab, stop."""

import time

import pytest
from guide.hub_world import LONG_MS, control_panel, log_in, start_server
from playwright.sync_api import expect

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


def test_two_servers_of_one_user_share_the_home_directory(world, visit):
    page = visit()
    log_in(page, world, "research-user")
    start_server(page)
    page.locator(".jp-LauncherCard", has_text="Text File").click()
    expect(page.get_by_role("tab", name="untitled.txt")).to_be_visible()
    control_panel(page, world)
    page.get_by_label("server name").fill("gpu")
    page.get_by_role("button", name="Add New Server").click()
    start_server(page)
    assert "/user/research-user/gpu/lab" in page.url
    expect(page.locator(".jp-DirListing-item", has_text="untitled.txt")).to_be_visible()

    control_panel(page, world)
    row = page.locator("tr[data-server-name=gpu]")
    expect(page.get_by_role("button", name="Stop My Server")).to_be_visible()
    expect(row.locator(".stop-server")).to_be_visible()

    row.locator(".stop-server").click()
    expect(row.locator(".start-server")).to_be_visible()
    expect(page.get_by_role("button", name="Stop My Server")).to_be_visible()


def test_an_idle_kernel_and_then_an_old_server_end_by_the_clock(world, visit):
    timeouts = world.facts.hub.timeouts
    page = visit()
    log_in(page, world, "funky-user")
    start_server(page)
    page.locator(".jp-LauncherCard", has_text="Python 3").first.click()
    expect(page.get_by_title("Change kernel for Untitled.ipynb")).to_contain_text("| Idle")
    kernels = "/user/funky-user/api/kernels"
    assert len(fetch(page, kernels)) == 1

    world.control.advance(timeouts.idle_kernel_culled_after_s + 60)
    until(lambda: fetch(page, kernels) == [])

    world.control.advance(timeouts.server_max_age_s)
    control_panel(page, world)
    until(lambda: page.reload() and page.get_by_role("button", name="Start My Server").is_visible())


def fetch(page, path):
    """What a server answers at a path, asked by its own page."""
    return page.evaluate(
        """path => fetch(path, {headers: {"X-XSRFToken": document.cookie.match(/_xsrf=([^;]+)/)[1]}})
                 .then(answer => answer.json())""",
        path,
    )


def until(condition):
    """Wait until the condition holds."""
    deadline = time.monotonic() + LONG_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
