"""The layouts of public datasets as xarray reads them, compared with what their sources print."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hubfacts.public_data import load

# Opens every dataset without an account, and prints its layout as JSON.
PROGRAM = """
import json, sys
import xarray as xr

layouts = {}
for url in sys.argv[1:]:
    anonymous = {"anon": True} if url.startswith("s3:") else {"token": "anon"}
    ds = xr.open_zarr(url, chunks={}, storage_options=anonymous)
    layouts[url] = {
        "sizes": dict(ds.sizes),
        "attributes": {name: value if isinstance(value, str) else int(value) for name, value in ds.attrs.items()},
        "arrays": {
            name: [list(array.dims), list(array.shape), list(array.encoding["chunks"]), str(array.dtype), array.attrs]
            for name, array in ds.variables.items()
        },
        "coordinates": sorted(ds.coords),
        "compressors": sorted({str(array.encoding["compressors"]) for array in ds.variables.values()}),
        "ends": {name: [str(ds[name].values[0]), str(ds[name].values[-1])] for name in ds.coords if ds[name].ndim == 1},
    }
print(json.dumps(layouts))
"""
ARCO = "gs://gcp-public-data-arco-era5/ar/full_37-1h-0p25deg-chunk-1.zarr-v3"
WEATHERBENCH = "gs://weatherbench2/datasets/era5/1959-2023_01_10-6h-64x32_equiangular_conservative.zarr"
U10 = {"long_name": "10 metre U wind component", "short_name": "u10", "units": "m s**-1"}
V10 = {"long_name": "10 metre V wind component", "short_name": "v10", "units": "m s**-1"}
T2M = {"long_name": "2 metre temperature", "short_name": "t2m", "units": "K"}
SST = {"long_name": "Sea surface temperature", "short_name": "sst", "units": "K"}
TP = {"long_name": "Total precipitation", "short_name": "tp", "units": "m"}
MSL = {
    "long_name": "Mean sea level pressure",
    "short_name": "msl",
    "standard_name": "air_pressure_at_mean_sea_level",
    "units": "Pa",
}
LSM = {"long_name": "Land-sea mask", "short_name": "lsm", "standard_name": "land_binary_mask", "units": "(0 - 1)"}
# https://github.com/google-research/arco-era5, README.md: "Chunking", "Grid", "Levels"; issue 137: the attributes; pull
# request 84: the last time. Attributes of the variables: WeatherBench 2, which is made from the same files.
ARCO_SIZES = {"time": 1323648, "latitude": 721, "longitude": 1440, "level": 37}
ARCO_ATTRIBUTES = {
    "valid_time_start": "1940-01-01",
    "last_updated": "2026-06-01 03:27:53.232444+00:00",
    "valid_time_stop": "2025-12-31",
    "valid_time_stop_era5t": "2026-05-26",
}
# https://github.com/google-research/weatherbench2, docs/source/evaluation.ipynb, xr.open_zarr(obs_path), and
# docs/source/data-guide.ipynb for the number of times.
WEATHERBENCH_SIZES = {"time": 93544, "longitude": 64, "latitude": 32, "level": 13}
# https://github.com/scotthosking/baspy: the printed tas of GFDL-AM4, on the same grid.
TAS = {
    "long_name": "Near-Surface Air Temperature",
    "units": "K",
    "cell_methods": "area: time: mean",
    "cell_measures": "area: areacella",
    "standard_name": "air_temperature",
    "interp_method": "conserve_order2",
    "original_name": "tas",
}
# The months of each store, and of its chunks: half of the store, and at most 50 MB of the source files
# (https://github.com/naomi-henderson/cmip6collect2, mytasks.py).
CMIP6 = {
    "gs://cmip6/CMIP6/CMIP/NOAA-GFDL/GFDL-CM4/historical/r1i1p1f1/Amon/tas/gr1/v20180701": (1980, 600),
    "gs://cmip6/CMIP6/CMIP/NOAA-GFDL/GFDL-ESM4/historical/r1i1p1f1/Amon/tas/gr1/v20190726": (1980, 600),
    "gs://cmip6/CMIP6/ScenarioMIP/NOAA-GFDL/GFDL-ESM4/ssp585/r1i1p1f1/Amon/tas/gr1/v20180701": (1032, 516),
    "s3://cmip6-pds/CMIP6/CMIP/NOAA-GFDL/GFDL-ESM4/historical/r1i1p1f1/Amon/tas/gr1/v20190726": (1980, 600),
}


@pytest.fixture(scope="module")
def layouts(root):
    """The layouts of all datasets, by their addresses."""
    urls = [dataset.url for dataset in load().datasets.values()]
    command = [sys.executable, "-m", "fakehub", "run", "--persona", "anonymous", "--", sys.executable, "-c", PROGRAM]
    done = subprocess.run([*command, *urls], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def variables(layout):
    """Return dimensions, chunk shape, data type and attributes of each variable that is not a coordinate."""
    return {name: array for name, array in layout["arrays"].items() if name not in layout["sizes"]}


def test_arco_era5_has_the_documented_layout(layouts):
    layout = layouts[ARCO]
    dims, shape, chunks = ["time", "latitude", "longitude"], [1323648, 721, 1440], [1, 721, 1440]

    assert (layout["sizes"], layout["attributes"]) == (ARCO_SIZES, ARCO_ATTRIBUTES)
    assert variables(layout) == {
        "10m_u_component_of_wind": [dims, shape, chunks, "float32", U10],
        "10m_v_component_of_wind": [dims, shape, chunks, "float32", V10],
        "2m_temperature": [dims, shape, chunks, "float32", T2M],
        "mean_sea_level_pressure": [dims, shape, chunks, "float32", MSL],
        "sea_surface_temperature": [dims, shape, chunks, "float32", SST],
        "total_precipitation": [dims, shape, chunks, "float32", TP],
    }
    assert layout["arrays"]["latitude"][3:] == ["float32", {"long_name": "latitude", "units": "degrees_north"}]
    assert layout["arrays"]["longitude"][3:] == ["float32", {"long_name": "longitude", "units": "degrees_east"}]
    assert layout["ends"] == {
        "time": ["1900-01-01T00:00:00.000000000", "2050-12-31T23:00:00.000000000"],
        "latitude": ["90.0", "-90.0"],
        "longitude": ["0.0", "359.75"],
        "level": ["1", "1000"],
    }


def test_weatherbench2_has_the_documented_layout(layouts):
    layout = layouts[WEATHERBENCH]
    dims, shape, chunks = ["time", "longitude", "latitude"], [93544, 64, 32], [100, 64, 32]

    assert (layout["sizes"], layout["attributes"]) == (WEATHERBENCH_SIZES, {})
    assert variables(layout) == {
        "10m_u_component_of_wind": [dims, shape, chunks, "float32", U10],
        "10m_v_component_of_wind": [dims, shape, chunks, "float32", V10],
        "2m_temperature": [dims, shape, chunks, "float32", T2M],
        "land_sea_mask": [["longitude", "latitude"], [64, 32], [64, 32], "float32", LSM],
        "mean_sea_level_pressure": [dims, shape, chunks, "float32", MSL],
        "sea_surface_temperature": [dims, shape, chunks, "float32", SST],
        "total_precipitation_6hr": [dims, shape, chunks, "float32", TP],
    }
    assert layout["ends"] == {
        "time": ["1959-01-01T00:00:00.000000000", "2023-01-10T18:00:00.000000000"],
        "longitude": ["0.0", "354.375"],
        "latitude": ["-87.1875", "87.1875"],
        "level": ["50", "1000"],
    }


@pytest.mark.parametrize("url", CMIP6)
def test_cmip6_has_the_documented_layout(layouts, url):
    layout, (months, chunk) = layouts[url], CMIP6[url]

    # https://github.com/ESMValGroup/ESMValCore: 1980, 180, 288; ClimateImpactLab/downscaleCMIP6, issue 435: the rest.
    assert layout["sizes"] == {"time": months, "bnds": 2, "lat": 180, "lon": 288}
    assert layout["coordinates"] == ["bnds", "height", "lat", "lat_bnds", "lon", "lon_bnds", "time", "time_bnds"]
    arrays = layout["arrays"]
    assert arrays["tas"] == [["time", "lat", "lon"], [months, 180, 288], [chunk, 180, 288], "float32", TAS]
    assert {name: arrays[name][0] for name in ("height", "lat_bnds", "lon_bnds", "time_bnds")} == {
        "height": [],
        "lat_bnds": ["lat", "bnds"],
        "lon_bnds": ["lon", "bnds"],
        "time_bnds": ["time", "bnds"],
    }
    first, last = ("1850", "2014") if months == 1980 else ("2015", "2100")
    assert layout["ends"] == {
        "time": [f"{first}-01-16 12:00:00", f"{last}-12-16 12:00:00"],
        "bnds": ["1.0", "2.0"],
        "lat": ["-89.5", "89.5"],
        "lon": ["0.625", "359.375"],
    }
    assert (arrays["time"][3], arrays["time"][4]["bounds"]) == ("object", "time_bnds")  # cftime: no leap days
    _, _, _, *folders, version = url.partition("/CMIP6/")[2].split("/")
    shown = [layout["attributes"][name] for name in ("experiment_id", "variant_label", "table_id", "variable_id")]
    assert [*shown, layout["attributes"]["grid_label"], layout["attributes"]["version_id"]] == [*folders, version]


def test_all_are_zarr_of_format_2_compressed_by_blosc_with_lz4(layouts):
    for layout in layouts.values():
        (compressor,) = layout["compressors"]
        assert "Blosc(cname='lz4', clevel=5, shuffle=SHUFFLE" in compressor
