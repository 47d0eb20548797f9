"""The guide's conversion script: the store it writes, the input it refuses, and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

ROOT = Path(__file__).resolve().parents[2]
UPLOADS = ROOT / "book/uploads"


def make_file(path: Path, first_day: int, **changes) -> Path:
    """Write a file of four days; ``changes`` replace its variables, its ``calendar`` or its ``lat``."""
    calendar = changes.pop("calendar", "standard")
    lat = changes.pop("lat", np.arange(50.0))
    # Rounded to two decimals, so that the values compress like measured ones.
    values = np.random.default_rng(first_day).random((4, lat.size, 100), dtype="f4").round(2)
    variables = {"sst": (("time", "lat", "lon"), values, {"units": "degC"})} | changes
    time = ("time", np.arange(first_day, first_day + 4), {"units": "days since 2000-01-01", "calendar": calendar})
    kept = {name: value for name, value in variables.items() if value is not None}
    ds = xr.Dataset(kept, {"time": time, "lat": lat, "lon": np.arange(100.0)})
    ds.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture(scope="module")
def session():
    """The environment of one stand-in for all tests in this file."""
    from fakehub.session.session import SessionOptions, start_session
    from hubfacts.load import load

    with start_session(SessionOptions(load(ROOT / "hub.yml"), ROOT / "hub.yml")) as started:
        yield dict(os.environ) | started.environment


@pytest.fixture
def convert(tmp_path, session):
    """Run the script on the hub; returns the finished process."""

    def call(*arguments) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", str(UPLOADS / "convert.py"), *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=session, capture_output=True, text=True, timeout=120)

    return call


def test_the_store_is_what_the_files_are_in_the_chunks_asked_for(convert, tmp_path):
    files = [make_file(tmp_path / f"{n}.nc", 4 * n) for n in range(6)]

    done = convert(*reversed(files), "./out.zarr", "--chunk-mb", 0.2)

    assert done.returncode == 0, done.stderr
    source = xr.open_mfdataset(files, combine="nested", concat_dim="time", engine="h5netcdf")
    store = xr.open_zarr(tmp_path / "out.zarr", consolidated=False)
    xr.testing.assert_identical(store.load(), source.load())
    assert store.sst.encoding["chunks"] == (10, 50, 100)
    assert "100%" in done.stderr


OBJECTS = ("time", np.array(["a", "b", "c", "d"], dtype=object))
KELVIN = (("time", "lat", "lon"), np.zeros((4, 50, 100), "f4"), {"units": "K"})
FILES_THAT_DO_NOT_FIT = {
    "a missing variable": (dict(sst=None, air=("time", np.zeros(4))), "1.nc: air is"),
    "another calendar": (dict(calendar="noleap"), "1.nc: calendar is noleap, but standard"),
    "another unit": (dict(sst=KELVIN), "1.nc: sst is"),
    "another grid": (dict(lat=np.arange(50.0) + 0.1), "cannot align"),
}


def assert_refused(done, says: str, tmp_path: Path) -> None:
    """Check that the script gave one line with the reason, and wrote no store here."""
    assert done.returncode == 1
    assert done.stderr.startswith("convert.py: ") and done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr
    assert list(tmp_path.glob("*.zarr")) == []


@pytest.mark.parametrize("case", FILES_THAT_DO_NOT_FIT)
def test_files_that_do_not_fit_are_one_line_before_anything_is_written(convert, tmp_path, case):
    changes, says = FILES_THAT_DO_NOT_FIT[case]
    files = [make_file(tmp_path / "0.nc", 0), make_file(tmp_path / "1.nc", 4, **changes)]

    assert_refused(convert(*files, "./out.zarr"), says, tmp_path)


def test_objects_are_one_line_before_anything_is_written(convert, tmp_path):
    words = make_file(tmp_path / "words.nc", 0, note=OBJECTS)

    assert_refused(convert(words, "./out.zarr"), "note does not hold numbers", tmp_path)


TARGETS = {
    "no gs://": ("leap-scratch/funky-user/out.zarr", "is neither gs://BUCKET/PREFIX/NAME.zarr nor ./NAME.zarr"),
    "no prefix": ("gs://leap-scratch/out.zarr", "is neither gs://BUCKET/PREFIX/NAME.zarr nor ./NAME.zarr"),
    "a wrong bucket": ("gs://leap-scrach/funky-user/out.zarr", "there is no bucket gs://leap-scrach"),
    "a bucket to read": ("gs://leap-persistent-ro/funky-user/out.zarr", "does not have storage.objects.create access"),
    "somebody else's prefix": ("gs://leap-scratch/somebody/out.zarr", "is below the prefix of somebody, not yours"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_wrong_place_is_one_line_before_anything_is_written(convert, tmp_path, case):
    store, says = TARGETS[case]

    assert_refused(convert(make_file(tmp_path / "0.nc", 0), store), says, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["0.nc"]


def test_a_store_that_exists_is_one_line_and_stays_as_it_is(convert, tmp_path, session):
    file, store = make_file(tmp_path / "0.nc", 0), "gs://leap-scratch/funky-user/there.zarr"
    assert convert(file, store).returncode == 0

    assert_refused(convert(make_file(tmp_path / "1.nc", 4), store), f"{store} exists", tmp_path)

    look = f"import xarray as xr; print(xr.open_zarr({store!r}, consolidated=False).time.dt.dayofyear.values)"
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", look], env=session, capture_output=True, text=True)
    assert found.stdout == "[1 2 3 4]\n"


def test_memory_stays_below_two_chunks_a_worker_at_1_4_and_16_times_the_data(tmp_path, session):
    workers, counts = 4, (8, 32, 128)
    for number in range(max(counts)):  # 800 kB a file
        make_file(tmp_path / f"{number:03}.nc", 4 * number, lat=np.arange(500.0))
    script = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("conversion_peak.py")), str(UPLOADS)]
    script += [str(tmp_path), "gs://leap-scratch/funky-user/peak", "4", str(workers), *map(str, counts)]

    done = subprocess.run(script, env=session, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stderr
    peaks = [float(line) for line in done.stdout.splitlines()[1:]]
    print(f"{', '.join(f'{peak:.2f}' for peak in peaks)} chunks a worker")
    assert len(peaks) == len(counts)
    assert max(peaks) < 2
