"""The notebooks of ``fakehub lab``: made for readers from the guide's, copied without touching a reader's changes."""

import json
import re
import sys
import tomllib

import nbformat
import pytest
from packaging.requirements import Requirement

from fakehub.lab import material as made
from fakehub.lab.copies import RECORD, copy
from hubfacts.load import load

OLD, NEW, MINE = b"old", b"new", b"mine"
# Where an import is not named after its distribution.
DISTRIBUTIONS = {"dask_gateway": "dask-gateway"}


@pytest.fixture(scope="module")
def notebooks(root):
    files = made.from_checkout(root)
    return {name: nbformat.reads(files[name].decode(), as_version=4) for name in files if name.endswith(".ipynb")}


def test_all_notebooks_are_there_without_outputs(root, notebooks):
    assert set(notebooks) == {f"notebooks/{path.name}" for path in (root / "notebooks").glob("*.ipynb")}
    for notebook in notebooks.values():
        nbformat.validate(notebook)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
        assert set().union(*(cell.metadata for cell in notebook.cells)) <= {"tags"}


def test_every_link_leads_to_a_page_or_to_a_file_beside_it(root, notebooks):
    site, files = made.site_of(root), made.from_checkout(root)
    for name, notebook in notebooks.items():
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for link in re.findall(r"\]\(([^)#]+)", text):
            if link.startswith(site):
                assert (root / link.removeprefix(site)).with_suffix(".md").is_file(), f"{name}: {link}"
            elif "://" not in link:
                assert (root / "notebooks" / link).resolve().relative_to(root).as_posix() in files, f"{name}: {link}"


def test_the_scripts_are_where_the_notebooks_look_for_them(root):
    files = made.from_checkout(root)

    for name in ("book/buckets/append_to_store.py", "book/uploads/upload_store.py"):
        assert files[name] == (root / name).read_bytes()


def test_data_are_those_of_the_checkout_and_replace_older_ones(root, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/renamed.ipynb").touch()

    made.write_data(root, tmp_path)
    monkeypatch.setattr(made, "DATA", tmp_path)

    assert made.material() == made.from_checkout(root)
    assert load(made.hub_yml()) == load(root / "hub.yml")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


def requirements(lines) -> dict[str, Requirement]:
    """Return the requirements by lower-case name."""
    return {one.name.lower(): one for one in map(Requirement, lines)}


def test_the_extra_has_what_notebooks_import(root, notebooks, project):
    text = "\n".join(cell.source for one in notebooks.values() for cell in one.cells if cell.cell_type == "code")
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)) - sys.stdlib_module_names
    extras = project["project"]["optional-dependencies"]
    known = requirements([*project["project"]["dependencies"], *extras["lab"], *extras["public-data"]])

    assert {DISTRIBUTIONS.get(name, name) for name in imported} - {"append_to_store", "check_hub"} <= set(known)


def test_the_extra_allows_the_versions_of_the_hubs_image(project):
    extra = requirements(project["project"]["optional-dependencies"]["lab"])
    for name, pinned in requirements(project["dependency-groups"]["stack-hub"]).items():
        (version,) = (one.version for one in pinned.specifier)
        assert name not in extra or extra[name].specifier.contains(version), name


def test_copies_are_written_once(tmp_path):
    assert copy({"a": NEW, "b/c": NEW}, tmp_path).written == ["a", "b/c"]

    again = copy({"a": NEW, "b/c": NEW}, tmp_path)

    assert (again.written, again.kept) == ([], [])
    assert (tmp_path / "b/c").read_bytes() == NEW


def test_a_changed_file_is_kept_and_a_deleted_one_comes_back(tmp_path):
    copy({"mine": OLD, "deleted": OLD}, tmp_path)
    (tmp_path / "mine").write_bytes(MINE)
    (tmp_path / "deleted").unlink()

    again = copy({"mine": OLD, "deleted": OLD}, tmp_path)

    assert (again.written, again.kept) == (["deleted"], ["mine"])
    assert (tmp_path / "mine").read_bytes() == MINE


def test_a_newer_version_replaces_only_copies_that_nobody_changed(tmp_path):
    copy({"mine": OLD, "copy": OLD}, tmp_path)
    (tmp_path / "mine").write_bytes(MINE)

    for _ in range(2):
        copied = copy({"mine": NEW, "copy": NEW}, tmp_path)

    assert copied.kept == ["mine"]
    assert (tmp_path / "mine").read_bytes() == MINE
    assert (tmp_path / "copy").read_bytes() == NEW


@pytest.mark.parametrize("record", [None, "{", "[]", json.dumps({"mine": "0" * 64})])
def test_without_a_record_every_file_counts_as_changed(tmp_path, record):
    copy({"mine": OLD}, tmp_path)
    (tmp_path / RECORD).unlink()
    if record is not None:
        (tmp_path / RECORD).write_text(record)

    assert copy({"mine": NEW}, tmp_path).kept == ["mine"]
    assert (tmp_path / "mine").read_bytes() == OLD
