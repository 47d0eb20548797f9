"""The oracle of the corpus notices what it has to notice: a bit, an attribute, a type, an order, a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from corpus.arrays import Content, joined
from corpus.dtypes import texts
from corpus.files import series
from corpus.oracle import Different, check_same


def write(content: Content, path: Path) -> Path:
    """Write a store with plain zarr."""
    root = zarr.create_group(path, zarr_format=3, attributes=content.attrs)
    for name, array in content.arrays.items():
        attrs, text = dict(array.attrs), array.values.dtype.kind == "O"
        if array.fill is not None:
            attrs["_FillValue"] = int(array.fill)
        options: dict[str, Any] = {"shape": array.values.shape, "dtype": str if text else array.values.dtype}
        options |= {"attributes": attrs, "dimension_names": array.dims, "chunks": array.values.shape or "auto"}
        made = root.create_array(name, **options)
        made[...] = array.values
    zarr.consolidate_metadata(str(path))
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Content:
    """Three files with floats, packed integers and text."""

    def change(number: int, file: Any) -> None:
        packed = file.variables["lat_bnds"]
        packed.values = packed.values.astype("i2")
        packed.attrs |= {"_FillValue": np.int16(-9), "scale_factor": 0.5, "levels": np.array([1, 2])}

    folder = tmp_path_factory.mktemp("oracle")
    content = joined(series(folder, change=change), "time")
    content.arrays["what"] = joined(texts(folder / "texts").files, "time").arrays["what"]
    return content


@pytest.fixture(scope="module")
def original(source, tmp_path_factory) -> Path:
    """Return the store of these files."""
    return write(source, tmp_path_factory.mktemp("store") / "data.zarr")


def array(name: str) -> Callable[[Path], zarr.Array]:
    """Return a function that opens an array of a store."""
    return lambda path: zarr.open_group(path, mode="a", use_consolidated=False)[name]


def set_value(name: str, at: Any, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Return damage to values."""

    def damage(path: Path) -> None:
        opened = array(name)(path)
        opened[at] = change(opened[at])

    return damage


def edit(document: str, change: Callable[[dict], Any]) -> Callable[[Path], None]:
    """Return damage to metadata, those that are consolidated included."""

    def damage(path: Path) -> None:
        file = path / document
        content = json.loads(file.read_text())
        change(content)
        file.write_text(json.dumps(content))
        zarr.consolidate_metadata(str(path))

    return damage


def one_bit(values: np.ndarray) -> np.ndarray:
    """Change the lowest bit of a value."""
    return (values.view("u4") ^ 1).view("f4")


def other_nan(values: np.ndarray) -> np.ndarray:
    """Change the bits of a NaN; it stays one."""
    assert np.isnan(values)
    return one_bit(values)


def rewritten(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Return damage that replaces an array by another with the same attributes."""

    def damage(path: Path) -> None:
        root = zarr.open_group(path, mode="a", use_consolidated=False)
        old = root[name]
        values, attrs, dims = change(old[...]), dict(old.attrs), old.metadata.dimension_names
        options = {"shape": values.shape, "dtype": values.dtype, "chunks": values.shape, "overwrite": True}
        root.create_array(name, attributes=attrs, dimension_names=dims, **options)[...] = values
        zarr.consolidate_metadata(str(path))

    return damage


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "one bit": set_value("tas", np.s_[11:12, 4:5, 5:6], one_bit),
    "the bits of a NaN": set_value("tas", np.s_[0:1, 0:1, 0:1], other_nan),
    "the sign of zero": set_value("tas", np.s_[0:1, 0:1, 1:2], lambda values: -values),
    "a letter": set_value("what", 3, lambda text: "Schnee"),
    "steps in another order": set_value("tas", np.s_[:], lambda values: values[[0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10, 11]]),
    "files in another order": set_value("tas", np.s_[:], lambda values: np.roll(values, 4, 0)),
    "a step less": rewritten("tas", lambda values: values[:-1]),
    "another type": rewritten("tas", lambda values: values.astype("f8")),
    "another sign of the type": rewritten("lat_bnds", lambda values: values.astype("u2")),
    "a chunk that is missing": lambda path: (path / "area/c/0/0").unlink(),
    "an attribute that is missing": edit("tas/zarr.json", lambda data: data["attributes"].pop("long_name")),
    "an attribute more": edit("tas/zarr.json", lambda data: data["attributes"].update(note="")),
    "an attribute of another type": edit("lat_bnds/zarr.json", lambda data: data["attributes"].update(levels=[1.0, 2])),
    "a rounded attribute": edit("lat_bnds/zarr.json", lambda data: data["attributes"].update(scale_factor=0.50001)),
    "an attribute of the root": edit("zarr.json", lambda data: data["attributes"].pop("title")),
    "no fill value": edit("lat_bnds/zarr.json", lambda data: data["attributes"].pop("_FillValue")),
    "another fill value": edit("lat_bnds/zarr.json", lambda data: data["attributes"].update(_FillValue=-8)),
    "a fill value more": edit("tas/zarr.json", lambda data: data["attributes"].update(_FillValue="AAAAAAAA+H8=")),
    "dimensions with other names": edit("tas/zarr.json", lambda data: data.update(dimension_names=["time", "y", "x"])),
    "dimensions without names": edit("tas/zarr.json", lambda data: data.pop("dimension_names")),
    "a variable that is missing": lambda path: shutil.rmtree(path / "area"),
    "a variable more": lambda path: shutil.copytree(path / "area", path / "area2"),
    "a group more": lambda path: zarr.open_group(path, mode="a").create_group("more"),
    "a file more": lambda path: (path / "tas/part.tmp").write_bytes(b"1"),
    "old consolidated metadata": lambda path: (path / "tas/zarr.json").write_text(
        (path / "tas/zarr.json").read_text().replace("air temperature", "Air temperature")
    ),
}


def test_the_same_is_the_same(source, original):
    check_same(source, original)


@pytest.mark.parametrize("what", DAMAGES)
def test_a_difference_is_noticed(source, original, tmp_path, what):
    path = Path(shutil.copytree(original, tmp_path / "data.zarr"))
    DAMAGES[what](path)

    with pytest.raises(Different):
        check_same(source, path)
