"""Write the table of clients and operations, ``fakehub/CLIENTS.md``: ``python tests/clients/client_table.py``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from client_columns import Cell, Column, NotRunError, run_column
from client_operations import CLIENTS, OBJECT_CLIENTS, OPERATIONS, OWN_OPERATIONS

PAGE = Path(__file__).resolve().parents[2] / "fakehub" / "CLIENTS.md"
NOT_RUN = "not run"
# The names in the table of clients that cannot be run here and so do not report their name.
_NAMES = {"gcloud": "gcloud storage", "node": "@google-cloud/storage for Node"}
_HEAD = """\
# Clients

This page shows what third-party clients can do inside the stand-in, each unmodified and through its public interface.
The tests in `tests/clients` try every operation. `python tests/clients/client_table.py` writes this page from their
results, and a test fails if the page differs from them.

`yes`: the operation works, and plain requests have confirmed the contents of the bucket. An error: the client must
fail here, and it fails with this error. `no`: the client has no such operation. All clients run in a server of the hub,
with the account from the metadata server; s3fs talks to the pod of the Open Storage Network.
"""


def results(run: Callable[[str], Column]) -> dict[str, Column | None]:
    """Return the column of every client; ``None`` if it cannot be run here."""
    columns: dict[str, Column | None] = {}
    for client in CLIENTS:
        try:
            columns[client] = run(client)
        except NotRunError:
            columns[client] = None
    return columns


def _text(cell: Cell | None) -> str:
    if cell is None:
        return NOT_RUN
    return {"ok": cell.says or "yes", "absent": "no", "failed": "**fails**"}[cell.outcome]


def _name(client: str, column: Column | None) -> str:
    return column.client if column else _NAMES[client]


def render(columns: dict[str, Column | None]) -> str:
    """Return the whole page."""

    def cell(client: str, operation: str) -> str:
        column = columns[client]
        return _text(column.cells[operation] if column else None)

    lines = [_HEAD, "## Clients and their settings", ""]
    lines += _row("client", "version", "settings"), _row("---", "---", "---")
    for client, column in columns.items():
        version, settings = (column.version, column.settings) if column else (NOT_RUN, "")
        lines.append(_row(_name(client, column), version, settings))
    lines += "", "## Objects", ""
    lines.append(_row("operation", *(_name(client, columns[client]) for client in OBJECT_CLIENTS)))
    lines.append(_row("---", *("---" for _ in OBJECT_CLIENTS)))
    for operation, what in OPERATIONS.items():
        lines.append(_row(what, *(cell(client, operation) for client in OBJECT_CLIENTS)))
    absent = [
        f"- {column.client} cannot {OPERATIONS[name]}: {result.says}."
        for column in filter(None, columns.values())
        for name, result in column.cells.items()
        if result.outcome == "absent"
    ]
    lines += ["", *absent, "", "## Arrays, tables and operations of a single client", ""]
    lines += _row("client", "operation", "result"), _row("---", "---", "---")
    for client, own in OWN_OPERATIONS.items():
        name = _name(client, columns[client])
        lines += (_row(name, what, cell(client, operation)) for operation, what in own.items())
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def cells_of(page: str) -> dict[tuple[str, str], str]:
    """Return the cells of a page by client and operation, without versions."""
    cells: dict[tuple[str, str], str] = {}
    _, _, body = page.partition("## Objects")
    objects, _, own = body.partition("## Arrays")
    (_, *clients), _, *rows = _rows(objects)
    for what, *texts in rows:
        cells |= {(client, what): text for client, text in zip(clients, texts, strict=True)}
    for client, what, text in _rows(own)[2:]:
        cells[client, what] = text
    return cells


def _rows(text: str) -> list[list[str]]:
    return [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines() if line.startswith("|")]


def main() -> int:
    """Write the page; return 1 if a cell fails."""
    with ThreadPoolExecutor(2) as pool:
        started = {client: pool.submit(run_column, client) for client in CLIENTS}
        page = render(results(lambda client: started[client].result()))
    PAGE.write_text(page, encoding="utf-8")
    failing = [" ".join(cell) for cell, text in cells_of(page).items() if text == "**fails**"]
    print(f"{PAGE.name}: {len(cells_of(page))} cells, {len(failing)} failing", *failing, sep="\n  ")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
