"""Source files for uploads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr


def months(folder: Path, count: int = 3, steps: int = 4) -> list[Path]:
    """Write small consecutive NetCDF files with floats, packed integers and a mask without time; return their paths."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(20261125)
    lat, lon = np.linspace(-80, 80, 9), np.arange(0.0, 360, 30)
    paths = []
    for month in range(count):
        time = np.arange(month * steps, (month + 1) * steps)
        shape = (steps, len(lat), len(lon))
        air = random.normal(280, 10, shape).astype("f4")
        air[0, 0, 0] = np.nan
        rain = random.integers(-1, 500, shape, dtype="i2")
        packed = {"scale_factor": 0.1, "add_offset": 5.0, "_FillValue": np.int16(-1)}
        dataset = xr.Dataset(
            {
                "air": (("time", "lat", "lon"), air, {"units": "K", "long_name": "air temperature"}),
                "rain": (("time", "lat", "lon"), rain, {"units": "mm", **packed}),
                "mask": (("lat", "lon"), np.ones(shape[1:], "i1"), {"long_name": "where there is land"}),
                "height": ((), np.float64(2.0), {"units": "m"}),
            },
            {
                "time": ("time", time, {"units": "days since 2000-01-01", "calendar": "standard"}),
                "lat": ("lat", lat, {"units": "degrees_north"}),
                "lon": ("lon", lon, {"units": "degrees_east"}),
            },
            {"title": "Three months", "month": month},
        )
        paths.append(folder / f"month-{month}.nc")
        dataset.to_netcdf(paths[-1], engine="h5netcdf")
    return paths
