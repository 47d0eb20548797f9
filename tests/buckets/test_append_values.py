"""What a store holds after appending: the values as they were, whatever their calendar, dtype and chunks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
from append_sources import KINDS, SCRIPT, SHARDS, days, months, packed, several
from append_to_store import append, lay_out, missing
from test_append_refusals import bytes_of


def whole(*parts: xr.Dataset) -> xr.Dataset:
    """Return the parts as one Dataset, with their values in memory."""
    joined = xr.concat(parts, "time", data_vars="minimal", coords="minimal", compat="override", join="override")
    return joined.load()


def assert_holds(url: Path, *parts: xr.Dataset) -> None:
    """Check that a reader with the defaults of xarray gets exactly the parts, without a warning."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONWARNINGS", "error")
        xr.testing.assert_identical(xr.open_zarr(url).load(), whole(*parts))


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_holds_both_parts(tmp_path: Path, kind: str):
    url, series = tmp_path / "a.zarr", KINDS[kind]
    series.start(str(url))
    first, then = series.first(), series.then()

    assert series.append(str(url)) == then.sizes["time"]
    assert series.append(str(url)) == 0

    parts = sorted((part for part in (first, then) if part is not None), key=lambda part: part.indexes["time"][0])
    assert_holds(url, *parts)


def test_packed_integers_are_the_same_integers(tmp_path: Path):
    url, parts = tmp_path / "a.zarr", [packed(months(start, 8)) for start in ("2000-01-01", "2000-09-01")]
    for number, part in enumerate(parts):
        part.to_netcdf(tmp_path / f"{number}.nc", engine="h5netcdf")
        with xr.open_dataset(tmp_path / f"{number}.nc", engine="h5netcdf") as opened:
            append(opened, str(url))

    stored = xr.open_zarr(url, mask_and_scale=False).sst
    files = [xr.load_dataset(tmp_path / f"{number}.nc", mask_and_scale=False).sst for number in range(2)]
    assert stored.dtype == np.int16
    np.testing.assert_array_equal(stored.values, np.concatenate([file.values for file in files]))


def test_midnights_first_and_noons_later(tmp_path: Path):
    midnights, noons = months("2000-01-01", 12), months("2001-01-01", 12)
    noons = noons.assign_coords(time=noons.indexes["time"] + pd.Timedelta(days=15, hours=12))

    for part in (midnights, noons, midnights, noons):
        append(part, str(tmp_path / "a.zarr"))

    assert_holds(tmp_path / "a.zarr", midnights, noons)


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "all_leap", "julian", "standard", "proleptic_gregorian"])
def test_every_calendar_one_day_at_a_time(tmp_path: Path, calendar: str):
    parts = [days(calendar, day, 1) for day in range(12)]  # across the end of February 1999

    for part in parts:
        append(part, str(tmp_path / "a.zarr"))

    stored = xr.open_zarr(tmp_path / "a.zarr", decode_times=xr.coders.CFDatetimeCoder(use_cftime=True)).load()
    xr.testing.assert_identical(stored, whole(*parts))
    assert stored.time.encoding["calendar"] == calendar
    assert stored.time.encoding["units"] == "seconds since 1970-01-01"


def test_an_axis_of_numbers(tmp_path: Path):
    ds = xr.Dataset({"score": ("member", np.arange(5.0))}, {"member": np.arange(5)})

    append(ds.isel(member=slice(2)), str(tmp_path / "a.zarr"), "member")
    append(ds, str(tmp_path / "a.zarr"), "member")

    xr.testing.assert_identical(xr.open_zarr(tmp_path / "a.zarr").load(), ds)


def test_an_empty_store_and_an_empty_part(tmp_path: Path):
    ds = months("2000-01-01", 12)
    ds.isel(time=slice(0)).to_zarr(tmp_path / "a.zarr", encoding={"time": {"units": "hours since 2000-01-01"}})

    assert append(ds.isel(time=slice(0)), str(tmp_path / "a.zarr")) == 0
    assert append(ds, str(tmp_path / "a.zarr")) == 12

    assert_holds(tmp_path / "a.zarr", ds)


def test_shards_are_written_as_a_whole_from_any_dask_chunks(tmp_path: Path):
    url, parts = tmp_path / "a.zarr", [months("2000-01-01", 9, chunk=1), months("2000-10-01", 9, chunk=2)]

    for part in parts:
        append(part.chunk(lat=1), str(url), encoding=SHARDS)

    assert zarr.open_array(url / "sst").shards == (6, 4, 3)
    assert_holds(url, *parts)


def test_the_scheduler_makes_no_difference(tmp_path: Path):
    for scheduler in ("threads", "synchronous"):
        with dask.config.set(scheduler=scheduler):
            append(several("2000-01-01", 9), str(tmp_path / f"{scheduler}.zarr"))
            append(several("2000-10-01", 9), str(tmp_path / f"{scheduler}.zarr"))

    assert bytes_of(tmp_path / "threads.zarr") == bytes_of(tmp_path / "synchronous.zarr")


def damaged(folder: Path) -> list[Path]:
    """Return copies of a store in each state that a plain append leaves when it dies."""
    first, then = several("2000-01-01", 12), several("2001-01-01", 12)
    append(first, str(folder / "first.zarr"))
    shutil.copytree(folder / "first.zarr", folder / "whole.zarr")
    then.to_zarr(folder / "whole.zarr", append_dim="time")
    old, new = bytes_of(folder / "first.zarr"), bytes_of(folder / "whole.zarr")
    # xarray resizes an array, writes it if it is in memory, and writes Dask arrays at the end.
    order = sorted(set(new) - set(old)) + sorted(name for name in old if old[name] != new[name])
    order.sort(key=lambda name: (not name.endswith("zarr.json"), name))
    states = []
    for end in range(1, len(order)):
        state = folder / f"{end}.zarr"
        shutil.copytree(folder / "first.zarr", state)
        for name in order[:end]:
            (state / name).parent.mkdir(parents=True, exist_ok=True)
            (state / name).write_bytes(new[name])
        states.append(state)
    return states


def test_a_store_that_a_plain_append_left_in_pieces_is_completed(tmp_path: Path):
    first, then = several("2000-01-01", 12), several("2001-01-01", 12)
    states = damaged(tmp_path)
    assert len(states) > 10

    for state in states:
        append(then, str(state))
        assert append(then, str(state)) == 0
        assert_holds(state, first, then)


def test_missing_steps_are_those_without_a_chunk(tmp_path: Path):
    url, axis = tmp_path / "a.zarr", pd.date_range("2000-01-01", periods=24, freq="MS")
    parts = [months(start, 12) for start in ("2000-01-01", "2001-01-01")]
    empty = parts[1].copy()
    empty["sst"] = empty.sst.where(False)
    lay_out(parts[0], str(url), axis)
    lay_out(parts[0], str(url), axis)
    assert missing(str(url)).size == 24

    assert append(empty, str(url)) == 12
    assert missing(str(url)).dt.year.values.tolist() == [2000] * 12
    assert append(parts[0], str(url)) == 12
    assert append(empty, str(url)) == 0

    assert missing(str(url)).size == 0
    assert_holds(url, parts[0], empty)


def test_the_script_runs_without_the_rest_of_the_project(tmp_path: Path):
    shutil.copy(SCRIPT, tmp_path)
    code = "from append_to_store import append; print(append.__doc__.splitlines()[0])"

    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert ran.stdout.startswith("Append the steps of ``ds``"), ran.stderr
