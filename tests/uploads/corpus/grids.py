"""Grids: regular, curvilinear, rotated, unstructured, ragged, points and swaths."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpus.files import LAT, LON, File, Var, days, numbers, regular, series, with_bounds
from corpus.model import Made, entry

TIME = {"units": "days since 2000-01-01", "calendar": "standard"}


def one(folder: Path, file: File, *options: str, **more) -> Made:
    """Write one file."""
    return Made([file.write(folder / "data.nc")], options, **more)


@entry("regular grid", "copied")
def regular_grid(folder: Path) -> Made:
    return one(folder, regular(days(0, 6)))


@entry("regular grid with bounds and cell areas", "copied", grid="regular, bounds")
def bounds(folder: Path) -> Made:
    return one(folder, with_bounds(regular(days(0, 6))))


@entry("latitude from north to south", "copied", grid="regular, decreasing latitude")
def north_to_south(folder: Path) -> Made:
    file = regular(days(0, 3))
    file.variables["lat"].values = LAT[::-1]
    return one(folder, file)


@entry("Gaussian latitudes", "copied", grid="regular, unequal latitudes")
def gaussian(folder: Path) -> Made:
    file = regular(days(0, 3))
    file.variables["lat"].values = np.rad2deg(np.arcsin(np.polynomial.legendre.leggauss(5)[0]))
    return one(folder, file)


@entry("ocean grid with two-dimensional coordinates", "copied", grid="curvilinear", layout="three files")
def curvilinear(folder: Path) -> Made:
    latitude = np.where(np.arange(30).reshape(5, 6) % 7 == 0, np.nan, np.linspace(-80, 80, 30).reshape(5, 6))
    corners = np.stack([latitude - 1, latitude + 1, latitude + 2, latitude - 2], -1).astype("f4")

    def change(number: int, file: File) -> File:
        values = numbers((4, 5, 6), "f4", number)
        attrs = {"coordinates": "TLAT TLONG", "_FillValue": np.float32(1e36), "missing_value": np.float32(1e36)}
        return File(
            {
                "time": file.variables["time"],
                "time_bnds": file.variables["time_bnds"],
                "TLAT": Var(("nlat", "nlon"), latitude, {"units": "degrees_north", "bounds": "lat_vertices"}),
                "TLONG": Var(("nlat", "nlon"), latitude + 90, {"units": "degrees_east"}),
                "lat_vertices": Var(("nlat", "nlon", "vertices"), corners),
                "KMT": Var(("nlat", "nlon"), numbers((5, 6), "i4")),
                "SST": Var(("time", "nlat", "nlon"), values, attrs),
            },
            file.attrs,
            file.dims,
        )

    return Made(series(folder, change=change))


@entry("rotated pole with a grid mapping", "copied", grid="rotated pole", dtype="f4, char scalar")
def rotated(folder: Path) -> Made:
    pole = {
        "grid_mapping_name": "rotated_latitude_longitude",
        "grid_north_pole_latitude": 39.25,
        "earth_radius": 6371229.0,
    }
    file = File(
        {
            "time": Var(("time",), days(0, 3), TIME),
            "rlat": Var(("rlat",), LAT, {"units": "degrees", "standard_name": "grid_latitude"}),
            "rlon": Var(("rlon",), LON, {"units": "degrees", "standard_name": "grid_longitude"}),
            "lat": Var(("rlat", "rlon"), numbers((5, 6), "f8", "lat")),
            "rotated_pole": Var((), np.array(b"", "S1"), pole),
            "pr": Var(
                ("time", "rlat", "rlon"),
                numbers((3, 5, 6), "f4"),
                {"grid_mapping": "rotated_pole", "coordinates": "lat"},
            ),
        }
    )
    return one(folder, file)


@entry(
    "unstructured mesh",
    "copied",
    grid="unstructured (UGRID)",
    packing="_FillValue of connectivity",
    layout="three files",
)
def mesh(folder: Path) -> Made:
    faces = np.array([[0, 1, 2, -999], [1, 2, 3, 4], [3, 4, 5, -999]], "i4")

    def change(number: int, file: File) -> File:
        topology = {
            "cf_role": "mesh_topology",
            "topology_dimension": np.int32(2),
            "node_coordinates": "node_lon node_lat",
        }
        attrs = {"cf_role": "face_node_connectivity", "start_index": np.int32(0), "_FillValue": np.int32(-999)}
        return File(
            {
                "mesh2d": Var((), np.int32(0), topology),
                "node_lon": Var(("node",), numbers((6,), "f8", "lon")),
                "node_lat": Var(("node",), numbers((6,), "f8", "lat")),
                "face_nodes": Var(("face", "max_face_nodes"), faces, attrs),
                "time": file.variables["time"],
                "zeta": Var(("time", "face"), numbers((4, 3), "f8", number), {"mesh": "mesh2d", "location": "face"}),
            },
            {"Conventions": "CF-1.8 UGRID-1.0"},
            file.dims,
        )

    return Made(series(folder, change=change))


def profiles(number: int) -> File:
    """Return observations of stations, one after another, with the number of each."""
    sizes = np.array([3, 1, 4 + number], "i4")
    return File(
        {
            "station": Var(("station",), np.array([7, 9, 12], "i4"), {"cf_role": "timeseries_id"}),
            "row_size": Var(("station",), sizes, {"sample_dimension": "obs"}),
            "time": Var(("obs",), numbers((sizes.sum(),), "f8", number), TIME),
            "humidity": Var(("obs",), numbers((sizes.sum(),), "f4", number), {"coordinates": "time"}),
        },
        {"featureType": "timeSeries"},
    )


@entry("stations of unequal length in one file", "copied", grid="ragged (CF contiguous)")
def contiguous(folder: Path) -> Made:
    return one(folder, profiles(0))


@entry("stations of unequal length in two files", "refused", grid="ragged (CF contiguous)", layout="two files")
def contiguous_twice(folder: Path) -> Made:
    files = [profiles(number).write(folder / f"{number}.nc") for number in range(2)]
    return Made(files, wrong=tuple(files))


@entry(
    "stations of unequal length, joined by observation", "refused", grid="ragged (CF contiguous)", layout="two files"
)
def contiguous_joined(folder: Path) -> Made:
    files = [profiles(number).write(folder / f"{number}.nc") for number in range(2)]
    return Made(files, ("--along", "obs"), wrong=tuple(files), along="obs")


@entry("observations with the index of their station", "copied", grid="ragged (CF indexed)")
def indexed(folder: Path) -> Made:
    file = profiles(0)
    del file.variables["row_size"]
    file.variables["which"] = Var(("obs",), np.array([0, 2, 1, 0, 2, 2, 0, 1], "i4"), {"instance_dimension": "station"})
    return one(folder, file)


@entry("trajectories with two-dimensional times", "copied", grid="trajectories")
def trajectories(folder: Path) -> Made:
    times = np.where(numbers((3, 4), "u1") % 5 == 0, -1.0, np.arange(12.0).reshape(3, 4))
    attrs = TIME | {"_FillValue": -1.0}
    file = File(
        {
            "time": Var(("trajectory", "obs"), times, attrs),
            "lat": Var(("trajectory", "obs"), numbers((3, 4), "f4")),
            "trajectory": Var(("trajectory",), np.arange(3, dtype="i4"), {"cf_role": "trajectory_id"}),
        },
    )
    return one(folder, file)


@entry("hybrid levels with formula terms", "copied", grid="regular, hybrid levels", layout="three files")
def hybrid(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        terms = {"formula_terms": "a: hyam b: hybm p0: P0 ps: PS", "positive": "down"}
        file.variables["lev"] = Var(("lev",), days(0, 3), terms)
        file.variables["hyam"] = Var(("lev",), numbers((3,), "f8", "a"))
        file.variables["hybm"] = Var(("lev",), numbers((3,), "f8", "b"))
        file.variables["P0"] = Var((), 1e5, {"units": "Pa"})
        file.variables["PS"] = Var(("time", "lat", "lon"), numbers((4, 5, 6), "f4", f"ps{number}"))
        file.variables["U"] = Var(("time", "lev", "lat", "lon"), numbers((4, 3, 5, 6), "f4", f"u{number}"))

    return Made(series(folder, change=change))


@entry("one point", "copied", grid="point, scalar coordinates", layout="three files, scalar coordinates")
def point(folder: Path) -> Made:
    def change(number: int, file: File) -> File:
        return File(
            {
                "time": file.variables["time"],
                "lat": Var((), 40.8, {"units": "degrees_north"}),
                "lon": Var((), -73.9, {"units": "degrees_east"}),
                "t": Var(("time",), numbers((4,), "f4", number), {"coordinates": "lat lon"}),
            },
            {"featureType": "timeSeries"},
            file.dims,
        )

    return Made(series(folder, change=change))


@entry("five dimensions", "copied", grid="regular, levels and members", layout="three files")
def five(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        dims = ("time", "member", "lev", "lat", "lon")
        file.variables["member"] = Var(("member",), np.arange(3, dtype="i8"))
        file.variables["z"] = Var(dims, numbers((4, 3, 2, 5, 6), "f4", number))

    return Made(series(folder, change=change))


@entry("zonal mean with a longitude of one value", "copied", grid="regular, size one", layout="three files")
def one_cell(folder: Path) -> Made:
    def change(number: int, file: File) -> File:
        values = numbers((4, 5, 1), "f4", number)
        variables = {name: file.variables[name] for name in ("time", "time_bnds", "lat", "lat_bnds")}
        variables |= {"lon": Var(("lon",), np.zeros(1)), "tas": Var(("time", "lat", "lon"), values)}
        return File(variables, file.attrs, file.dims)

    return Made(series(folder, change=change))


@entry("basins with names", "copied", grid="regions", dtype="f4, char", layout="three files")
def basins(folder: Path) -> Made:
    words = np.array([list("atlantic "), list("pacific  ")], "S1")

    def change(number: int, file: File) -> File:
        moc = Var(("time", "basin", "lat"), numbers((4, 2, 5), "f4", number), {"coordinates": "region"})
        variables = {name: file.variables[name] for name in ("time", "time_bnds", "lat", "lat_bnds")}
        return File(variables | {"region": Var(("basin", "strlen"), words), "moc": moc}, file.attrs, file.dims)

    return Made(series(folder, change=change))


def weather(number: int) -> File:
    """Return a file as a weather model writes it: a dimension ``Time`` without a coordinate, and times as text."""
    stamps = [f"2000-01-{1 + number:02}_{hour:02}:00:00" for hour in (0, 6, 12)]
    return File(
        {
            "Times": Var(("Time", "DateStrLen"), np.array([list(stamp) for stamp in stamps], "S1")),
            "XTIME": Var(("Time",), 360 * days(3 * number, 3, dtype="f4"), {"units": "minutes since 2000-01-01"}),
            "XLAT": Var(("Time", "south_north", "west_east"), numbers((3, 4, 5), "f4", "lat")),
            "T2": Var(
                ("Time", "south_north", "west_east"), numbers((3, 4, 5), "f4", number), {"coordinates": "XLAT XTIME"}
            ),
        },
        {"TITLE": " OUTPUT FROM WRF V4.4 MODEL", "MMINLU": "MODIFIED_IGBP_MODIS_NOAH"},
        {"Time": None},
    )


@entry("weather model output", "copied", grid="curvilinear", dtype="f4, char", layout="dimension without coordinate")
def weather_once(folder: Path) -> Made:
    return one(folder, weather(0), "--along", "Time", along="Time")


@entry("weather model output without --along", "copied", grid="curvilinear", layout="no joined dimension, one file")
def weather_default(folder: Path) -> Made:
    return one(folder, weather(0))


@entry("weather model output, no coordinate to sort by", "refused", grid="curvilinear", layout="three files")
def weather_many(folder: Path) -> Made:
    files = [weather(number).write(folder / f"wrfout_{number}.nc") for number in range(3)]
    return Made(files, ("--along", "Time"), wrong=tuple(files), variable="Time", along="Time")


@entry("satellite swaths of unequal length", "copied", grid="swath", layout="three files of unequal length")
def swaths(folder: Path) -> Made:
    starts, files = [0, 5, 7], []
    for number, (start, size) in enumerate(zip(starts, [5, 2, 4], strict=True)):
        seconds = np.arange(start, start + size) / 6 + np.float64(7.3e8)
        file = File(
            {
                "time": Var(("time",), seconds, {"units": "seconds since 2000-01-01"}),
                "latitude": Var(("time", "pixel"), numbers((size, 3), "f4", f"a{number}")),
                "flags": Var(
                    ("time", "pixel"), numbers((size, 3), "u1", f"f{number}"), {"flag_masks": np.array([1, 2, 4], "u1")}
                ),
            },
        )
        files.append(file.write(folder / f"granule-{size}.nc"))
    return Made(files)


@entry("a covariance with the same dimension twice", "refused", grid="matrix")
def covariance(folder: Path) -> Made:
    file = File({"x": Var(("x",), days(0, 3)), "cov": Var(("x", "x"), numbers((3, 3), "f8"))})
    path = file.write(folder / "cov.nc")
    return Made([path], wrong=(path,), variable="cov")


@entry("a coordinate with more dimensions than its own", "copied", grid="sigma levels", layout="three files")
def own_dimension(folder: Path) -> Made:
    def change(number: int, file: File) -> None:
        file.variables["lev"] = Var(("lev", "lat"), numbers((3, 5), "f8", "lev"))
        file.variables["q"] = Var(("time", "lev", "lat"), numbers((4, 3, 5), "f4", number))

    return Made(series(folder, change=change))
