"""What can happen around a copy: kills, a full disk, a second copy, a source that changes, a target that exists."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr
from corpus.arrays import joined
from corpus.files import File, Var, numbers, series
from corpus.oracle import check_same
from corpus.trial import assert_line

HOW_MANY = int(os.environ.get("UPLOADS", "6"))


def larger(folder: Path, count: int = 3) -> list[Path]:
    """Write files of which each gives twenty chunks."""

    def change(number: int, file: File) -> None:
        file.variables["big"] = Var(("time", "y"), numbers((20, 3000), "f4", number))

    return series(folder, count, 20, change=change)


# Copies to this disk that are interrupted.


@pytest.mark.parametrize("seed", range(HOW_MANY))
def test_a_local_copy_that_is_killed_is_finished_by_the_next(trial, folder, seed):
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    run = trial(larger(folder / "source"))
    steps = ("--chunks", "time=1", "--workers", str(chance.choice([1, 2, 4])))
    for _ in range(chance.randrange(1, 4)):
        how = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        running = run.start(*steps, most_bytes=chance.choice([None, None, 5000, 100]))
        while how != signal.SIGKILL and not running.printed and running.wait(0.01) is None:
            continue  # until the libraries are imported, signals do what Python does with them
        running.wait(chance.uniform(0.05, 1.2))
        running.signal(how)
        status, error = running.wait(), running.error
        assert status in (0, 1, -9), error
        assert len(error.splitlines()) <= 1 and "Traceback" not in error, error
    status, printed, error = run.run(*steps)

    assert (status, error) == (0, ""), error
    assert printed.splitlines()[-1].startswith("verified: ")
    run.check_same()
    assert {path.name for path in run.home.iterdir()} <= {"data.zarr", "data.zarr.manifest"} | outputs(run.home)


def outputs(folder: Path) -> set[str]:
    """Return the names of the files with the script's own output."""
    return {path.name for path in folder.iterdir() if path.name.startswith(("stdout-", "stderr-"))}


def test_of_two_local_copies_one_stands_back(trial, folder):
    run = trial(larger(folder / "source"))
    both = [run.start("--chunks", "time=1") for _ in range(2)]

    ends = sorted((running.wait(), running.error) for running in both)

    assert ends[0] == (0, "")
    assert ends[1][0] == 0 or assert_line(ends[1][0], "", ends[1][1])
    run.check_same()


def test_a_disk_that_is_full_is_one_line(trial, folder):
    run = trial(larger(folder / "source"))

    running = run.start("--chunks", "time=20", most_bytes=20_000)

    line = assert_line(running.wait(), running.printed, running.error)
    assert "data.zarr" in line or "disk" in line or "large" in line
    assert run.run("--chunks", "time=20")[0] == 0
    run.check_same()


def test_a_folder_without_permission_to_write_is_one_line(trial, folder):
    run = trial(series(folder / "source"), unprivileged=True)
    run.target = "./locked/data.zarr"
    (run.home / "locked").mkdir(mode=0o555)

    assert "may not write" in assert_line(*run.run())
    assert run.files() == run.before


# Sources that change.


def rewrite(path: Path, keep_time: bool = True) -> None:
    """Change one value in the middle of a file; its size stays, and the time of its last change too if possible."""
    status = path.stat()
    with h5py.File(path, "r+", locking=False) as file:
        file["big"][10, 1500] = 12345
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("remote", [True, False], ids=["bucket", "disk"])
def test_a_source_that_changes_between_two_starts_is_copied_as_it_is_then(trial, folder, remote):
    files = larger(folder / "source")
    run = trial(files, remote)
    assert run.run("--chunks", "time=1")[0] == 0
    rewrite(files[1])

    status, printed, error = run.run("--chunks", "time=1")

    assert status in (0, 1) and "Traceback" not in error
    if status == 0:
        run.check_same()
    else:
        assert_line(status, printed, error)


@pytest.mark.parametrize("what", ["value", "replaced", "gone", "empty"])
def test_a_source_that_changes_during_the_copy_is_noticed(cloud, trial, folder, what):
    files = larger(folder / "source")
    run = trial(files, remote=True)
    cloud.control.add_fault(effect="stall", seconds=2, method="PUT", nth=20, path="data.zarr")
    running = run.start("--chunks", "time=1", "--workers", "1")
    cloud.until_struck(running)
    if what == "value":
        rewrite(files[0])
    elif what == "replaced":
        shutil.copy(files[0], folder / "copy.nc")
        rewrite(folder / "copy.nc")
        os.replace(folder / "copy.nc", files[0])
    elif what == "gone":
        files[0].unlink()
    else:
        files[0].write_bytes(b"")

    line = assert_line(running.wait(), running.printed, running.error)
    assert files[0].name in line
    assert "verified" not in running.printed
    if what in ("value", "replaced"):
        cloud.control.clear_faults()
        status, printed, error = run.run("--chunks", "time=1")
        assert status == 0 or assert_line(status, printed, error)
        if status == 0:
            run.check_same()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="locks of HDF5 depend on the system")
def test_a_file_that_another_program_writes_is_one_line(trial, folder):
    files = series(folder / "source")
    with h5py.File(files[1], "r+"):
        line = assert_line(*trial(files).run())
    assert files[1].name in line


# Targets.


@pytest.mark.parametrize("content", ["store", "files", "file", "link", "empty"])
def test_a_local_target_that_exists_stays_as_it_is(trial, folder, content):
    run = trial(series(folder / "source"))
    target = run.home / "data.zarr"
    if content == "store":
        zarr.create_group(target).create_array("mine", data=np.arange(5))
    elif content == "file":
        target.write_text("mine")
    elif content == "link":
        (folder / "elsewhere").mkdir()
        (folder / "elsewhere" / "mine.txt").write_text("mine")
        target.symlink_to(folder / "elsewhere")
    else:
        target.mkdir()
        if content == "files":
            (target / "mine.txt").write_text("mine")

    status, printed, error = run.run()

    if content == "empty":
        assert (status, error) == (0, "")
        run.check_same()
        return
    assert "data.zarr" in assert_line(status, printed, error)
    assert run.files() == run.before


def test_a_store_is_not_copied_onto_itself(trial, folder):
    run = trial([], given=["./data.zarr"])
    zarr.create_group(run.home / "data.zarr").create_array("mine", data=np.arange(5), dimension_names=["x"])

    assert_line(*run.run())
    assert run.files() == run.before


def test_a_store_inside_its_own_source_folder_is_no_source(trial, folder):
    run = trial([], given=["."])
    for path in series(folder / "source"):
        shutil.copy(path, run.home)

    for _ in range(2):
        status, _, error = run.run()
        assert (status, error) == (0, "")
    check_same(joined(sorted(run.home.glob("*.nc")), "time"), run.store())


@pytest.mark.parametrize("manifest", [b"", b"\xff\xfe\0\0", b"[1, 2]\n", b'{"target": 5}\n', b"{}\n{}\n", b"null\n"])
def test_a_broken_manifest_is_one_line_or_no_matter(trial, folder, manifest):
    run = trial(series(folder / "source"))
    assert run.run()[0] == 0
    (run.home / "data.zarr.manifest").write_bytes(manifest)

    status, printed, error = run.run()

    assert status == 0 or assert_line(status, printed, error)
    run.check_same()
