"""Read the header of a file, and check it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from uploader.common import reading, refusal
from uploader.find_files import fingerprint, identity
from uploader.open_files import OpenFiles
from uploader.variables import DEFAULT_FILLS, Content, Variable

# Attributes that name other variables, which --variables then includes.
NAMING = (
    "coordinates",
    "bounds",
    "climatology",
    "grid_mapping",
    "formula_terms",
    "cell_measures",
    "ancillary_variables",
)


@dataclass(frozen=True)
class Request:
    """What to copy: the dimension that joins files, the variable that orders them, and a choice of variables."""

    along: str = "time"
    sort_by: str | None = None
    variables: tuple[str, ...] = ()

    @property
    def axis(self) -> str:
        """The name of the variable that orders the files."""
        return self.sort_by or self.along


@dataclass(frozen=True)
class Header:
    """What is read of a file before anything is written.

    ``digests`` are those of the values of each variable without the joined dimension, and ``kept`` the values of
    small variables with it.
    """

    path: str
    content: Content
    axis: np.ndarray | None
    digests: dict[str, str]
    kept: dict[str, np.ndarray]
    fingerprint: str
    identity: str


def read_header(files: OpenFiles, path: str, request: Request, several: bool, keep: Iterable[str] = ()) -> Header:
    """Read what has to be known of a file; raises ``UploadError`` for what cannot be copied."""
    before = fingerprint(files, path)
    with reading(path):
        content = chosen(files.open(path).content(), request, path)
    variables = content.variables
    if not variables:
        raise refusal(path, "", "has no variables", "leave it out")
    check_dimensions(path, variables)
    axis, digests = None, {}
    kept = {name: read_all(files, path, variables[name]) for name in keep if name in variables}
    for name, variable in variables.items():
        static = several and request.along not in variable.dims
        if static or (variable.dtype.kind == "O" and name not in kept):  # reading shows whether text is UTF-8
            digests[name] = digest(files, path, variable)
    order = variables.get(request.axis)
    if order and order.dims == (request.along,):
        axis = kept[request.axis] if request.axis in kept else read_all(files, path, order)
        check_axis(path, request.axis, order, axis)
    elif several:
        check_joinable(path, content, request)
    return Header(path, content, axis, digests, kept, before, identity(files, path))


def read_all(files: OpenFiles, path: str, variable: Variable) -> np.ndarray:
    """Return all values of a variable."""
    return files.read(path, variable, tuple(slice(0, size) for size in variable.shape))


def digest(files: OpenFiles, path: str, variable: Variable) -> str:
    """Return a digest of the values of a variable, which are read in pieces of a few megabytes."""
    found = hashlib.sha256()
    size, *others = variable.shape or (1,)
    rows = max(1, (1 << 24) // max(1, variable.nbytes(others)))
    for start in range(0, size, rows):
        part = (slice(start, min(start + rows, size)), *(slice(0, other) for other in others))
        values = files.read(path, variable, part if variable.shape else ())
        data = json.dumps(values.tolist()).encode() if values.dtype.kind == "O" else values.tobytes()
        found.update(data)
    return found.hexdigest()


def chosen(content: Content, request: Request, path: str) -> Content:
    """Return all variables, or those asked for and the ones that they refer to."""
    variables = content.variables
    if not request.variables:
        return content
    for name in request.variables:
        if name not in variables:
            raise refusal(path, name, f"there is no such variable, only {', '.join(variables)}", "correct --variables")
    wanted, todo = set(), [*request.variables, request.axis]
    while todo:
        name = todo.pop()
        if name in variables and name not in wanted:
            wanted.add(name)
            attrs = variables[name].attrs
            todo += [*variables[name].dims, *(word for key in NAMING for word in str(attrs.get(key, "")).split())]
    return Content({name: variables[name] for name in variables if name in wanted}, content.attrs)


def check_dimensions(path: str, variables: dict[str, Variable]) -> None:
    """Raise ``UploadError`` for names and dimensions that a Zarr store cannot have, or xarray cannot read."""
    sizes: dict[str, tuple[int, str]] = {}
    for name, variable in variables.items():
        if name in ("", ".", "..", "zarr.json") or name.startswith("__") or re.search(r"[/\\\0-\x1f]", name):
            raise refusal(path, repr(name), "is not a name that Zarr allows", "rename it, for example with ncrename")
        if len(set(variable.dims)) < len(variable.dims):
            raise refusal(path, name, "has one dimension twice, which xarray cannot read", "rename one of them")
        for dim, size in zip(variable.dims, variable.shape, strict=True):
            if sizes.setdefault(dim, (size, name))[0] != size:
                problem = f"its dimension {dim} has the size {size}, but {sizes[dim][0]} in {sizes[dim][1]}"
                raise refusal(path, name, problem, "rename one of them")


def check_joinable(path: str, content: Content, request: Request) -> None:
    """Raise ``UploadError`` for a file without what joins and orders several files."""
    dims = list(dict.fromkeys(dim for variable in content.variables.values() for dim in variable.dims))
    if request.along not in dims:
        problem = f"there is no dimension of this name, only {', '.join(dims) or 'scalars'}"
        raise refusal(path, request.along, problem, "name the one that joins the files with --along")
    candidates = [name for name, variable in content.variables.items() if variable.dims == (request.along,)]
    problem = f"there is no coordinate {request.axis}({request.along}) to put the files in order"
    remedy = f"name one with --sort-by ({', '.join(candidates[:5])})" if candidates else "add one to each file"
    raise refusal(path, request.axis, problem, remedy)


def check_axis(path: str, name: str, variable: Variable, values: np.ndarray) -> None:
    """Raise ``UploadError`` unless the joined coordinate has values, none is missing, and they are sorted."""
    if not values.size:
        raise refusal(path, name, "is empty: the file has no steps", "leave the file out")
    fills = {"_FillValue": variable.fill, "missing_value": variable.attrs.get("missing_value")}
    if "_FillValue" not in variable.attrs and variable.dtype.itemsize > 1:  # any byte may be a value
        fills["netCDF's default fill value"] = DEFAULT_FILLS.get(variable.dtype.str[1:])
    if variable.dtype.kind in "fcmM" and (values != values).any():  # NaN and NaT differ from themselves
        raise refusal(path, name, "has missing values (NaN)", "fill them in, or leave these steps out")
    for key, fill in fills.items():
        for one in fill if isinstance(fill, list) else [fill]:
            if one is not None and (values == np.asarray(one)).any():
                raise refusal(path, name, f"has missing values ({key} {one})", "fill them in, or leave these steps out")
    if variable.dtype.kind == "c":
        raise refusal(path, name, "holds complex numbers, which have no order", "name another with --sort-by")
    later, earlier = values[1:] > values[:-1], values[1:] < values[:-1]
    if not (later.all() or earlier.all()):
        same = np.flatnonzero(~later & ~earlier)
        problem = f"has the value {values[same[0]]} twice" if same.size else "is not sorted"
        raise refusal(path, name, problem, "sort the file, or remove the repeated steps")
