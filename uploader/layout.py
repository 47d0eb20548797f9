"""Make the metadata and the chunks of the store."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import sys
import threading
from dataclasses import dataclass
from typing import Any

import numcodecs
import numpy as np
import xarray as xr
import zarr

from uploader.common import UploadError, first_line, refusal
from uploader.open_files import OpenFiles
from uploader.source import Source
from uploader.variables import same

# The largest array that the codecs of numcodecs accept.
LARGEST_CHUNK = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a variable: the name of its object in the store, and the region that it holds."""

    name: str
    variable: str
    region: tuple[slice, ...]


class Layout:
    """The store to be written: its metadata and its chunks. Made in memory, before anything is written."""

    def __init__(self, source: Source, chunks: dict[str, int], chunk_bytes: int) -> None:
        self.source = source
        self.chunk_shapes = {name: chunk_shape(source, name, chunks, chunk_bytes) for name in source.variables}
        documents = {name: self._document(name) for name in source.variables}
        self._check_readable(documents)
        group = {"zarr_format": 3, "node_type": "group", "attributes": source.attrs}
        inline = {"kind": "inline", "must_understand": False, "metadata": documents}
        root = group | {"consolidated_metadata": inline}
        self.metadata = {"zarr.json": json.dumps(root).encode()}
        self.metadata |= {f"{name}/zarr.json": json.dumps(document).encode() for name, document in documents.items()}
        made_from = [source.identity, *(self.metadata[name].decode() for name in sorted(self.metadata))]
        self.made_from = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()

    def _document(self, name: str) -> dict[str, Any]:
        """Return the metadata of one array."""
        variable = self.source.variables[name]
        objects: dict[str, zarr.core.buffer.Buffer] = {}
        fill = np.nan if variable.dtype.kind == "f" and variable.fill is None else variable.fill
        try:
            zarr.create_array(
                zarr.storage.MemoryStore(objects),
                shape=variable.shape,
                chunks=self.chunk_shapes[name],
                dtype=str if variable.dtype.kind == "O" else variable.dtype,
                fill_value=fill,
                attributes=variable.attrs,
                dimension_names=variable.dims,
                zarr_format=3,
            )
            document: dict[str, Any] = json.loads(objects["zarr.json"].to_bytes())
            return document
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            path, problem = self.source.parts[0].path, f"cannot be stored in Zarr ({first_line(error)})"
            raise refusal(path, name, problem, "convert it, or choose others with --variables") from None

    def _check_readable(self, documents: dict[str, dict[str, Any]]) -> None:
        """Open the store as a reader would, without values; raises ``UploadError`` for what comes out differently."""
        try:
            found = read_metadata(documents, self.source.attrs)
        except Exception as error:  # whatever xarray raises; one variable at a time shows which one it is
            for name, document in documents.items():
                try:
                    read_metadata({name: document}, {})
                except Exception as cause:
                    self._refuse(name, f"could be written but not read by xarray ({first_line(cause)})")
            self._refuse("", f"could be written but not read by xarray ({first_line(error)})")
        # Not found[name], which looks at all other variables each time.
        for name, variable in self.source.variables.items():
            attrs = dict(variable.attrs)
            dtype = found.variables[name].dtype
            if attrs.get("dtype") == "bool" and dtype.kind == "b":  # xarray's convention, also with decode_cf=False
                attrs.pop("dtype")
            elif dtype != variable.dtype and variable.dtype.kind != "O":
                self._refuse(name, f"would be read as {dtype}, not {variable.dtype}")
            changed = {key for key in attrs.keys() | found.variables[name].attrs.keys() if key != "_FillValue"}
            changed = {key for key in changed if not same(attrs.get(key), found.variables[name].attrs.get(key))}
            if changed or found.variables[name].dims != variable.dims:
                self._refuse(name, f"attribute {min(changed, default='dimensions')} would be lost")
        for key in self.source.attrs:
            if not same(self.source.attrs[key], found.attrs.get(key)):
                self._refuse(f"global attribute {key}", "would be lost")

    def _refuse(self, name: str, problem: str) -> None:
        remedy = "rename or remove it, or choose others with --variables"
        raise refusal(self.source.parts[0].path, name, problem, remedy)

    def chunks(self) -> list[Chunk]:
        """Return every chunk, in the order of the joined dimension, so that each file is used for a short time."""
        found = []
        for number, (name, variable) in enumerate(self.source.variables.items()):
            shape, steps = variable.shape, self.chunk_shapes[name]
            axis = variable.dims.index(self.source.along) if self.source.along in variable.dims else None
            counts = [math.ceil(size / step) for size, step in zip(shape, steps, strict=True)]
            for place in itertools.product(*map(range, counts)):
                region = tuple(
                    slice(index * step, min((index + 1) * step, size))
                    for index, step, size in zip(place, steps, shape, strict=True)
                )
                start = 0 if axis is None else region[axis].start
                found.append((start, number, place, Chunk("/".join((name, "c", *map(str, place))), name, region)))
        return [chunk for *_, chunk in sorted(found, key=lambda row: row[:3])]

    @property
    def largest_chunk(self) -> int:
        """The bytes of the largest chunk."""
        return max(self.source.variables[name].nbytes(shape) for name, shape in self.chunk_shapes.items())


def read_metadata(documents: dict[str, dict[str, Any]], attrs: dict[str, Any]) -> xr.Dataset:
    """Open a store with these arrays, cut down to one value, as a reader would."""
    documents = {name: shrunk(document) for name, document in documents.items()}
    inline = {"kind": "inline", "must_understand": False, "metadata": documents}
    root = {"zarr_format": 3, "node_type": "group", "attributes": attrs, "consolidated_metadata": inline}
    objects = {"zarr.json": root} | {f"{name}/zarr.json": document for name, document in documents.items()}
    encoded: dict[str, zarr.core.buffer.Buffer] = {}
    encoded |= {name: zarr.core.buffer.cpu.Buffer.from_bytes(json.dumps(one).encode()) for name, one in objects.items()}
    dataset: xr.Dataset = xr.open_zarr(zarr.storage.MemoryStore(encoded), decode_cf=False, chunks=None)
    return dataset


def shrunk(document: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of an array with at most one value along each dimension."""
    shape = [min(size, 1) for size in document["shape"]]
    grid = {"name": "regular", "configuration": {"chunk_shape": [1] * len(shape)}}
    return document | {"shape": shape, "chunk_grid": grid}


def chunk_shape(source: Source, name: str, chunks: dict[str, int], chunk_bytes: int) -> tuple[int, ...]:
    """Return the chunk of a variable: as asked for, or cut along the joined dimension first, then along the others."""
    variable = source.variables[name]
    shape = dict(zip(variable.dims, variable.shape, strict=True))
    if chunks and len(shape) > 1:
        shape = {dim: max(1, min(chunks.get(dim, size), size)) for dim, size in shape.items()}
    else:
        for dim in sorted(shape, key=lambda dim: dim != source.along):
            others = variable.nbytes(size for other, size in shape.items() if other != dim)
            shape[dim] = max(1, min(shape[dim], chunk_bytes // max(1, others)))
    if variable.nbytes(shape.values()) > LARGEST_CHUNK:
        size = f"{variable.nbytes(shape.values()) / 1e9:.1f} GB"
        raise UploadError(
            f"--chunks: a chunk of {name} has {size}, but Zarr's codecs accept 2.1 GB at most: make it smaller"
        )
    return tuple(shape.values())


class Encoder:
    """Makes the objects of chunks. Reading holds a lock; several threads encode at the same time."""

    def __init__(self, layout: Layout, files: OpenFiles, workers: int) -> None:
        self._layout, self._files = layout, files
        self._arrays: dict[str, tuple[Any, dict[str, zarr.core.buffer.Buffer]]] = {}
        self._compressors: dict[str, numcodecs.Zstd | None] = {}
        self._lock = threading.Lock()
        # More threads than cores would need more memory and not be faster.
        self._turns = threading.Semaphore(min(workers, os.cpu_count() or 1))

    def encode(self, chunk: Chunk) -> memoryview:
        """Return the object of a chunk."""
        with self._turns:
            array, objects = self._array(chunk.variable)
            values = self._layout.source.read(self._files, chunk.variable, chunk.region)
            compressor = self._compressors[chunk.variable]
            if compressor and values.shape == array.chunks and values.dtype == array.dtype:
                return memoryview(compressor.encode(np.ascontiguousarray(values)))
            array[chunk.region] = values if values.shape else values[()]
            content: Any = objects.pop(chunk.name.removeprefix(f"{chunk.variable}/")).as_numpy_array()
            return memoryview(content)

    def _array(self, name: str) -> tuple[Any, dict[str, zarr.core.buffer.Buffer]]:
        """Return the array of a variable in a store in memory, and the objects of that store."""
        with self._lock:
            if name not in self._arrays:
                # An absent chunk then always means that it is missing, never that it holds fill values.
                zarr.config.set({"array.write_empty_chunks": True})
                document = self._layout.metadata[f"{name}/zarr.json"]
                objects: dict[str, zarr.core.buffer.Buffer] = {}
                objects["zarr.json"] = zarr.core.buffer.cpu.Buffer.from_bytes(document)
                self._compressors[name] = _compressor(json.loads(document))
                self._arrays[name] = zarr.open_array(zarr.storage.MemoryStore(objects), mode="r+"), objects
            return self._arrays[name]


def _compressor(document: dict[str, Any]) -> numcodecs.Zstd | None:
    """Return the compressor of an array of numbers with the codecs of new stores; ``None`` for all other arrays.

    The bytes are those that zarr writes. zarr itself encodes in one event loop, for which the workers would wait.
    """
    codecs = [(codec["name"], codec.get("configuration", {})) for codec in document["codecs"]]
    if [name for name, _ in codecs] != ["bytes", "zstd"] or codecs[0][1].get("endian") != sys.byteorder:
        return None
    return numcodecs.Zstd(**codecs[1][1])
