"""The one Sphinx extension of the site: its parts, its options, and its replacement of MyST-NB's client."""

import argparse
import ast
import logging
from pathlib import Path
from types import SimpleNamespace

import myst_nb.sphinx_
import nbformat
import pytest
import yaml
from myst_nb.core.execute.base import ExecutionError

from guide.paths import BUILD
from guide.run.profile import RunProfile
from guide.run.records import RunRecord, keep, record_path
from guide.site import extension
from guide.site.ext import optimize, recorded_cells, search
from guide.site.options import REPORT, SiteOptions, config_values, options_of, parse_options

EXT = Path(extension.__file__).with_name("ext")


def test_the_settings_list_one_extension_of_this_project(root):
    settings = yaml.safe_load((root / "_config.yml").read_text())

    assert [name for name in settings["sphinx"]["extra_extensions"] if name.startswith("guide")] == [extension.__name__]


def test_every_module_of_the_folder_is_a_part_of_the_extension():
    imports = [
        node for node in ast.parse(Path(extension.__file__).read_text()).body if isinstance(node, ast.ImportFrom)
    ]
    parts = {name.name for node in imports if node.module == "guide.site.ext" for name in node.names}

    assert parts == {path.stem for path in EXT.glob("*.py")} - {"__init__"}


def test_no_part_registers_anything_itself():
    calls = [f"{path.name}: {name}" for path in EXT.glob("*.py") for name in _registrations(path)]

    assert calls == []


def _registrations(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and (node.attr == "connect" or node.attr.startswith("add_config")):
            yield node.attr


def test_the_index_is_made_of_pages_as_sphinx_wrote_them():
    steps = extension.STEPS_AFTER_BUILD

    assert steps.index(search.write_search_index) < steps.index(optimize.optimize_pages)


@pytest.mark.parametrize(
    "options",
    [SiteOptions(), SiteOptions("/a b/report.json", "latest-me", pdf=True, wait=True, preview=True, optimize=False)],
)
def test_options_are_the_same_after_a_command_line_and_after_sphinx(options):
    parser = argparse.ArgumentParser()
    parser.add_argument("builder")

    assert parse_options(parser, ["html", *options.arguments()])[1] == options
    assert options_of(options.configuration()) == options


def test_options_have_typed_values_and_those_that_change_every_page_rebuild_it():
    values = {value.name: value for value in config_values()}

    assert set(values) == set(SiteOptions().configuration())
    assert {name for name, value in values.items() if value.rebuild == "html"} == {"guide_pdf", "guide_optimize"}
    assert {name: value.default for name, value in values.items()} == {
        "guide_report": str(REPORT),
        "guide_profile": "hub",
        "guide_pdf": False,
        "guide_wait": False,
        "guide_preview": False,
        "guide_optimize": True,
    }


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A notebook of one cell, whose run is recorded."""
    monkeypatch.setattr("guide.run.records.BUILD", tmp_path / BUILD.name)
    path = tmp_path / "page.ipynb"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)", id="one")])
    nbformat.write(book, path)
    ran = nbformat.from_dict(book)
    ran.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="1\n")]
    record = RunRecord("page.ipynb", "hub", "passed", 0.1, notebook=ran)
    keep(record, record_path(path, RunProfile().name))
    return path


@pytest.fixture
def create_client(monkeypatch):
    """MyST-NB's function that chooses a client, as the extension leaves it."""
    monkeypatch.setattr(myst_nb.sphinx_, "create_client", myst_nb.sphinx_.create_client)
    recorded_cells.replace_client(SimpleNamespace(config=SiteOptions().configuration()))
    return myst_nb.sphinx_.create_client


@pytest.mark.parametrize("more", [{}, {"kernel_manager_class": object}, {"anything": 1}])
def test_cells_get_recorded_outputs_whatever_else_myst_nb_passes(create_client, notebook, more):
    book = nbformat.read(notebook, as_version=4)

    with create_client(book, str(notebook), None, logging.getLogger(), {"type": "plugin"}, **more) as client:
        assert client.code_cell_outputs(0)[1][0].text == "1\n"


def test_a_page_without_a_record_or_with_other_cells_is_refused(create_client, notebook, tmp_path):
    book = nbformat.read(notebook, as_version=4)
    with pytest.raises(ExecutionError, match="was not run"):
        create_client(book, str(tmp_path / "other.ipynb"), None, logging.getLogger()).start_client()

    book.cells[0].source = "print(2)"
    with pytest.raises(ExecutionError, match="has cells that differ"):
        create_client(book, str(notebook), None, logging.getLogger()).start_client()
