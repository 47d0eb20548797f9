"""The outputs that are recorded for the blocks of a ``.md`` page, in a YAML file in ``_outputs`` next to the page.

A file maps the number of a block to what it printed, in order: ``text`` (stdout) or ``warning`` (stderr), ``value`` of
a cell with its ``picture``, and ``error``. HTML views are left out, because their text says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_output

from guide.pages.blocks import Block, Page
from guide.run.compare_outputs import difference, settled
from guide.run.records import PrintedItem

# The folder of the pages whose outputs are all recorded.
BOOK = "book"
# The tag of a cell whose output differs from run to run.
MEASURED = "measured"


def record_of(page: Path) -> Path:
    """Return the file with the recorded outputs of the ``.md`` file ``page``."""
    return page.parent / "_outputs" / f"{page.stem}.yml"


def recorded_outputs(page: Page, root: Path) -> list[list[NotebookNode]] | None:
    """Return what each block of ``page`` should print; ``None`` if nothing is recorded about it.

    A page of the book should print nothing if it has no record while other pages in its folder have one.
    """
    if page.path.suffix == ".ipynb":
        return [_committed_outputs(page, block) for block in page.blocks]
    file = record_of(root / page.path)
    if not file.is_file():
        with_records = page.path.parts[0] == BOOK and file.parent.is_dir()
        return [[] for _ in page.blocks] if with_records else None
    recorded = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return [_outputs(recorded.get(number, [])) for number in range(1, len(page.blocks) + 1)]


def _committed_outputs(page: Page, block: Block) -> list[NotebookNode]:
    cell = page.cell_of(block)
    return [] if cell is None or MEASURED in cell.metadata.get("tags", []) else cell.outputs


def rewrite_record(page: Path, printed: Sequence[Sequence[PrintedItem]]) -> bool:
    """Record what the blocks of the file ``page`` printed if a reader sees a difference; return whether one does."""
    file = record_of(page)
    now = {number: list(items) for number, items in enumerate(printed, start=1) if items}
    before = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if before.keys() == now.keys() and not any(
        difference(_outputs(before[number]), _outputs(now[number])) for number in now
    ):
        return False
    file.unlink(missing_ok=True)
    if now:
        file.parent.mkdir(exist_ok=True)
        text = yaml.dump(now, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
        file.write_text(text, encoding="utf-8")
    return True


def printed_items(outputs: Iterable[NotebookNode]) -> list[PrintedItem]:
    """Return the ``outputs`` of a block in the form of a record."""
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


def as_recorded(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Reduce ``outputs`` to what is recorded of them, so that they can be compared with a record."""
    return _outputs(printed_items(outputs))


def _outputs(items: Iterable[PrintedItem]) -> list[NotebookNode]:
    return [_output(item) for item in items]


def _output(item: PrintedItem) -> NotebookNode:
    if "error" in item:
        kind, _, message = item["error"].partition(": ")
        return new_output("error", ename=kind, evalue=message, traceback=[])
    if "text" in item:
        return new_output("stream", name="stdout", text=item["text"])
    if "warning" in item:
        return new_output("stream", name="stderr", text=item["warning"])
    data = {}
    if "value" in item:
        data["text/plain"] = item["value"]
    if "picture" in item:
        data["image/png"] = item["picture"]
    return new_output("display_data", data=data)


class _Dumper(yaml.SafeDumper):
    """A dumper that writes texts of several lines as literal blocks, so that changes of a record are readable."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent)
