"""Compare a store with its source files, without any code of the script."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr
import zarr
from zarr.core.buffer.cpu import Buffer


def opened(objects: dict[str, bytes], **options) -> xr.Dataset:
    """Return the Dataset of the store that consists of these objects."""
    store = zarr.storage.MemoryStore({name: Buffer.from_bytes(content) for name, content in objects.items()})
    with zarr.config.set({"array.read_missing_chunks": False}):
        return xr.open_zarr(store, chunks=None, **options).load()


@cache
def _loaded(path: Path, decode_cf: bool, changed: int) -> xr.Dataset:
    return xr.load_dataset(path, decode_cf=decode_cf)


def loaded(path: Path, decode_cf: bool) -> xr.Dataset:
    """Return the Dataset of a file; it is read again only if the file has changed."""
    return _loaded(path, decode_cf, path.stat().st_mtime_ns)


def assert_same(objects: dict[str, bytes], paths: list[Path]) -> None:
    """Check that the store equals the files bit for bit, raw and decoded, without missing or additional objects."""
    raw, read = opened(objects, decode_cf=False), opened(objects)
    files = [loaded(path, False) for path in paths]
    for name, variable in files[0].variables.items():
        pieces = [file.variables[name].values for file in files]
        whole = np.concatenate(pieces) if "time" in variable.dims else pieces[0]
        stored = raw.variables[name]
        assert (stored.dtype, stored.shape) == (whole.dtype, whole.shape), name
        assert stored.values.tobytes() == whole.tobytes(), name
        assert str(stored.attrs) == str(variable.attrs) or _plain(stored.attrs) == _plain(variable.attrs), name
    assert set(raw.variables) == set(files[0].variables)
    decoded = xr.concat([loaded(path, True) for path in paths], "time", data_vars="minimal", coords="minimal")
    xr.testing.assert_identical(read, decoded)
    assert len([name for name in objects if not name.endswith("zarr.json")]) == sum(
        map(_chunks, raw.variables.values())
    )


def _plain(attributes: dict) -> dict:
    return {name: repr(np.asarray(value).tolist()) for name, value in attributes.items()}


def _chunks(variable: xr.Variable) -> int:
    steps = variable.encoding["chunks"]
    return int(np.prod([-(-size // step) for size, step in zip(variable.shape, steps, strict=True)]))
