"""``python -m bench.building``: how long books of several sizes take to build, beside stock Jupyter Book 1 and mystmd.

Adds its rows to ``results.json`` and its tables to ``README.md``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.books import Book
from bench.builders import MYST, OURS, STOCK, Builder, Built
from bench.load import LoadError
from bench.report import BOOKS_MARK, Row, Target, about, rounded, table
from guide.report.report import Report

PEERS = (STOCK, MYST)
# Peers are measured up to this size: they take minutes for more.
PEERS_UP_TO = Book(pages=50, notebooks=40)
# What is done with a book: built from nothing, once more, and after an edit.
CLEAN, UNCHANGED, EDIT = "build clean", "build unchanged", "build one edit"
OVERHEAD = "per-notebook overhead beyond its own code"
# What no build after an edit can be faster than, while nothing stays running between two builds.
ALONE = "the edited notebook's code alone, in a new Python"
_SHORT = {STOCK: "stock", MYST: "mystmd"}


class Measured:
    """What each program took for each book, by what was done with it; and what could not be measured."""

    def __init__(self) -> None:
        self.built: dict[tuple[str, Book, str], Built] = {}
        self.own_code_s: dict[Book, float] = {}
        self.alone_s: dict[Book, float] = {}
        self.failures: list[str] = []

    def seconds(self, doing: str, book: Book, name: str) -> float | None:
        """Of the clock."""
        found = self.built.get((doing, book, name))
        return found.seconds if found else None

    def books(self, notebooks: bool) -> list[Book]:
        """Those of notebooks, or of prose, by size."""
        found = {book for _, book, _ in self.built if bool(book.notebooks) == notebooks}
        return sorted(found, key=lambda book: book.pages + book.notebooks)


def measure(books: list[Book], programs: Sequence[str] = (OURS, *PEERS)) -> Measured:
    """Build every book with every program, one after the other; large ones with this project alone."""
    measured = Measured()
    for book in books:
        small = book.pages <= PEERS_UP_TO.pages and book.notebooks <= PEERS_UP_TO.notebooks
        for name in programs if small else [OURS]:
            with tempfile.TemporaryDirectory(prefix="bench-book-") as folder:
                try:
                    _one(measured, Builder(name, book, Path(folder)))
                except LoadError as error:
                    measured.failures.append(f"{book}: {error}")
                    _say(f"not measured: {measured.failures[-1]}")
    return measured


def _one(measured: Measured, builder: Builder) -> None:
    for doing in (CLEAN, UNCHANGED, EDIT):
        if doing == EDIT:
            builder.book.edit(builder.folder)
        built = measured.built[doing, builder.book, builder.name] = builder.build()
        _say(f"{builder.name}, {doing}, {builder.book}: {built.seconds:.1f} s, {built.cpu_s:.1f} s of cores")
        if builder.name == OURS and builder.book.notebooks:
            if doing == CLEAN:
                measured.own_code_s[builder.book] = _own_code(builder.folder)
            elif doing == EDIT:
                measured.alone_s[builder.book] = _alone(builder.book.code())


def _own_code(folder: Path) -> float:
    """Seconds that the cells of a notebook took, on average."""
    report = Report.read(folder / "_build" / "report.json")
    pages = {block.page for block in report.blocks}
    return sum(block.seconds or 0.0 for block in report.blocks) / len(pages)


def _alone(code: str) -> float:
    """Seconds that Python takes to start, to import and to run ``code``: the best of three."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return min(taken)


def rows_of(measured: Measured) -> list[Row]:
    """Every figure of ours beside a peer's, then overhead, memory and growth."""
    notebooks, pages = measured.books(True), measured.books(False)
    rows = list(_beside(measured, CLEAN, [*notebooks, *pages]))
    first = notebooks[:1] or pages[:1]
    for doing in (UNCHANGED, EDIT):
        rows += [_renamed(row, doing) for row in _beside(measured, doing, first)]
    for book in first:
        if book in measured.alone_s:
            stock = measured.seconds(EDIT, book, STOCK)
            rows.append(_row(ALONE, "s", measured.alone_s[book], f"{STOCK}, one edit", stock))
    rows += _overhead(measured, notebooks)
    for book in [*notebooks, *pages]:
        ours, stock = (measured.built.get((CLEAN, book, name)) for name in (OURS, STOCK))
        if ours:
            rows.append(_row(f"memory, {CLEAN} {book}", "MB", ours.mb, STOCK, stock.mb if stock else None))
    for kind, books in (("notebooks", notebooks), ("pages", pages)):
        points = [(book.notebooks or book.pages, measured.seconds(CLEAN, book, OURS)) for book in books]
        found = slope([(size, seconds) for size, seconds in points if seconds])
        rows += [_row(slope_name(kind), "log-log", found)] if found is not None else []
    return rows


def slope_name(kind: str) -> str:
    """The name of a row."""
    return f"slope of clean builds over {kind}"


def slope(points: list[tuple[int, float]]) -> float | None:
    """How seconds grow with size: 1 is in step with it. ``None`` for one size."""
    if len(points) < 2:
        return None
    sizes, seconds = zip(*((math.log(size), math.log(value)) for size, value in points), strict=True)
    return statistics.linear_regression(sizes, seconds).slope


def _beside(measured: Measured, doing: str, books: list[Book]) -> Iterator[Row]:
    for book in books:
        ours = measured.seconds(doing, book, OURS)
        peers = [name for name in PEERS if (doing, book, name) in measured.built]
        if ours is not None and not peers:
            yield _row(f"{doing} {book}", "s", ours)
        for peer in peers:
            yield _row(f"{doing} {book} vs {_SHORT[peer]}", "s", ours, peer, measured.seconds(doing, book, peer))


def _renamed(row: Row, doing: str) -> Row:
    """For what is measured with one book, its size is not in the name."""
    return Row(**asdict(row) | {"name": f"{doing} vs {row.name.rpartition(' vs ')[2]}"})


def _overhead(measured: Measured, books: list[Book]) -> list[Row]:
    """From the smallest to the largest book: what each notebook more takes of the cores, without its code."""
    if len(books) < 2 or any(measured.seconds(CLEAN, book, OURS) is None for book in books):
        return []
    few, many = books[0], books[-1]
    more = measured.seconds(CLEAN, many, OURS) - measured.seconds(CLEAN, few, OURS)
    each = more / (many.notebooks - few.notebooks) * (os.cpu_count() or 1)
    return [_row(OVERHEAD, "s", each - measured.own_code_s[many])]


def _row(name: str, unit: str, value: float | None, peer: str | None = None, peer_value: float | None = None) -> Row:
    ratio = value / peer_value if value is not None and peer_value else None
    return Row(name, rounded(value), unit, peer, rounded(peer_value), rounded(ratio))


def targets(rows: list[Row]) -> list[Target]:
    """What the builds must show, of what was measured."""
    wanted = [Target(row.name, STOCK, most=0.45) for row in rows if "notebooks vs stock" in row.name]
    wanted += [Target(row.name, MYST, most=1) for row in rows if "notebooks vs mystmd" in row.name]
    wanted += [Target(f"{UNCHANGED} vs stock", STOCK, most=0.25), Target(f"{EDIT} vs stock", STOCK, most=0.3)]
    wanted.append(Target(OVERHEAD, None, most=0.5))
    wanted += [Target(row.name, None, most=2500) for row in rows if row.name.startswith("memory")]
    wanted += [Target(slope_name(kind), None, most=1.05) for kind in ("notebooks", "pages")]
    names = {row.name for row in rows}
    return [target for target in wanted if target.name in names]


def write(folder: Path, measured: Measured) -> str:
    """Add the rows and the tables to the files of ``folder``; the tables."""
    rows = rows_of(measured)
    facts = about()
    file = folder / "results.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else facts | {"rows": []}
    names = {row.name for row in rows}
    results["rows"] = [row for row in results["rows"] if row["name"] not in names] + [asdict(row) for row in rows]
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    machine = facts["machine"]
    when = f"Built on {facts['date']} at commit {facts['commit']}: {machine['cores']} cores, {machine['cpu']}."
    lines = ["## Books", "", when, "", *table(rows), ""]
    lines += [f"- {target.verdict(rows)}" for target in targets(rows)]
    lines += [f"- not measured: {line}" for line in measured.failures]
    page = folder / "README.md"
    before = page.read_text(encoding="utf-8").partition(BOOKS_MARK)[0].rstrip("\n") if page.is_file() else ""
    page.write_text("\n".join([before, "", BOOKS_MARK, "", *lines, ""]).lstrip("\n"), encoding="utf-8")
    return "\n".join(lines)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Measure and report; 1 where this project's own books are not built."""
    parser = argparse.ArgumentParser(prog="python -m bench.building", description=__doc__)
    parser.add_argument("--notebooks", type=int, nargs="*", default=[10, 40], help="sizes (default: 10 40; to 200)")
    parser.add_argument("--pages", type=int, nargs="*", default=[10, 50, 200], help="(default: 10 50 200; to 400)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the files are (%(default)s)")
    given = parser.parse_args()
    books = [Book(0, size) for size in given.notebooks] + [Book(size, 0) for size in given.pages]
    measured = measure(books)
    print(write(given.out, measured))
    return 0 if all((CLEAN, book, OURS) in measured.built for book in books) else 1


if __name__ == "__main__":
    sys.exit(main())
