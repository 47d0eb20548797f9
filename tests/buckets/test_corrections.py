"""Steps of a store that are replaced, in chunks that do not end where the steps do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from append_to_store import DoesNotFit, append, correct

NOLEAP = xr.date_range("2000-01-01", periods=730, calendar="noleap", use_cftime=True)


def packed(seed: int) -> xr.Dataset:
    """Return two years without leap days on a curvilinear grid: one packed variable, another, and static fields."""
    rng = np.random.default_rng(seed)
    sst = np.round(rng.normal(15, 5, (NOLEAP.size, 4, 6)), 2)
    variables = {
        "sst": (("time", "y", "x"), sst, {"units": "degC"}),
        "ice": (("time", "y", "x"), rng.random((NOLEAP.size, 4, 6), dtype="float32")),
        "area": (("y", "x"), np.arange(24.0).reshape(4, 6)),
    }
    grid = {"lat": (("y", "x"), np.linspace(40, 80, 24).reshape(4, 6))}
    ds = xr.Dataset(variables, {"time": NOLEAP} | grid)
    ds.sst.encoding = {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768}
    return ds


@pytest.fixture
def store(tmp_path: Path) -> str:
    append(packed(1).chunk(time=100, x=4), str(tmp_path / "run.zarr"))
    return str(tmp_path / "run.zarr")


@pytest.fixture
def february(tmp_path: Path) -> xr.Dataset:
    """Return a file with other values of one variable, one of them missing, and with another reference date."""
    ds = packed(2).sel(time="2001-02")
    ds.sst[3, 2, 1] = np.nan
    ds.to_netcdf(tmp_path / "february.nc", encoding={"time": {"units": "days since 2001-02-01"}})
    return xr.open_dataset(tmp_path / "february.nc", chunks={"time": 9})


def test_only_these_steps_and_variables_change(store, february):
    assert correct(february.drop_vars(["ice", "lat"]), store) == 28

    ds, expected = xr.open_zarr(store).load(), packed(1)
    expected.sst.loc[{"time": february.time}] = february.sst
    xr.testing.assert_allclose(ds, expected, rtol=0, atol=1e-6)
    assert ds.sst.encoding["dtype"] == "int16"


def test_a_second_call_changes_nothing(store, february):
    correct(february, store)
    before = xr.open_zarr(store).load()
    assert correct(february, store) == 28
    xr.testing.assert_identical(xr.open_zarr(store).load(), before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.assign(sst=(ds.sst * 1000).assign_attrs(ds.sst.attrs)), "cannot hold exactly"),
        (lambda ds: ds.assign_coords(lat=ds.lat + 1), "lat has different values"),
        (lambda ds: ds.isel(time=[0, 2]), "leaves out steps"),
        (lambda ds: ds.convert_calendar("standard"), "calendar of time is"),
        (lambda ds: ds.assign_coords(time=ds.indexes["time"].shift(3650, "D")), "2011-02-01 .* is not a step"),
        (lambda ds: ds.assign(depth=ds.sst), "lacks depth"),
    ],
    ids=["too large", "another grid", "a gap", "another calendar", "other steps", "another variable"],
)
def test_what_does_not_fit_is_refused(store, february, change, message):
    before = xr.open_zarr(store).load()
    ds = change(february)
    ds.sst.encoding = packed(1).sst.encoding

    with pytest.raises(DoesNotFit, match=message):
        correct(ds, store)

    xr.testing.assert_identical(xr.open_zarr(store).load(), before)


def test_an_address_without_a_store_is_refused(tmp_path, february):
    with pytest.raises(DoesNotFit, match="is not a store"):
        correct(february, str(tmp_path / "other.zarr"))
