"""The conversion script of the guide: what it writes, what it refuses, and how much memory it takes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

ROOT = Path(__file__).resolve().parents[2]
UPLOADS = ROOT / "book/uploads"


def make_file(path: Path, first_day: int, **changes) -> Path:
    """A file of four days; ``changes`` are variables in place of its own, ``calendar`` and ``lat``."""
    calendar = changes.pop("calendar", "standard")
    lat = changes.pop("lat", np.arange(50.0))
    # Two decimals, as measured: values that compress, as fields of the climate do.
    values = np.random.default_rng(first_day).random((4, lat.size, 100), dtype="f4").round(2)
    variables = {"sst": (("time", "lat", "lon"), values, {"units": "degC"})} | changes
    time = ("time", np.arange(first_day, first_day + 4), {"units": "days since 2000-01-01", "calendar": calendar})
    ds = xr.Dataset(variables, {"time": time, "lat": lat, "lon": np.arange(100.0)})
    ds.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture
def convert(tmp_path):
    """Call the script; the finished process."""

    def call(*arguments) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", str(UPLOADS / "convert.py"), *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return call


def test_the_store_is_what_the_files_are_in_the_chunks_asked_for(convert, tmp_path):
    files = [make_file(tmp_path / f"{n}.nc", 4 * n) for n in range(6)]

    done = convert("./out.zarr", *reversed(files), "--chunk-mb", 0.2)

    assert done.returncode == 0, done.stderr
    source = xr.open_mfdataset(files, combine="nested", concat_dim="time", engine="h5netcdf")
    store = xr.open_zarr(tmp_path / "out.zarr", consolidated=False)
    xr.testing.assert_identical(store.load(), source.load())
    assert store.sst.encoding["chunks"] == (10, 50, 100)
    assert "100%" in done.stderr


REFUSED = {
    "a missing variable": (dict(sst=("time", np.zeros(4)), air=("time", np.zeros(4))), "1.nc: air is"),
    "another calendar": (dict(calendar="noleap"), "1.nc: calendar is noleap, but standard"),
    "another unit": (dict(sst=(("time", "lat", "lon"), np.zeros((4, 50, 100), "f4"), {"units": "K"})), "1.nc: sst is"),
    "another grid": (dict(lat=np.arange(50.0) + 0.1), "cannot align"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_one_line_before_anything_is_written(convert, tmp_path, case):
    changes, says = REFUSED[case]
    files = [make_file(tmp_path / "0.nc", 0), make_file(tmp_path / "1.nc", 4, **changes)]

    done = convert("./out.zarr", *files)

    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.zarr").exists()


def test_objects_an_existing_store_and_a_forgotten_gs_are_refused(convert, tmp_path):
    words = make_file(tmp_path / "words.nc", 0, note=("time", np.array(["a", "b", "c", "d"], dtype=object)))
    good = make_file(tmp_path / "good.nc", 0)

    assert "note does not hold numbers" in convert("./out.zarr", words).stderr
    assert "neither gs://... nor a local ./..." in convert("leap-scratch/me/out.zarr", good).stderr
    assert convert("./out.zarr", good).returncode == 0
    again = convert("./out.zarr", good)
    assert (again.returncode, "already contains data" in again.stderr or "exists" in again.stderr) == (1, True)


def test_memory_stays_below_two_chunks_a_worker_at_1_4_and_16_times_the_data(tmp_path):
    workers, counts = 4, (8, 32, 128)
    for number in range(max(counts)):  # 800 kB a file
        make_file(tmp_path / f"{number:03}.nc", 4 * number, lat=np.arange(500.0))
    script = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("conversion_peak.py")), str(UPLOADS)]
    script += [str(tmp_path), "gs://leap-scratch/funky-user/peak", "4", str(workers), *map(str, counts)]
    session = [sys.executable, "-W", "ignore", "-m", "fakehub", "run", "--", *script]

    done = subprocess.run(session, cwd=ROOT, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stderr
    peaks = [float(line) for line in done.stdout.splitlines()[1:]]
    print(f"{', '.join(f'{peak:.2f}' for peak in peaks)} chunks a worker")
    assert len(peaks) == len(counts)
    assert max(peaks) < 2
