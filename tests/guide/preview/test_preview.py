"""``make serve``: a saved page is run, built and shown in a browser, which also shows failures."""

import http.client
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
import small_books
from playwright.sync_api import expect, sync_playwright

from guide.browser.launch import NoBrowser, launch

CELL = (
    "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n# Second\n\n```{code-cell} python\nprint(%s)\n```\n"
)
# The longest time that a build takes on a busy machine, in seconds.
PATIENCE_S = 400


class Terminal:
    """A running ``make serve`` and its output."""

    def __init__(self, project, log, stack):
        self.project = project
        self._log = log
        command = [sys.executable, "-m", "guide", "serve", "--port", "0", "--stack", stack]
        env = small_books.environment(project)
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=project, env=env, stdout=out, stderr=subprocess.STDOUT)

    @property
    def address(self):
        return self.wait_for(r"(http://127\.0\.0\.1:\d+)/ shows the site").group(1)

    def wait_for(self, pattern, since=0):
        """Wait for ``pattern`` in the output from the position ``since`` on, and return the match."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            match = re.search(pattern, self.output()[since:])
            if match:
                return match
            assert self.process.poll() is None, self.output()
            time.sleep(0.1)
        pytest.fail(f"not printed within {PATIENCE_S} s: {pattern}\n{self.output()}")

    def output(self):
        return self._log.read_text(errors="replace")

    def save(self, name, text):
        """Save a page as editors do, by replacing its file; return the position in the output before that."""
        since = len(self.output())
        part = self.project / "book" / f".{name}.part"
        part.write_text(text)
        part.replace(self.project / "book" / name)
        return since

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def terminal(root, stack, tmp_path_factory):
    """A running preview of a book of two pages, built once."""
    project = small_books.copy_of(root, tmp_path_factory.mktemp("preview") / "project")
    small_books.write(project, {"index.md": "# First\n\nA page.\n", "second.md": CELL % "'at first'"})
    terminal = Terminal(project, project.with_suffix(".log"), stack)
    try:
        terminal.wait_for(r"the site: shown after")
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.end()


@pytest.fixture(scope="module")
def page(terminal):
    """A browser that shows the second page; ``page.console_errors`` has the errors of its console."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowser as error:
            pytest.fail(str(error), pytrace=False)
        page = browser.new_page()
        errors = page.console_errors = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{terminal.address}/book/second.html")
        page.set_default_timeout(PATIENCE_S * 1000)
        yield page
        browser.close()


def output(page):
    return page.locator(".cell_output pre")


def test_a_saved_page_is_run_and_shown_in_an_open_browser(terminal, page):
    expect(output(page)).to_have_text("at first\n")

    since = terminal.save("second.md", CELL % "'and then'")

    expect(output(page)).to_have_text("and then\n", timeout=PATIENCE_S * 1000)
    terminal.wait_for(r"ran 1 of 2 pages in .*, 1 unchanged", since)
    terminal.wait_for(r"book/second.md: shown after", since)


def test_a_failure_is_shown_in_the_terminal_and_in_the_browser_and_the_preview_goes_on(terminal, page):
    since = terminal.save("second.md", CELL % "nobody")
    expect(page.locator("#preview-failed")).to_contain_text(
        "book/second.md:8: cell failed: NameError: name 'nobody' is not defined", timeout=PATIENCE_S * 1000
    )
    terminal.wait_for(r"failed: book/second.md:8: cell failed: NameError", since)

    terminal.save("second.md", CELL % "'well again'")

    expect(output(page)).to_have_text("well again\n", timeout=PATIENCE_S * 1000)
    expect(page.locator("#preview-failed")).to_have_count(0)


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (None, "/book/second.html", 200),
        ("localhost:80", "/book/second.html", 200),
        ("attacker.example", "/book/second.html", 421),
        ("attacker.example:8000", "/_preview/events", 421),
        ("127.0.0.1.attacker.example", "/", 421),
        (None, "/../../_toc.yml", 404),
        (None, "/..%2f..%2f_toc.yml", 404),
        (None, "//etc/hostname", 404),
    ],
)
def test_only_the_site_is_served_and_only_under_this_machines_name(terminal, host, path, status):
    connection = http.client.HTTPConnection(terminal.address.removeprefix("http://"), timeout=60)
    connection.request("GET", path, headers={"Host": host} if host else {})

    assert connection.getresponse().status == status
    connection.close()


def test_a_warning_of_the_build_is_repeated_until_it_is_fixed(terminal, page):
    terminal.save("index.md", "# First\n\nIn {fact}`hub.moons`.\n")
    expect(page.locator("#preview-failed")).to_contain_text("hub.moons", timeout=PATIENCE_S * 1000)

    since = terminal.save("second.md", CELL % "'the other page'")
    terminal.wait_for(r"book/index.md:3: WARNING: .*hub.moons", since)

    terminal.save("index.md", "# First\n\nMended.\n")
    expect(output(page)).to_have_text("the other page\n", timeout=PATIENCE_S * 1000)


def test_the_policy_of_the_site_allows_the_preview(terminal, page):
    policy = page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")

    assert "script-src 'self'" in policy
    assert [text for text in page.console_errors if "Content Security Policy" in text or "CSP" in text] == []


def test_the_site_itself_has_nothing_of_the_preview(terminal, page):
    assert "_preview" not in (terminal.project / "_build/html/book/second.html").read_text()


@pytest.mark.parametrize("path", ["/no-such-page.html", "/..%2f..%2fhub.yml", "/../hub.yml"])
def test_files_outside_the_site_are_not_served(terminal, page, path):
    line = http.client.HTTPConnection(terminal.address.removeprefix("http://"))
    line.request("GET", path)

    assert line.getresponse().status == 404
    line.close()


def test_a_port_in_use_is_one_clear_line(guide, terminal):
    port = terminal.address.rsplit(":", 1)[1]
    done = guide("serve", "--port", port)

    assert done.returncode == 1
    assert done.stderr == f"port {port} is in use; choose another one: make serve PORT={int(port) + 1}\n"


def test_the_page_about_all_runs_is_built_by_make_book_only(root, stack, tmp_path):
    project = small_books.copy_of(root, tmp_path / "project")
    pages = {"second.md": CELL % "'at first'", "runs.md": "# Runs\n\n```{report-summary}\n```\n"}
    shown = project / "_build/html/book/runs.html"
    assert small_books.build(project, "# First\n\nA page.\n", stack, more=pages).returncode == 0
    before = shown.read_text()
    assert ", 1 blocks ran" in before
    terminal = Terminal(project, project.with_suffix(".log"), stack)
    try:
        terminal.wait_for(r"the site: shown after")
        since = terminal.save("second.md", CELL % "'one'" + "\n```{code-cell} python\nprint('two')\n```\n")
        terminal.wait_for(r"book/second.md: shown after", since)
        assert "two" in (project / "_build/html/book/second.html").read_text()
        assert ", 1 blocks ran" in shown.read_text()
    finally:
        terminal.end()
    command = [sys.executable, "-m", "guide", "build", "--stack", stack]
    env = small_books.environment(project)
    built = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=PATIENCE_S)

    assert built.returncode == 0, built.stderr
    assert ", 2 blocks ran" in shown.read_text()


def test_a_terminated_preview_leaves_no_process(terminal):
    below = psutil.Process(terminal.process.pid).children(recursive=True)

    assert terminal.end() == 0
    assert len(below) >= 2
    assert psutil.wait_procs(below, timeout=PATIENCE_S)[1] == []
