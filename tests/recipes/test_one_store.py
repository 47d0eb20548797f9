"""The function that writes NetCDF files as one store: nothing lost or altered, or refused."""

import pytest

PAGE = "notebooks/one-store-beats-a-thousand-files.ipynb"
FILES = """
import cftime
def month(number, path, calendar="standard", hour=0, lat=(0.0, 1.0), units="K", scale=0.01, area=1.0, days=28, **more):
    cftime_dates = calendar != "standard"
    time = xr.date_range(f"2001-{number:02d}-01T{hour:02d}", periods=days, calendar=calendar, use_cftime=cftime_dates)
    values = np.arange(days * 2.0).reshape(days, 2) / 100 * number
    bounds = np.stack([time, time + (time[1] - time[0])], axis=1)
    ds = xr.Dataset(
        {
            "t": (("time", "lat"), values, {"units": units}),
            "area": ("lat", [area, area], {"units": "m2"}),
            "time_bnds": (("time", "bnds"), bounds),
            "crs": ((), 7, {"grid_mapping_name": "latitude_longitude"}),
        },
        {"time": ("time", time, {"bounds": "time_bnds"}), "lat": ("lat", list(lat), {"units": "degrees_north"})},
        {"title": "made up"},
    ).assign(more)
    packed = {"dtype": "i2", "scale_factor": scale, "_FillValue": -999}
    clock = {"units": f"days since 2001-{number:02d}-01", "calendar": calendar} if hour == 0 else {}
    ds.to_netcdf(path, engine="h5netcdf", encoding={"t": packed, "time": clock, "time_bnds": clock})
    return path
"""


def _program(first, second):
    calls = f"paths = [month(1, 'run-1.nc'{first}), month(2, 'run-2.nc'{second})]\n"
    return FILES + calls + "to_store(paths, f'{folder}/run.zarr', {'time': 20})\n"


def test_a_store_has_everything_that_the_files_have(printed):
    program = (
        _program("", "")
        + """
store = xr.open_zarr(f"{folder}/run.zarr")
parts = [xr.open_dataset(path, engine="h5netcdf") for path in paths]
for name in ("t", "time", "time_bnds"):
    assert (store[name].values == np.concatenate([part[name].values for part in parts])).all()
for name in ("area", "crs", "lat"):
    xr.testing.assert_identical(store[name].variable.load(), parts[0][name].variable.load())
for name, variable in store.variables.items():
    assert variable.attrs == parts[0][name].attrs, name
print(store.t.encoding["dtype"], store.t.encoding["scale_factor"], store.attrs, store.area.dims)
"""
    )
    assert printed(PAGE, ("to_store",), program) == ["int16 0.01 {'title': 'made up'} ('lat',)"]


@pytest.mark.parametrize("calendar", ["noleap", "360_day"])
def test_calendars_of_models_are_kept(printed, calendar):
    options = f", calendar={calendar!r}"
    program = _program(options, options) + "print(xr.open_zarr(f'{folder}/run.zarr').time.dt.calendar)"

    assert printed(PAGE, ("to_store",), program) == [calendar]


def test_times_that_the_first_files_units_cannot_count_are_kept_or_refused(recipe):
    program = _program("", ", hour=12") + "print(xr.open_zarr(f'{folder}/run.zarr').time.values[28])"
    done = recipe(PAGE, ("to_store",), program)

    assert done.stdout.strip() == "2001-02-01T12:00:00.000000000" or done.returncode != 0


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("", ", area=2.0", "area"),
        ("", ", lat=(0.0, 2.0)", "lat"),
        ("", ", lat=(1.0, 0.0)", "lat"),
        ("", ", units='degC'", "units"),
        (", scale=0.5", "", "not identical"),
        ("", ", extra=('time', np.ones(28))", "AlignmentError"),
        (", extra=('time', np.ones(28))", "", "AlignmentError"),
        (", extra=1", "", "AlignmentError"),
        (", days=40", "", "monotonic"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(recipe, first, second, message):
    done = recipe(PAGE, ("to_store",), _program(first, second))

    assert done.returncode != 0
    assert message in done.stderr
