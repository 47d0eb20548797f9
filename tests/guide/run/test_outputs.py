"""Recorded outputs: which differences count, and how they are reported."""

import base64
import copy
import io

import nbdime
import nbformat
import numpy as np
import pytest
from matplotlib.image import imsave
from nbformat.v4 import new_code_cell, new_notebook, new_output

from guide.pages.reader import read_page
from guide.run.compare_outputs import difference, rewrite_notebook, rewrite_transcripts, settled, without_log
from guide.run.recorded_outputs import as_recorded, printed_items, record_of, recorded_outputs, rewrite_record
from guide.run.records import BlockResult


def text(words, name="stdout"):
    return [new_output("stream", name=name, text=words)]


def shown(count=None, **data):
    names = {"plain": "text/plain", "html": "text/html", "png": "image/png"}
    kind = "display_data" if count is None else "execute_result"
    more = {} if count is None else {"execution_count": count}
    return [new_output(kind, data={names[name]: value for name, value in data.items()}, **more)]


def error(message):
    return [new_output("error", ename="ValueError", evalue=message, traceback=[f"ValueError: {message}"])]


def picture(shade):
    """A picture of one colour, as a cell shows it."""
    file = io.BytesIO()
    imsave(file, np.full((32, 32, 3), shade), format="png", vmin=0, vmax=1)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "words",
    [
        "written for someone-else  \n",
        "at 0x7f3a2b1c4d5e",
        "id 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "in /home/someone/results",
    ],
)
def test_names_ids_and_the_home_directory_make_no_difference(monkeypatch, words):
    monkeypatch.setenv("JUPYTERHUB_USER", "someone-else")
    monkeypatch.setenv("HOME", "/home/someone")
    recorded = text(settled(words))

    assert difference(recorded, text(words)) == ""
    assert "someone" not in settled(words)


def test_the_port_of_a_worker_makes_no_difference_but_that_of_a_web_server_does():
    worker, server = text(settled("worker at tcp://127.0.0.1:40921\n")), text("http://127.0.0.1:8000\n")

    assert difference(worker, text("worker at tcp://127.0.0.1:37623\n")) == ""
    assert difference(server, text("http://127.0.0.1:8001\n"))


def test_random_identifiers_in_a_traceback_make_no_difference():
    def failed(task, where):
        message = f"Attempted to run task 'sum-{task * 32}' on {where}"
        return [new_output("error", ename="KilledWorker", evalue=message, traceback=[f"KilledWorker: {message}"])]

    assert difference(failed("a", "1 worker"), failed("b", "1 worker")) == ""
    assert difference(failed("a", "1 worker"), failed("b", "2 workers"))


DIFFERENT = {
    "another word": (text("3 objects\n"), text("4 objects\n")),
    "nothing printed": (text("one\n"), []),
    "something printed": ([], text("one\n")),
    "one more output": (text("one\n"), [*text("one\n"), *shown(plain="1")]),
    "another stream": (text("one\n"), text("one\n", "stderr")),
    "another kind": (text("5"), shown(plain="5")),
    "another value": (shown(1, plain="5"), shown(1, plain="6")),
    "another view": (shown(plain="a", html="<p>a</p>"), shown(plain="a", html="<p>b</p>")),
    "one view less": (shown(plain="a", html="<p>a</p>"), shown(plain="a")),
    "another error": (error("bad"), error("worse")),
    "another order": ([*text("a"), *shown(plain="1")], [*shown(plain="1"), *text("a")]),
    "another picture": (shown(png=picture(0.2)), shown(png=picture(0.8))),
}
SAME = {
    "nothing": ([], []),
    "the same words": (text("one\n"), text("one\n")),
    "another number of execution": (shown(1, plain="5"), shown(7, plain="5")),
    "spaces at the ends of lines": (text("one\n"), text("one  \n")),
    "the same picture": (shown(png=picture(0.2)), shown(png=picture(0.2))),
    "the same error": (error("bad"), error("bad")),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_a_reader_sees_makes_a_difference(case):
    assert difference(*DIFFERENT[case]).startswith("--- recorded\n+++ printed\n")


@pytest.mark.parametrize("case", SAME)
def test_what_no_reader_sees_makes_no_difference(case):
    assert difference(*SAME[case]) == ""


def test_a_picture_that_looks_alike_makes_no_difference():
    assert picture(0.2) != picture(0.21)
    assert difference(shown(png=picture(0.2)), shown(png=picture(0.21))) == ""


@pytest.mark.parametrize("case", [*DIFFERENT, *SAME])
def test_nbdime_comes_to_the_same_decision(case):
    """It compares more than a reader sees, so execution counts and spaces at the ends of lines are removed first."""
    before, after = copy.deepcopy((DIFFERENT | SAME)[case])
    if case.startswith("spaces"):
        before, after = as_recorded(before), as_recorded(after)
    for output in (*before, *after):
        if "execution_count" in output:
            output["execution_count"] = None
    notebooks = [new_notebook(cells=[new_code_cell(outputs=outputs, id="one")]) for outputs in (before, after)]

    assert bool(nbdime.diff_notebooks(*notebooks)) == (case in DIFFERENT)


def test_a_difference_is_reported_by_line():
    report = difference(text("one\n2 objects\nthree\n"), text("one\n3 objects\nthree\n"))

    assert report.splitlines() == [
        "--- recorded",
        "+++ printed",
        "## modified output 1/text:",
        "@@ -1,3 +1,3 @@",
        "   one",
        "-  2 objects",
        "+  3 objects",
        "   three",
    ]


def test_a_picture_is_reported_by_its_digest_and_not_by_its_bytes():
    report = difference(shown(png=picture(0.2)), shown(png=picture(0.8)))

    assert report.count("a picture with the digest ") == 2
    assert picture(0.8) not in report


def test_a_warning_between_two_lines_makes_no_difference():
    warning = text("ZarrUserWarning: not consolidated\n", "stderr")
    recorded = [*text("24 chunks\nequal: True\n"), *warning]

    assert difference(recorded, [*text("24 chunks\n"), *warning, *text("equal: True\n")]) == ""
    assert difference(recorded, [*warning, *text("24 chunks\n"), *text("equal: True\n")]) == ""
    assert "equal: False" in difference(recorded, [*text("24 chunks\n"), *warning, *text("equal: False\n")])
    assert difference(recorded, [*text("24 chunks\n"), *warning]) != ""
    assert difference(recorded, text("24 chunks\nequal: True\n")) != ""


def test_what_a_library_logs_makes_no_difference():
    logged = "2026-01-30 10:00:00,123 - distributed.nanny - WARNING - Worker still alive, killing\n"

    assert without_log(text(logged)) == []
    assert without_log(text(f"3 objects\n{logged}")) == text("3 objects\n")


def test_a_view_in_html_is_recorded_by_its_text():
    outputs = shown(plain="   a\n0  1", html="<table></table>")

    assert printed_items(outputs) == [{"value": "   a\n0  1"}]
    assert difference(as_recorded(outputs), as_recorded(outputs)) == ""


@pytest.mark.parametrize(
    "outputs", [text("one\n"), text("one\n", "stderr"), error("bad"), shown(plain="5", png="aaaa")]
)
def test_an_output_is_restored_from_its_record(outputs):
    assert printed_items(as_recorded(outputs)) == printed_items(outputs)


def test_a_record_is_written_only_if_a_reader_sees_a_difference(tmp_path):
    page = tmp_path / "page.md"

    assert rewrite_record(page, [[], printed_items(text("one\ntwo\n"))])
    assert not rewrite_record(page, [[], printed_items(text("one\ntwo\n"))])
    assert record_of(page).read_text() == "2:\n- text: |\n    one\n    two\n"
    assert rewrite_record(page, [[], []])
    assert not record_of(page).exists()


def test_a_notebook_is_written_only_if_a_reader_sees_a_difference(tmp_path):
    path = tmp_path / "page.ipynb"
    committed = new_notebook(cells=[new_code_cell("1", outputs=shown(1, plain="1"), execution_count=1, id="one")])
    nbformat.write(committed, path)
    before = path.read_bytes()

    executed = nbformat.read(path, as_version=4)
    executed.cells[0].outputs = shown(3, plain="1")
    assert not rewrite_notebook(path, executed)
    assert path.read_bytes() == before

    executed.cells[0].outputs = shown(3, plain="2")
    assert rewrite_notebook(path, executed)
    assert nbformat.read(path, as_version=4).cells[0].outputs == shown(3, plain="2")


def test_transcripts_are_replaced_where_they_went_differently(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# T\n\n```console run\n$ echo 1\n0\n```\n\nText.\n\n~~~~console run\n$ echo 2\n2\n~~~~\n")

    def result(line, replayed):
        return BlockResult("page.md", line, "run", "console", "passed", 0.1, replayed=replayed)

    assert not rewrite_transcripts(page, [result(3, None), result(10, None)])
    assert rewrite_transcripts(page, [result(3, "$ echo 1\n1\n"), result(10, "$ echo 2\n2\n3\n")])
    assert page.read_text() == (
        "# T\n\n```console run\n$ echo 1\n1\n```\n\nText.\n\n~~~~console run\n$ echo 2\n2\n3\n~~~~\n"
    )


@pytest.mark.parametrize(("folder", "recorded"), [("book", [[]]), ("elsewhere", None)])
def test_a_page_of_the_book_without_a_record_should_print_nothing(tmp_path, folder, recorded):
    page = tmp_path / folder / "page.md"
    (page.parent / "_outputs").mkdir(parents=True)
    page.write_text("# Title\n\nPrint a number:\n\n```bash run\necho 1\n```\n")

    assert recorded_outputs(read_page(page, tmp_path), tmp_path) == recorded
