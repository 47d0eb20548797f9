"""Months appended to a store that the upload script wrote from files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from append_sources import ROOT
from append_to_store import DoesNotFit, append, correct

UPLOAD = ROOT / "book/uploads/upload_store.py"


def month(first: str, noon: bool = False) -> xr.Dataset:
    """Return a month of days, packed as integers, with the area of the cells and midnight or noon as times."""
    day = pd.Timestamp(first)
    time = pd.date_range(day, periods=day.days_in_month) + pd.Timedelta(hours=12 * noon)
    lat = np.arange(-60.0, 61, 20)
    sst = np.round(np.random.default_rng(seed=day.month).normal(15, 5, (time.size, lat.size)), 2)
    variables = {"sst": (("time", "lat"), sst, {"units": "degC"}), "area": ("lat", 1e11 * np.cos(np.deg2rad(lat)))}
    ds = xr.Dataset(variables, {"time": time, "lat": lat})
    ds.sst.encoding = {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768}
    return ds


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Return the path of a store with January and February, whose times count days since January 1."""
    for number, first in enumerate(("2001-01-01", "2001-02-01")):
        units = {"time": {"units": "days since 2001-01-01"}}
        month(first).to_netcdf(tmp_path / f"{number}.nc", engine="h5netcdf", encoding=units)
    command = [sys.executable, str(UPLOAD), "0.nc", "1.nc", "./run.zarr"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    return str(tmp_path / "run.zarr")


def opened(ds: xr.Dataset, path: Path, units: str) -> xr.Dataset:
    """Write a file, and open it as a reader would."""
    ds.to_netcdf(path, engine="h5netcdf", encoding={"time": {"units": units}})
    return xr.open_dataset(path, engine="h5netcdf", chunks={})


def test_a_file_that_counts_days_from_another_date_is_appended_once(store, tmp_path):
    march = opened(month("2001-03-01"), tmp_path / "2.nc", "days since 2001-03-01")

    assert [append(march, store), append(march, store)] == [31, 0]

    ds = xr.open_zarr(store).load()
    assert ds.time.values.tolist() == pd.date_range("2001-01-01", "2001-03-31").values.tolist()
    np.testing.assert_array_equal(ds.sst.sel(time="2001-03"), march.sst)
    assert ds.area.dims == ("lat",)


def test_the_script_then_refuses_the_store_and_changes_nothing(store, tmp_path):
    append(opened(month("2001-03-01"), tmp_path / "2.nc", "days since 2001-01-01"), store)
    before = xr.open_zarr(store).load()

    for files in (["0.nc", "1.nc"], ["0.nc", "1.nc", "2.nc"]):
        command = [sys.executable, str(UPLOAD), *files, "./run.zarr"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 1 and "choose another name" in done.stderr

    xr.testing.assert_identical(xr.open_zarr(store).load(), before)


def test_the_script_does_not_undo_a_correction(store, tmp_path):
    february = opened(month("2001-02-01") - 1, tmp_path / "2.nc", "days since 2001-02-01")
    february.sst.attrs["units"] = "degC"
    february.sst.encoding = month("2001-02-01").sst.encoding
    assert correct(february.drop_vars("area"), store) == 28
    before = xr.open_zarr(store).load()

    command = [sys.executable, str(UPLOAD), "0.nc", "1.nc", "./run.zarr"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    assert done.returncode == 1 and "were not overwritten" in done.stderr
    xr.testing.assert_identical(xr.open_zarr(store).load(), before)
    np.testing.assert_allclose(before.sst.sel(time="2001-02"), month("2001-02-01").sst - 1, atol=1e-6)
    np.testing.assert_allclose(before.sst.sel(time="2001-01"), month("2001-01-01").sst, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (month("2001-03-01", noon=True), "time has values that .* cannot hold exactly"),
        (month("2001-04-01"), "the step to 2001-04-01.* is much longer"),
        (month("2001-03-01").drop_encoding(), "sst is packed with dtype int16"),
    ],
    ids=["noon in a store of whole days", "a month left out", "values that are not packed"],
)
def test_what_the_store_cannot_hold_is_refused(store, data, message):
    before = xr.open_zarr(store).load()

    with pytest.raises(DoesNotFit, match=message):
        append(data.chunk(), store)

    xr.testing.assert_identical(xr.open_zarr(store).load(), before)
