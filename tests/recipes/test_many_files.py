"""The conversion of many files with xarray, on files as models and archives write them."""

import numpy as np
import pytest
import xarray as xr
from page_code import definitions

PAGE = "book/uploads/convert-many-files.md"


@pytest.fixture
def convert(root, tmp_path, monkeypatch):
    """Write the datasets to files, each with its ``encoding``, and open them as the page does, but from Zarr."""

    for folder in ("uploads", "buckets"):  # the page imports its scripts
        monkeypatch.syspath_prepend(root / "book" / folder)

    def convert_(datasets, encodings):
        names = {"output": tmp_path / "output"}
        names["output"].mkdir()
        for number, (ds, encoding) in enumerate(zip(datasets, encodings, strict=True), start=9):
            ds.to_netcdf(names["output"] / f"run-{number}.nc", engine="h5netcdf", encoding=encoding)
        exec(definitions(root, PAGE, ("files", "ds")), names)
        names["ds"].to_zarr(tmp_path / "all.zarr")
        return xr.open_zarr(tmp_path / "all.zarr").load()

    return convert_


def month(start, calendar="standard", days=30):
    """Return a dataset of a month, with values that need its own offset when they are packed."""
    time = xr.date_range(start, periods=days, calendar=calendar, use_cftime=calendar != "standard")
    sst = np.round(np.random.default_rng(days).normal(15, 5, (days, 3)), 2)
    sst[0, 0] = np.nan
    area = ("x", [1.0, 2.0, 3.0], {"units": "m2"})
    return xr.Dataset({"sst": (("time", "x"), sst, {"units": "degC"}), "area": area}, {"time": time, "x": [0, 1, 2]})


@pytest.mark.parametrize("calendar", ["standard", "noleap", "360_day"])
def test_files_that_are_packed_differently_and_count_from_different_dates(convert, calendar):
    parts = [month("2000-01-01", calendar, 28), month("2000-02-01", calendar, 20)]
    encodings = [
        {
            "sst": {"dtype": "int16", "scale_factor": scale, "add_offset": offset, "_FillValue": fill},
            "time": {"units": f"{unit} since {part.time.values[0]!s:.10}", "calendar": calendar},
        }
        for part, scale, offset, fill, unit in zip(
            parts, (0.01, 0.005), (0.0, 20.0), (-32768, -1), ("days", "hours"), strict=True
        )
    ]

    converted = convert(parts, encodings)

    expected = xr.concat(parts, "time", data_vars="minimal")
    xr.testing.assert_allclose(converted, expected, atol=0.006)
    assert (converted.time == expected.time).all()
    assert converted.area.dims == ("x",) and converted.sst.attrs["units"] == "degC"


def test_files_with_another_grid_are_refused(convert):
    parts = [month("2000-01-01"), month("2000-02-01").assign_coords(x=[0, 1, 3])]

    with pytest.raises(ValueError, match="exact"):
        convert(parts, [{}, {}])


def test_files_with_other_units_are_refused(convert):
    parts = [month("2000-01-01"), month("2000-02-01")]
    parts[1].sst.attrs["units"] = "K"

    with pytest.raises(xr.MergeError, match=r"no_conflicts.*degC"):
        convert(parts, [{}, {}])
