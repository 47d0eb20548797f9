"""A reader's first hour on the hub: log in, choose a server, wait for it, work in JupyterLab, stop it."""

import pytest
from hub_driver import LONG_MS, ROOT, control_panel, log_in, press_start, server_of, start_server
from playwright.sync_api import expect

from fakehub.hub.people import account_of
from guide.facts import load

expect.set_options(timeout=LONG_MS)
# Each test has a separate user, for whom JupyterLab opens as it does the first time; a picture shows the first one.
_TIERS = [tier for tier in load(ROOT / "hub.yml").access.tiers if tier.cpu_node_shares]
TWO_SERVERS, ON_A_PHONE = (account_of(tier.name) for tier in _TIERS[:2])


@pytest.mark.parametrize("width", [960, 390])
def test_from_the_orange_button_to_a_stopped_server(hub, visit, check_picture, width):
    user = "funky-user" if width == 960 else ON_A_PHONE
    shoot = check_picture if width == 960 else lambda page, name: None
    page = visit(width, 720, device_scale_factor=2)
    log_in(page, hub, user)
    expect(page.get_by_role("heading", name="Server Options")).to_be_visible()

    press_start(page)
    expect(page.get_by_text("Your server is starting up")).to_be_visible()
    expect(page.locator("#progress-message")).to_have_text("Container notebook is started")
    server = server_of(hub, user)
    server.suspend()  # a slow start, as on a node that has to pull the image first
    shoot(page, "starting")
    server.resume()
    page.wait_for_url(f"**/user/{user}/lab**", timeout=LONG_MS)
    expect(page.locator(".jp-Launcher")).to_be_visible()
    shoot(page, "jupyterlab")

    run_a_cell(page)
    shoot(page, "notebook")

    page.get_by_role("menuitem", name="File", exact=True).click()
    shoot(page, "control-panel-menu")
    with page.context.expect_page() as opened:
        page.get_by_role("menuitem", name="Hub Control Panel").click()
    panel = opened.value
    panel.wait_for_load_state("networkidle")  # its buttons do nothing without its scripts
    shoot(panel, "stop")
    shoot(panel, "log-out")
    panel.get_by_role("button", name="Stop My Server").click()
    expect(panel.get_by_role("button", name="Stop My Server")).to_be_hidden()
    expect(panel.get_by_role("button", name="Start My Server")).to_be_visible()


def run_a_cell(page):
    """Open a notebook and run the cell of the page *Log in*."""
    page.locator(".jp-LauncherCard", has_text="Python 3").first.click()
    expect(page.get_by_title("Change kernel for Untitled.ipynb")).to_contain_text("| Idle")
    cell = page.locator(".jp-CodeCell .cm-content").first
    cell.click()
    page.keyboard.insert_text('import os\n\nprint("This server belongs to", os.environ["JUPYTERHUB_USER"])')
    expect(cell).to_contain_text("JUPYTERHUB_USER")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-OutputArea-output").first).to_contain_text("This server belongs to")
    expect(page.locator(".jp-InputPrompt").first).to_have_text("[1]:")


def test_two_servers_of_one_user_share_the_home_directory(hub, visit, check_picture, stack):
    page = visit(device_scale_factor=2)
    log_in(page, hub, TWO_SERVERS)
    start_server(page)
    page.locator(".jp-LauncherCard", has_text="Text File").click()
    expect(page.get_by_role("tab", name="untitled.txt")).to_be_visible()
    control_panel(page, hub)
    page.get_by_label("server name").fill("gpu")
    page.get_by_role("button", name="Add New Server").click()
    if stack == "latest":  # in JupyterHub 6, a second button starts the new server
        page.locator("tr[data-server-name=gpu] .start-server").click()
    start_server(page)
    assert f"/user/{TWO_SERVERS}/gpu/lab" in page.url
    expect(page.locator(".jp-DirListing-item", has_text="untitled.txt")).to_be_visible()

    control_panel(page, hub)
    row = page.locator("tr[data-server-name=gpu]")
    expect(page.get_by_role("button", name="Stop My Server")).to_be_visible()
    expect(row.locator(".stop-server")).to_be_visible()
    check_picture(page, "named-servers")

    row.locator(".stop-server").click()
    expect(row.locator(".start-server")).to_be_visible()
    expect(page.get_by_role("button", name="Stop My Server")).to_be_visible()
