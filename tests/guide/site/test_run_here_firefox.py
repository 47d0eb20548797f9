"""*Run here* in Firefox, with the worker without Python, and with the real one where ``make live`` has run."""

import re

import pytest
import test_run_here
import test_run_here_python
from firefox import Reader, started
from marionette_driver.keys import Keys

from guide.browser.static_server import serve

FINISHED_S = 300
# Before version 136, Firefox refused plain text boxes.
ONLY_RICH_TEXT = """Object.defineProperty(HTMLElement.prototype, "contentEditable", {
  get() { return this.getAttribute("contenteditable"); },
  set(value) {
    if (value === "plaintext-only") throw new DOMException("an invalid value", "SyntaxError");
    this.setAttribute("contenteditable", value);
  },
});"""


@pytest.fixture(scope="module")
def firefox():
    """A headless Firefox."""
    with started() as driver:
        yield driver


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """Serve the page whose worker has no Python."""
    site = tmp_path_factory.mktemp("run-here")
    test_run_here.make_site(root, site)
    with serve(site) as served:
        yield served


@pytest.fixture(scope="module")
def python_address(root, tmp_path_factory):
    """Serve the page with the real Python."""
    site = tmp_path_factory.mktemp("run-here-python")
    test_run_here_python.make_site(root, site)
    with serve(site) as served:
        yield served


class Runner(Reader):
    """Runs the cells of a page."""

    def start(self):
        """Press *Run here* and wait for Python."""
        self.press("Run here")
        self.wait_for_status("^Ready")

    def press(self, name):
        """Press the button with this text or label."""
        buttons = "[...document.querySelectorAll('button')]"
        matching = "button => [button.ariaLabel, button.textContent].includes(arguments[0])"
        self.wait(f"{buttons}.some(button => button.checkVisibility() && ({matching})(button))", name)
        self.script(f"{buttons}.find({matching}).scrollIntoView({{block: 'center'}})", name)
        self.script(f"return {buttons}.find({matching})", name).click()

    def status(self):
        return self.script("return document.querySelector('.guide-live-status').textContent")

    def wait_for_status(self, pattern):
        status = "document.querySelector('.guide-live-status')?.textContent ?? ''"
        self.wait(f"new RegExp(arguments[0]).test({status})", pattern, seconds=FINISHED_S)

    def run(self, number):
        """Run a cell and return its output."""
        self.press(f"Run cell {number}")
        self.wait_for_status(f"^Cell {number} (ran|raised)")
        return self.output(number)

    def output(self, number):
        return self.find(f"#block-{number} .guide-live-output").text.strip()

    def write(self, number, code):
        """Replace the code of a cell by typing ``code``."""
        box = self.find(f"#block-{number} pre[contenteditable]")
        self.script("arguments[0].focus(); getSelection().selectAllChildren(arguments[0])", box)
        self.type(Keys.BACK_SPACE, *code)

    def press_with(self, held, key):
        """Press a key while ``held`` is down."""
        self.firefox.actions.sequence("key", "keyboard").key_down(held).key_down(key).key_up(key).key_up(held).perform()


@pytest.fixture
def reader(firefox, address):
    """A reader of the page, on which Python has started."""
    reader = Runner(firefox, address)
    reader.open("page.html")
    reader.start()
    yield reader
    assert reader.errors() == []


def _check_editing(reader):
    reader.write(1, f"for x in y:{Keys.ENTER}x  # ä")
    reader.press_with(Keys.CONTROL, Keys.ENTER)
    reader.wait_for_status("^Cell 1 ran")
    assert reader.output(1) == "for x in y:\n    x  # ä", "indented"
    reader.type(Keys.ESCAPE)
    assert reader.script("return document.activeElement.ariaLabel") == "Run cell 1"
    reader.press("Reset cell 1")
    assert reader.find("#block-1 pre").text.strip() == test_run_here.CODES[0]
    assert reader.find("#block-1 .cell_output").text == "proven 1"


def test_a_cell_can_be_edited_and_reset(reader):
    assert reader.script("return document.activeElement.textContent") == "Run all"
    assert reader.run(1) == "funky-user"
    _check_editing(reader)


def test_a_cell_can_be_edited_in_a_firefox_without_plain_text_boxes(firefox, address):
    reader = Runner(firefox, address)
    reader.open("page.html")
    firefox.execute_script(ONLY_RICH_TEXT, sandbox=None)
    reader.start()

    assert reader.find("#block-1 pre").get_attribute("contenteditable") == "true"
    _check_editing(reader)


def test_shift_enter_runs_a_cell_and_goes_on_to_the_next(reader):
    reader.script("document.querySelector('#block-1 pre').focus()")
    reader.press_with(Keys.SHIFT, Keys.ENTER)
    reader.wait_for_status("^Cell 1 ran")

    assert reader.output(1) == "funky-user"
    assert reader.script("return document.activeElement.ariaLabel") == "Code of cell 2"


def test_all_cells_run_until_one_raises_an_error(reader):
    reader.press("Run all")
    reader.wait_for_status("^Cell 4 raised an error")

    assert "KeyError: 'sst'" in reader.output(4)
    assert not reader.script("return document.querySelector('#block-5 .guide-live-output')")
    assert reader.find("#block-6 .guide-live-why").text == "In the browser: Dask Gateway runs on the hub only."


def test_the_panel_shows_what_a_cell_did_to_the_bucket(reader):
    assert reader.run(2) == "No output."
    reader.press("Bucket: 2 requests")
    reader.wait("document.querySelector('#block-2 .bucket-columns')?.checkVisibility()")

    said = reader.find("#block-2 .bucket-panel [role=status]").text
    assert said == "1 object (3 B): 1 new. 2 requests: 3 B sent, 0 B received."


def test_the_clock_moves_before_a_cell_about_a_later_day_and_with_the_button(reader):
    assert reader.run(5) == str(test_run_here.WEEK_S)
    reader.press("Advance the clock by 7 days")
    reader.wait_for_status("7 days later")

    assert reader.run(5) == str(2 * test_run_here.WEEK_S)


def test_what_an_output_would_run_or_load_is_left_out(reader):
    assert reader.run(3) == "boldlink"
    assert reader.script("return globalThis.bad ?? null") is None


def test_an_endless_loop_can_be_stopped(reader):
    reader.write(1, "forever")
    reader.press("Run cell 1")
    reader.wait_for_status("^Running cell 1")
    reader.press("Stop")
    reader.wait_for_status("^Stopped. Python was started again")

    assert reader.run(2) == "No output."


def test_an_answer_to_a_question_is_checked(reader):
    for text, result in [("n = 3", "Not yet. Count the chunks."), ("n = 2", "Right.")]:
        box = reader.find(".guide-live-exercise pre")
        reader.script("arguments[0].focus(); getSelection().selectAllChildren(arguments[0])", box)
        reader.type(*text)
        reader.press("Check your answer to question 2")
        reader.wait("document.querySelector('.guide-live-result').textContent === arguments[0]", result)


def test_a_running_page_is_accessible(reader):
    for number in (1, 2, 3, 4):
        reader.run(number)

    assert reader.violations() == []


def test_the_real_python_runs_cells_and_can_be_stopped(firefox, python_address):
    reader = Runner(firefox, python_address)
    reader.open("page.html")
    reader.start()
    reader.press("Run all")
    reader.wait_for_status("^Cell 2 raised an error")
    assert reader.output(1) == "[15.]"
    assert "ConnectionError: Cannot connect to host example.org" in reader.output(2)
    block = reader.script("return document.querySelector('#block-1').textContent")
    assert re.search(r"Bucket: \d+ requests", block)
    assert "GroupNotFoundError" in reader.run(6), "the store has expired after more than a week"

    reader.write(1, "while True: pass")
    reader.press("Run cell 1")
    reader.wait_for_status("^Running cell 1")
    reader.press("Stop")
    reader.wait_for_status("^Stopped. Python was started again")
    assert "[15.]" not in reader.run(4)
    assert reader.errors() == []
