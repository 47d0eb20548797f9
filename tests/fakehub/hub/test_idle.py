"""What the hub stops by the clock: idle kernels, idle servers and their jobs, and servers that reached their age.

Each row of the table on *Run something for hours or days* is tested here, except the one about Dask clusters.
"""

import json
import time

import pytest
from hub_driver import LONG_MS, log_in, start_server
from playwright.sync_api import expect

from fakehub.isolation.processes import with_variables

USER, WITH_A_TAB = "funky-user", "large-gpu-user"
JSON = {"Content-Type": "application/json"}
# Sends a cell to a kernel and ends once it runs.
RUN_A_CELL = """
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
# Without heartbeats: on a busy machine one comes late, and the client calls the kernel dead.
client.start_channels(hb=False)
client.wait_for_ready(timeout=120)
client.execute(sys.argv[2])
while client.get_iopub_msg(timeout=120)["msg_type"] != "execute_input":
    pass
"""
SILENT_CELL = "import time; time.sleep(100_000)"
# A script of a reader, which prints a line a second, and the page's ways to start and to follow it.
SCRIPT = "import time\nwhile True: print('saved'); time.sleep(1)"
NOHUP = "nohup python -u script.py >> {log} 2>&1 & echo $! > {log}.pid; exec bash"
# The servers that nobody visits, with what runs in a kernel and in a terminal.
CELLS = {
    "idle-kernel": "1 + 1",
    "silent-cell": SILENT_CELL,
    "printing-cell": "import time\nwhile True:\n    print('.', flush=True); time.sleep(1)",
    "script-in-a-cell": "%%bash\npython -u script.py 2>&1 | tee -a script-in-a-cell.log",
    "followed-job": "%%bash\ntail -n 1 -f followed-job.log --pid=$(cat followed-job.log.pid)",
}
TERMINALS = {
    "printing-terminal": "exec python -u script.py",
    "nohup-job": NOHUP.format(log="nohup-job.log"),
    "followed-job": NOHUP.format(log="followed-job.log"),
}
SURVIVE = {"printing-cell", "script-in-a-cell", "followed-job"}


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


def test_each_server_stops_when_the_page_says(hub, visit, api):
    timeouts = hub.facts.hub.timeouts
    tab = open_notebook(hub, visit)
    busy = kernels(tab, WITH_A_TAB, "POST")
    run_a_cell(hub, WITH_A_TAB, busy, SILENT_CELL)
    home = hub.folder / "homes" / USER
    home.mkdir(parents=True, exist_ok=True)
    (home / "script.py").write_text(SCRIPT)
    for name in {"no-kernel", *CELLS, *TERMINALS}:
        start(hub, api, name)
    assert running(api) == {"no-kernel", *CELLS, *TERMINALS}

    hub.control.advance(timeouts.idle_server_culled_after_s + 60)
    until(lambda: running(api) == SURVIVE)
    until(lambda: with_variables(of_server(hub, "nohup-job")) == [])
    assert grows(home / "script-in-a-cell.log")
    assert grows(home / "followed-job.log")
    # The notebook's kernel was idle. The other one is busy, and their server runs, because a tab is open.
    until(lambda: [kernel["id"] for kernel in kernels(tab, WITH_A_TAB)] == [busy["id"]])

    # A job that a cell follows keeps its server no longer than it runs.
    (kernel,) = api(f"/user/{USER}/followed-job/api/kernels")
    assert kernel["execution_state"] == "busy"
    for job in jobs(hub, "followed-job"):
        job.terminate()
    until(lambda: api(f"/user/{USER}/followed-job/api/kernels/{kernel['id']}")["execution_state"] == "idle")
    hub.control.advance(timeouts.idle_server_culled_after_s + 60)
    until(lambda: running(api) == SURVIVE - {"followed-job"})

    hub.control.advance(timeouts.server_max_age_s)
    until(lambda: running(api) == set())
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("Server unavailable or unreachable", timeout=LONG_MS)
    expect(dialog).to_contain_text(f"Your server at /user/{WITH_A_TAB}/ is not running.")
    expect(dialog.get_by_role("button", name="Restart")).to_be_visible()
    tab.goto(f"{hub.facts.hub.url}user/{WITH_A_TAB}/lab")
    expect(tab.get_by_role("heading", name="Server not running")).to_be_visible()
    expect(tab.get_by_role("button", name="Launch Server")).to_be_visible()
    tab.goto(hub.facts.hub.control_panel)
    until(lambda: tab.reload() and tab.get_by_role("button", name="Start My Server").is_visible())


def open_notebook(hub, visit):
    """Open JupyterLab and a notebook in it, and return the page once the notebook's kernel is idle."""
    tab = visit()
    log_in(tab, hub, WITH_A_TAB)
    start_server(tab)
    tab.locator(".jp-LauncherCard", has_text="Python 3").first.click()
    expect(tab.get_by_title("Change kernel for Untitled.ipynb")).to_contain_text("| Idle", timeout=LONG_MS)
    return tab


def start(hub, api, name):
    """Start a server with the form's defaults, and what runs in it; no browser stays connected."""
    api(f"/hub/api/users/{USER}/servers/{name}", "POST", "{}")
    until(lambda: name in running(api))
    if name in TERMINALS:
        command = ["bash", "-c", TERMINALS[name]]
        api(f"/user/{USER}/{name}/api/terminals", "POST", json.dumps({"shell_command": command}))
        until(lambda: jobs(hub, name))
    if name in CELLS:
        run_a_cell(hub, USER, api(f"/user/{USER}/{name}/api/kernels", "POST", "{}"), CELLS[name])


def run_a_cell(hub, user, kernel, code):
    """Run a cell in a kernel of a user, and return while it runs."""
    (connection,) = (hub.folder / "homes" / user).rglob(f"kernel-{kernel['id']}.json")
    hub.run("python", "-c", RUN_A_CELL, str(connection), code)


def running(api):
    """Return the names of the user's servers that run."""
    servers = api(f"/hub/api/users/{USER}")["servers"].items()
    return {name for name, server in servers if server["ready"]}


def of_server(hub, name):
    """Return variables that only the processes of a server of ``USER`` have."""
    return {"FAKEHUB_SESSION": str(hub.folder), "JUPYTERHUB_USER": USER, "JUPYTERHUB_SERVER_NAME": name}


def jobs(hub, name):
    """Return the processes of a server that run the script."""
    return [process for process in with_variables(of_server(hub, name)) if "script.py" in process.cmdline()]


def grows(log):
    """Wait until a log is longer than now."""
    size = log.stat().st_size
    until(lambda: log.stat().st_size > size)
    return True


def kernels(page, user, method="GET"):
    """Return the kernels of a server that is open in a tab, or start one with ``POST``; its page asks."""
    call = """([path, method]) => {
      const headers = {"X-XSRFToken": document.cookie.match(/_xsrf=([^;]+)/)[1]}
      return fetch(path, {method, headers}).then(answer => answer.json())
    }"""
    return page.evaluate(call, [f"/user/{user}/api/kernels", method])


def until(condition):
    """Wait until ``condition`` returns true."""
    deadline = time.monotonic() + LONG_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
