"""Zarr stores as sources: versions 2 and 3, their types and fill values, and what is not such a store."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import zarr

from corpus.files import LAT, LON, days, numbers
from corpus.model import Made, entry

TIME = {"units": "days since 2000-01-01", "calendar": "noleap"}
DIMS = ("time", "lat", "lon")


def store(
    path: Path, version: int = 3, values: Any = None, attrs: dict[str, Any] | None = None, **options: Any
) -> zarr.Group:
    """Write a store with coordinates and a variable ``what``, whose options go to ``create_array``."""
    warnings.simplefilter("ignore")
    path.parent.mkdir(parents=True, exist_ok=True)
    root = zarr.create_group(path, zarr_format=version, attributes={"title": "a store"})
    values = numbers((6, 5, 6), "f4") if values is None else values
    add(root, "time", ("time",), days(0, 6), TIME)
    add(root, "lat", ("lat",), LAT, {"units": "degrees_north"})
    add(root, "lon", ("lon",), LON)
    add(
        root,
        "what",
        DIMS[: values.ndim],
        values,
        attrs or {"units": "K"},
        **{"chunks": (2, 5, 3)[: values.ndim]} | options,
    )
    return root


def add(
    root: zarr.Group, name: str, dims: tuple[str, ...], values: np.ndarray, attrs: dict | None = None, **options: Any
) -> zarr.Array:
    """Add an array to a store."""
    attrs = dict(attrs or {})
    if root.metadata.zarr_format == 2:
        attrs["_ARRAY_DIMENSIONS"] = list(dims)
        options.setdefault("fill_value", None)
    else:
        options["dimension_names"] = dims
    options = {"shape": values.shape, "dtype": values.dtype, "chunks": values.shape or "auto"} | options
    array = root.create_array(name, attributes=attrs, **options)
    array[...] = values
    return array


def plain(folder: Path, version: int, consolidated: bool, **more: Any) -> Made:
    """Write one store."""
    path = folder / "data.zarr"
    store(path, version, **more)
    if consolidated:
        zarr.consolidate_metadata(str(path))
    return Made([path])


Make = Callable[[Path], Made]


def of(values: Any, version: int = 3, **more: Any) -> Make:
    """Return a maker of a store with these values."""
    return partial(plain, version=version, consolidated=True, values=values, **more)


SORTS: dict[str, tuple[dict[str, str], Make]] = {
    "version 2, consolidated": ({}, partial(plain, version=2, consolidated=True)),
    "version 2": ({}, partial(plain, version=2, consolidated=False)),
    "version 3, consolidated": ({}, partial(plain, version=3, consolidated=True)),
    "version 3": ({}, partial(plain, version=3, consolidated=False)),
    "version 2, big-endian": ({"dtype": "big-endian f4"}, of(numbers((6, 5, 6), ">f4"), 2)),
    "version 2 with a fill value": (
        {"packing": "fill_value", "dtype": "i2"},
        of(numbers((6, 5, 6), "i2"), 2, fill_value=-999),
    ),
    "version 2 with a fill value of NaN": ({"packing": "fill_value"}, of(None, 2, fill_value=np.nan)),
    "version 2 with filters": (
        {"packing": "filters"},
        of(numbers((6, 5, 6), "i4"), 2, filters=[numcodecs.Delta("i4")]),
    ),
    "version 2 in Fortran's order": ({"layout": "Fortran's order"}, of(None, 2, order="F")),
    "version 2 of fixed text": ({"dtype": "U5"}, of(np.array(["a", "Bönn", "", "xyz", "雪", "f"]), 2)),
    "version 2 of bytes": ({"dtype": "S3"}, of(np.array([b"a", b"", b"xyz", b"b", b"c", b"d"]), 2)),
    "version 2 of truth": ({"dtype": "bool"}, of(numbers((6, 5), "u1") > 127, 2)),
    "version 3 of truth": ({"dtype": "bool"}, of(numbers((6, 5), "u1") > 127)),
    "version 3 of complex numbers": ({"dtype": "complex64"}, of(numbers((6, 5), "c8"))),
    "version 2 of complex numbers": ({"dtype": "complex128"}, of(numbers((6, 5), "c16"), 2)),
    "version 3 of half precision": ({"dtype": "f2"}, of(numbers((6, 5), "f2"))),
    "version 3, sharded": ({"layout": "shards"}, of(None, chunks=(1, 5, 2), shards=(2, 5, 6))),
    "version 3, uncompressed": ({}, of(None, compressors=None)),
    "version 3 with a fill value that masks nothing": ({"packing": "fill_value"}, of(None, fill_value=-1.0)),
    "version 3 of a scalar": ({"layout": "scalar"}, of(np.array(3, "i2"), chunks="auto")),
    "version 2 with chunks of odd sizes": ({}, of(None, 2, chunks=(4, 2, 5))),
}
for _name, (_what, _make) in SORTS.items():
    entry(f"Zarr {_name}", "copied", **({"format": f"Zarr {_name.split()[1].rstrip(',')}"} | _what))(_make)


@entry("Zarr version 3 of text", "copied", format="Zarr 3", dtype="text of any length")
def text(folder: Path) -> Made:
    made = plain(folder, 3, False)
    root = zarr.open_group(made.files[0], mode="a")
    array = root.create_array("words", shape=(6,), dtype="string", chunks=(4,), dimension_names=("time",))
    array[:] = np.array(["a", "Zürich", "", "x" * 300, "雪", "f"], object)
    return made


@entry("Zarr version 3 with _FillValue as xarray writes it", "copied", format="Zarr 3", packing="_FillValue")
def xarray_fill(folder: Path) -> Made:
    return plain(folder, 3, True, attrs={"_FillValue": "AAAAAAAAWcA="}, fill_value=-100.0)


@entry(
    "Zarr with a chunk that was never written", "copied", format="Zarr 3", packing="fill_value", layout="chunk missing"
)
def unwritten(folder: Path) -> Made:
    made = plain(folder, 3, True, fill_value=-7.0)
    (made.files[0] / "what/c/1/0/1").unlink()
    return made


@entry(
    "Zarr version 2 with a chunk that was never written",
    "copied",
    format="Zarr 2",
    packing="fill_value",
    layout="chunk missing",
)
def unwritten_2(folder: Path) -> Made:
    made = plain(folder, 2, True, fill_value=-7.0)
    (made.files[0] / "what/1.0.1").unlink()
    return made


@entry(
    "Zarr whose consolidated metadata lack a variable", "copied", format="Zarr 3", layout="old consolidated metadata"
)
def stale(folder: Path) -> Made:
    made = plain(folder, 3, True)
    root = zarr.open_group(made.files[0], mode="a", use_consolidated=False)
    add(root, "late", ("time",), numbers((6,), "f8"), {"units": "m"})
    return made


@entry(
    "Zarr whose consolidated metadata are shorter than the array",
    "copied",
    format="Zarr 2",
    layout="old consolidated metadata",
)
def grown(folder: Path) -> Made:
    made = plain(folder, 2, True)
    root = zarr.open_group(made.files[0], mode="a", use_consolidated=False)
    for name in ("time", "what"):
        root[name].append(root[name][:] + (6 if name == "time" else 0))
    return made


@entry("three Zarr stores joined along time", "copied", format="Zarr 3", layout="three stores")
def three(folder: Path) -> Made:
    paths = []
    for number in range(3):
        paths.append(folder / f"{number}.zarr")
        root = store(paths[-1], values=numbers((6, 5, 6), "f4", number))
        root["time"][:] = days(6 * number, 6)
    return Made(paths)


@entry("Zarr with groups", "refused", format="Zarr 3", layout="groups")
def groups(folder: Path) -> Made:
    made = plain(folder, 3, True)
    root = zarr.open_group(made.files[0], mode="a")
    add(root.create_group("coarse"), "what", ("x",), np.arange(3.0))
    return Made(made.files, wrong=tuple(made.files), variable="coarse")


@entry("Zarr that is an array", "refused", format="Zarr 3", layout="array without a group")
def array(folder: Path) -> Made:
    path = folder / "data.zarr"
    path.parent.mkdir(parents=True, exist_ok=True)
    zarr.create_array(path, data=np.arange(6.0))
    return Made([path], wrong=(path,))


@entry("Zarr without names of dimensions", "refused", format="Zarr 3", layout="dimensions without names")
def nameless(folder: Path) -> Made:
    made = plain(folder, 3, False)
    zarr.open_group(made.files[0], mode="a").create_array("bare", data=np.arange(6.0))
    return Made(made.files, wrong=tuple(made.files), variable="bare")


@entry("Zarr with a variable of dates", "copied", format="Zarr 3", dtype="datetime64")
def dates(folder: Path) -> Made:
    made = plain(folder, 3, False)
    values = np.arange("2000-01-01", "2000-01-07", dtype="M8[D]").astype("M8[ns]")
    add(zarr.open_group(made.files[0], mode="a"), "date", ("time",), values)
    return made


@entry("Zarr with nested attributes", "copied", format="Zarr 3")
def nested(folder: Path) -> Made:
    made = plain(folder, 3, False)
    root = zarr.open_group(made.files[0], mode="a")
    root.attrs["multiscales"] = [{"name": "pyramid", "levels": [1, 2, None]}, {}]
    root["what"].attrs["proj"] = {"code": "EPSG:4326", "valid": True}
    return made


@entry("Zarr of bytes of unequal length", "refused", format="Zarr 3", dtype="bytes of variable length")
def unequal_bytes(folder: Path) -> Made:
    made = plain(folder, 3, False)
    root = zarr.open_group(made.files[0], mode="a")
    blobs = root.create_array("blobs", shape=(6,), dtype=zarr.dtype.VariableLengthBytes(), dimension_names=("time",))
    blobs[...] = np.array([b"a", b"", b"\xff\xfe", b"abc", b"a", b"b"], object)
    return Made(made.files, wrong=tuple(made.files), variable="blobs")


for _version in (2, 3):

    def _implicit_group(folder: Path, version: int = _version) -> Made:
        made = plain(folder, version, False)
        store(made.files[0] / "deep" / "group", version)
        for name in (".zgroup", "zarr.json"):
            (made.files[0] / "deep" / name).unlink(missing_ok=True)
        return Made(made.files, wrong=tuple(made.files))

    _name = f"Zarr {_version} with arrays in a folder without metadata"
    entry(_name, "refused", format=f"Zarr {_version}", layout="groups")(_implicit_group)


@entry("Zarr 2 with a fill value and another _FillValue", "refused", format="Zarr 2", packing="two fill values")
def two_fills(folder: Path) -> Made:
    made = plain(folder, 2, False, fill_value=np.nan)
    zarr.open_group(made.files[0], mode="a")["what"].attrs["_FillValue"] = -999.0
    return Made(made.files, wrong=tuple(made.files), variable="what")


for _fill in (-999.0, "NaN", "-999"):

    def _number(folder: Path, fill: object = _fill) -> Made:
        made = plain(folder, 3, False)
        zarr.open_group(made.files[0], mode="a")["what"].attrs["_FillValue"] = fill
        return Made(made.files, wrong=tuple(made.files), variable="what")

    entry(f"Zarr 3 with the _FillValue {_fill!r}", "refused", format="Zarr 3", packing="_FillValue not by xarray")(
        _number
    )


@entry("Zarr of records", "refused", format="Zarr 2", dtype="compound")
def records(folder: Path) -> Made:
    made = plain(folder, 2, True, values=np.zeros(6, np.dtype([("a", "f4"), ("b", "i2")])))
    return Made(made.files, wrong=tuple(made.files), variable="what")


@entry("Zarr with a broken chunk", "stopped", format="Zarr 3", damage="chunk cut off")
def broken_chunk(folder: Path) -> Made:
    made = plain(folder, 3, True)
    chunk = made.files[0] / "what/c/1/0/1"
    chunk.write_bytes(chunk.read_bytes()[:20])
    return Made(made.files, wrong=tuple(made.files), variable="what")


@entry("Zarr with broken metadata", "refused", format="Zarr 3", damage="metadata cut off")
def broken_metadata(folder: Path) -> Made:
    made = plain(folder, 3, False)
    file = made.files[0] / "what/zarr.json"
    file.write_text(file.read_text()[:-40])
    return Made(made.files, wrong=tuple(made.files))


@entry("Zarr without metadata of its root", "refused", format="Zarr 2", damage="root missing")
def rootless(folder: Path) -> Made:
    made = plain(folder, 2, False)
    (made.files[0] / ".zgroup").unlink()
    return Made(made.files, wrong=tuple(made.files))


@entry("Zarr in a codec that nobody has", "refused", format="Zarr 2", damage="unknown codec")
def unknown_codec(folder: Path) -> Made:
    made = plain(folder, 2, False)
    file = made.files[0] / "what/.zarray"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"compressor": {"id": "secret"}}))
    return Made(made.files, wrong=tuple(made.files), variable="what")


@entry("Zarr in a zip file", "refused", format="Zarr 3", damage="zip")
def zipped(folder: Path) -> Made:
    made = plain(folder, 3, True)
    path = Path(shutil.make_archive(str(folder / "data"), "zip", made.files[0])).rename(folder / "data.zarr.zip")
    return Made([path], wrong=(path,))


@entry("references of kerchunk", "refused", format="kerchunk", damage="JSON")
def kerchunk(folder: Path) -> Made:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "combined.json"
    path.write_text(json.dumps({"version": 1, "refs": {".zgroup": '{"zarr_format": 2}'}}))
    return Made([path], wrong=(path,))
