"""The function that joins files virtually: files that do not fit together are refused, not read wrongly."""

import pytest

PAGE = "notebooks/virtual-store.ipynb"
NAMES = ("registry", "virtual", "shared", "join", "bucket")
FILES = """
def year(number, lat=(0.0, 1.0), units="K", scale=0.01, offset=0.0, mask=1.0, dtype="i2", zlib=True, start=1, since=""):
    months = pd.date_range(f"{number}-{start:02d}-01", periods=12, freq="MS")
    values = np.linspace(0, 20, 24).reshape(12, 2)
    ds = xr.Dataset(
        {"sst": (("time", "lat"), values, {"units": units}), "lon": ("lat", [mask, 1.0])},
        {"time": months, "lat": list(lat)},
        {"history": f"made in {number}"},
    )
    encoding = {}
    if since:
        ds["time_bnds"] = ("time", "bnds"), np.stack([months, months + pd.offsets.MonthBegin()], axis=1)
        ds.time.attrs["bounds"] = "time_bnds"
        encoding["time"] = {"units": f"days since {since}"}
    packed = {"dtype": dtype, "scale_factor": scale, "add_offset": offset, "_FillValue": -999}
    packed |= {"zlib": zlib, "chunksizes": (12, 2)}
    ds.to_netcdf("year.nc", engine="h5netcdf", encoding=encoding | {"sst": packed})
    url = f"{folder}/{len(fs.find(folder))}.nc"
    fs.put("year.nc", url)
    return url
"""


def _program(first, second):
    return f"{FILES}\njoined = join([year({first}), year({second})])\n"


def test_files_that_fit_are_joined_and_read_as_they_are(printed):
    check = """
joined.vz.to_kerchunk("refs.json", format="json")
store = xr.open_dataset("refs.json", engine="kerchunk", chunks={})
print(store.sizes["time"], float(abs(store.sst[12:].values - np.linspace(0, 20, 24).reshape(12, 2)).max()) < 0.01)
"""
    assert printed(PAGE, NAMES, _program("2001", "2002") + check) == ["24 True"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("2002, scale=0.02", "another grid, mask or attribute"),
        ("2002, offset=5.0", "another grid, mask or attribute"),
        ("2002, units='degC'", "another grid, mask or attribute"),
        ("2002, lat=(1.0, 0.0)", "another grid, mask or attribute"),
        ("2002, mask=0.0", "another grid, mask or attribute"),
        ("2002, zlib=False", "different codecs"),
        ("2002, dtype='i4'", "inconsistent dtypes"),
        ("2000", "not in order of time"),
        ("2001, start=6", "overlap"),
    ],
)
def test_files_that_do_not_fit_are_refused(recipe, second, message):
    done = recipe(PAGE, NAMES, _program("2001", second))

    assert done.returncode != 0
    assert message in done.stderr


def test_bounds_that_count_from_different_dates_are_refused(recipe):
    first = "2001, since='2001-01-01'"
    alike = recipe(PAGE, NAMES, _program(first, "2002, since='2001-01-01'"))
    done = recipe(PAGE, NAMES, _program(first, "2002, since='2002-01-01'"))

    assert alike.returncode == 0, alike.stderr
    assert "another grid, mask or attribute" in done.stderr
