"""Drive JupyterLab in a browser: run a notebook that is open there."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

# The longest wait for one cell, in milliseconds: on a busy machine it takes long.
LONG_MS = 120_000
# The code cells of the notebook in front.
CODE_CELLS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell"


def code_of(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def menu(page: Page, name: str, item: str) -> None:
    """Click an item of a menu."""
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{re.escape(item)}")).first.click()


def _wait_for_number(page: Page, prompt: Locator) -> None:
    """Wait until a cell has run; if it does not, report the errors of the cells before it, which would be why."""
    try:
        expect(prompt).to_have_text(re.compile(r"^\[\d+\]:$"), timeout=LONG_MS)
    except AssertionError as error:
        errors = page.locator("[data-mime-type='application/vnd.jupyter.error']").all_inner_texts()
        raise AssertionError("a cell did not run", *errors) from error


def run_all(page: Page, file: Path) -> nbformat.NotebookNode:
    """Clear all outputs of the notebook in front, run all cells and save it to ``file``; return what was saved."""
    prompts = page.locator(f"{CODE_CELLS} .jp-InputPrompt")
    expect(page.get_by_title(re.compile("Change kernel for"))).to_contain_text("| Idle", timeout=LONG_MS)
    menu(page, "Edit", "Clear Outputs of All Cells")
    menu(page, "Run", "Run All Cells")
    cells = len(code_of(nbformat.read(file, as_version=4)))
    expect(prompts).to_have_count(cells, timeout=LONG_MS)
    for number in range(cells):  # one after the other, so that the limit is that of a cell and not of the notebook
        _wait_for_number(page, prompts.nth(number))
    page.keyboard.press("Control+s")
    deadline = time.monotonic() + LONG_MS / 1000
    while True:
        with contextlib.suppress(nbformat.reader.NotJSONError):  # the file is being written
            saved = nbformat.read(file, as_version=4)
            if all(cell.execution_count for cell in code_of(saved)) and not page.locator(".jp-mod-dirty").count():
                return saved
        assert time.monotonic() < deadline, "it was not saved"
        time.sleep(0.1)
