"""Append to a Zarr store in a bucket, so that an interruption loses nothing and data that do not fit are refused.

    from append_to_store import append

    append(ds, "gs://BUCKET/PREFIX/NAME.zarr")

``to_zarr(append_dim=...)`` writes the longer time axis first and the values afterwards. Here the order is reversed:

1. Check everything. Data that do not fit are refused with one line, and the store is not changed.
2. Write the chunks. Readers do not see them yet, because the metadata still say that the store ends before them.
3. Write the metadata, and last the one object from which xarray reads all of them.

Readers get the old store before the last request, and the new one after it. After an interruption, run the same call
again. Append from one program at a time: two programs would overwrite each other's chunks.

``correct`` replaces the values of steps that the store has. For a series of known length, ``lay_out`` writes the whole
axis first, ``append`` then writes the steps in any order, and ``missing`` lists the steps that lack a chunk. Only for
stores in version 3 of the Zarr format.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import cftime
import dask
import dask.array as da
import fsspec
import numpy as np
import xarray as xr
import zarr

# The settings with which xarray encodes values; the packing has to be the same in the data and in the store.
_PACKING = ("dtype", "scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned")
_CODING = (*_PACKING, "units", "calendar")
# Attributes that xarray may keep in ``encoding``, and those that say nothing about what the values mean.
_LINKS = ("grid_mapping", "bounds", "cell_measures", "ancillary_variables", "formula_terms")
_FREE_TEXT = {"history", "comment"}
# Attributes of a whole Dataset that tell experiments, models and members apart; its others may differ.
_IDENTIFYING = {"experiment_id", "source_id", "variant_label", "member_id", "grid_label", "frequency", "variable_id"}
_IDENTIFYING |= {"table_id", "mip_era", "model_id", "experiment", "realization"}
# Steps of the axis in one chunk of a new store: chunks of one step would cost a request for each.
_AXIS_CHUNK = 4096
# A step this many times shorter or longer than those before it does not fit. Months of 28 and 31 days do, and so does
# the change from the first to the middle of a month; leaving out a month or a day does not.
_SHORTEST, _LONGEST = 0.25, 1.75


class DoesNotFit(ValueError):
    """The data do not fit the store; the message is one line. The store is unchanged."""


def append(ds: xr.Dataset, url: str, dim: str = "time", *, gaps: bool = False, encoding: Mapping | None = None) -> int:
    """Append the steps of ``ds`` along ``dim`` that the store at ``url`` lacks; return how many were written.

    Steps that the store has are compared: chunks that are missing are written, other values are refused. A store that
    does not exist is created, with the ``encoding`` of ``to_zarr`` and with times in seconds; later calls may repeat
    the ``encoding``. ``gaps=True`` permits steps of any length. Raises ``DoesNotFit`` before anything is written.
    """
    ds, store = _prepared(ds, dim, encoding), _Store(url)
    if not ds.sizes[dim]:
        return 0
    if not store.exists:
        return _create(store, ds, dim, ds.variables[dim], encoding or {}, gaps=gaps)
    old = store.before_an_interruption(dim)
    held = old.opened
    _check_variables(ds, held, dim, url)
    raw = {name: _encoded(ds.variables[name], held.variables[name], name) for name in old.along(dim)}
    _check_values(ds.variables, raw, held, url)
    axis, steps = np.asarray(old.array(dim)[...]), raw[dim].values
    places = np.searchsorted(axis, steps)
    on_axis = np.isin(steps, axis)
    known = int(on_axis.sum())
    if not on_axis[:known].all() or (np.diff(places[:known]) != 1).any():
        raise DoesNotFit(f"{dim} of the data leaves out steps that {url} has: pass steps that follow each other")
    _check_steps(steps[known:], axis, ds[dim].values[known:], gaps, url)
    if known < steps.size:
        store.check_unlisted(dim, axis, axis.size + steps.size - known)
    written = _fill(store, old, {name: v.isel({dim: slice(known)}) for name, v in raw.items()}, dim, places[:known])
    if known < steps.size:
        new = old.with_length(dim, axis.size + steps.size - known)
        _write(new, {name: v.isel({dim: slice(known, None)}) for name, v in raw.items()}, dim, axis.size)
        store.publish(new, new.along(dim))
    return written + steps.size - known


def correct(ds: xr.Dataset, url: str, dim: str = "time") -> int:
    """Replace the values of steps that the store has with those of ``ds``; return the number of steps.

    Variables that ``ds`` lacks stay as they are, and those without ``dim`` must be equal. Each object that contains
    one of the steps is read, changed and written as a whole. After an interruption, run the same call again. Raises
    ``DoesNotFit`` before anything is written.
    """
    ds, store = _prepared(ds, dim), _Store(url)
    if not store.exists:
        raise DoesNotFit(f"{url} is not a store: check its address")
    old = store.before_an_interruption(dim)
    held = old.opened
    held = held.drop_vars([name for name in held.variables if name not in ds.variables])
    _check_variables(ds, held, dim, url)
    raw = {name: _encoded(ds.variables[name], held.variables[name], name) for name in old.along(dim) if name in held}
    _check_values(ds.variables, raw, held, url)
    axis, steps = np.asarray(old.array(dim)[...]), raw.pop(dim).values
    if (strange := ~np.isin(steps, axis)).any():
        raise DoesNotFit(f"{ds[dim].values[strange][0]} is not a step of {url}")
    places = np.searchsorted(axis, steps)
    if (np.diff(places) != 1).any():
        raise DoesNotFit(f"{dim} of the data leaves out steps that {url} has: pass steps that follow each other")
    sources, targets, regions = [], [], []
    for name, variable in raw.items():
        if variable.size:
            array, data = old.array(name), _dask(variable.data)
            begins = [int(places[0]) if name_of == dim else 0 for name_of in old.dims(name)]
            spans = list(zip(begins, data.shape, _objects_of(array), strict=True))
            sources.append(data.rechunk(tuple(_pieces(b, b + n, s) for b, n, s in spans)))  # each in one object
            targets.append(array)
            regions.append(tuple(slice(b, b + n) for b, n, _ in spans))
    if sources:
        da.store(sources, targets, regions=regions, lock=False)
    return int(steps.size)


def lay_out(ds: xr.Dataset, url: str, axis: Any, dim: str = "time", *, encoding: Mapping | None = None) -> None:
    """Create a store with the whole ``axis``; ``append`` then writes its steps, in any order.

    ``ds`` is a part of the data, chunked as the store will be; what does not depend on ``dim`` is written now. A
    second call changes nothing. Raises ``DoesNotFit`` if another store exists.
    """
    ds, store = _prepared(ds, dim, encoding), _Store(url)
    whole = _prepared(xr.Dataset(coords={dim: (dim, np.asarray(axis), ds[dim].attrs)}), dim)
    if not store.exists:
        _create(store, ds, dim, whole.variables[dim], encoding or {}, gaps=True, only_axis=True)
        return
    held = store.before_an_interruption(dim).opened
    _check_variables(ds, held, dim, url)
    if not held.indexes[dim].equals(whole.indexes[dim]):
        raise DoesNotFit(f"{url} exists with other steps of {dim}: choose another name")


def missing(url: str, dim: str = "time") -> xr.DataArray:
    """Return the steps for which a chunk of some variable is missing.

    ``append`` also writes chunks that consist of fill values. Other programs leave them out, unless ``to_zarr`` was
    called with ``write_empty_chunks=True``.
    """
    store = _Store(url)
    old = store.before_an_interruption(dim)
    axis = old.opened[dim]
    lacking = np.zeros(axis.size, bool)
    for name in old.along(dim):
        array, place, keys = old.array(name), old.dims(name).index(dim), store.keys(name)
        grid = [range(math.ceil(size / step)) for size, step in zip(array.shape, _objects_of(array), strict=True)]
        step = _objects_of(array)[place]
        for index in itertools.product(*grid):
            if array.metadata.encode_chunk_key(index) not in keys:
                lacking[index[place] * step : (index[place] + 1) * step] = True
    return axis[lacking]


# ----------------------------------------------------------------------------------------------------- the store


class _Staged(zarr.storage.WrapperStore):
    """The chunks of a store, with other metadata: ``root`` describes all arrays."""

    def __init__(self, store: Any, root: dict[str, Any]) -> None:
        super().__init__(store)
        self.root = root

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Return the metadata from memory, everything else from the store."""
        if key == "zarr.json":
            return prototype.buffer.from_bytes(json.dumps(self.root).encode())
        if key.startswith(".z"):  # metadata of version 2, which Zarr looks for too
            return None
        return await super().get(key, prototype, byte_range)

    def with_read_only(self, read_only: bool = False) -> _Staged:
        """Return the same store, which refuses to write."""
        return _Staged(self._store.with_read_only(read_only), self.root)


class _Layout:
    """The arrays of a store with the lengths that ``root``, its consolidated metadata, gives them."""

    def __init__(self, url: str, root: dict[str, Any]) -> None:
        self.root, self.url = root, url
        self.arrays: dict[str, dict[str, Any]] = root["consolidated_metadata"]["metadata"]
        if "://" in url:
            chunks: Any = zarr.storage.FsspecStore.from_url(url)
        else:
            chunks = zarr.storage.LocalStore(url)
        self._staged = _Staged(chunks, root)
        # An append writes chunks of fill values too, so that a chunk that is not there is one that was lost.
        with zarr.config.set({"array.write_empty_chunks": True}):
            group = zarr.open_group(self._staged, mode="r+", use_consolidated=True, zarr_format=3)
            self._zarr_arrays = dict(group.arrays())

    def array(self, name: str) -> zarr.Array:
        """Return an array of Zarr, without decoding."""
        return self._zarr_arrays[name]

    def dims(self, name: str) -> list[str]:
        """Return the names of an array's dimensions."""
        return list(self.arrays[name].get("dimension_names") or [])

    def along(self, dim: str) -> list[str]:
        """Return the names of the arrays along ``dim``, the coordinate last."""
        return sorted((name for name in self.arrays if dim in self.dims(name)), key=lambda name: (name == dim, name))

    def with_length(self, dim: str, length: int) -> _Layout:
        """Return the same arrays with another length along ``dim``."""
        root = json.loads(json.dumps(self.root))
        for name in self.along(dim):
            root["consolidated_metadata"]["metadata"][name]["shape"][self.dims(name).index(dim)] = length
        return _Layout(self.url, root)

    @functools.cached_property
    def opened(self) -> xr.Dataset:
        """The Dataset, as xarray decodes it."""
        return xr.open_dataset(self._staged, engine="zarr", consolidated=True, chunks={})


class _Store:
    """The objects of a store at a URL or in a local folder; ``exists`` says whether there is one."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._fs, self._path = fsspec.url_to_fs(self.url)
        self._fs.invalidate_cache()
        try:
            self.names = sorted({p.rstrip("/").rpartition("/")[2] for p in self._fs.ls(self._path, detail=False)})
        except FileNotFoundError:
            self.names = []
        if {".zgroup", ".zarray"} & set(self.names):
            raise DoesNotFit(f"{url} has version 2 of the Zarr format: copy it to a store of version 3 first")
        self._read = self._metadata_objects()
        self._metadata = {key.rpartition("/")[0]: self._parsed(key, content) for key, content in self._read.items()}
        self.exists = "" in self._metadata
        groups = [name for name, node in self._metadata.items() if node["node_type"] == "group" and name]
        if self.exists and groups:
            raise DoesNotFit(f"{url} has groups ({', '.join(groups)}): append to one of them")

    def _parsed(self, key: str, content: bytes) -> dict[str, Any]:
        """Return the metadata of a group or an array; raises ``DoesNotFit`` if xarray could not read them."""
        problem = "is damaged: repair the store first"
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            node: dict[str, Any] = json.loads(content)
            names = node.get("dimension_names") or []
            if node["node_type"] == "group" or (len(names) == len(node["shape"]) and None not in names):
                return node
            problem = "has dimensions without names, which xarray cannot open"
        raise DoesNotFit(f"{self.url}/{key} {problem}")

    def _metadata_objects(self) -> dict[str, bytes]:
        keys = ["zarr.json"] * ("zarr.json" in self.names)
        keys += [f"{name}/zarr.json" for name in self.names if name != "zarr.json"]
        start = len(self._path) + 1
        paths = [f"{self._path}/{key}" for key in keys]
        return {path[start:]: content for path, content in self._fs.cat(paths, on_error="omit").items()} if keys else {}

    def keys(self, name: str) -> set[str]:
        """Return the keys of an array's chunks."""
        start = len(f"{self._path}/{name}/")
        return {path[start:] for path in self._fs.find(f"{self._path}/{name}")}

    def _as_written(self) -> _Layout:
        """Return the arrays with the lengths in their own metadata."""
        arrays = {name: node for name, node in self._metadata.items() if name}
        listed = {"kind": "inline", "must_understand": False, "metadata": arrays}
        return _Layout(self.url, self._metadata[""] | {"consolidated_metadata": listed})

    def before_an_interruption(self, dim: str) -> _Layout:
        """Return the store without what an interrupted append left.

        Such an append leaves some arrays longer than others, or a part of the axis that was never written and reads
        as fill values. So the store ends where its shortest array does, and where the axis stops to increase.
        """
        visible = (self._metadata[""].get("consolidated_metadata") or {}).get("metadata", {})
        layout = self._as_written()
        if dim not in layout.arrays:
            raise DoesNotFit(f"{self.url} has no coordinate {dim}; it has {', '.join(layout.arrays) or 'no variables'}")
        ends = [
            nodes[name]["shape"][layout.dims(name).index(dim)]
            for nodes in (layout.arrays, visible)
            for name in layout.along(dim)
            if name in nodes
        ]
        layout = layout.with_length(dim, min(ends))
        axis = np.asarray(layout.array(dim)[...])
        increases = axis[1:] > axis[:-1]
        if increases.all():
            return layout
        end = int(np.argmin(increases)) + 1
        if (axis[end:] != layout.array(dim).fill_value).any():
            at = layout.opened[dim].values[end]
            raise DoesNotFit(f"{self.url}: {dim} does not increase at {at}: repair the store first")
        return layout.with_length(dim, end)

    def check_beginning(self, layout: _Layout) -> None:
        """Raise ``DoesNotFit`` if there are arrays which an interrupted start of this ``layout`` did not write."""
        for name, node in self._metadata.items():
            if node | {"shape": []} != layout.arrays[name] | {"shape": []}:
                raise DoesNotFit(f"{self.url}/{name} is an array of another store: choose another name")

    def check_unlisted(self, dim: str, axis: np.ndarray, length: int) -> None:
        """Raise ``DoesNotFit`` if a store of this ``length`` would lose steps after the ``axis``.

        A program that appends without consolidating leaves steps that the consolidated metadata do not list.
        """
        array = self._as_written().array(dim)
        if array.size <= length:
            return
        whole = np.asarray(array[...])
        if (whole[length:] > axis[-1:]).all():
            problem = f"has {whole.size} steps, of which its consolidated metadata list {axis.size}"
            raise DoesNotFit(f"{self.url} {problem}: run zarr.consolidate_metadata, or append the others as well")

    def publish(self, layout: _Layout, names: Iterable[str]) -> None:
        """Write the metadata of arrays, then those of the whole store, which readers open first.

        Raises ``DoesNotFit`` if another program has changed them since they were read.
        """
        if self._metadata_objects() != self._read:
            raise DoesNotFit(f"another program wrote to {self.url} at the same time: run this again when it has ended")
        for name in names:
            self._put(f"{name}/zarr.json", layout.arrays[name])
        if not self.exists or self._metadata[""].get("consolidated_metadata"):
            self._put("zarr.json", layout.root)

    def _put(self, key: str, node: dict[str, Any]) -> None:
        path = f"{self._path}/{key}"
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._fs.pipe_file(path, json.dumps(node, indent=2).encode())


# ------------------------------------------------------------------------------------------------------- writing


def _objects_of(array: zarr.Array) -> tuple[int, ...]:
    """Return the shape of what is one object: a shard, or a chunk if there are no shards."""
    return array.shards or array.chunks


def _dask(data: Any) -> da.Array:
    return data if isinstance(data, da.Array) else da.from_array(np.asarray(data), chunks=-1)


def _pieces(start: int, stop: int, step: int) -> tuple[int, ...]:
    """Cut ``start`` to ``stop`` at the multiples of ``step``; return the lengths of the pieces."""
    edges = [start, *range((start // step + 1) * step, stop, step), stop]
    return tuple(int(n) for n in np.diff(edges))


def _write(layout: _Layout, raw: dict[str, xr.Variable], dim: str, start: int) -> None:
    """Write encoded values from step ``start`` on, each object as a whole, from Dask chunks that are whole objects."""
    sources, targets, regions = [], [], []
    for name, variable in raw.items():
        array, dims, steps = layout.array(name), layout.dims(name), _objects_of(layout.array(name))
        if 0 in array.shape or not dims:
            array[...] = variable.values
            continue
        data, first = _dask(variable.data), 0
        if dim in dims:
            place = dims.index(dim)
            first = start // steps[place] * steps[place]
            if first < start:
                before = array[(slice(None),) * place + (slice(first, start),)]
                data = da.concatenate([_dask(before), data], axis=place)
        begins = [first if name_of == dim else 0 for name_of in dims]
        grid = [_pieces(b, b + n, s) for b, n, s in zip(begins, data.shape, steps, strict=True)]
        sources.append(data.rechunk(tuple(grid)))
        targets.append(array)
        regions.append(tuple(slice(b, b + n) for b, n in zip(begins, data.shape, strict=True)))
    if sources:
        da.store(sources, targets, regions=regions, lock=False)


def _fill(store: _Store, layout: _Layout, raw: dict[str, xr.Variable], dim: str, positions: np.ndarray) -> int:
    """Compare steps with the store, and write them where it has no values; return how many were written."""
    if not positions.size:
        return 0
    states, plans = [], []
    for name in sorted(name for name in raw if name != dim and raw[name].size):
        array, dims, data = layout.array(name), layout.dims(name), _dask(raw[name].data)
        begins = [int(positions[0]) if name_of == dim else 0 for name_of in dims]
        spans = list(zip(begins, data.shape, _objects_of(array), strict=True))
        grid = tuple(_pieces(b, b + n, s) for b, n, s in spans)
        region = tuple(slice(b, b + n) for b, n, _ in spans)
        new, old = data.rechunk(grid), da.from_array(array, chunks=array.chunks)[region].rechunk(grid)
        ones = tuple((1,) * len(lengths) for lengths in grid)
        states.append(da.map_blocks(_state, new, old, fill=array.fill_value, dtype="i1", chunks=ones))
        plans.append((name, new, begins))
    todo, steps = [], set()
    for (name, new, begins), state in zip(plans, dask.compute(*states), strict=True):
        edges = [np.cumsum([b, *lengths]) for b, lengths in zip(begins, new.chunks, strict=True)]
        place, array, keys = layout.dims(name).index(dim), layout.array(name), store.keys(name)
        for index in np.ndindex(state.shape):
            region = tuple(slice(int(e[i]), int(e[i + 1])) for e, i in zip(edges, index, strict=True))
            if state[index] == _OTHER:
                when = layout.opened[dim].values[region[place]]
                raise DoesNotFit(f"{layout.url} has different values of {name} between {when[0]} and {when[-1]}")
            key = tuple(r.start // step for r, step in zip(region, _objects_of(array), strict=True))
            if state[index] == _EQUAL and array.metadata.encode_chunk_key(key) in keys:
                continue
            todo.append((new.blocks[index], array, region))
            steps.update(range(region[place].start, region[place].stop))
    if todo:
        da.store([t[0] for t in todo], [t[1] for t in todo], regions=[t[2] for t in todo], lock=False)
    return len(steps)


_EQUAL, _EMPTY, _OTHER = 0, 1, 2


def _state(new: np.ndarray, old: np.ndarray, *, fill: Any) -> np.ndarray:
    """Say of one piece whether the store has the same values, only fill values, or others."""
    empty = np.full(old.shape, fill, dtype=old.dtype)
    state = _EQUAL if _same(new, old) else _EMPTY if _same(old, empty) else _OTHER
    return np.full((1,) * new.ndim, state, "i1")


def _same(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return np.array_equal(one, other, equal_nan=one.dtype.kind in "fcmM" and other.dtype.kind in "fcmM")


def _create(
    store: _Store,
    ds: xr.Dataset,
    dim: str,
    axis: xr.Variable,
    encoding: Mapping,
    *,
    gaps: bool = False,
    only_axis: bool = False,
) -> int:
    """Create a store with this axis, with or without the values along it; return how many steps were written."""
    if strangers := [name for name in store.names if name not in ds.variables]:
        raise DoesNotFit(f"{store.url} is not a store but holds {', '.join(strangers[:3])}: choose another name")
    layout = _new_layout(store.url, ds, encoding, dim).with_length(dim, axis.size)
    store.check_beginning(layout)
    variables = {name: v for name, v in ds.variables.items() if not only_axis or dim not in v.dims} | {dim: axis}
    raw = {name: _encoded(v, layout.opened.variables[name], name) for name, v in variables.items()}
    _check_values(variables, raw, layout.opened, store.url)
    _check_steps(raw[dim].values, raw[dim].values[:0], axis.values, gaps, store.url)
    _write(layout, raw, dim, 0)
    store.publish(layout, [*(name for name in layout.arrays if name != dim), dim])
    return 0 if only_axis else axis.size


def _new_layout(url: str, ds: xr.Dataset, encoding: Mapping, dim: str) -> _Layout:
    """Describe a new store: packed as the source is, with times in seconds, which all later times fit into."""
    if strangers := sorted(str(name) for name in encoding if name not in ds.variables):
        raise DoesNotFit(f"the encoding has settings for {', '.join(strangers)}, which the data lack")
    template, settings = ds.drop_encoding(), {}
    for name, variable in ds.variables.items():
        own = _packing_of(variable)
        if _is_time(variable):
            own = {"units": "seconds since 1970-01-01", "dtype": "int64", "calendar": _calendar(variable)}
        sizes = [max(lengths) for lengths in variable.chunks] if variable.chunks else variable.shape
        own["chunks"] = (_AXIS_CHUNK,) if name == dim else tuple(max(size, 1) for size in sizes)
        settings[name] = own | dict(encoding.get(name, {}))
        if variable.dtype.kind in {"O", "T", "U"} and not _is_time(variable):  # of any length, as later parts may need
            template[name] = xr.Variable(variable.dims, np.full(variable.shape, "", object), variable.attrs)
        elif name not in ds.indexes and variable.dtype.kind != "O":
            empty = da.zeros(variable.shape, dtype=variable.dtype, chunks=-1)
            template[name] = xr.Variable(variable.dims, empty, variable.attrs)
    objects: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        memory = zarr.storage.MemoryStore(objects)
        try:
            template.to_zarr(memory, compute=False, consolidated=True, encoding=settings, zarr_format=3)
        except (ValueError, TypeError, NotImplementedError) as error:
            problem = " ".join(str(error).split())
            raise DoesNotFit(f"{url} cannot be created from these data and this encoding: {problem}") from None
    return _Layout(url, json.loads(objects["zarr.json"].to_bytes()))


# -------------------------------------------------------------------------------------------------------- checks


def _packing_of(variable: xr.Variable) -> dict[str, Any]:
    """Return the settings that the source packs its values with; text needs none."""
    kind = variable.dtype.kind
    keys = () if kind in "OSTU" else ("dtype", "units") if kind == "m" else _PACKING
    packing = {key: variable.encoding[key] for key in keys if key in variable.encoding}
    return {} if kind == "m" and len(packing) == 1 else packing  # xarray takes both or neither for time spans


def _is_time(variable: xr.Variable) -> bool:
    if variable.dtype.kind == "O" and variable.size:
        return isinstance(variable[(slice(0, 1),) * variable.ndim].values.item(), cftime.datetime)
    return variable.dtype.kind == "M"


def _calendar(variable: xr.Variable) -> str:
    """Return the calendar of times; datetime64 can stand for two of them."""
    calendar = variable.encoding.get("calendar", "")
    if variable.dtype.kind == "M" and calendar in ("standard", "gregorian"):
        return "standard"
    return str(xr.DataArray(variable).dt.calendar)


def _prepared(ds: xr.Dataset, dim: str, encoding: Mapping | None = None) -> xr.Dataset:
    """Return the Dataset with all attributes in ``attrs``, and with the packing that ``encoding`` sets.

    Raises ``DoesNotFit`` if it cannot be stored.
    """
    if dim not in ds.indexes:
        raise DoesNotFit(f"the data have no coordinate {dim} to append along; they have {', '.join(ds.variables)}")
    ds = ds.copy()
    for name, variable in list(ds.variables.items()):
        if not variable.dtype.isnative:
            ds[name] = ds[name].astype(variable.dtype.newbyteorder("="))
        settings = (encoding or {}).get(name, {})
        packing = variable.encoding | {key: settings[key] for key in _PACKING if key in settings}
        if "missing_value" in packing:  # xarray would add another _FillValue, and then refuse to have two
            packing.setdefault("_FillValue", packing["missing_value"])
        ds[name].encoding = packing
        links = {key: packing[key] for key in _LINKS if key in packing}
        ds[name].attrs = links | ds[name].attrs
        objects = variable.values.flat if variable.dtype.kind == "O" and not _is_time(variable) else ()
        if not all(isinstance(value, str) for value in objects):
            raise DoesNotFit(f"{name} holds objects that are not text: convert it first")
    axis = ds[dim].values
    if axis.dtype.kind not in "iufM" and not _is_time(ds.variables[dim]) and axis.size:
        raise DoesNotFit(f"{dim} has dtype {axis.dtype}: only along times and numbers can steps be put in order")
    if (ds[dim].isnull()).any():
        raise DoesNotFit(f"a step of {dim} is missing (NaT or NaN)")
    if (wrong := ~(axis[1:] > axis[:-1])).any():
        raise DoesNotFit(f"{dim} of the data does not increase at {axis[1:][wrong][0]}: sort them, drop duplicates")
    return ds


def _check_variables(ds: xr.Dataset, held: xr.Dataset, dim: str, url: str) -> None:
    """Compare everything that can be compared without reading the values along ``dim``."""
    for has, lacks, names in ((url, "the data lack", ds), ("the data", f"{url} lacks", held)):
        other = held if names is ds else ds
        if extra := [str(name) for name in other.variables if name not in names.variables]:
            raise DoesNotFit(f"{lacks} {', '.join(sorted(extra))}, which {has} has".replace("data has", "data have"))
    for key in sorted(_IDENTIFYING & ds.attrs.keys() & held.attrs.keys()):
        if not _same(ds.attrs[key], held.attrs[key]):
            raise DoesNotFit(f"{key} of the data is {ds.attrs[key]!r}, but {held.attrs[key]!r} in {url}")
    for name, variable in ds.variables.items():
        like = held.variables[name]
        sizes = {d: n for d, n in variable.sizes.items() if d != dim}, {d: n for d, n in like.sizes.items() if d != dim}
        if variable.dims != like.dims or sizes[0] != sizes[1]:
            raise DoesNotFit(f"{name} has the dimensions {variable.sizes}, but {like.sizes} in {url}")
        _check_meaning(str(name), variable, like, url)
        if dim not in variable.dims and not _equal(variable.values, like.values):
            raise DoesNotFit(f"{name} has different values from {url}, {_difference(variable.values, like.values)}")


def _check_meaning(name: str, variable: xr.Variable, like: xr.Variable, url: str) -> None:
    """Compare attributes, calendar, dtype and packing."""
    for key in sorted((variable.attrs.keys() | like.attrs.keys()) - _FREE_TEXT):
        mine, its = variable.attrs.get(key), like.attrs.get(key)
        if key not in variable.attrs or key not in like.attrs or not _same(mine, its):
            raise DoesNotFit(f"{key} of {name} is {mine!r}, but {its!r} in {url}")
    if _is_time(variable):
        mine, its = _calendar(variable), like.encoding.get("calendar", "standard")
        both = ("standard", "gregorian", "proleptic_gregorian")  # the same since 1582, which datetime64 is read as
        if mine != its and not (variable.dtype.kind == "M" and its in both):
            raise DoesNotFit(f"calendar of {name} is {mine}, but {its} in {url}")
        return
    stored = np.dtype(like.encoding.get("dtype", like.dtype))
    if (
        "scale_factor" in like.encoding
        or "add_offset" in like.encoding
        or (stored.kind in "iu" and like.dtype.kind == "f")
    ):
        for key in _PACKING:
            mine, its = variable.encoding.get(key), like.encoding.get(key)
            if mine != its and (mine is None or its is None or not _same(mine, its)):
                raise DoesNotFit(f"{name} is packed with {key} {its} in {url}, but the data with {mine}")
    elif variable.dtype != like.dtype and {variable.dtype.kind, like.dtype.kind} - set("OUT"):
        raise DoesNotFit(f"{name} has dtype {variable.dtype}, but {like.dtype} in {url}: convert it if nothing is lost")


def _check_steps(new: np.ndarray, before: np.ndarray, labels: np.ndarray, gaps: bool, url: str) -> None:
    """Check that new steps follow those before them at about the same distance; ``labels`` are for messages."""
    if not new.size:
        return
    if before.size and new[0] < before[-1]:
        raise DoesNotFit(f"{labels[0]} is not a step of {url}, but comes before its end")
    steps = np.diff(np.concatenate([before[-1:], new]))
    usual = _usual(before if before.size > 1 else new, is_new=before.size < 2)
    if gaps or not steps.size or not usual.size:
        return
    wrong = (steps < _SHORTEST * usual.min()) | (steps > _LONGEST * usual.max())
    if wrong.any():
        label = labels[int(np.argmax(wrong)) + new.size - steps.size]
        raise DoesNotFit(f"the step to {label} is much longer or shorter than the others; gaps=True permits it")


def _usual(axis: np.ndarray, is_new: bool) -> np.ndarray:
    """Return the steps that others are compared with: those of the store, or the median of a new regular axis."""
    steps = np.diff(axis)
    if not is_new or not steps.size:
        return steps
    is_regular = np.isclose(steps, np.median(steps), rtol=0.15).mean() >= 0.5
    return np.array([np.median(steps)]) if is_regular else steps


def _encoded(variable: xr.Variable, like: xr.Variable, name: Any) -> xr.Variable:
    """Return the values as the store holds them."""
    bare = xr.Variable(variable.dims, variable.data)
    bare.encoding = {key: like.encoding[key] for key in _CODING if key in like.encoding}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Times can't be serialized faithfully")
        return xr.conventions.encode_cf_variable(bare, name=name)


def _check_values(variables: Mapping, raw: Mapping, held: xr.Dataset, url: str) -> None:
    """Check that values which are stored in another form come back: times exactly, packed ones to half a step."""
    for name, encoded in raw.items():
        mine, like = variables[name], held.variables[name]
        fill = like.encoding.get("_FillValue")
        if encoded.dtype == mine.dtype and (fill is None or fill != fill):
            continue
        # xarray changes the units of times that do not fit them; the store's stay as they are.
        units = {key: like.encoding[key] for key in ("units", "calendar") if key in like.encoding}
        stored = xr.Variable(encoded.dims, encoded.data, encoded.attrs | units)
        unit: Any = np.datetime_data(mine.dtype)[0] if mine.dtype.kind == "M" else "ns"
        times = xr.coders.CFDatetimeCoder(use_cftime=True if mine.dtype.kind == "O" else None, time_unit=unit)
        is_span = mine.dtype.kind == "m"
        back = xr.conventions.decode_cf_variable(name, stored, decode_times=times, decode_timedelta=is_span)
        if back.dtype.kind == "f":
            half = abs(like.encoding.get("scale_factor", 0)) * 0.501
            lost = (back.isnull() != mine.isnull()) | (abs(back - mine) > half)
            fits = not bool(lost.any().values)
        else:
            fits = _equal(back.values, mine.values)
        if not fits:
            how = ", ".join(f"{key} {like.encoding[key]}" for key in _CODING if key in like.encoding)
            raise DoesNotFit(f"{name} has values that {url} cannot hold exactly: it stores them with {how}")


def _equal(one: Any, other: Any) -> bool:
    """Compare values and dtype; NaN equals NaN."""
    one, other = np.asarray(one), np.asarray(other)
    text = {one.dtype.kind, other.dtype.kind} <= set("OUT")
    return (text or one.dtype == other.dtype or one.dtype.kind in "mM") and _same(one, other)


def _difference(one: np.ndarray, other: np.ndarray) -> str:
    """Say how two arrays of one shape differ."""
    if one.dtype.kind not in "fiu" or other.dtype.kind not in "fiu":
        pairs = zip(one.ravel(), other.ravel(), strict=True)
        return next((f"such as {mine} for {its}" for mine, its in pairs if mine != its), f"as {one.dtype}")
    if one.dtype != other.dtype:
        return f"{one.dtype} and {other.dtype}"
    return f"by up to {np.nanmax(abs(one.astype(float) - other.astype(float))):.3g}"
