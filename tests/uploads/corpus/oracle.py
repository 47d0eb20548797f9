"""Compare a store with its source, bit for bit: values, types, fill values, attributes, dimensions and their order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from corpus.arrays import Array, Content, decoded_fill, native


class Different(AssertionError):
    """Where a store is not what its source is."""


def read_store(path: Path) -> Content:
    """Read a store with plain zarr, array by array; raises ``Different`` if it holds anything else."""
    root = zarr.open_group(path, mode="r", zarr_format=3, use_consolidated=False)
    arrays = {}
    names = [file.parent.relative_to(path).as_posix() for file in sorted(path.rglob("zarr.json"))]
    for name in names:
        if name == ".":
            continue
        array = root[name]
        if not isinstance(array, zarr.Array):
            raise Different(f"{name} is a group")
        attrs = dict(array.attrs)
        fill = attrs.pop("_FillValue", None)
        if fill is not None:
            fill = _fill(name, fill, array)
        arrays[name] = Array(tuple(array.metadata.dimension_names or ()), native(array[...]), attrs, fill)
    _check_objects(path, set(arrays))
    return Content(arrays, dict(root.attrs))


def _fill(name: str, stored: Any, array: zarr.Array) -> Any:
    try:
        return decoded_fill(stored, "str" if array.dtype.kind in "TO" else array.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise Different(f"{name}: the fill value {stored!r} cannot be read: {error}") from None


def _check_objects(path: Path, names: set[str]) -> None:
    """Check that there are only metadata and chunks, and that consolidated metadata repeat those of each array."""
    for file in path.rglob("*"):
        part = file.relative_to(path).as_posix()
        owners = [name for name in names if part.startswith(f"{name}/")]
        chunk = any(re.fullmatch(r"c(/\d+)*", part.removeprefix(f"{name}/")) for name in owners)
        if file.is_file() and file.name != "zarr.json" and not chunk:
            raise Different(f"{part} is no part of a store")
    root = json.loads((path / "zarr.json").read_text())
    consolidated = (root.get("consolidated_metadata") or {}).get("metadata")
    if consolidated is None:
        return
    if set(consolidated) != names:
        raise Different(f"the consolidated metadata list {sorted(consolidated)}, not {sorted(names)}")
    for name in names:
        if _text(consolidated[name]) != _text(json.loads((path / name / "zarr.json").read_text())):
            raise Different(f"the consolidated metadata of {name} are others than its own")


def check_same(source: Content, path: Path, differing: tuple[str, ...] = ()) -> None:
    """Raise ``Different`` unless the store at ``path`` is the source; ``differing`` attributes may be missing."""
    store = read_store(path)
    if set(store.arrays) != set(source.arrays):
        missing, more = set(source.arrays) - set(store.arrays), set(store.arrays) - set(source.arrays)
        raise Different(f"variables: missing {sorted(missing)}, unexpected {sorted(more)}")
    _same_attributes("the root", source.attrs, store.attrs, differing)
    for name, array in source.arrays.items():
        _same_array(name, array, store.arrays[name], differing)
    _check_opens(path, source)


def _same_array(name: str, source: Array, store: Array, differing: tuple[str, ...]) -> None:
    if source.dims != store.dims:
        raise Different(f"{name}: dimensions {store.dims}, not {source.dims}")
    if source.values.shape != store.values.shape:
        raise Different(f"{name}: shape {store.values.shape}, not {source.values.shape}")
    if source.values.dtype != store.values.dtype:
        raise Different(f"{name}: dtype {store.values.dtype}, not {source.values.dtype}")
    if bits(source.values) != bits(store.values):
        where = np.argwhere(_differ(source.values, store.values))
        raise Different(f"{name}: {len(where)} of {source.values.size} values differ, first at {where[:1].tolist()}")
    if (source.fill is None) != (store.fill is None) or (source.fill is not None and not _same_fill(source, store)):
        raise Different(f"{name}: fill value {store.fill!r}, not {source.fill!r}")
    _same_attributes(name, source.attrs, store.attrs, differing)


def bits(values: np.ndarray) -> Any:
    """Return the bytes of an array, or its text."""
    return values.reshape(-1).tolist() if values.dtype.kind == "O" else np.ascontiguousarray(values).tobytes()


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if one.dtype.kind == "O" or not one.dtype.itemsize:
        return one != other
    shape = (*one.shape, one.dtype.itemsize)
    bytes_ = [np.frombuffer(np.ascontiguousarray(it).tobytes(), "u1").reshape(shape) for it in (one, other)]
    return (bytes_[0] != bytes_[1]).any(-1)


def _same_fill(source: Array, store: Array) -> bool:
    """Compare fill values bit for bit. Any two NaN are the same: a reader only asks whether a value is one."""
    if source.values.dtype.kind == "O":
        return str(source.fill) == str(store.fill)
    one, other = (np.asarray(it.fill).astype(source.values.dtype).reshape(-1)[0] for it in (source, store))
    return one.tobytes() == other.tobytes() or bool(one != one and other != other)


def _text(value: Any) -> str:
    """Return JSON in which values of different types, and NaN and text, are different."""
    return json.dumps(value, sort_keys=True)


def _same_attributes(of: str, source: dict[str, Any], store: dict[str, Any], differing: tuple[str, ...]) -> None:
    for key in sorted(source.keys() | store.keys()):
        if key in differing and key not in store:
            continue
        if key not in source or key not in store:
            raise Different(f"{of}: attribute {key!r} is {'missing' if key in source else 'added'}")
        if _text(source[key]) != _text(store[key]):
            raise Different(f"{of}: attribute {key!r} is {store[key]!r:.80}, not {source[key]!r:.80}")


def _check_opens(path: Path, source: Content) -> None:
    """Check that a reader's xarray opens the store, and shows the same variables and dimensions."""
    with xr.open_zarr(path, decode_cf=False, chunks=None) as dataset:
        dims = {str(name): variable.dims for name, variable in dataset.variables.items()}
    expected = {name: array.dims for name, array in source.arrays.items()}
    if dims != expected:
        raise Different(f"xarray shows {dims}, not {expected}")
