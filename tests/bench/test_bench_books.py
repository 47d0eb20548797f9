"""``bench.building``: the books it generates, the rows it reports, and the programs it refuses to measure."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.books import Book
from bench.builders import BUILDERS, MYST, OURS, STOCK, Built
from bench.building import ALONE, CLEAN, EDIT, OVERHEAD, UNCHANGED, Measured, measure, rows_of, slope, targets, write
from bench.load import LoadError
from bench.report import BOOKS
from bench.results import Results, Row

FEW, MANY, PROSE = Book(0, 10), Book(0, 40), Book(200, 0)


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def measured():
    """Figures that are easy to calculate with."""
    result = Measured()
    for book, ours, stock, myst in ((FEW, 40, 150, 80), (MANY, 100, 400, 200), (PROSE, 30, 90, None)):
        result.built[CLEAN, book, OURS] = Built(ours, 2 * ours, 900)
        result.built[CLEAN, book, STOCK] = Built(stock, stock, 700)
        if myst:
            result.built[CLEAN, book, MYST] = Built(myst, myst, 700)
    for kind, ours in ((UNCHANGED, 2), (EDIT, 4)):
        result.built[kind, FEW, OURS] = Built(ours, ours, 500)
        result.built[kind, FEW, STOCK] = Built(16, 16, 500)
    result.own_code_s[MANY] = 3.6
    result.alone_s[FEW] = 4
    return result


def test_a_seed_always_makes_the_same_book_and_an_edit_changes_one_page(tmp_path):
    for name in ("one", "other"):
        Book(2, 2).write(tmp_path / name, printed=True)
    before = texts(tmp_path / "one")
    assert before == texts(tmp_path / "other")
    assert len([name for name in before if name.endswith(".ipynb")]) == 2

    Book(2, 2).edit(tmp_path / "one")

    after = texts(tmp_path / "one")
    assert [name for name in before if before[name] != after[name]] == ["notebooks/notebook-001.ipynb"]


def test_rows_have_their_names_and_ratios(measured):
    rows = {row.name: row for row in rows_of(measured)}

    assert rows["build clean 10 notebooks vs stock"].ratio == pytest.approx(40 / 150, rel=1e-3)
    assert rows["build clean 40 notebooks vs mystmd"].ratio == 0.5
    assert (rows["build unchanged vs stock"].ratio, rows["build one edit vs stock"].ratio) == (0.125, 0.25)
    # 30 more notebooks take 60 s on all cores; the code of each takes 3.6 s of that.
    assert rows[OVERHEAD].value == pytest.approx(60 / 30 * os.cpu_count() - 3.6)
    assert rows["memory, build clean 10 notebooks"].value == 900
    assert rows[ALONE].ratio == 0.25


def test_make_bench_keeps_every_row_of_books(measured):
    assert [row.name for row in rows_of(measured) if not row.name.startswith(BOOKS)] == []


def test_each_target_is_compared_with_its_row(measured):
    verdicts = [target.verdict(rows_of(measured)) for target in targets(rows_of(measured))]

    assert "met: build unchanged vs stock is 0.12x stock Jupyter Book 1, target at most 0.25" in verdicts
    measured.built[UNCHANGED, FEW, OURS] = Built(8, 8, 500)
    verdicts = [target.verdict(rows_of(measured)) for target in targets(rows_of(measured))]
    assert "MISSED: build unchanged vs stock is 0.50x stock Jupyter Book 1, target at most 0.25" in verdicts


def test_linear_growth_has_slope_one():
    assert slope([(10, 5), (40, 20), (200, 100)]) == pytest.approx(1)
    assert slope([(10, 5), (40, 80)]) == pytest.approx(2)
    assert slope([(10, 5)]) is None


def test_rows_of_other_parts_and_the_prose_are_kept(measured, tmp_path):
    (tmp_path / "README.md").write_text("# How fast\n\nProse.\n")
    results = Results.of_now()
    results.rows = [Row("put 1 KB", 1.0, "requests/s"), Row("build unchanged vs stock", 2.0, "s")]
    results.write(tmp_path)

    write(tmp_path, measured)
    write(tmp_path, measured)

    kept = (tmp_path / "results.json").read_text()
    assert kept.count('"put 1 KB"') == kept.count('"build unchanged vs stock"') == 1
    page = (tmp_path / "README.md").read_text()
    assert page.startswith("# How fast\n\nProse.\n") and page.count("| build unchanged vs stock |") == 1


def test_a_program_that_runs_no_notebook_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(BUILDERS[STOCK], "commands", lambda builder: ([["true"]], {}))

    with pytest.raises(LoadError, match="stock Jupyter Book 1 did not run notebooks/notebook-000"):
        BUILDERS[STOCK](Book(0, 1), tmp_path).build()


def test_processes_that_a_program_leaves_running_are_ended(tmp_path, monkeypatch):
    # The shell has the variable as well, so its forked copy has it even before it runs sleep.
    server = [
        "env",
        f"JUPYTER_CONFIG_DIR={tmp_path}/jupyter",
        "sh",
        "-c",
        f"sleep 1234.5 & echo $! > {tmp_path}/number",
    ]
    monkeypatch.setattr(BUILDERS[STOCK], "commands", lambda builder: ([server], {}))

    BUILDERS[STOCK](Book(1, 0), tmp_path).build()

    running = [process for process in psutil.process_iter(["pid", "status"]) if process.info["status"] != "zombie"]
    assert int((tmp_path / "number").read_text()) not in [process.info["pid"] for process in running]


def test_a_book_is_built_three_times():
    book = Book(1, 0)

    measured = measure([book], [OURS])

    assert measured.failures == []
    clean, unchanged, edit = (measured.built[kind, book, OURS] for kind in (CLEAN, UNCHANGED, EDIT))
    # A book of one page: an edit builds nearly as much as a clean build does.
    assert unchanged.cpu_s < min(edit.cpu_s, clean.cpu_s)
    assert clean.mb > 50


def test_the_code_of_a_notebook_runs_as_one_program():
    code = Book(1, 2).code()

    assert "STEP = 1\n" in code
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[1:] == ["12 months", "True", "2 drawings"]
