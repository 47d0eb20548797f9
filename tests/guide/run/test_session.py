"""The session of a page, in cases that a broken page cannot show."""

import pytest

from guide.pages.reader import read_page
from guide.run.page_session import RunOptions, run_page
from guide.run.preimport import reload_environment

CELL = """
```{{code-cell}} python
{options}
import os, time, gcsfs
fs = gcsfs.GCSFileSystem()
fs.ls("leap-scratch")
start = time.monotonic()
fs.pipe_file("leap-scratch/funky-user/line", os.urandom(2_000_000))
fs.rm("leap-scratch/funky-user/line")
print(time.monotonic() - start)
```
"""
LINES = (
    "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n"
    + CELL.format(options=":tags: [measured]\n:network: 200ms 8Mbit/s")
    + CELL.format(options=":tags: [measured]")
)


def enter(session, monkeypatch):
    """Put this process, with the libraries that read the environment on import, into a session of the stand-in."""
    monkeypatch.setattr("os.environ", session.environment)
    reload_environment()


@pytest.fixture(autouse=True)
def _restore_libraries():
    yield
    reload_environment()


@pytest.mark.parametrize("language", ["bash", "console", "python"])
def test_an_opted_out_block_does_not_run(tmp_path, language):
    home = tmp_path / "home"
    home.mkdir()
    source = {"bash": "touch ran", "console": "$ touch ran", "python": "open('ran', 'w').close()"}[language]
    (tmp_path / "page.md").write_text(f'```{language} skip="needs what is not here"\n{source}\n```\n')

    results, _ = run_page(read_page(tmp_path / "page.md", tmp_path), home, pytest.fail, RunOptions())

    assert [result.status for result in results] == ["skipped"]
    assert list(home.iterdir()) == []


def test_the_files_of_a_page_are_in_the_home_directory(tmp_path, fakehub_session, monkeypatch):
    enter(fakehub_session, monkeypatch)
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "recipe.py").write_text("print('hello')\n")
    shown = "---\nfiles: [recipe.py]\n---\n\n```{literalinclude} recipe.py\n```\n"
    (tmp_path / "page.md").write_text(f"{shown}\n```console run\n$ python recipe.py\nhello\n```\n")

    results, _ = run_page(read_page(tmp_path / "page.md", tmp_path), home, pytest.fail, RunOptions())

    assert [result.status for result in results] == ["passed"]


def test_the_network_of_a_cell_does_not_apply_to_the_next_cell(tmp_path, fakehub_session, monkeypatch):
    enter(fakehub_session, monkeypatch)
    (tmp_path / "page.md").write_text(LINES)
    home = tmp_path / "home"
    home.mkdir()

    page = read_page(tmp_path / "page.md", tmp_path)
    # The recorded outputs are empty although the cells print: measured cells are not compared.
    results, notebook = run_page(page, home, pytest.fail, RunOptions(recorded=[[], []]))

    assert [result.status for result in results] == ["passed", "passed"]
    seconds = [float(cell.outputs[0].text) for cell in notebook.cells if cell.cell_type == "code"]
    # Two megabytes at 8 Mbit/s, and twice a latency of 200 ms.
    assert seconds[0] >= 2.2
    assert seconds[1] < seconds[0] / 2


def test_a_warning_that_a_cell_hides_is_not_kept_for_the_notebook(tmp_path, fakehub_session, monkeypatch):
    enter(fakehub_session, monkeypatch)
    warns = "import sys\nprint('shown')\nprint('a warning of /some/path', file=sys.stderr)\n"
    tags = (":tags: [remove-stderr]\n", "")
    cells = "".join(f"```{{code-cell}} python\n{tag}{warns}```\n\n" for tag in tags)
    (tmp_path / "page.md").write_text(f"---\nfile_format: mystnb\nkernelspec: {{name: python3}}\n---\n\n{cells}")
    home = tmp_path / "home"
    home.mkdir()

    _, notebook = run_page(read_page(tmp_path / "page.md", tmp_path), home, pytest.fail, RunOptions())

    streams = [{out.name for out in cell.outputs} for cell in notebook.cells if cell.cell_type == "code"]
    assert streams == [{"stdout"}, {"stdout", "stderr"}]


def test_a_run_keeps_no_log_of_a_library(tmp_path, fakehub_session, monkeypatch):
    enter(fakehub_session, monkeypatch)
    home = tmp_path / "home"
    home.mkdir()
    logged = "2026-01-30 10:00:00,123 - distributed.nanny - WARNING - Worker process still alive, killing"
    cell = f"import sys\nprint('3 objects')\nprint({logged!r}, file=sys.stderr)"
    front_matter = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n"
    (tmp_path / "page.md").write_text(f"{front_matter}\n```{{code-cell}} python\n{cell}\n```\n")

    _, notebook = run_page(read_page(tmp_path / "page.md", tmp_path), home, pytest.fail, RunOptions())

    outputs = [output for block in notebook.cells if block.cell_type == "code" for output in block.outputs]
    assert [output.text for output in outputs] == ["3 objects\n"]


def test_a_page_may_import_a_file_that_it_offers(tmp_path, fakehub_session, monkeypatch):
    enter(fakehub_session, monkeypatch)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "recipe.py").write_text("GREETING = 'hello'\n")
    shown = "---\nfiles: [recipe.py]\n---\n\n```{literalinclude} recipe.py\n```\n"
    text = f"{shown}\n```console run\n$ python -c 'import recipe; print(recipe.GREETING)'\nhello\n```\n"
    (tmp_path / "page.md").write_text(text)

    results, _ = run_page(read_page(tmp_path / "page.md", tmp_path), home, pytest.fail, RunOptions())

    assert [result.status for result in results] == ["passed"]
    assert (home / "__pycache__").is_dir()
