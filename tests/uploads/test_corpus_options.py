"""Options, names, sizes and sources in a bucket: what is odd is copied all the same, or refused in one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus.arrays import joined
from corpus.files import File, Var, days, numbers, series
from corpus.layouts import many_small
from corpus.oracle import check_same
from corpus.trial import Trial, assert_line
from upload_world import BUCKET, SCRIPT, USER

SIZES = [
    "time=0",
    "time=-1",
    "time=1.5",
    "time",
    "=3",
    "time=1,time=2",
    "nothing=1",
    "time=99999999999999999999",
    " ",
    "time=½",
]


@pytest.mark.parametrize("chunks", SIZES)
def test_chunks_that_make_no_sense_are_an_error_or_right(trial, folder, chunks):
    run = trial(series(folder / "source"))
    status, _, error = run.run("--chunks", chunks)

    assert "Traceback" not in error
    if status == 0:
        run.check_same()
        return
    assert status in (1, 2)
    assert error.splitlines()[-1].startswith("upload_store.py: ")
    assert run.files() == run.before


@pytest.mark.parametrize("chunks", ["time=5", "lat=2,lon=4", "time=1000", "bnds=1,time=3", "lon=1"])
@pytest.mark.parametrize("workers", ["1", "32"])
def test_chunks_do_not_change_the_values(trial, folder, chunks, workers):
    run = trial(series(folder / "source"))
    assert run.run("--chunks", chunks, "--workers", workers)[0] == 0
    run.check_same()


CHOICES: dict[str, set[str] | None] = {
    "tas": {"tas", "time", "time_bnds", "lat", "lat_bnds", "lon"},
    "area": {"area", "lat", "lat_bnds", "lon"},
    "tas,area": {"tas", "area", "time", "time_bnds", "lat", "lat_bnds", "lon"},
    "lat": {"lat", "lat_bnds"},
    "snow": None,
    "tas,snow": None,
    "tas, area": None,
    "TAS": None,
}


@pytest.mark.parametrize("chosen", CHOICES)
def test_variables_bring_what_they_need_and_nothing_else(trial, folder, chosen):
    run = trial(series(folder / "source"))
    status, printed, error = run.run("--variables", chosen)

    expected = CHOICES[chosen]
    if expected is None:
        assert "--variables" in assert_line(status, printed, error)
        assert run.files() == run.before
        return
    assert (status, error) == (0, "")
    found = {path.parent.name for path in run.store().rglob("zarr.json")} - {"data.zarr"}
    assert expected <= found <= expected | {"time", "time_bnds"}
    check_same(joined(run.made.files, "time", sorted(found)), run.store())


# Names and terminals. These start Python as a reader does, with another encoding or without a terminal.


def started(run: Trial, *files: str | bytes | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the script in a new Python."""
    command = [sys.executable, str(SCRIPT), *files, "./data.zarr"]
    return subprocess.run(command, cwd=run.home, env=os.environ | environment, capture_output=True, timeout=120)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_that_a_terminal_cannot_print_do_not_matter(trial, folder, encoding):
    def change(number: int, file: File) -> None:
        file.attrs["größe 雪"] = f"{number}"
        file.variables["水"] = Var(("time",), numbers((4,), "f4", number))

    run = trial(series(folder / "mé雪", change=change))
    done = started(run, *run.made.files, PYTHONIOENCODING=encoding)

    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode(errors="replace")
    check_same(joined(run.made.files, "time"), run.store(), ("größe 雪",))


@pytest.mark.parametrize("name", [b"run-\xff.nc", b"run\n1.nc", b"run\t\x1b[31m.nc"])
def test_names_of_files_that_are_no_text_or_break_the_line(trial, folder, name):
    run = trial(series(folder / "source"))
    odd = os.fsencode(folder / "source") + b"/" + name
    os.rename(run.made.files[1], odd)

    done = started(run, os.fsencode(run.made.files[0]), odd, os.fsencode(run.made.files[2]))
    assert done.returncode in (0, 1) and b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")

    Path(os.fsdecode(odd)).write_bytes(b"")
    shutil.rmtree(run.home / "data.zarr", ignore_errors=True)
    done = started(run, os.fsencode(run.made.files[0]), odd)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")


def test_a_reader_of_the_output_that_leaves(trial, folder):
    run = trial(series(folder / "source"))
    command = f"{sys.executable} {SCRIPT} {folder}/source/*.nc ./data.zarr | true"
    done = subprocess.run(["bash", "-c", command], cwd=run.home, capture_output=True, text=True, timeout=120)

    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 1, done.stderr


# Sizes.


def test_an_attribute_of_many_megabytes(trial, folder):
    def change(number: int, file: File) -> None:
        file.attrs["history"] = "Mon: ncks -A one two three\n" * 300_000

    run = trial(series(folder / "source", 2, change=change))
    assert run.run()[0] == 0
    run.check_same()


@pytest.mark.skipif("UPLOADS" not in os.environ, reason="takes minutes: set UPLOADS")
def test_five_thousand_files(trial, folder):
    run = trial(many_small(folder, 5000))
    assert run.run()[0] == 0
    run.check_same()


# Sources in a bucket.


@pytest.fixture
def uploaded(cloud, request) -> Callable[[list[Path]], str]:
    """Copy files to a bucket; returns the address of their folder there."""

    def upload(files: list[Path]) -> str:
        name = re.sub(r"\W+", "-", request.node.name)
        for path in files:
            cloud.tamper(f"{USER}/sources/{name}/{path.name}", path.read_bytes())
        return f"gs://{BUCKET}/{USER}/sources/{name}"

    return upload


@pytest.mark.parametrize("form", ["folder", "pattern", "files"])
@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_files_in_a_bucket(trial, folder, uploaded, form, kind):
    def change(number: int, file: File) -> None:
        file.format = kind

    files = series(folder / "source", change=change)
    url = uploaded(files)
    given = {"folder": [url], "pattern": [f"{url}/*.nc"], "files": [f"{url}/{path.name}" for path in files[::-1]]}
    run = trial(files, remote=True, given=given[form])

    status, _, error = run.run()
    assert (status, error) == (0, "")
    run.check_same()


@pytest.mark.parametrize("content", [b"", b"GRIB....7777", b"\x89HDF\r\n\x1a\n" + b"\0" * 500, None])
def test_a_broken_file_in_a_bucket(trial, folder, uploaded, content):
    files = series(folder / "source")
    files[1].write_bytes(content if content is not None else files[1].read_bytes()[:-500])
    url = uploaded(files)
    run = trial(files, remote=True, given=[url], wrong=("run-1.nc",))

    run.check_refused()


@pytest.mark.parametrize("name", ["nothing.nc", "nothing", "*.nothing", "nothing.zarr"])
def test_a_source_that_is_not_in_the_bucket(trial, uploaded, name):
    run = trial([], remote=True, given=[f"gs://{BUCKET}/{USER}/sources/missing/{name}"], wrong=(name,))
    run.check_refused()


def test_a_missing_value_of_the_axis_in_a_bucket(trial, folder, uploaded):
    files = series(folder / "source", times=lambda number: days(4 * number + (number == 2), 4))
    run = trial(files, remote=True, given=[uploaded(files)], wrong=("run-1.nc", "run-2.nc"), variable="time")
    run.check_refused()
