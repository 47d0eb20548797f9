"""What the blocks of a ``.md`` page printed when it was right: one text file a page, in ``_outputs`` beside it.

A file maps the number of a block on its page to what it printed, in order: ``text`` (of stdout, or ``warning`` of
stderr), ``value`` of a cell, with its ``picture``, and ``error``. Views in HTML are left out: their text says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_output

from guide.pages.blocks import Page
from guide.run.compare_outputs import difference, settled
from guide.run.records import PrintedItem

# The tag of a cell whose output is another each time.
MEASURED = "measured"


def record_of(page: Path) -> Path:
    """Where the outputs of the ``.md`` file ``page`` are recorded."""
    return page.parent / "_outputs" / f"{page.stem}.yml"


def recorded_outputs(page: Page, root: Path) -> list[list[NotebookNode]] | None:
    """What each block of ``page`` should print; ``None`` when its outputs are not recorded."""
    if page.path.suffix == ".ipynb":
        cells = [None if block.cell is None else page.notebook.cells[block.cell] for block in page.blocks]
        return [[] if cell is None or MEASURED in cell.metadata.get("tags", []) else cell.outputs for cell in cells]
    file = record_of(root / page.path)
    if not file.is_file():
        return None
    found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return [[_output(item) for item in found.get(number, [])] for number in range(1, len(page.blocks) + 1)]


def rewrite_record(page: Path, printed: Sequence[Sequence[PrintedItem]]) -> bool:
    """Record what the blocks of the file ``page`` ``printed`` (see ``brief``); whether a reader sees another thing."""
    file = record_of(page)
    now = {number: list(items) for number, items in enumerate(printed, start=1) if items}
    before = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if before.keys() == now.keys() and not any(
        difference([_output(item) for item in before[number]], [_output(item) for item in now[number]])
        for number in now
    ):
        return False
    file.unlink(missing_ok=True)
    if now:
        file.parent.mkdir(exist_ok=True)
        text = yaml.dump(now, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
        file.write_text(text, encoding="utf-8")
    return True


def brief(outputs: list[NotebookNode]) -> list[PrintedItem]:
    """The ``outputs`` of a block as a record has them."""
    return [_item(output) for output in outputs]


def _item(output: NotebookNode) -> PrintedItem:
    if output.output_type == "stream":
        text = settled(output.text)
        return {"text": text} if output.name == "stdout" else {"warning": text}
    if output.output_type == "error":
        return {"error": settled(f"{output.ename}: {output.evalue}")}
    item: PrintedItem = {}
    if "text/plain" in output.data:
        item["value"] = settled(output.data["text/plain"])
    if "image/png" in output.data:
        item["picture"] = settled(output.data["image/png"])
    return item


def _output(item: PrintedItem) -> NotebookNode:
    if "error" in item:
        kind, _, message = item["error"].partition(": ")
        return new_output("error", ename=kind, evalue=message, traceback=[])
    if "text" in item or "warning" in item:
        name = "stdout" if "text" in item else "stderr"
        return new_output("stream", name=name, text=item.get("text", item.get("warning")))
    names = {"value": "text/plain", "picture": "image/png"}
    return new_output("display_data", data={names[name]: text for name, text in item.items()})


def as_recorded(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """``outputs`` reduced to what a record keeps of them, to be compared with one."""
    return [_output(item) for item in brief(outputs)]


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that a change of a record can be read."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent)
