"""Pages that run in the browser: the interface, with a worker that answers as the real one does, but has no Python.

What the cells of every page print there is compared by ``make live`` (see ``guide.live.gate``).
"""

import json
import re
import shutil

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from test_cards import THEME

from guide.browser.static_server import serve
from guide.site.optimize.policy import policy

PAGE = """<!DOCTYPE html><html lang="en" data-theme="light" data-content_root="./"><head>
<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}"><title>Page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/guide.css">
<link rel="stylesheet" href="_static/blocks.css"><link rel="stylesheet" href="_static/theme.css"></head>
<body><main><article class="bd-article"><h1>Page</h1>
<div class="guide-live" data-live="page.live.json" hidden><button type="button">Run here</button>
<span>16 MB</span></div>
{blocks}<p><strong>Question:</strong> how long?</p><p>A <strong>Question:</strong> that is none</p>
<p><strong>Question:</strong> how many?</p></article></main>
<script defer src="_static/names.js"></script><script defer src="_static/blocks.js"></script></body></html>"""
BLOCK = """<div class="guide-block" id="block-{number}"><div class="guide-bar"><span class="guide-label">Notebook
cell</span></div><div class="cell"><div class="highlight"><pre><span class="n">{code}</span></pre></div>
<div class="cell_output"><p>proven {number}</p></div></div></div>"""
# Answers to the code of a cell: what it printed, and whether it ended well.
WORKER = """
const said = (text) => ({ output_type: "stream", name: "stdout", text });
const shown = (data) => ({ output_type: "execute_result", data, metadata: {} });
const bucket = { objects: [{ name: "gs://b/x", size: 3, state: "new", type: "text/plain", head: "abc", hex: false }],
  requests: [{ what: "Write object", bucket: "gs://b", count: 2, bytes_sent: 3, bytes_received: 0,
    missing: 0, refused: 0 }] };
const answers = {
  "print(user)": (state) => [[said(state.user)], { ok: true }],
  "write": () => [[], { ok: true, bucket }],
  "html": () => [[shown({ "text/plain": "t", "text/html": HOSTILE })], { ok: true }],
  "view": () => [[shown({ "text/plain": "t", "text/html":
    `<style>div > .x { color: red }</style>\n<div style="width: 5px"><p style='color: red'>Dataset</p></div>` })],
    { ok: true }],
  "raise": () => [[{ output_type: "error", traceback: ["KeyError: 'sst'"], details: "Traceback\\nKeyError" }],
    { ok: false }],
  "clock": (state) => [[said(String(state.clock))], { ok: true }],
};
const HOSTILE = `<script>globalThis.bad = 1</` + `script><img src="https://example.org/x.png" onerror="bad = 1">` +
  `<iframe src="https://example.org"></iframe><b style="color: red" onclick="bad = 1">bold</b>` +
  `<a href="javascript:bad = 1">link</a>`;
const state = { clock: 0, user: "" };
onmessage = ({ data }) => {
  const { number } = data;
  if (data.start) {
    state.user = data.start.user;
    postMessage({ bytes: 5 });
    postMessage({ number, done: true, versions: { Python: "3.14.2", numpy: "2.4.3" } });
  } else if (data.advance) {
    state.clock += data.advance;
    postMessage({ number, done: true });
  } else if (data.checks) {
    const right = data.answer === "n = 2" && data.checks[0] === "n == 2";
    const result = data.answer.includes("...") ? "open" : right ? "right" : "wrong";
    const judged = data.answer === "n = m" ? { result: "error", message: "NameError: m" } : { result };
    postMessage({ number, done: true, message: "", ...judged });
  } else if (data.source === "forever") {
    for (;;);
  } else {
    const [outputs, answer] = (answers[data.source] ?? (() => [[said(data.source)], { ok: true }]))(state);
    for (const output of outputs) postMessage({ number, output });
    postMessage({ number, done: true, bucket: null, ...answer });
  }
};
"""
CODES = ["print(user)", "write", "html", "raise", "clock", "dask"]
WEEK_S = 7 * 86400
ENTRIES = [
    *[{"block": f"block-{number}"} for number in range(1, 5)],
    {"block": "block-5", "after_s": WEEK_S},
    {"block": "block-6", "why": "Dask Gateway runs on the hub only.", "skip": True},
]
DATA = {
    "base": "_static/live-1/",
    "packs": ["packages.tar.zst"],
    "figures": False,
    "bytes": 10,
    "betweenWrites": 0,
    "files": {},
    "advance_s": WEEK_S,
    "differences": ["pandas 3 stores times in microseconds."],
    "html": True,
    "blocks": ENTRIES,
    "exercises": [{"question": 1, "start": "n = ...", "checks": ["n == 2"], "hint": "Count the chunks."}],
}


def make_site(root, site):
    """Write a page with six cells and the worker into the folder ``site``."""
    shutil.copytree(root / "book/_static", site / "_static", ignore=shutil.ignore_patterns("*.png", "*.svg"))
    (site / "_static/theme.css").write_text(THEME)
    (site / "_static/live-1").mkdir()
    (site / "_static/live-1/worker.mjs").write_text(WORKER)
    (site / "page.live.json").write_text(json.dumps(DATA))
    blocks = "".join(BLOCK.format(number=number, code=code) for number, code in enumerate(CODES, start=1))
    (site / "page.html").write_text(PAGE.format(policy=policy([]), blocks=blocks))


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """Serve the page."""
    site = tmp_path_factory.mktemp("run-here")
    make_site(root, site)
    with serve(site) as served:
        yield served


def _start(page):
    page.get_by_role("button", name="Run here").click()
    status = page.locator(".guide-live-status")
    status.filter(has_text="Ready").wait_for()
    return status


def _run(page, number):
    """Run a cell and return its output."""
    page.get_by_role("button", name=f"Run cell {number}").click()
    page.locator(".guide-live-status").filter(has_text=re.compile(f"^Cell {number} (ran|raised)")).wait_for()
    return page.locator(f"#block-{number} .guide-live-output")


def test_a_cell_runs_can_be_edited_and_reset(open_page):
    page = open_page("page.html", kept={"user": "Ada-L"})
    assert page.locator("[contenteditable]").count() == 0, "nothing changes before the click"
    _start(page)
    assert page.get_by_role("button", name="Run all").evaluate("e => e === document.activeElement")
    assert _run(page, 1).inner_text().strip() == "ada-l", "the name of the reader"
    assert not page.get_by_text("proven 1").is_visible()
    about = page.locator(".guide-live-about").inner_text()
    assert about.startswith("Ran in your browser with Python 3.14.2, numpy 2.4.3.") and about.endswith("microseconds.")

    code = page.get_by_role("textbox", name="Code of cell 1")
    code.fill("for x in y:")
    code.press("End")
    code.press("Enter")
    page.keyboard.type("x  # ä")
    page.keyboard.press("Control+Enter")
    page.locator("#block-1 .guide-live-output").get_by_text("for x in y:").wait_for()
    assert page.locator("#block-1 .guide-live-output pre").inner_text() == "for x in y:\n    x  # ä", "indented"
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Run cell 1").evaluate("e => e === document.activeElement")
    page.get_by_role("button", name="Reset cell 1").click()
    assert code.inner_text().strip() == CODES[0] and page.get_by_text("proven 1").is_visible()


def test_shift_enter_runs_a_cell_and_goes_on_to_the_next(open_page):
    page = open_page("page.html")
    _start(page)
    page.get_by_role("textbox", name="Code of cell 1").focus()
    page.keyboard.press("Shift+Enter")
    page.locator("#block-1 .guide-live-output").get_by_text("funky-user").wait_for()
    assert page.get_by_role("textbox", name="Code of cell 2").evaluate("e => e === document.activeElement")


def test_all_cells_run_until_one_raises_an_error(open_page):
    page = open_page("page.html")
    _start(page)
    page.get_by_role("button", name="Run all").click()
    page.locator("#block-4 .guide-live-output").get_by_text("KeyError: 'sst'").first.wait_for()
    page.locator(".guide-live-status").filter(has_text="Cell 4 raised an error").wait_for()
    assert page.locator("#block-5 .guide-live-output").count() == 0
    assert page.get_by_text("In the browser: Dask Gateway runs on the hub only.").is_visible()
    assert page.get_by_role("button", name="Run cell 6").count() == 0
    assert page.locator("#block-4 details pre").inner_text() == "" or page.locator("#block-4 summary").is_visible()


def test_the_panel_shows_what_a_cell_did_to_the_bucket(open_page):
    page = open_page("page.html")
    _start(page)
    _run(page, 2)
    button = page.locator("#block-2").get_by_role("button", name="Bucket: 2 requests")
    button.click()
    panel = page.locator("#block-2 .bucket-panel")
    panel.locator(".bucket-columns").wait_for()
    assert panel.get_by_role("status").inner_text() == "1 object (3 B): 1 new. 2 requests: 3 B sent, 0 B received."
    assert panel.get_by_text("From the last run of this cell, in your browser.").is_visible()


def test_the_clock_moves_before_a_cell_about_a_later_day(open_page):
    page = open_page("page.html")
    _start(page)
    assert _run(page, 5).inner_text().strip() == str(WEEK_S)
    page.get_by_role("button", name="Advance the clock by 7 days").click()
    page.locator(".guide-live-status").filter(has_text="7 days later").wait_for()
    assert _run(page, 5).inner_text().strip() == str(2 * WEEK_S), "once for the cell, once for the button"


def test_what_an_output_would_run_or_load_is_left_out(open_page):
    page = open_page("page.html")
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    _start(page)
    output = _run(page, 3)
    assert output.inner_text().strip() == "boldlink"
    assert output.locator("script, iframe, [style], [onclick], [onerror], [src], a[href]").count() == 0
    assert page.evaluate("globalThis.bad") is None
    assert hosts == {page.url.split("/")[2]}


def test_the_policy_refuses_nothing_of_a_view_with_styles(open_page):
    page = open_page("page.html")
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    _start(page)
    page.get_by_role("textbox", name="Code of cell 1").fill("view")
    output = _run(page, 1)

    assert output.inner_text().strip() == "Dataset"
    assert output.locator("style, [style]").count() == 0
    assert messages == []


def test_an_endless_loop_can_be_stopped(open_page):
    page = open_page("page.html")
    status = _start(page)
    page.get_by_role("textbox", name="Code of cell 1").fill("forever")
    page.get_by_role("button", name="Run cell 1").click()
    status.filter(has_text="Running cell 1").wait_for()
    page.get_by_role("button", name="Stop").click()
    status.filter(has_text="Stopped. Python was started again").wait_for()
    assert _run(page, 2).inner_text().strip() == "No output."


def test_an_answer_to_a_question_is_checked(open_page):
    page = open_page("page.html")
    assert page.locator(".guide-live-exercise").count() == 0
    _start(page)
    box = page.locator(".guide-live-exercise")
    assert box.evaluate("box => box.previousElementSibling.textContent") == "Question: how many?"
    answer = page.get_by_role("textbox", name="Your answer to question 2")
    assert answer.inner_text() == "n = ..."

    page.get_by_role("button", name="Check your answer to question 2").click()
    box.get_by_text("Replace the dots with your answer.").wait_for()
    for text, result in [("n = 3", "Not yet. Count the chunks."), ("n = m", "NameError: m"), ("n = 2", "Right.")]:
        answer.fill(text)
        assert box.get_by_role("status").inner_text() == ""
        answer.press("Shift+Enter")
        box.get_by_text(result, exact=True).wait_for()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_a_running_page_is_accessible_and_fits(open_page, width, theme):
    page = open_page("page.html", width=width, has_touch=width < 500, is_mobile=width < 500)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    _start(page)
    for number in (1, 2, 3, 4):
        _run(page, number)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run(document).then(found => found.violations.map(rule => rule.id))")
    assert found == []


def test_a_page_without_scripts_or_from_disk_has_no_button(open_page, browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/page.html")
    assert not page.get_by_text("Run here").is_visible()
    context.close()
