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


def from_file(path: Path, ds: xr.Dataset, **options) -> xr.Dataset:
    """Return the Dataset as it comes from a file."""
    ds.to_netcdf(path, **options)
    return xr.open_dataset(path, chunks={})


FROM_FILES = {
    "only missing_value": (None, {"sst": {"missing_value": np.float32(1e20), "_FillValue": None}}),
    "characters": ("char", {"note": {"dtype": "S1"}}),
    "text of any length": ("text", {}),
    "time spans": ("span", {}),
}


@pytest.mark.parametrize("case", FROM_FILES)
def test_variables_as_files_store_them(tmp_path: Path, case: str):
    more, encoding = FROM_FILES[case]
    parts = [months(start, 8).load() for start in ("2000-01-01", "2000-09-01")]
    values = {"char": [f"run {n}" for n in range(8)], "text": np.array([f"Å{n}" for n in range(8)], object)}
    values["span"] = np.arange(8) * np.timedelta64(6, "h").astype("m8[ns]")
    if more:
        parts = [part.assign(note=("time", values[more])) for part in parts]
    parts = [
        from_file(tmp_path / f"{number}.nc", part, engine="netcdf4", encoding=encoding)
        for number, part in enumerate(parts)
    ]

    for part in (*parts, *parts):
        append(part, str(tmp_path / "a.zarr"))

    assert_holds(tmp_path / "a.zarr", *parts)


@pytest.mark.parametrize("dtype", ["U", object])
def test_text_that_becomes_longer(tmp_path: Path, dtype: object):
    parts = [months("2000-01-01", 6), months("2000-07-01", 6)]
    parts = [
        part.assign(note=("time", np.array([text] * 6, dtype)))
        for part, text in zip(parts, ("Å", "Åland"), strict=True)
    ]

    for part in (*parts, *parts):
        append(part, str(tmp_path / "a.zarr"))

    assert_holds(tmp_path / "a.zarr", *parts)


def test_the_most_significant_byte_first(tmp_path: Path):
    parts = [months(start, 6).astype(">f4") for start in ("2000-01-01", "2000-07-01")]
    parts = [part.assign(level=("lat", np.arange(4, dtype=">i4"))) for part in parts]

    for part in parts:
        append(part, str(tmp_path / "a.zarr"))

    np.testing.assert_array_equal(xr.open_zarr(tmp_path / "a.zarr").sst, whole(*parts).sst)


def test_a_packing_that_is_repeated_with_each_part(tmp_path: Path):
    parts = [packed(months(start, 6)).drop_encoding() for start in ("2000-01-01", "2000-07-01")]
    packing = {"sst": {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -1}}

    for part in (*parts, *parts):
        append(part, str(tmp_path / "a.zarr"), encoding=packing)

    assert zarr.open_array(tmp_path / "a.zarr/sst").dtype == np.int16
    np.testing.assert_allclose(xr.open_zarr(tmp_path / "a.zarr").sst, whole(*parts).sst, atol=0.006)


def test_attributes_that_are_not_numbers(tmp_path: Path):
    parts = [months(start, 6) for start in ("2000-01-01", "2000-07-01")]
    for part in parts:
        part.sst.attrs |= {"valid_min": np.nan, "note": None, "levels": []}

    for part in parts:
        append(part, str(tmp_path / "a.zarr"))

    assert xr.open_zarr(tmp_path / "a.zarr").sizes["time"] == 12


def test_times_after_2262(tmp_path: Path):
    times = [np.arange(f"{year}-01", f"{year + 1}-01", dtype="M8[M]").astype("M8[s]") for year in (9990, 9991)]

    for time in times:
        append(months("2000-01-01", 12).assign_coords(time=time), str(tmp_path / "a.zarr"))

    stored = zarr.open_array(tmp_path / "a.zarr/time")[...]
    np.testing.assert_array_equal(stored.astype("M8[s]"), np.concatenate(times))


def test_a_grid_without_points(tmp_path: Path):
    ds = months("2000-01-01", 6).isel(lon=slice(0))

    assert [append(ds, str(tmp_path / "a.zarr")) for _ in range(2)] == [6, 0]


def test_an_irregular_axis(tmp_path: Path):
    time = pd.to_datetime(["2000-01-01", "2000-01-02", "2000-01-09", "2000-02-20", "2000-03-21", "2000-03-24"])
    ds = months("2000-01-01", 6).assign_coords(time=time)

    append(ds.isel(time=slice(5)), str(tmp_path / "a.zarr"))
    append(ds, str(tmp_path / "a.zarr"))

    assert_holds(tmp_path / "a.zarr", ds)


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
