"""Progress of a long command, on a terminal and without one, and its messages about failures."""

import os
import pty
import re
import shutil
import subprocess
import sys

import pytest

PAGES = ["tests/broken/failing-cell.md", "tests/broken/killed-kernel.md", "tests/broken/other-transcript.md"]


def on_a_terminal(command, **options):
    """Run ``command`` on a terminal; return its exit status and everything that it writes there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, **options)
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # on Linux, reading fails when the other end is closed
            part = b""
        if not part:
            break
        written += part
    os.close(ours)
    return process.wait(), written.decode()


@pytest.fixture(scope="module")
def command(stack):
    return [sys.executable, "-m", "guide", "page", *PAGES, "--stack", stack]


@pytest.fixture(scope="module")
def options(root):
    return {"cwd": root, "env": os.environ | {"COLUMNS": "300"}}


@pytest.fixture(scope="module")
def piped(command, options):
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.fixture(scope="module")
def shown(command, options):
    return on_a_terminal(command, **options)


def test_a_terminal_has_one_line_with_pages_blocks_seconds_and_the_running_pages(shown):
    lines = re.findall(r"\r\x1b\[2K([^\r\n\x1b]+)", shown[1])
    progress = [line for line in lines if re.fullmatch(r"\d of 3 pages, \d of \d blocks,.* \d+ s(; now .+)?", line)]

    assert len(progress) >= 6
    assert any("; now failing-cell" in line or "; now killed-kernel" in line for line in progress)
    assert progress[-1].startswith("3 of 3 pages, ") and ", 3 failed, " in progress[-1]


def test_a_terminal_is_left_without_the_line(shown):
    last = shown[1].split("\r\x1b[2K")[-1]

    assert last.startswith("ran 3 of 3 pages in ")


def test_without_a_terminal_lines_are_plain_and_few(piped):
    written = piped.stdout + piped.stderr

    assert "\x1b" not in written and "\r" not in written
    assert len([line for line in written.splitlines() if " of 3 pages" in line]) <= 3


def test_the_output_of_a_page_is_printed_in_one_piece(piped):
    output = piped.stdout.split("tests/broken/other-transcript.md:3: ")[1].splitlines()

    assert output[1:3] == ["--- on the page", "+++ in this run"]
    assert all(line[0] in "@ -+" for line in output[3:7])


def test_both_fail(piped, shown):
    assert (piped.returncode, shown[0]) == (1, 1)


@pytest.fixture(scope="module")
def suite(root, tmp_path_factory):
    """A suite of three tests, one of which fails, that reports progress as this suite does."""
    folder = tmp_path_factory.mktemp("suite")
    shutil.copy(root / "tests/conftest.py", folder)
    text = "import pytest\n\n@pytest.mark.parametrize('x', ['one', 'a b'])\ndef test_it(x):\n    assert x == 'one'\n"
    (folder / "test_few.py").write_text(text + "\ndef test_other():\n    pass\n")
    paths = os.pathsep.join([str(root / "tests"), str(root)])
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": paths, "COLUMNS": "300"}
    command = [sys.executable, "-m", "pytest", "--rootdir", str(folder), "-p", "no:cacheprovider", "test_few.py"]
    return command, {"cwd": folder, "env": env}


@pytest.fixture(scope="module")
def piped_suite(suite):
    return subprocess.run([*suite[0], "-n", "1"], capture_output=True, text=True, **suite[1])


def test_the_suite_has_one_line_of_progress_on_a_terminal(suite):
    status, written = on_a_terminal(suite[0], **suite[1])

    assert status == 1
    assert re.search(r"\r\x1b\[2K0 of 3 tests, \d+ s; now test_few\.py", written)
    assert re.search(r"\r\x1b\[2K3 of 3 tests, 1 failed, \d+ s", written)


def test_the_suite_names_a_failure_at_once_and_how_to_run_it_again(piped_suite):
    assert "failed: test_few.py::test_it[a b]\n" in piped_suite.stderr
    assert "again with -" in piped_suite.stdout
    assert "make test ARGS=\"'test_few.py::test_it[a b]'\"\n" in piped_suite.stdout


def test_the_suite_without_a_terminal_ends_with_pytests_own_summary(piped_suite):
    written = piped_suite.stdout + piped_suite.stderr

    assert piped_suite.returncode == 1
    assert "\x1b" not in written and "\r" not in written
    assert "= 1 failed, 2 passed" in piped_suite.stdout


def test_the_command_for_a_test_reaches_pytest_as_its_name(tmp_path):
    from suite_progress import again

    names = ["tests/a.py::test_it", "tests/a.py::test_it[a b]", "tests/a.py::test_it[c$d 'e' \"f\" `g`]"]
    (tmp_path / "Makefile").write_text("test:\n\t@printf '%s\\n' $(ARGS)\n")
    for name in names:
        line = f"make -s --no-print-directory test ARGS={again(name)}"
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True)

        assert done.stdout.decode() == f"{name}\n"
