"""Recipes that delete, move or change data, on stores and names that the pages do not have."""

import subprocess

import pytest
from page_code import block_with

from guide.pages.reader import read_page

SETUP = """
import shutil
import numpy as np, xarray as xr
path = f"{folder}/old.zarr".removeprefix("gs://")
run = f"{folder}/run.zarr"
"""


def test_groups_of_a_store_are_copied_before_it_is_deleted(root, printed):
    page = "book/help/missing-objects.md"
    program = f"""{SETUP}
tree = xr.DataTree.from_dict({{"/": xr.Dataset(), "/ssp585": xr.Dataset({{"t": ("x", [1.0, 2.0])}})}})
tree.to_zarr(path, mode="w")
{block_with(root, page, "shutil.rmtree(path)")}
print(xr.open_datatree(f"gs://{{path}}", engine="zarr")["ssp585/t"].values)
"""
    assert printed(page, (), program) == ["[1. 2.]"]


def test_objects_with_wildcards_in_their_names_are_deleted_alone(root, printed):
    page = "book/buckets/look.md"
    program = f"""
fs.pipe({{f"{{folder}}/{{name}}": b"1" for name in ("run[1].csv", "run1.csv", "log?.txt", "log1.txt")}})
to_delete = [f"{{folder}}/run[1].csv", f"{{folder}}/log?.txt"]
{block_with(root, page, "for path in to_delete")}
print(sorted(name.rsplit("/", 1)[1] for name in fs.ls(folder)))
"""
    assert printed(page, (), program) == ["['log1.txt', 'run1.csv']"]


def test_only_the_named_variable_changes_its_units(root, printed):
    page = "book/buckets/append-and-overwrite.md"
    program = f"""{SETUP}
bounds = ("lat", "bnds"), [[-90.0, 0.0], [0.0, 90.0]]
ds = xr.Dataset({{"sst": ("lat", [1.0, 2.0], {{"units": "degC"}}), "lat_bnds": bounds}})
ds.to_zarr(run)
{block_with(root, page, "ds_kelvin")}
print(ds_new.lat_bnds.equals(ds.lat_bnds), ds_new.sst.values, ds_new.sst.units)
"""
    assert printed(page, (), program) == ["True [274.15 275.15] K"]


def test_a_move_replaces_no_object(root, recipe):
    page = "book/hub/home-directory.md"
    program = f"""
from pathlib import Path
os.environ["PERSISTENT_BUCKET"] = folder
file = Path("sst.nc")
file.write_text("new")
fs.pipe(f"{{folder}}/guide-examples/home-directory/sst.nc", b"older")
{block_with(root, page, "file.unlink()")}
"""
    done = recipe(page, (), program)

    assert "FileExistsError" in done.stderr


def git(where, *arguments):
    """Run Git as somebody and return what it prints."""
    identity = [word for key in ("name", "email") for word in ("-c", f"user.{key}=somebody@example.org")]
    command = ["git", *identity, "-c", "init.defaultBranch=main", *arguments]
    return subprocess.run(command, cwd=where, check=True, capture_output=True, text=True).stdout


def test_a_commit_with_a_large_file_is_undone_without_the_commits_of_others(root, tmp_path):
    text = (root / "book/help/git-problems.md").read_text()
    command = text[text.index("git reset --soft") :].partition("`")[0]
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    git(tmp_path, "init", "--bare", "origin")
    git(tmp_path, "clone", "origin", "theirs")
    (theirs / "README.md").write_text("1")
    git(theirs, "add", ".")
    git(theirs, "commit", "-m", "first")
    git(theirs, "push", "origin", "main")
    git(tmp_path, "clone", "origin", "mine")
    for folder, name in ((mine, "large.nc"), (theirs, "colleague.py")):
        (folder / name).write_text("2")
        git(folder, "add", ".")
        git(folder, "commit", "-m", name)
    git(theirs, "push", "origin", "main")
    git(mine, "fetch")

    subprocess.run(["bash", "-c", command], cwd=mine, check=True)

    assert git(mine, "status", "--short").split() == ["A", "large.nc"]


def test_files_that_would_share_a_name_are_refused(recipe):
    page = "book/uploads/download-to-the-hub.md"
    names = ("WGET", "name_of", "sha256", "collect", "fs")
    for urls, sums, message in (
        (["https://example.org/sst.nc?year=2001"], {}, "a query"),
        (["https://example.org/sst.nc"], {"http://example.org/sst.nc": "0"}, "none of the URLs"),
    ):
        done = recipe(page, names, f"collect({urls}, {sums}, folder, 'disk')")

        assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("line", ['os.environ["WANDB_API_KEY"] = "3f9c"', "os.environ['HF_TOKEN']='hf_1'", "key: 1b3f"])
def test_assigned_keys_are_found_before_a_push(root, tmp_path, line):
    page = read_page(root / "book/hub/api-keys.md", root)
    source = next(block.source for block in page.blocks if "--no-textconv |" in block.source)
    command = source[source.index("git diff") :].partition("'\n")[0].replace("\n> ", "\n") + "'"
    git(tmp_path, "init")
    (tmp_path / "run.py").write_text(line + "\n")
    git(tmp_path, "add", ".")

    found = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)

    assert found.stdout == f"+{line}\n", command
