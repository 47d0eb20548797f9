#!/usr/bin/env python3
"""Upload NetCDF files, or a Zarr store on this disk, to one Zarr store in a bucket, so that it survives.

    python upload_store.py SOURCE... gs://BUCKET/PREFIX/NAME.zarr

The values arrive as the files hold them: packed, scaled and dated as before, bit for bit. Whatever stops the upload
(a dropped line, an expired token, a killed job), start the same command again: it goes on where it stopped.

How it works. First everything is checked; nothing is written before that. Then the frame is written: names, types
and attributes of the whole store. Then chunk after chunk. Each is encoded in memory, so that its checksum is known
before it is sent; it is sent with the condition that nobody wrote that object meanwhile; and it counts as proven when
the bucket reports the same checksum. What is proven is noted in a manifest, a small file beside you; at the next start
proven chunks are skipped and those that are torn or missing are written again. At the end the source is read once
more and compared with all that the bucket holds.

Needs xarray, zarr, google-auth and requests, and h5netcdf or netCDF4 for NetCDF files.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import ctypes
import hashlib
import itertools
import json
import math
import os
import random
import re
import signal
import stat
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import numpy as np
import requests
import xarray as xr
import zarr

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

HOST = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
# What the login must be allowed to do; to write a torn chunk again is to delete the old one.
RIGHTS = ("storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list")
# On the root of a store: what it is made from.
MARK = "made-from"
# Attributes that say what the numbers mean: files that differ in one cannot stand in one array as they are.
MEANING = ("units", "calendar", "scale_factor", "add_offset", "_FillValue", "missing_value")
AGAIN = "start the same command again"
FIELDS = "name,size,md5Hash,generation,metadata"


class Stop(Exception):
    """Why the upload cannot begin or go on: one line."""


class Differs(Stop):
    """Why the store is not what the source is."""


class Lost(Exception):
    """A request without an answer, or with one that says: try again. ``after`` so many seconds, if it says."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


def say(line: str) -> None:
    """Print a line; a full disk behind the output must not end the upload."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


# --- the source -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One file of the source: the coordinates it holds, or its place among the files where there are none."""

    path: Path
    coordinates: np.ndarray
    size: int


@contextlib.contextmanager
def opened(path: Path) -> Iterator[xr.Dataset]:
    """A source as it lies there, nothing decoded and nothing read yet."""
    try:
        options = {"engine": "zarr", "consolidated": None} if path.is_dir() else {}
        with xr.open_dataset(path, decode_cf=False, cache=False, **options) as dataset:
            yield dataset
    except FileNotFoundError:
        raise Stop(f"{path}: there is no such file") from None
    except (OSError, ValueError, KeyError) as error:
        why = str(error).splitlines()[0]
        if "did not find a match" in why:
            why = "it is no NetCDF file, or the library for its kind is missing"
        raise Stop(f"{path}: cannot be read: {why}") from None


def values_of(dataset: xr.Dataset, name: str, region: tuple[slice, ...]) -> np.ndarray:
    """Values of a region, in the byte order of this machine."""
    found = np.asarray(dataset.variables[name][region].values)
    return found.astype(found.dtype.newbyteorder("="), copy=False)


class Source:
    """Files that follow one another ``along`` a dimension, seen as one Dataset that is read region by region."""

    def __init__(self, paths: list[Path], along: str, variables: list[str] | None) -> None:
        self.along = along
        self.parts: list[Part] = []
        with opened(paths[0]) as first:
            names = chosen(first, variables, paths[0])
            check_types(first, names)
            if len(paths) > 1 and along not in first.sizes:
                raise Stop(f"{paths[0]}: has no dimension {along!r} to join files along; name it with --along")
            for path in paths:
                with opened(path) as dataset:
                    check_alike(first, dataset, names, along, paths[0], path)
                    found = dataset.variables[along].values if along in dataset.variables else ()
                    coordinates = np.asarray(found if len(found) else [len(self.parts)])
                    self.parts.append(Part(path, coordinates, dataset.sizes.get(along, 1)))
        self.parts.sort(key=lambda part: part.coordinates[0])
        for one, other in itertools.pairwise(self.parts):
            if other.coordinates[0] <= one.coordinates[-1]:
                raise Stop(f"{one.path} and {other.path} overlap along {along}: leave one out")
        with opened(self.parts[0].path) as first:
            self.outline = first[names].isel({dim: slice(0, 1) for dim in first.sizes}).load()
            self.sizes = {str(dim): size for dim, size in first[names].sizes.items()}
        if along in self.sizes:
            self.sizes[along] = sum(part.size for part in self.parts)

    def shape(self, name: str) -> tuple[int, ...]:
        """The whole shape of a variable."""
        return tuple(self.sizes[dim] for dim in self.outline.variables[name].dims)

    def dtype(self, name: str) -> np.dtype:
        """The type of a variable, in the byte order of this machine."""
        return self.outline.variables[name].dtype.newbyteorder("=")

    def read(self, name: str, region: tuple[slice, ...]) -> np.ndarray:
        """Values of a region. Files are opened for each read: many open ones would take memory."""
        dims = self.outline.variables[name].dims
        axis = dims.index(self.along) if self.along in dims else None
        if axis is None or len(self.parts) == 1:
            with opened(self.parts[0].path) as dataset:
                return values_of(dataset, name, region)
        wanted, start, pieces = region[axis], 0, []
        for part in self.parts:
            begin, end = max(wanted.start, start), min(wanted.stop, start + part.size)
            if begin < end and name == self.along:
                pieces.append(part.coordinates[begin - start : end - start])  # read already
            elif begin < end:
                inside = (*region[:axis], slice(begin - start, end - start), *region[axis + 1 :])
                with opened(part.path) as dataset:
                    pieces.append(values_of(dataset, name, inside))
            start += part.size
        found = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis)
        return found.astype(self.dtype(name), copy=False)

    def identity(self) -> str:
        """A digest of what the files are: names, sizes, beginnings and ends. The same wherever they are copied."""
        found = hashlib.sha256()
        for part in self.parts:
            for file in sorted(files_of(part.path)):
                size = file.stat().st_size
                found.update(f"{part.path.name} {file.relative_to(part.path)} {size}\n".encode())
                with file.open("rb") as content:
                    found.update(content.read(1 << 16))
                    content.seek(max(0, size - (1 << 16)))
                    found.update(content.read())
        return found.hexdigest()

    def changed(self) -> int:
        """When a file was changed last, in nanoseconds."""
        return max(file.stat().st_mtime_ns for part in self.parts for file in files_of(part.path))


def files_of(path: Path) -> Iterable[Path]:
    """A file, or all files of a store."""
    return [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())


def chosen(dataset: xr.Dataset, variables: list[str] | None, path: Path) -> list[str]:
    """The variables to upload: all, or those asked for and the coordinates they use."""
    there = [str(name) for name in dataset.variables]
    missing = [name for name in variables or () if name not in there]
    if missing:
        raise Stop(f"{path}: has no variable {missing[0]!r}; it has {', '.join(there)}")
    if not variables:
        return there
    wanted = set(variables)
    for name in variables:
        wanted.update(str(dim) for dim in dataset[name].dims)
        wanted.update(str(dataset[name].attrs.get("coordinates", "")).split())
    wanted.update(str(dataset[name].attrs.get("bounds")) for name in wanted & set(there))
    return [name for name in there if name in wanted]


def check_types(dataset: xr.Dataset, names: list[str]) -> None:
    """Refuse what a Zarr array cannot hold as it is."""
    for name in names:
        dtype = dataset[name].dtype
        if dtype.kind not in "biufc":
            what = "object" if dtype.kind == "O" else str(dtype)
            raise Stop(f"{name} has dtype {what}, which is not numbers: encode it, or choose others with --variables")


def check_alike(first: xr.Dataset, other: xr.Dataset, names: list[str], along: str, one: Path, two: Path) -> None:
    """Refuse a file that does not continue the first."""
    for name in names:
        if name not in other.variables:
            raise Stop(f"{two}: has no variable {name!r}, which {one} has")
        here, there = first.variables[name], other.variables[name]
        for key in MEANING:
            is_there, was_there = (str(variable.attrs.get(key)) for variable in (there, here))
            if is_there != was_there:
                raise Stop(f"{two}: {key} of {name} is {is_there}, but {was_there} in {one}: make them one first")
        shapes = [{dim: size for dim, size in it.sizes.items() if dim != along} for it in (here, there)]
        if shapes[0] != shapes[1] or here.dims != there.dims or here.dtype != there.dtype:
            raise Stop(
                f"{two}: {name} is {there.dtype} {dict(there.sizes)}, but {here.dtype} {dict(here.sizes)} in {one}"
            )
        if along not in here.dims and here.values.tobytes() != there.values.tobytes():
            raise Stop(f"{two}: {name} has other values than in {one}")


# --- the store ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chunk:
    """One chunk of a variable: its object's name in the store, and where its values are."""

    name: str
    variable: str
    region: tuple[slice, ...]


class Store:
    """The store as it is to be: its frame, its chunks, and their encoding. Made in memory; nothing is sent."""

    def __init__(self, source: Source, chunks: dict[str, int], chunk_bytes: int) -> None:
        self.source = source
        self.chunk_shapes = {
            name: chunk_shape(source, name, chunks, chunk_bytes) for name in map(str, source.outline.variables)
        }
        self._objects: dict[str, zarr.core.buffer.Buffer] = {}
        self._store = zarr.storage.MemoryStore(self._objects)
        self._reading = threading.Lock()
        # A chunk that is not there is then always a missing one; and one thread's memory is enough for encoding.
        zarr.config.set({"array.write_empty_chunks": True, "threading.max_workers": 1})
        self.frame = self._frame()
        made_from = json.dumps([source.identity(), sorted((k, v.decode()) for k, v in self.frame.items())])
        self.made_from = hashlib.sha256(made_from.encode()).hexdigest()

    def _frame(self) -> dict[str, bytes]:
        """The objects that say what the store is. xarray writes them for one value a dimension; then they grow."""
        encoding: dict[str, dict] = {}
        for name, variable in self.source.outline.variables.items():
            encoding[str(name)] = {"chunks": self.chunk_shapes[str(name)]}
            if "_FillValue" not in variable.attrs:
                encoding[str(name)]["_FillValue"] = None  # xarray would add one
        outline = self.source.outline.drop_encoding()
        outline.to_zarr(self._store, zarr_format=3, consolidated=False, encoding=encoding)
        for name in encoding:
            zarr.open_array(self._store, path=name, mode="r+").resize(self.source.shape(name))
        zarr.consolidate_metadata(self._store)
        for name in [name for name in self._objects if not name.endswith("zarr.json")]:
            del self._objects[name]
        found = {name: json.loads(data.to_bytes()) for name, data in self._objects.items()}
        arrays = found["zarr.json"]["consolidated_metadata"]["metadata"]
        found["zarr.json"]["consolidated_metadata"]["metadata"] = {name: arrays[name] for name in encoding}
        return {name: json.dumps(found[name]).encode() for name in sorted(found)}

    def chunks(self) -> Iterator[Chunk]:
        """Every chunk, those of small variables first."""
        for name in sorted(self.chunk_shapes, key=lambda name: math.prod(self.source.shape(name))):
            shape, steps = self.source.shape(name), self.chunk_shapes[name]
            counts = [math.ceil(size / step) for size, step in zip(shape, steps, strict=True)]
            for place in itertools.product(*map(range, counts)):
                region = tuple(
                    slice(number * step, min((number + 1) * step, size))
                    for number, step, size in zip(place, steps, shape, strict=True)
                )
                yield Chunk("/".join((name, "c", *map(str, place))), name, region)

    def encode(self, chunk: Chunk) -> memoryview:
        """The object of a chunk, made from the source. One at a time: the rest of the memory is for sending."""
        with self._reading:
            array = zarr.open_array(self._store, path=chunk.variable, mode="r+")
            array[chunk.region] = self.source.read(chunk.variable, chunk.region)
            return memoryview(self._objects.pop(chunk.name).as_numpy_array())


def chunk_shape(source: Source, name: str, chunks: dict[str, int], most: int) -> tuple[int, ...]:
    """As asked for, or whole but for the dimension the files are joined along, and then the others in order."""
    dims = source.outline.variables[name].dims
    shape = dict(zip(dims, source.shape(name), strict=True))
    if chunks and len(dims) > 1:
        return tuple(min(chunks.get(dim, size), size) or 1 for dim, size in shape.items())
    found = dict(shape)
    for dim in sorted(dims, key=lambda dim: dim != source.along):
        others = math.prod(size for other, size in found.items() if other != dim) * source.dtype(name).itemsize
        found[dim] = max(1, min(found[dim], most // max(1, others)))
    return tuple(found[dim] for dim in dims)


# --- the bucket -----------------------------------------------------------------------------------------------------


class Login:
    """Who you are to the bucket: a token that is renewed when it ends. Never printed."""

    def __init__(self, token_file: Path | None) -> None:
        self._file, self._renewing = token_file, threading.Lock()
        if token_file:
            self._token = read_token(token_file)
            return
        try:
            found, _ = google.auth.default()
        except google.auth.exceptions.DefaultCredentialsError:
            raise Stop("no login: run 'gcloud auth application-default login', or give --token-file FILE") from None
        self._credentials = google.auth.credentials.with_scopes_if_required(found, [SCOPE])
        self._token = ""

    def token(self, refused: str | None = None) -> str:
        """A token; another one than ``refused``, which the bucket did not take."""
        with self._renewing:
            if self._file:
                if refused == self._token:
                    self._token = read_token(self._file)  # perhaps there is a new one by now
                if refused == self._token:
                    raise Stop(f"the token in {self._file} is no longer accepted; put a new one there, and {AGAIN}")
            elif not self._credentials.valid or refused == self._token:
                self._renew()
            return self._token

    def _renew(self) -> None:
        try:
            self._credentials.refresh(google.auth.transport.requests.Request())
        except google.auth.exceptions.RefreshError as error:
            if error.retryable:
                raise Lost("the login's server is busy") from None
            why = str(error.args[0] if error.args else error).splitlines()[0]
            raise Stop(f"the login has ended ({why}); log in anew, and {AGAIN}") from None
        except google.auth.exceptions.TransportError:
            raise Lost("no answer from the login's server") from None
        self._token = self._credentials.token


def read_token(file: Path) -> str:
    """The token in a file that nobody else may read."""
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise Stop(f"{file}: others may read this token: chmod 600 {file}")
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Stop(f"{file}: holds no access token, which is one word")
    return token


@dataclass(frozen=True)
class Stored:
    """What the bucket says of an object."""

    md5: str
    generation: str
    metadata: dict[str, str]
    size: int


class Body:
    """What is sent, piece by piece and without a copy of the whole."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data, self._sent = memoryview(data), 0

    def __len__(self) -> int:
        return len(self._data)

    def read(self, size: int) -> memoryview:
        """The next piece: more than was asked for, or a fast line would wait for Python."""
        size = max(size, 1 << 18)
        self._sent += size
        return self._data[self._sent - size : self._sent]


class Bucket:
    """Objects below one prefix of a bucket, over HTTP. What goes wrong on the way is tried again for ``patience``."""

    def __init__(self, bucket: str, prefix: str, login: Login, timeout: float, patience: float) -> None:
        self.name, self.prefix = bucket, prefix
        self._login, self._timeout, self._patience = login, timeout, patience
        self._answered = time.monotonic()
        self._own = threading.local()  # a session of its own for each thread
        self.ending = threading.Event()

    def rights(self) -> list[str]:
        """Which of ``RIGHTS`` the login has."""
        path = f"/storage/v1/b/{quote(self.name, safe='')}/iam/testPermissions"
        answer = self._ask("GET", path, params=[("permissions", right) for right in RIGHTS])
        if answer.status_code == 404:
            raise Stop(f"there is no bucket gs://{self.name}")
        return answer.json().get("permissions", []) if answer.ok else []

    def listing(self) -> dict[str, Stored]:
        """Everything below the prefix, by name."""
        found: dict[str, Stored] = {}
        params = {"prefix": self.prefix, "fields": f"nextPageToken,items({FIELDS})", "maxResults": "1000"}
        while True:
            answer = self._ask("GET", f"/storage/v1/b/{quote(self.name, safe='')}/o", params=params)
            body = self._good(answer, f"gs://{self.name}/{self.prefix} cannot be listed").json()
            for item in body.get("items", []):
                found[item["name"].removeprefix(self.prefix)] = as_stored(item)
            if not body.get("nextPageToken"):
                return found
            params["pageToken"] = body["nextPageToken"]

    def look(self, name: str) -> Stored | None:
        """One object, or ``None``."""
        path = f"/storage/v1/b/{quote(self.name, safe='')}/o/{quote(self.prefix + name, safe='')}"
        answer = self._ask("GET", path, params={"fields": FIELDS})
        return (
            None if answer.status_code == 404 else as_stored(self._good(answer, f"{name} cannot be looked at").json())
        )

    def get(self, name: str) -> bytes:
        """The content of an object."""
        for trial in itertools.count():
            answer = self._good(self._ask("GET", self._path(name)), f"{name} cannot be read")
            if f"md5={md5(answer.content)}" in answer.headers.get("x-goog-hash", ""):
                return answer.content
            self._wait(trial, Lost("an object arrived as something else"))
        raise AssertionError

    def put(self, name: str, data: bytes | memoryview, over: Stored | None, metadata: dict[str, str]) -> bool:
        """Write an object where none is, or ``over`` a torn one; proven when this returns: the bucket has said so.

        Returns whether this call wrote it: another copy of this script may have been faster.
        """
        digest = md5(data)
        headers = {"Content-MD5": digest, "Content-Type": "application/octet-stream"}
        headers["x-goog-if-generation-match"] = over.generation if over else "0"
        headers |= {f"x-goog-meta-{key}": value for key, value in metadata.items()}
        for trial in itertools.count():
            try:
                answer = self._once("PUT", self._path(name), headers=headers, data=Body(data))
                if answer.status_code != 412:
                    self._good(answer, f"gs://{self.name}/{self.prefix}{name} cannot be written")
                    if f"md5={digest}" in answer.headers.get("x-goog-hash", ""):
                        return True
            except Lost as lost:
                self._wait(trial, lost)
            # No answer, or somebody was faster: what is there now?
            found = self.look(name)
            if found and found.md5 == digest:
                return False
            if (found and found.generation) != (over and over.generation):
                raise Stop(f"gs://{self.name}/{self.prefix}{name} was changed by somebody else just now")
        raise AssertionError

    def _path(self, name: str) -> str:
        return f"/{quote(self.name, safe='')}/{quote(self.prefix + name, safe='/')}"

    def _ask(self, method: str, path: str, **options: object) -> requests.Response:
        """An answer, however often it takes to get one."""
        for trial in itertools.count():
            try:
                return self._once(method, path, **options)
            except Lost as lost:
                self._wait(trial, lost)
        raise AssertionError

    def _once(self, method: str, path: str, headers: dict[str, str] | None = None, **options) -> requests.Response:
        """One request; raises ``Lost`` where it should be tried again."""
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
        token = self._login.token()

        def identified(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        try:
            answer = self._own.session.request(
                method, HOST + path, headers=headers, auth=identified, timeout=self._timeout, **options
            )
        except requests.RequestException as error:
            raise Lost(f"the line broke ({type(error).__name__})") from None
        if answer.status_code == 401:
            self._login.token(refused=token)
            raise Lost("the login is not accepted", after=0.01)
        if answer.status_code == 400 and "BadDigest" in answer.text:
            raise Lost("an object arrived as something else")
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            after = answer.headers.get("Retry-After", "")
            raise Lost(f"the bucket answered {answer.status_code}", float(after) if after.isdecimal() else 0.0)
        self._answered = time.monotonic()
        return answer

    def _wait(self, trial: int, lost: Lost) -> None:
        """Wait before the next trial, longer each time; raises ``Stop`` when nothing was answered for too long."""
        if time.monotonic() - self._answered > self._patience:
            raise Stop(f"nothing has worked for {self._patience:.0f} s ({lost}); {AGAIN}")
        longer = min(30.0, 0.5 * 2**trial) * random.uniform(0.5, 1.0)  # noqa: S311 - not secret
        pause = lost.after if lost.after and not trial else max(lost.after, longer)
        if self.ending.wait(pause):
            raise Stop("stopped")

    def _good(self, answer: requests.Response, what: str) -> requests.Response:
        """The answer, if it is not a refusal."""
        if answer.ok:
            return answer
        found = re.search(r"<Details>(.*?)</Details>|<Message>(.*?)</Message>", answer.text, re.DOTALL)
        why = (found[1] or found[2]) if found else f"status {answer.status_code}"
        with contextlib.suppress(ValueError, KeyError, TypeError):
            why = answer.json()["error"]["message"]
        raise Stop(f"{what}: {' '.join(why.split())}")


def as_stored(item: dict) -> Stored:
    """An object as the bucket describes it."""
    return Stored(item.get("md5Hash", ""), item["generation"], item.get("metadata", {}), int(item.get("size", 0)))


def md5(data: bytes | memoryview) -> str:
    """The checksum as the bucket has it."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


# --- the manifest ---------------------------------------------------------------------------------------------------


class Manifest:
    """What is proven written: one line an object, on this disk. Only saves time: without it nothing is lost.

    Two copies of this script cannot share one.
    """

    def __init__(self, path: Path, target: str, made_from: str, changed: int) -> None:
        self.path, self.proven = path, {}
        self._writing, self._told = threading.Lock(), False
        self._head = {"target": target, MARK: made_from, "changed": changed}
        try:
            self._file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise Stop(f"{path}: cannot be written ({error.strerror}); name another with --manifest") from None
        # Without locks the conditions on each object keep two copies apart as well; they only waste the line.
        with contextlib.suppress(OSError, AttributeError):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Stop(f"another copy is at work on this upload ({path} is in use): wait for it") from None
        self._read()

    def _read(self) -> None:
        self._file.seek(0)
        head, *lines = [found for line in self._file if (found := parsed(line))] or [None]
        if head and head.get("target") != self._head["target"]:
            raise Stop(f"{self.path} belongs to an upload to {head.get('target')}: name another with --manifest")
        if head == self._head:
            self.proven = {line["object"]: line["md5"] for line in lines if {"object", "md5"} <= line.keys()}
            self._write("")  # ends a line that was torn
            return
        self.forget()

    def forget(self) -> None:
        """Begin anew: the next start looks at everything."""
        self.proven = {}
        with contextlib.suppress(OSError):
            self._file.truncate(0)
        self._write(json.dumps(self._head))

    def add(self, name: str, digest: str) -> None:
        """Note an object."""
        with self._writing:
            self.proven[name] = digest
            self._write(json.dumps({"object": name, "md5": digest}))

    def _write(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            if not self._told:
                say(f"{self.path}: {error.strerror}; going on without it, the next start will take longer")
            self._told = True


def parsed(line: str) -> dict | None:
    """A line of a manifest; ``None`` for one that is torn."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


# --- the upload -----------------------------------------------------------------------------------------------------


class Upload:
    """One store on its way into a bucket."""

    def __init__(self, store: Store, bucket: Bucket, workers: int) -> None:
        self.store, self.bucket, self.workers = store, bucket, workers
        self.chunks = list(store.chunks())
        self.there = bucket.listing()
        self.encoded: dict[str, str] = {}  # checksums computed from the source since the start
        self.sent: dict[str, int] = {}

    def refuse_others(self) -> None:
        """Raise ``Stop`` unless the target is empty or this very upload was begun there."""
        url = f"gs://{self.bucket.name}/{self.bucket.prefix.rstrip('/')}"
        root = self.there.get("zarr.json")
        if self.there and root is None:
            raise Stop(f"{url} holds something else ({next(iter(self.there))}): choose another name")
        if root and MARK not in root.metadata:
            raise Stop(f"{url} exists and was not begun by this script: choose another name")
        if root and root.metadata[MARK] != self.store.made_from:
            raise Stop(f"{url} was begun from other files, or with other chunks: choose another name")
        others = self.there.keys() - self.store.frame.keys() - {chunk.name for chunk in self.chunks}
        if others:
            raise Stop(f"{url} holds something else ({min(others)}): choose another name")

    def write_frame(self) -> None:
        """Write what the store is; its root first, which claims the target."""

        def write(name: str) -> None:
            data, found = self.store.frame[name], self.there.get(name)
            if found is None or found.md5 != md5(data):
                self.bucket.put(name, data, found, {MARK: self.store.made_from} if name == "zarr.json" else {})

        write("zarr.json")
        if "zarr.json" not in self.there:
            root = self.bucket.look("zarr.json")
            if root is None or root.metadata.get(MARK) != self.store.made_from:
                raise Stop("somebody else began another store there just now: choose another name")
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(write, self.store.frame.keys() - {"zarr.json"}))

    def write(self, chunk: Chunk, manifest: Manifest) -> None:
        """Write one chunk, unless the bucket has it, and note it."""
        data, found = self.store.encode(chunk), self.there.get(chunk.name)
        digest = md5(data)
        if found is None or found.md5 != digest:
            self.bucket.put(chunk.name, data, found, {})
            self.sent[chunk.name] = len(data)
        self.encoded[chunk.name] = digest
        manifest.add(chunk.name, digest)

    def check(self, chunk: Chunk) -> None:
        """Compute the checksum of a chunk from the source, unless this was done since the start."""
        if chunk.name not in self.encoded:
            self.encoded[chunk.name] = md5(self.store.encode(chunk))

    def each(self, action: Callable[[Chunk], None], chunks: list[Chunk], doing: str) -> None:
        """Do something with each chunk, as many at once as there are workers."""
        todo, turn, done, told = iter(chunks), threading.Lock(), itertools.count(1), [time.monotonic()]
        problems: list[BaseException] = []

        def work() -> None:
            while not self.bucket.ending.is_set():
                with turn:
                    chunk = next(todo, None)
                if chunk is None:
                    return
                try:
                    action(chunk)
                except BaseException as problem:
                    problems.append(problem)
                    self.bucket.ending.set()
                    return
                with turn:
                    self._tell(doing, next(done), len(chunks), told)

        with ThreadPoolExecutor(self.workers) as pool:
            running = [pool.submit(work) for _ in range(self.workers)]
            try:
                for future in running:
                    future.result()
            except BaseException:
                self.bucket.ending.set()  # what is under way may end, nothing more begins
                raise
        if problems:
            raise problems[0]

    def _tell(self, doing: str, done: int, total: int, told: list[float]) -> None:
        if sys.stdout.isatty():
            bar = "#" * (40 * done // total)
            with contextlib.suppress(OSError):
                print(f"\r{doing} [{bar:40}] {done}/{total}", end="\n" if done == total else "", flush=True)
        elif done == total or time.monotonic() > told[0] + 10:
            told[0] = time.monotonic()
            say(f"{doing}: {done} of {total} chunks")

    def compare(self) -> None:
        """Compare the whole source with all that the bucket holds; raises ``Stop`` where they differ."""
        self.each(self.check, [chunk for chunk in self.chunks if chunk.name not in self.encoded], "comparing")
        expected = {name: md5(data) for name, data in self.store.frame.items()} | self.encoded
        self.there = self.bucket.listing()
        there = {name: found.md5 for name, found in self.there.items()}
        wrong = sorted(name for name in expected.keys() | there.keys() if expected.get(name) != there.get(name))
        if wrong:
            raise Differs(f"{len(wrong)} objects are not what the source holds ({wrong[0]}); {AGAIN}")
        self._read_back()

    def _read_back(self) -> None:
        """Read the frame and one chunk of each variable as any reader would, and compare them with the source."""
        last = {chunk.variable: chunk for chunk in self.chunks}
        names = [*self.store.frame, *(chunk.name for chunk in last.values())]
        objects = {name: zarr.core.buffer.cpu.Buffer.from_bytes(self.bucket.get(name)) for name in names}
        found = xr.open_zarr(
            zarr.storage.MemoryStore(objects), decode_cf=False, chunks=None, create_default_indexes=False
        )
        for name, chunk in last.items():
            source, read = self.store.source, found.variables[name][chunk.region].values
            same_values = np.array_equal(bits(read), bits(source.read(name, chunk.region)))
            attributes = plain(found.variables[name].attrs) == plain(source.outline.variables[name].attrs)
            if not (same_values and attributes and found[name].shape == source.shape(name)):
                raise Differs(f"{name} reads back as something else than the source holds")

    def run(self, manifest: Manifest) -> None:
        """Write what is missing, compare, and say what is proven."""
        proven = manifest.proven
        todo = [c for c in self.chunks if c.name not in self.there or self.there[c.name].md5 != proven.get(c.name)]
        say(f"{len(self.chunks) - len(todo)} of {len(self.chunks)} chunks are proven; {len(todo)} to go")
        started = time.monotonic()
        self.write_frame()
        self.each(lambda chunk: self.write(chunk, manifest), todo, "uploading")
        size, seconds = sum(self.sent.values()), time.monotonic() - started
        say(f"sent {len(self.sent)} chunks, {megabytes(size)} in {seconds:.1f} s")
        try:
            self.compare()
        except Differs:
            manifest.forget()  # whatever is wrong, the next start looks at everything
            raise
        size = sum(self.there[name].size for name in self.there)
        say(
            f"proven: {len(self.there)} objects, {megabytes(size)}, have the checksums computed from the source; "
            f"the frame and a chunk of each variable read back bit for bit"
        )


def bits(values: np.ndarray) -> np.ndarray:
    """The bytes of an array, to compare also what is not a number."""
    return np.ascontiguousarray(values).reshape(-1).view("u1")


def plain(attributes: dict) -> dict[str, str]:
    """Attributes in a form that can be compared: NaN as itself, numbers without their type."""
    return {name: str(np.asarray(value).tolist()) for name, value in attributes.items()}


def megabytes(size: float) -> str:
    """A size as people read it."""
    return f"{size / 1e6:.1f} MB"


# --- the command ----------------------------------------------------------------------------------------------------


def arguments() -> argparse.Namespace:
    """What was asked for."""
    about, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=about, epilog=more, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("source", nargs="+", type=Path, help="NetCDF files in any order, or one Zarr store")
    add("target", help="gs://BUCKET/PREFIX/NAME.zarr; PREFIX begins with your GitHub username")
    add("--along", default="time", metavar="DIM", help="dimension that joins the files (%(default)s)")
    add("--variables", metavar="A,B", help="only these, and the coordinates they use")
    add("--chunk-mb", type=positive, default=100, metavar="MB", help="size of a chunk, at most (%(default)s)")
    add("--chunks", metavar="DIM=N,...", help="shape of the chunks, in place of their size")
    add("--workers", type=whole, default=4, metavar="N", help="chunks on their way at once (%(default)s)")
    add("--token-file", type=Path, metavar="FILE", help="file of mode 600 with an access token")
    add("--user", default=os.environ.get("JUPYTERHUB_USER"), help="your GitHub username (the hub knows it)")
    add("--manifest", type=Path, metavar="FILE", help="where proven chunks are noted (NAME.zarr.manifest)")
    add("--timeout", type=positive, default=120, metavar="S", help="seconds for one answer (%(default)s)")
    add("--patience", type=positive, default=900, metavar="S", help="seconds without success (%(default)s)")
    add("--dry-run", action="store_true", help="check everything, write nothing")
    return parser.parse_args()


def positive(text: str) -> float:
    """A number above zero; argparse says so where it is none."""
    if not 0 < float(text) < math.inf:
        raise ValueError
    return float(text)


def whole(text: str) -> int:
    """A whole number above zero."""
    return int(positive(str(int(text))))


def target_of(url: str, user: str | None) -> tuple[str, str]:
    """Bucket and prefix; raises ``Stop`` for what is no place of one's own in a bucket."""
    found = re.fullmatch(r"gs://([a-z0-9][a-z0-9._-]+)/([^/]+)/(?:[^/]+/)*[^/]+\.zarr", url.rstrip("/"))
    if not url.startswith("gs://"):
        raise Stop(f"{url} does not begin with gs://, so it is no place in a bucket")
    if not found:
        raise Stop(f"{url} is not of the form gs://BUCKET/PREFIX/NAME.zarr")
    if user and found[2] != user:
        raise Stop(f"{url} is below the prefix of {found[2]}, not yours: write below gs://{found[1]}/{user}/")
    return found[1], url.rstrip("/").removeprefix(f"gs://{found[1]}/") + "/"


def chunks_of(text: str | None, source: Source) -> dict[str, int]:
    """Sizes by dimension; raises ``Stop`` for what is none."""
    found: dict[str, int] = {}
    for part in (text or "").split(",") if text else ():
        dim, _, size = part.partition("=")
        if not size.isdecimal() or not int(size):
            raise Stop(f"--chunks {text} is not of the form DIM=N,DIM=N")
        if dim not in source.sizes:
            raise Stop(f"--chunks: there is no dimension {dim!r}, but {', '.join(source.sizes)}")
        found[dim] = int(size)
    return found


def upload(given: argparse.Namespace) -> None:
    """Check everything, then upload."""
    bucket, prefix = target_of(given.target, given.user)
    source = Source(given.source, given.along, given.variables.split(",") if given.variables else None)
    store = Store(source, chunks_of(given.chunks, source), int(given.chunk_mb * 1e6))
    target = Bucket(bucket, prefix, Login(given.token_file), given.timeout, given.patience)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    lacking = set(RIGHTS) - set(target.rights())
    if lacking:
        raise Stop(f"this login may not write to gs://{bucket}: it lacks {min(lacking)}")
    work = Upload(store, target, given.workers)
    work.refuse_others()
    size = sum(math.prod(source.shape(name)) * source.dtype(name).itemsize for name in store.chunk_shapes)
    count = len(source.parts)
    say(f"{count} file{'s' * (count != 1)}, {len(store.chunk_shapes)} variables, {megabytes(size)} -> {given.target}")
    if given.dry_run:
        say("nothing was written (--dry-run)")
        return
    manifest = given.manifest or Path(f"{prefix.rstrip('/').rpartition('/')[2]}.manifest")
    work.run(Manifest(manifest, given.target.rstrip("/"), store.made_from, source.changed()))


def return_memory() -> None:
    """Have Linux take a chunk's memory back at once; otherwise each thread keeps what it once needed."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD: larger pieces than that


def main() -> int:
    """Upload; 0 when the store is proven, 1 otherwise, with one line that says why."""
    return_memory()
    warnings.simplefilter("ignore")  # of libraries to their users; what matters here is an error
    try:
        upload(arguments())
    except Stop as stop:
        reason = str(stop)
    except KeyboardInterrupt:
        reason = f"stopped; {AGAIN}"
    except OSError as error:
        reason = f"{error.filename or 'this machine'}: {error.strerror or error}"
    else:
        return 0
    with contextlib.suppress(OSError):
        print(f"upload_store.py: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
