"""A target or a manifest that would harm a reader's own files is refused, and every file stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus.files import series
from corpus.trial import assert_line
from corpus.zarrs import store
from upload_world import BUCKET, USER


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, without the login."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "credentials.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def harmless(uploader, tmp_path):
    """Run the script among a reader's own files, which must stay as they are; returns its message."""
    series(tmp_path / "source", 2)
    store(tmp_path / "model.zarr")
    (tmp_path / "notes.txt").write_text("\nThursday: ask for the second run\n")
    (tmp_path / "picture.png").write_bytes(bytes(range(256)))
    (tmp_path / "settings.json").write_text('{"theme": "dark"}\n')
    (tmp_path / "taken.zarr.manifest").write_text("passengers: 12\n")
    (tmp_path / ".busy.zarr.partial").write_text("my notes")
    before = snapshot(tmp_path)

    def call(*arguments) -> str:
        status, printed, error = uploader(*arguments)
        assert {name: data for name, data in snapshot(tmp_path).items() if name in before} == before
        return assert_line(status, printed, error)

    return call


@pytest.mark.parametrize("name", ["notes.txt", "picture.png", "settings.json", "source/run-0.nc"])
def test_a_manifest_that_is_another_file(harmless, name):
    assert f"{name}: this file is not a manifest" in harmless("source", "./new.zarr", "--manifest", name)


def test_a_file_with_the_name_of_the_manifest(harmless):
    assert "taken.zarr.manifest: this file is not a manifest" in harmless("source", "./taken.zarr")


@pytest.mark.parametrize("target", ["./model.zarr/new.zarr", "./model.zarr", "./model.zarr/what/new.zarr"])
def test_a_target_in_its_source(harmless, target):
    assert "model.zarr" in harmless("model.zarr", target)


def test_a_source_in_its_target(harmless, tmp_path):
    series(tmp_path / "outer.zarr" / "files", 1)
    line = harmless("outer.zarr/files", "./outer.zarr")
    assert "outer.zarr" in line and "choose another target" in line


def test_a_target_in_another_store(harmless):
    assert "it is in the Zarr store" in harmless("source", "./model.zarr/new.zarr")


def test_a_file_where_the_upload_needs_a_folder(harmless):
    assert ".busy.zarr.partial: the upload needs a folder of this name" in harmless("source", "./busy.zarr")


def test_a_target_with_a_control_character(harmless):
    assert "has a control character" in harmless("source", f"gs://{BUCKET}/{USER}/a\nb.zarr")


@pytest.mark.parametrize(
    "options, problem",
    [
        (("--workers", "999999"), "999999 is more than 256"),
        (("--variables", ""), "name at least one variable"),
        (("--variables", ","), "name at least one variable"),
        (("--chunks", "time=3,time=2"), "time occurs twice"),
    ],
)
def test_an_option_that_makes_no_sense(uploader, tmp_path, options, problem):
    series(tmp_path / "source", 1)
    status, _, error = uploader("source", "./new.zarr", *options)

    assert status == 2
    assert error.splitlines()[-1].startswith("upload_store.py: error: ") and problem in error
    assert not (tmp_path / "new.zarr").exists()


def test_a_manifest_that_was_cut_off_is_used_again(uploader, tmp_path):
    series(tmp_path / "source", 1)
    assert uploader("source", "./new.zarr")[0] == 0
    manifest = tmp_path / "new.zarr.manifest"
    whole = manifest.read_bytes()
    for length in (0, 1, 8, 30):
        manifest.write_bytes(whole[:length])
        status, printed, error = uploader(
            "source", "gs://" + f"{BUCKET}/{USER}/cut-{length}.zarr", "--manifest", manifest
        )
        assert (status, error) == (0, ""), printed


def test_a_store_in_the_folder_of_its_files_is_continued(uploader, tmp_path):
    series(tmp_path / "source", 2)
    for _ in range(2):
        status, printed, error = uploader("source", "./source/whole.zarr")
        assert (status, error) == (0, "")
    assert "0 to send" in printed and "ignored" not in printed
