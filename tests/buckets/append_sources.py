"""Series that grow: each kind has a first part, a part to append, and the settings with which its store is created."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cftime
import numpy as np
import pandas as pd
import xarray as xr

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "book/buckets/append_to_store.py"
sys.path.insert(0, str(SCRIPT.parent))

LAT = np.array([-60.0, -20.0, 20.0, 60.0])
LON = np.array([10.0, 20.0, 30.0])


def field_of(time: Any, offset: int = 0, dtype: str = "float32") -> xr.Dataset:
    """Return temperatures without a repeated value, on 4 latitudes and 3 longitudes; some are missing."""
    size = (len(time), LAT.size, LON.size)
    values = np.random.default_rng(seed=offset).normal(20, 5, size).astype(dtype)
    values[::5, 0, 0] = np.nan
    ds = xr.Dataset({"sst": (("time", "lat", "lon"), values, {"units": "degC", "cell_methods": "time: mean"})})
    return ds.assign_coords(time=time, lat=("lat", LAT, {"units": "degrees_north"}), lon=LON)


def months(first: str, number: int, chunk: int = 6) -> xr.Dataset:
    """Return months from ``first`` on, in Dask chunks of ``chunk`` steps."""
    time = pd.date_range(first, periods=number, freq="MS")
    return field_of(time, offset=time.year[0] * 100 + time.month[0]).chunk(time=chunk)


def packed(ds: xr.Dataset) -> xr.Dataset:
    """Return the values as they come from a file with integers of a hundredth of a degree."""
    ds = ds.load()
    ds["sst"] = (np.round(ds.sst.astype("float64") / 0.01) * 0.01).assign_attrs(ds.sst.attrs)
    ds.sst.encoding = {"dtype": np.dtype("int16"), "scale_factor": 0.01, "add_offset": 0.0, "_FillValue": np.int16(-1)}
    return ds.chunk(time=6)


def days(calendar: str, first: int, number: int) -> xr.Dataset:
    """Return days with bounds, as a model writes them: noon of each day, in its own calendar."""
    start = cftime.datetime(1999, 2, 20, calendar=calendar)
    noon = np.arange(first, first + number) + 0.5
    units = f"days since {start.isoformat(sep=' ')}"
    ds = field_of(xr.CFTimeIndex(cftime.num2date(noon, units, calendar)), offset=first)
    bounds = cftime.num2date(np.stack([noon - 0.5, noon + 0.5], axis=1), units, calendar)
    ds["time_bnds"] = (("time", "bnds"), bounds)
    ds.time.attrs["bounds"] = "time_bnds"
    return ds.chunk(lat=2, time=5)


def several(first: str, number: int) -> xr.Dataset:
    """Return a Dataset with variables of several dtypes, along time and not, and with a second coordinate of time."""
    ds = months(first, number)
    count = np.arange(number * 4, dtype="int32").reshape(number, 4)
    ds["count"] = (("lat", "time"), count.T)
    ds["valid"] = ("time", np.arange(number) % 2 == 0)
    ds["area"] = (("lat", "lon"), np.outer(np.cos(np.deg2rad(LAT)), np.ones(3)))
    ds["mask"] = ("lat", np.array([True, False, True, True]))
    ds["station"] = ("lat", np.array(["Bay", "Åland", "Cape", "Ø"], dtype=object))
    ds["height"] = ((), np.float32(2.0))
    return ds.assign_coords(season=("time", ds.time.dt.month.values // 3))


def _append(ds: xr.Dataset, url: str, **options: Any) -> int:
    from append_to_store import append

    return append(ds, url, **options)


def _plain(ds: xr.Dataset, url: str) -> None:
    ds.to_zarr(url, consolidated=False, encoding={"time": {"units": "hours since 2000-01-01", "dtype": "int64"}})


def _laid_out(ds: xr.Dataset, url: str) -> None:
    from append_to_store import lay_out

    lay_out(ds, url, pd.date_range("2000-01-01", periods=24, freq="MS"))
    _append(ds, url)


@dataclass(frozen=True)
class Kind:
    """What is stored first, and what is appended; ``begin`` creates the store from the first part.

    If the append is ``atomic``, readers get the old store or the new one, never something between them.
    """

    first: Callable[[], xr.Dataset | None]
    then: Callable[[], xr.Dataset]
    begin: Callable[[xr.Dataset, str], Any] = _append
    options: dict[str, Any] = field(default_factory=dict)
    atomic: bool = True

    def start(self, url: str) -> None:
        """Create the store, if there is a first part."""
        first = self.first()
        if first is not None:
            self.begin(first, url)

    def append(self, url: str) -> int:
        """Append the second part; return how many steps were written."""
        return _append(self.then(), url, **self.options)


SHARDS = {"sst": {"chunks": (2, 2, 3), "shards": (6, 4, 3)}}
KINDS = {
    "a new store": Kind(lambda: None, lambda: several("2000-01-01", 12)),
    "whole chunks": Kind(lambda: months("2000-01-01", 12), lambda: months("2001-01-01", 12)),
    "a half-full last chunk": Kind(lambda: months("2000-01-01", 9), lambda: months("2000-10-01", 11)),
    "shards": Kind(
        lambda: months("2000-01-01", 9),
        lambda: months("2000-10-01", 9, chunk=2),
        begin=lambda ds, url: _append(ds, url, encoding=SHARDS),
    ),
    "packed integers": Kind(lambda: packed(months("2000-01-01", 8)), lambda: packed(months("2000-09-01", 8))),
    "noleap days with bounds": Kind(lambda: days("noleap", 0, 7), lambda: days("noleap", 7, 9)),
    "360_day days with bounds": Kind(lambda: days("360_day", 0, 7), lambda: days("360_day", 7, 9)),
    "variables of all sorts": Kind(lambda: several("2000-01-01", 12), lambda: several("2001-01-01", 7)),
    "no consolidated metadata": Kind(
        lambda: months("2000-01-01", 9), lambda: months("2000-10-01", 9), begin=_plain, atomic=False
    ),
    "an axis laid out before": Kind(
        lambda: months("2001-01-01", 12), lambda: months("2000-01-01", 12), begin=_laid_out, atomic=False
    ),
}
