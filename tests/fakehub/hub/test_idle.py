"""What the hub stops by the clock: idle kernels, idle servers, and servers that reached their age."""

import time

import pytest
from hub_driver import LONG_MS, log_in, start_server
from playwright.sync_api import expect

USER, WITH_A_TAB = "funky-user", "large-gpu-user"
JSON = {"Content-Type": "application/json"}
# Sends a cell to a kernel and ends once it runs.
RUN_A_CELL = """
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=120)
client.execute(sys.argv[2])
while client.get_iopub_msg(timeout=120)["msg_type"] != "execute_input":
    pass
"""


@pytest.fixture
def api(hub, visit):
    """Call the hub and the servers of ``USER`` with a token, from a page of the hub: ``api(path, method, body)``."""
    page = visit()
    log_in(page, hub, USER)
    call = """async ([path, method, headers, body]) => {
      const answer = await fetch(path, {method, headers, body})
      const text = await answer.text()
      return answer.ok ? JSON.parse(text || "null") : `${answer.status} at ${path}: ${text}`
    }"""
    page.goto(f"{hub.facts.hub.url}hub/token")
    xsrf = page.evaluate("window.jhdata.xsrf_token")
    created = page.evaluate(call, [f"/hub/api/users/{USER}/tokens?_xsrf={xsrf}", "POST", JSON, "{}"])

    def ask(path, method="GET", body=None):
        return page.evaluate(call, [path, method, JSON | {"Authorization": f"token {created['token']}"}, body])

    assert isinstance(created, dict), created
    return ask


def test_idle_servers_stop_also_while_a_silent_cell_runs(hub, visit, api):
    timeouts = hub.facts.hub.timeouts
    tab = visit()
    log_in(tab, hub, WITH_A_TAB)
    start_server(tab)
    tab.locator(".jp-LauncherCard", has_text="Python 3").first.click()
    expect(tab.get_by_title("Change kernel for Untitled.ipynb")).to_contain_text("| Idle", timeout=LONG_MS)
    for name, code in {
        "no-kernel": None,
        "idle-kernel": "1 + 1",
        "silent-cell": "import time; time.sleep(100_000)",
        "printing-cell": "import time\nwhile True:\n    print('.', flush=True); time.sleep(1)",
    }.items():
        start(hub, api, name, code)
    assert running(api) == {"no-kernel", "idle-kernel", "silent-cell", "printing-cell"}

    hub.control.advance(timeouts.idle_server_culled_after_s + 60)
    until(lambda: running(api) == {"printing-cell"})
    assert kernels(tab, WITH_A_TAB) == []  # the kernel was idle; its server runs, because a tab is open

    hub.control.advance(timeouts.server_max_age_s)
    until(lambda: running(api) == set())
    tab.goto(hub.facts.hub.control_panel)
    until(lambda: tab.reload() and tab.get_by_role("button", name="Start My Server").is_visible())


def start(hub, api, name, code):
    """Start a server with the form's defaults and run ``code`` in a kernel of it; no browser stays connected."""
    api(f"/hub/api/users/{USER}/servers/{name}", "POST", "{}")
    until(lambda: name in running(api))
    if code:
        kernel = api(f"/user/{USER}/{name}/api/kernels", "POST", "{}")
        (connection,) = (hub.folder / "homes" / USER).rglob(f"kernel-{kernel['id']}.json")
        hub.run("python", "-c", RUN_A_CELL, str(connection), code)


def running(api):
    """Return the names of the user's servers that run."""
    servers = api(f"/hub/api/users/{USER}")["servers"].items()
    return {name for name, server in servers if server["ready"]}


def kernels(page, user):
    """Return the kernels of a server that is open in a tab, asked for by its page."""
    return page.evaluate(
        """path => fetch(path, {headers: {"X-XSRFToken": document.cookie.match(/_xsrf=([^;]+)/)[1]}})
                 .then(answer => answer.json())""",
        f"/user/{user}/api/kernels",
    )


def until(condition):
    """Wait until ``condition`` returns true."""
    deadline = time.monotonic() + LONG_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
