"""Chunks that the upload script decompresses itself have the values that HDF5 reads."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import pytest
import zarr
from corpus.files import numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from upload_world import SCRIPT

sys.path.insert(0, str(SCRIPT.parent))
import upload_store

TYPES = ("f4", ">f4", "f8", ">f8", "f2", "i1", "u1", "i2", ">u2", "i4", ">i8", "u8")


@pytest.fixture
def any_size(monkeypatch):
    """Let the script decompress chunks of any size."""
    monkeypatch.setattr(upload_store, "HDF5_CACHE", 0)
    monkeypatch.setattr(upload_store, "SMALL_CHUNK", 0)


def read(dataset: h5py.Dataset, region: tuple[slice, ...]) -> np.ndarray | None:
    """Return the values of a region in this machine's byte order; ``None`` if the script leaves them to HDF5."""
    shape = [len(range(*one.indices(size))) for one, size in zip(region, dataset.shape, strict=True)]
    out = np.zeros(shape, dataset.dtype.newbyteorder("="))
    return out if upload_store.read_compressed(dataset, out, region) else None


@st.composite
def layouts(draw) -> tuple[tuple[int, ...], tuple[int, ...], tuple[slice, ...]]:
    """Draw the shape of an array, that of its chunks, and a region that is not empty."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    chunks = tuple(draw(st.integers(1, size)) for size in shape)
    starts = [draw(st.integers(0, size - 1)) for size in shape]
    stops = [draw(st.integers(start + 1, size)) for start, size in zip(starts, shape, strict=True)]
    return shape, chunks, tuple(map(slice, starts, stops))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=layouts(), dtype=st.sampled_from(TYPES), shuffle=st.booleans())
def test_any_region_of_any_layout(any_size, layout, dtype, shuffle):
    shape, chunks, region = layout
    with h5py.File("any.h5", "w", driver="core", backing_store=False) as file:
        values = numbers(shape, dtype)
        dataset = file.create_dataset("x", data=values, chunks=chunks, compression="gzip", shuffle=shuffle)
        found = read(dataset, region)

        assert found is not None
        assert found.astype(dtype).tobytes() == values[region].tobytes()


def test_filters_that_were_not_applied_to_a_chunk(any_size, tmp_path):
    values = numbers((4, 6), "f4")
    with h5py.File(tmp_path / "skipped.h5", "w") as file:
        dataset = file.create_dataset("x", (4, 6), "f4", chunks=(1, 6), compression="gzip", shuffle=True)
        shuffled = [np.ascontiguousarray(row.view("u1").reshape(6, 4).T).tobytes() for row in values]
        plain = [row.tobytes() for row in values]
        dataset.id.write_direct_chunk((0, 0), zlib.compress(shuffled[0]), 0b00)
        dataset.id.write_direct_chunk((1, 0), zlib.compress(plain[1]), 0b01)
        dataset.id.write_direct_chunk((2, 0), shuffled[2], 0b10)
        dataset.id.write_direct_chunk((3, 0), plain[3], 0b11)
        found = read(dataset, (slice(0, 4), slice(0, 6)))

        assert found is not None
        assert found.tobytes() == values.tobytes() == dataset[:].tobytes()


def damaged(file: h5py.File) -> h5py.Dataset:
    """Return a dataset with one chunk that zlib did not write."""
    dataset = file.create_dataset("x", data=numbers((8, 8), "f4"), chunks=(4, 8), compression="gzip")
    dataset.id.write_direct_chunk((4, 0), b"not compressed")
    return dataset


def too_short(file: h5py.File) -> h5py.Dataset:
    """Return a dataset with one chunk that lacks its end."""
    dataset = file.create_dataset("x", data=numbers((8, 8), "f4"), chunks=(4, 8), compression="gzip")
    dataset.id.write_direct_chunk((4, 0), zlib.compress(bytes(64)))
    return dataset


def written_in_part(file: h5py.File) -> h5py.Dataset:
    """Return a dataset with one chunk that was never written."""
    dataset = file.create_dataset("x", (8, 8), "f4", chunks=(4, 8), compression="gzip", fillvalue=-9)
    dataset[:4] = numbers((4, 8), "f4")
    return dataset


def of_type(dtype: np.dtype) -> Callable[[h5py.File], h5py.Dataset]:
    """Return a maker of a compressed dataset of this type."""
    return lambda file: file.create_dataset("x", (8, 8), dtype, chunks=(4, 8), compression="gzip")


def short_float(file: h5py.File) -> h5py.Dataset:
    """Return a dataset of floats of two bytes with the exponent of four (bfloat16), which HDF5 converts."""
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    options.set_chunk((4, 8))
    options.set_deflate(1)
    h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((8, 8)), options)
    file["x"][:] = 1.5
    return file["x"]


def filtered(**options) -> Callable[[h5py.File], h5py.Dataset]:
    """Return a maker of a dataset with these filters."""
    return lambda file: file.create_dataset("x", data=numbers((8, 8), "i4"), chunks=(4, 8), **options)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(damaged, id="damaged"),
        pytest.param(too_short, id="too short"),
        pytest.param(written_in_part, id="written in part"),
        pytest.param(of_type(np.dtype(bool)), id="an enumeration of HDF5"),
        pytest.param(short_float, id="a type of float that numpy lacks"),
        pytest.param(of_type(np.dtype("c8")), id="complex"),
        pytest.param(of_type(np.dtype("S4")), id="characters"),
        pytest.param(filtered(compression="gzip", fletcher32=True), id="a checksum"),
        pytest.param(filtered(compression="lzf"), id="lzf"),
        pytest.param(filtered(compression="gzip", scaleoffset=0), id="scale and offset"),
        pytest.param(filtered(shuffle=True), id="only shuffled"),
        pytest.param(lambda file: file.create_dataset("x", data=numbers((8, 8), "i4")), id="not in chunks"),
    ],
)
def test_what_is_left_to_hdf5(any_size, tmp_path, make):
    with h5py.File(tmp_path / "left.h5", "w") as file:
        assert read(make(file), (slice(0, 8), slice(0, 8))) is None


@pytest.mark.parametrize(
    "chunks, count, decompressed", [((1, 96, 96), 40, True), ((1, 96, 96), 4, False), ((1, 9, 9), 40, False)]
)
def test_small_chunks_and_small_regions_are_left_to_hdf5(tmp_path: Path, chunks, count, decompressed):
    values = numbers((40, 96, 96), "f4")
    with h5py.File(tmp_path / "sizes.h5", "w") as file:
        dataset = file.create_dataset("x", data=values, chunks=chunks, compression="gzip")
        found = read(dataset, (slice(0, count), slice(0, 96), slice(0, 96)))

    assert (found is not None) == decompressed
    assert found is None or found.tobytes() == values[:count].tobytes()


def test_threads_that_read_one_file_do_not_disturb_each_other(tmp_path: Path):
    """HDF5 fails, or returns nonsense, if one thread reads a chunk while another asks for the shape of a dataset."""
    values = numbers((96, 96, 96), "f4")
    with h5py.File(tmp_path / "shared.h5", "w") as file:
        file.create_dataset("x", data=values, chunks=(1, 96, 96), compression="gzip", shuffle=True)

        def part(number: int) -> np.ndarray | None:
            start = number % 2 * 48
            return read(file["x"], (slice(start, start + 48), slice(0, 96), slice(0, 96)))

        with ThreadPoolExecutor(8) as pool:
            parts = list(pool.map(part, range(256)))

    assert all(part is not None for part in parts)
    assert {part.tobytes() for part in parts} == {values[:48].tobytes(), values[48:].tobytes()}


@pytest.mark.parametrize("dtype", ["f4", ">f8", "i2", "u1", "i1"])
@pytest.mark.parametrize("steps", [1, 5])
def test_chunks_are_encoded_as_zarr_encodes_them(tmp_path: Path, dtype: str, steps: int):
    """Whole chunks of numbers bypass zarr; those at the edge, which are padded, and one-byte types do not."""
    values = numbers((12, 30, 40), "u1").astype(dtype)
    with h5netcdf.File(tmp_path / "source.nc", "w") as file:
        file.dimensions = {"time": 12, "y": 30, "x": 40}
        file.create_variable("x", ("time", "y", "x"), data=values)
    files = upload_store.OpenFiles()
    read_each = lambda read, paths, *arguments: (read(path, *arguments) for path in paths)  # noqa: E731
    source = upload_store.Source(files, [str(tmp_path / "source.nc")], upload_store.Request(), False, read_each)
    layout = upload_store.Layout(source, {"time": steps}, 10**8)
    encoder = upload_store.Encoder(layout, files, 2)
    chunks = {chunk.name: bytes(encoder.encode(chunk)) for chunk in layout.chunks() if chunk.variable == "x"}
    objects = {"zarr.json": zarr.core.buffer.cpu.Buffer.from_bytes(layout.metadata["x/zarr.json"])}
    zarr.open_array(zarr.storage.MemoryStore(objects), mode="r+")[...] = values

    assert chunks == {f"x/{name}": each.to_bytes() for name, each in objects.items() if name != "zarr.json"}
