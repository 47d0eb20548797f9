"""``python -m bench.building``: measure how long books take to build, beside stock Jupyter Book 1 and mystmd.

The rows are added to ``results.json``, and the tables to ``README.md``.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.books import Book
from bench.builders import BUILDERS, MYST, OURS, STOCK, Builder, Built
from bench.load import LoadError
from bench.report import BOOKS_MARK, Target, table
from bench.results import Results, Row, make_row
from guide.report.report import Report

PEERS = (STOCK, MYST)
# Peers are measured up to this size; larger books take them minutes.
PEERS_UP_TO = Book(pages=200, notebooks=40)
# Books of prose up to this size build in seconds, so chance weighs more: the figure is the median of several builds.
_SMALL, _ROUNDS = 50, 5
# The three builds of a book: from nothing, a second time, and after an edit of one page.
CLEAN, UNCHANGED, EDIT = "build clean", "build unchanged", "build one edit"
OVERHEAD = "per-notebook overhead beyond its own code"
# The lower limit of a build after an edit, as long as no process is kept between two builds.
ALONE = "the edited notebook's code alone, in a new Python"
_SHORT = {STOCK: "stock", MYST: "mystmd"}


@dataclass
class Measured:
    """The cost of each build, by the kind of build, the book and the program; and what could not be measured.

    ``own_code_s`` has the seconds that the cells of one notebook take, ``alone_s`` those of the edited notebook's code
    in a new Python.
    """

    built: dict[tuple[str, Book, str], Built] = field(default_factory=dict)
    own_code_s: dict[Book, float] = field(default_factory=dict)
    alone_s: dict[Book, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def seconds(self, kind: str, book: Book, program: str) -> float | None:
        """Return the wall-clock time of a build; ``None`` if it was not measured."""
        built = self.built.get((kind, book, program))
        return built.seconds if built else None

    def memory(self, book: Book, program: str) -> float | None:
        """Return the peak memory of a clean build in MB; ``None`` if it was not measured."""
        built = self.built.get((CLEAN, book, program))
        return built.mb if built else None

    def books(self, notebooks: bool) -> list[Book]:
        """Return the books of notebooks, or those of prose, by size."""
        books = {book for _, book, _ in self.built if bool(book.notebooks) == notebooks}
        return sorted(books, key=lambda book: book.pages + book.notebooks)


def measure(books: list[Book], programs: Sequence[str] = (OURS, *PEERS)) -> Measured:
    """Build every book with every program in turn; only this project builds the large ones."""
    measured = Measured()
    for book in books:
        compared = book.pages <= PEERS_UP_TO.pages and book.notebooks <= PEERS_UP_TO.notebooks
        with ExitStack() as folders:
            builders = []
            for name in programs if compared else [OURS]:
                folder = folders.enter_context(tempfile.TemporaryDirectory(prefix="bench-book-"))
                try:
                    builders.append(BUILDERS[name](book, Path(folder)))
                    _build_thrice(measured, builders[-1])
                except LoadError as error:
                    measured.failures.append(f"{book}: {error}")
                    _log(f"not measured: {measured.failures[-1]}")
            if not book.notebooks and book.pages <= _SMALL:
                _build_in_turn(measured, [one for one in builders if (CLEAN, book, one.name) in measured.built])
    return measured


def _build_in_turn(measured: Measured, builders: list[Builder]) -> None:
    """Build a small book again from nothing, with one program after the other, and keep the median of each."""
    built = {builder.name: [measured.built[CLEAN, builder.book, builder.name]] for builder in builders}
    for _ in range(_ROUNDS - 1):
        for builder in builders:
            builder.clean()
            built[builder.name].append(builder.build())
    for builder in builders:
        one = statistics.median_low([cost.seconds for cost in built[builder.name]])
        _log(f"{builder.name}, {CLEAN}, {builder.book}: median {one:.2f} s")
        measured.built[CLEAN, builder.book, builder.name] = next(c for c in built[builder.name] if c.seconds == one)


def _build_thrice(measured: Measured, builder: Builder) -> None:
    book = builder.book
    for kind in (CLEAN, UNCHANGED, EDIT):
        if kind == EDIT:
            book.edit(builder.folder)
        built = measured.built[kind, book, builder.name] = builder.build()
        _log(f"{builder.name}, {kind}, {book}: {built.seconds:.1f} s, {built.cpu_s:.1f} s of CPU time")
        if builder.name == OURS and book.notebooks:
            if kind == CLEAN:
                measured.own_code_s[book] = _seconds_per_notebook(builder.folder)
            elif kind == EDIT:
                measured.alone_s[book] = _seconds_alone(book.code())


def _seconds_per_notebook(folder: Path) -> float:
    """Return the seconds that the cells of a notebook took, on average."""
    report = Report.read(folder / "_build" / "report.json")
    pages = {block.page for block in report.blocks}
    return sum(block.seconds or 0.0 for block in report.blocks) / len(pages)


def _seconds_alone(code: str) -> float:
    """Return the seconds that a new Python takes to run ``code``: the best of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def rows_of(measured: Measured) -> list[Row]:
    """Return our figures beside each peer's, then overhead, memory and growth."""
    notebooks, pages = measured.books(True), measured.books(False)
    rows = list(_beside_peers(measured, CLEAN, [*notebooks, *pages]))
    first = notebooks[:1] or pages[:1]
    for kind in (UNCHANGED, EDIT):
        # Only one book is measured for these, so its size is not in their names.
        for one in _beside_peers(measured, kind, first):
            rows.append(replace(one, name=f"{kind} vs {one.name.rpartition(' vs ')[2]}"))
    for book in first:
        if book in measured.alone_s:
            stock = measured.seconds(EDIT, book, STOCK)
            rows.append(make_row(ALONE, "s", measured.alone_s[book], f"{STOCK}, one edit", stock))
    rows += _overhead(measured, notebooks)
    for book in [*notebooks, *pages]:
        ours = measured.memory(book, OURS)
        if ours is not None:
            rows.append(make_row(f"memory, {CLEAN} {book}", "MB", ours, STOCK, measured.memory(book, STOCK)))
    for kind, books in (("notebooks", notebooks), ("pages", pages)):
        points = [(book.notebooks or book.pages, measured.seconds(CLEAN, book, OURS)) for book in books]
        exponent = slope([(size, seconds) for size, seconds in points if seconds])
        rows += [make_row(slope_name(kind), "log-log", exponent)] if exponent is not None else []
    return rows


def slope_name(kind: str) -> str:
    """Return the name of the row with the slope over ``notebooks`` or ``pages``."""
    return f"slope of clean builds over {kind}"


def slope(points: list[tuple[int, float]]) -> float | None:
    """Return the exponent with which seconds grow with size: 1 is linear. ``None`` for a single size."""
    if len(points) < 2:
        return None
    sizes, seconds = zip(*((math.log(size), math.log(value)) for size, value in points), strict=True)
    return statistics.linear_regression(sizes, seconds).slope


def _beside_peers(measured: Measured, kind: str, books: list[Book]) -> Iterator[Row]:
    for book in books:
        ours = measured.seconds(kind, book, OURS)
        peers = [name for name in PEERS if (kind, book, name) in measured.built]
        if ours is not None and not peers:
            yield make_row(f"{kind} {book}", "s", ours)
        for peer in peers:
            yield make_row(f"{kind} {book} vs {_SHORT[peer]}", "s", ours, peer, measured.seconds(kind, book, peer))


def _overhead(measured: Measured, books: list[Book]) -> list[Row]:
    """Return the CPU seconds that a notebook costs beyond its code, from the smallest and the largest book."""
    seconds = [measured.seconds(CLEAN, book, OURS) for book in books]
    if len(books) < 2 or seconds[0] is None or seconds[-1] is None:
        return []
    few, many = books[0], books[-1]
    each = (seconds[-1] - seconds[0]) / (many.notebooks - few.notebooks) * (os.cpu_count() or 1)
    return [make_row(OVERHEAD, "s", each - measured.own_code_s[many])]


def targets(rows: list[Row]) -> list[Target]:
    """Return the targets of the builds, for those rows that were measured."""
    wanted = [
        *(Target(row.name, STOCK, most=0.45) for row in rows if "notebooks vs stock" in row.name),
        *(Target(row.name, MYST, most=1) for row in rows if "notebooks vs mystmd" in row.name),
        *(Target(row.name, STOCK, most=1) for row in rows if "pages vs stock" in row.name),
        Target(f"{UNCHANGED} vs stock", STOCK, most=0.25),
        Target(f"{EDIT} vs stock", STOCK, most=0.6),
        Target(OVERHEAD, None, most=0.5),
        *(Target(row.name, None, most=2500) for row in rows if row.name.startswith("memory")),
        *(Target(slope_name(kind), None, most=1.05) for kind in ("notebooks", "pages")),
    ]
    names = {row.name for row in rows}
    return [target for target in wanted if target.name in names]


def write(folder: Path, measured: Measured) -> str:
    """Add the rows and the tables to the files in ``folder``; return the tables as text."""
    rows = rows_of(measured)
    results, now = Results.read(folder), Results.of_now()
    names = {row.name for row in rows}
    results.rows = [row for row in results.rows if row.name not in names] + rows
    results.write(folder)
    built = f"Built on {now.date} at commit {now.commit}: {now.machine.cores} cores, `{now.machine.cpu}`."
    lines = ["## Books", "", built, "", *table(rows), ""]
    lines += [f"- {target.verdict(rows)}" for target in targets(rows)]
    lines += [f"- not measured: {failure}" for failure in measured.failures]
    page = folder / "README.md"
    before = page.read_text(encoding="utf-8").partition(BOOKS_MARK)[0].rstrip("\n") if page.is_file() else ""
    page.write_text("\n".join([before, "", BOOKS_MARK, "", *lines, ""]).lstrip("\n"), encoding="utf-8")
    return "\n".join(lines)


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Measure and report; return 1 if this project could not build one of the books."""
    parser = argparse.ArgumentParser(prog="python -m bench.building", description=__doc__)
    parser.add_argument("--notebooks", type=int, nargs="*", default=[10, 40], help="sizes (default: 10 40; to 200)")
    parser.add_argument("--pages", type=int, nargs="*", default=[10, 50, 200], help="(default: 10 50 200; to 400)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the files are (%(default)s)")
    options = parser.parse_args()
    books = [Book(0, size) for size in options.notebooks] + [Book(size, 0) for size in options.pages]
    measured = measure(books)
    print(write(options.out, measured))
    return 0 if all((CLEAN, book, OURS) in measured.built for book in books) else 1


if __name__ == "__main__":
    sys.exit(main())
