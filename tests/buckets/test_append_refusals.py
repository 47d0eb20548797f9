"""Data that do not fit a store: one line says why, and every object of the store stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cftime
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
from append_sources import LAT, days, months, packed, several
from append_to_store import DoesNotFit, append, lay_out


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return the content of all files of a store."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(url: Path, ds: xr.Dataset, says: str, **options) -> None:
    """Check that an append gives one line with the reason, and changes nothing."""
    before = bytes_of(url)
    with pytest.raises(DoesNotFit) as refusal:
        append(ds, str(url), **options)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert bytes_of(url) == before


def with_attrs(ds: xr.Dataset, name: str, **attrs) -> xr.Dataset:
    """Return the Dataset with other attributes of one variable; ``None`` removes one."""
    ds = ds.copy()
    kept = {key: value for key, value in (ds[name].attrs | attrs).items() if value is not None}
    ds[name] = ds[name].assign_attrs(kept)
    ds[name].attrs = kept
    return ds


def repacked(**encoding) -> Callable[[xr.Dataset], xr.Dataset]:
    """Return a function that changes how the values are packed; ``None`` removes a setting."""

    def change(ds: xr.Dataset) -> xr.Dataset:
        ds = packed(ds)
        ds.sst.encoding = {key: value for key, value in (ds.sst.encoding | encoding).items() if value is not None}
        return ds

    return change


def moved(days_later: float) -> Callable[[xr.Dataset], xr.Dataset]:
    """Return a function that shifts all times."""
    return lambda ds: ds.assign_coords(time=("time", ds.indexes["time"] + pd.Timedelta(days=days_later)))


def doubled(ds: xr.Dataset) -> xr.Dataset:
    """Return the Dataset with its first step twice."""
    return ds.isel(time=[0, *range(ds.sizes["time"])])


def replace(name: str, value) -> Callable[[xr.Dataset], xr.Dataset]:
    """Return a function that replaces or adds a variable; ``value`` is one, or makes one of the old variable."""
    return lambda ds: ds.assign({name: value(ds[name]) if callable(value) else value})


def coordinate(name: str, change: Callable) -> Callable[[xr.Dataset], xr.Dataset]:
    """Return a function that changes the values of a coordinate."""
    return lambda ds: ds.assign_coords({name: (ds[name].dims, change(ds[name].values), ds[name].attrs)})


GRID = {
    "other longitudes": (coordinate("lon", lambda lon: lon - 180), "lon has different values"),
    "latitude reversed": (lambda ds: ds.isel(lat=slice(None, None, -1)), "lat has different values"),
    "latitude reversed, values not": (coordinate("lat", lambda lat: lat[::-1].copy()), "lat has different values"),
    "latitude in another dtype": (
        coordinate("lat", lambda lat: lat.astype("f4")),
        "lat has dtype float32, but float64",
    ),
    "latitude rounded differently": (coordinate("lat", lambda lat: lat + 1e-7), "by up to 1e-07"),
    "a part of the grid": (lambda ds: ds.isel(lat=slice(2)), "has the dimensions"),
    "dimensions in another order": (lambda ds: ds.transpose("lat", "time", "lon"), "has the dimensions"),
    "another static field": (replace("area", lambda area: area * 1.01), "area has different values"),
    "another static mask": (replace("mask", lambda mask: ~mask), "mask has different values"),
    "other static text": (replace("station", lambda s: s.str.upper()), "station has different values"),
    "another scalar": (replace("height", lambda h: h * 5), "height has different values"),
    "a static field with NaN": (replace("area", lambda area: area.where(area > 0.6)), "area has different values"),
}
MEANING = {
    "another unit": (lambda ds: with_attrs(ds, "sst", units="K"), "units of sst is 'K', but 'degC'"),
    "no unit": (lambda ds: with_attrs(ds, "sst", units=None), "units of sst is None"),
    "another cell method": (lambda ds: with_attrs(ds, "sst", cell_methods="time: point"), "cell_methods of sst"),
    "a new attribute": (lambda ds: with_attrs(ds, "sst", valid_max=30.0), "valid_max of sst is 30.0, but None"),
    "another unit of latitude": (lambda ds: with_attrs(ds, "lat", units="degrees_south"), "units of lat"),
    "float64 for float32": (replace("sst", lambda sst: sst.astype("f8")), "sst has dtype float64, but float32"),
    "floats for integers": (replace("count", lambda count: count + 0.5), "count has dtype float64, but int32"),
    "other integers": (replace("count", lambda count: count.astype("i8")), "count has dtype int64, but int32"),
    "integers for truth": (replace("valid", lambda valid: valid.astype("i1")), "valid has dtype int8, but bool"),
    "a variable missing": (lambda ds: ds.drop_vars("count"), "the data lack count, which "),
    "a static variable missing": (lambda ds: ds.drop_vars(["area", "mask"]), "the data lack area, mask, which "),
    "a coordinate missing": (lambda ds: ds.drop_vars("season"), "the data lack season, which "),
    "a variable more": (replace("air", ("time", np.zeros(6))), "lacks air, which the data have"),
    "a static variable more": (replace("depth", ("lat", np.zeros(4))), "lacks depth, which the data have"),
    "times that were not decoded": (
        lambda ds: ds.assign_coords(time=("time", np.arange(6), {"units": "days since 2001-01-01"})),
        "units of time is 'days since 2001-01-01'",
    ),
}
STEPS = {
    "no time": (lambda ds: ds.drop_vars("time"), "have no coordinate time to append along"),
    "a step twice": (doubled, "time of the data does not increase at 2001-01-01"),
    "steps in reverse": (lambda ds: ds.isel(time=slice(None, None, -1)), "time of the data does not increase"),
    "a step without a time": (
        lambda ds: ds.assign_coords(time=np.array(["NaT", *ds.time.values[1:]], "M8[ns]")),
        "a step of time is missing",
    ),
    "a month left out": (lambda ds: ds.isel(time=slice(1, None)), "the step to 2001-02-01"),
    "a month left out later": (lambda ds: ds.isel(time=[0, 1, 3, 4]), "the step to 2001-04-01"),
    "days for months": (
        lambda ds: ds.assign_coords(time=pd.date_range("2001-01-01", periods=6)),
        "the step to 2001-01-02",
    ),
    "other values of the same months": (
        lambda _: replace("count", lambda count: count + 1)(several("2000-01-01", 6)),
        "has different values of count between 2000-01-01",
    ),
    "steps between those of the store": (moved(-45), "is not a step of"),
    "a year before the store": (moved(-10000), "is not a step of"),
    "a noleap calendar": (lambda ds: ds.convert_calendar("noleap"), "calendar of time is noleap"),
    "a 360_day calendar": (lambda ds: ds.convert_calendar("360_day", align_on="date"), "calendar of time is 360_day"),
}


@pytest.mark.parametrize("case", GRID | MEANING | STEPS)
def test_data_of_another_kind(tmp_path: Path, case: str):
    change, says = (GRID | MEANING | STEPS)[case]
    append(several("2000-01-01", 12), str(tmp_path / "a.zarr"))

    assert_refused(tmp_path / "a.zarr", change(several("2001-01-01", 6)), says)


PACKED = {
    "another scale": (repacked(scale_factor=0.02), "sst is packed with scale_factor 0.01"),
    "another offset": (repacked(add_offset=5.0), "sst is packed with add_offset 0.0"),
    "another fill value": (repacked(_FillValue=np.int16(-2)), "sst is packed with _FillValue -1"),
    "wider integers": (repacked(dtype=np.dtype("int32")), "sst is packed with dtype int16"),
    "no offset": (repacked(add_offset=None), "sst is packed with add_offset 0.0"),
    "not packed": (lambda ds: packed(ds).assign(sst=packed(ds).sst * 1.0), "sst is packed with dtype int16"),
    "values too large": (lambda ds: _scaled(packed(ds), 100), "sst has values that"),
    "values that become the fill value": (lambda ds: _with_value(packed(ds), -0.01), "sst has values that"),
}


def _scaled(ds: xr.Dataset, factor: float) -> xr.Dataset:
    encoding = ds.sst.encoding
    ds["sst"] = (ds.sst * factor).assign_attrs(ds.sst.attrs)
    ds.sst.encoding = encoding
    return ds


def _with_value(ds: xr.Dataset, value: float) -> xr.Dataset:
    encoding = ds.sst.encoding
    ds["sst"] = ds.sst.where(ds.lat != LAT[1], value)
    ds.sst.encoding = encoding
    return ds


@pytest.mark.parametrize("case", PACKED)
def test_values_packed_otherwise(tmp_path: Path, case: str):
    change, says = PACKED[case]
    append(packed(months("2000-01-01", 12)), str(tmp_path / "a.zarr"))

    assert_refused(tmp_path / "a.zarr", change(months("2001-01-01", 6)), says)


def test_missing_values_where_the_store_has_no_fill_value(tmp_path: Path):
    first, then = (packed(months(start, 6).fillna(1.0)) for start in ("2000-01-01", "2000-07-01"))
    for ds in (first, then):
        del ds.sst.encoding["_FillValue"]
    append(first, str(tmp_path / "a.zarr"))
    encoding = then.sst.encoding
    then["sst"] = then.sst.where(then.lat > 0)
    then.sst.encoding, then.sst.attrs = encoding, first.sst.attrs

    assert_refused(tmp_path / "a.zarr", then, "sst has values that")


@pytest.mark.parametrize("calendar", ["standard", "proleptic_gregorian", "360_day", "all_leap", "julian"])
def test_noleap_days_and_those_of_another_calendar(tmp_path: Path, calendar: str):
    append(days("noleap", 0, 7), str(tmp_path / "a.zarr"))

    assert_refused(tmp_path / "a.zarr", days(calendar, 7, 5), f"calendar of time is {calendar}, but noleap")


def test_noon_where_the_first_write_made_the_axis_whole_days(tmp_path: Path):
    months("2000-01-01", 12).to_zarr(tmp_path / "a.zarr")  # xarray chooses "days since", as integers
    noon = months("2001-01-01", 6)
    noon = noon.assign_coords(time=noon.indexes["time"] + pd.Timedelta(days=15, hours=12))

    assert_refused(tmp_path / "a.zarr", noon, "time has values that", gaps=True)


def test_bounds_that_the_store_cannot_hold(tmp_path: Path):
    first, then = days("noleap", 0, 7), days("noleap", 7, 5).load()
    append(first, str(tmp_path / "a.zarr"))
    half_a_second = cftime.datetime(1999, 2, 27, 0, 0, 0, 500000, calendar="noleap")
    then["time_bnds"][0, 0] = half_a_second

    assert_refused(tmp_path / "a.zarr", then, "time_bnds has values that")


def test_a_store_whose_axis_does_not_increase(tmp_path: Path):
    for _ in range(2):
        months("2000-01-01", 12).to_zarr(tmp_path / "a.zarr", append_dim="time" if _ else None)

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "time does not increase at 2000-01-01")


def test_another_experiment(tmp_path: Path):
    append(months("2000-01-01", 12).assign_attrs(experiment_id="ssp585", history="a"), str(tmp_path / "a.zarr"))
    other = months("2001-01-01", 12).assign_attrs(experiment_id="ssp126", history="b")

    assert_refused(tmp_path / "a.zarr", other, "experiment_id of the data is 'ssp126', but 'ssp585' in ")


def test_a_gap_in_the_first_part(tmp_path: Path):
    ds = months("2000-01-01", 12).isel(time=[0, 1, 2, 3, 6, 7])

    assert_refused(tmp_path / "a.zarr", ds, "the step to 2000-07-01")
    assert append(ds, str(tmp_path / "a.zarr"), gaps=True) == 6


def test_fewer_steps_than_the_consolidated_metadata_lack(tmp_path: Path):
    append(months("2000-01-01", 12), str(tmp_path / "a.zarr"))
    months("2001-01-01", 12).to_zarr(tmp_path / "b.zarr", encoding={"time": {"units": "seconds since 1970-01-01"}})
    arrays, more = (
        zarr.open_group(tmp_path / name, mode="r+", use_consolidated=False) for name in ("a.zarr", "b.zarr")
    )
    for name in ("sst", "time"):
        arrays[name].append(more[name][...])

    assert_refused(
        tmp_path / "a.zarr", months("2001-01-01", 6), "has 24 steps, of which its consolidated metadata list 12"
    )
    assert append(months("2001-01-01", 12), str(tmp_path / "a.zarr")) == 12


DAMAGED = {
    "metadata of the root cut off": ("zarr.json", b'{"zarr_format": 3,', "zarr.json is damaged"),
    "metadata of an array empty": ("sst/zarr.json", b"", "sst/zarr.json is damaged"),
    "metadata that are a list": ("sst/zarr.json", b"[]", "sst/zarr.json is damaged"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_store_with_damaged_metadata(tmp_path: Path, case: str):
    name, content, says = DAMAGED[case]
    append(months("2000-01-01", 12), str(tmp_path / "a.zarr"))
    (tmp_path / "a.zarr" / name).write_bytes(content)

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), says)


def test_an_array_without_names_of_dimensions(tmp_path: Path):
    append(months("2000-01-01", 12), str(tmp_path / "a.zarr"))
    zarr.create_array(tmp_path / "a.zarr/extra", shape=(3,), dtype="f4")

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "extra/zarr.json has dimensions without names")


def test_arrays_of_a_store_whose_root_is_gone(tmp_path: Path):
    months("2000-01-01", 12).to_zarr(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/zarr.json").unlink()

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "is an array of another store")


ENCODINGS = {
    "a variable that there is not": ({"air": {"chunks": (1,)}}, "the encoding has settings for air"),
    "a setting that there is not": ({"sst": {"chunksizes": (1, 4, 3)}}, "cannot be created"),
    "shards that are not whole chunks": ({"sst": {"chunks": (5, 4, 3), "shards": (6, 4, 3)}}, "cannot be created"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_an_encoding_that_xarray_refuses(tmp_path: Path, case: str):
    encoding, says = ENCODINGS[case]

    assert_refused(tmp_path / "a.zarr", months("2000-01-01", 12), says, encoding=encoding)


def test_a_store_of_version_2(tmp_path: Path):
    months("2000-01-01", 12).to_zarr(tmp_path / "a.zarr", zarr_format=2)

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "has version 2 of the Zarr format")


def test_a_store_with_groups(tmp_path: Path):
    months("2000-01-01", 12).to_zarr(tmp_path / "a.zarr")
    months("2000-01-01", 12).to_zarr(tmp_path / "a.zarr", group="ocean", mode="a")

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "has groups (ocean)")


def test_a_group_without_arrays(tmp_path: Path):
    zarr.create_group(tmp_path / "a.zarr")

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "has no coordinate time; it has no variables")


def test_a_folder_that_is_no_store(tmp_path: Path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr/notes.txt").write_text("keep")

    assert_refused(tmp_path / "a.zarr", months("2001-01-01", 12), "is not a store but holds notes.txt")


@pytest.mark.parametrize("value", [None, 3])
def test_objects_that_are_not_text(tmp_path: Path, value: object):
    ds = months("2000-01-01", 2)
    ds["note"] = ("time", np.array(["a", value], dtype=object))

    assert_refused(tmp_path / "a.zarr", ds, "note holds objects that are not text")


def test_an_axis_laid_out_with_other_steps(tmp_path: Path):
    axis = pd.date_range("2000-01-01", periods=24, freq="MS")
    lay_out(months("2000-01-01", 12), str(tmp_path / "a.zarr"), axis)
    before = bytes_of(tmp_path / "a.zarr")

    with pytest.raises(DoesNotFit, match="exists with other steps of time"):
        lay_out(months("2000-01-01", 12), str(tmp_path / "a.zarr"), axis[:12])
    assert bytes_of(tmp_path / "a.zarr") == before


def test_a_store_that_another_program_changes_meanwhile(tmp_path: Path):
    url = tmp_path / "a.zarr"
    append(months("2000-01-01", 12), str(url))
    ours = months("2001-01-01", 12)

    def append_another(values: np.ndarray) -> np.ndarray:
        append(months("2001-01-01", 6), str(url))
        return values

    ours["sst"] = ours.sst.copy(data=ours.sst.data.map_blocks(append_another, meta=np.empty((0, 0, 0), "f4")))
    with pytest.raises(DoesNotFit, match=r"another program wrote to .* at the same time"):
        append(ours.chunk(time=12), str(url))
    assert xr.open_zarr(url).sizes["time"] == 18
