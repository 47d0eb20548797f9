"""Read several files as one."""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from uploader.common import AGAIN, refusal
from uploader.find_files import fingerprint
from uploader.headers import Header, Request, read_header
from uploader.joining import Part, Row, check_alike, sort_rows, steps_of
from uploader.open_files import OpenFiles
from uploader.variables import Variable

# Variables of few bytes a step are read once, with the header, and kept: up to so many bytes in all.
KEPT_BYTES = 16_000_000


# Calls a function for each path, in this process or on a cluster.
Reader = Callable[..., Iterable[Header]]


class Source:
    """Files that follow one another along a dimension, as one set of variables that is read region by region."""

    def __init__(
        self,
        files: OpenFiles,
        paths: list[str],
        request: Request,
        allow_gaps: bool,
        each: Reader,
    ) -> None:
        self.along = request.along
        self.several = len(paths) > 1
        first = read_header(files, paths[0], request, self.several)
        keep = small_variables(first.content.variables, request, len(paths)) if self.several else []
        self.differing: set[str] = set()
        rows: list[Row] = []
        for header in each(functools.partial(read_header, files), paths, request, self.several, keep):
            self.differing |= check_alike(first, header, request.along)
            part = Part(header.path, steps_of(header, request.along), header.fingerprint)
            rows.append((part, header.axis, header.kept, header.identity))
        if first.axis is not None:
            rows = sort_rows(rows, request, allow_gaps)
        self.parts = [part for part, *_ in rows]
        self.starts = list(itertools.accumulate((part.steps for part in self.parts), initial=0))
        self.identity = hashlib.sha256("".join(identity for *_, identity in rows).encode()).hexdigest()
        self.kept = {name: np.concatenate([kept[name] for _, _, kept, _ in rows]) for name in keep}
        if self.parts[0].path != first.path:
            first = read_header(files, self.parts[0].path, request, False)
        self.attrs = first.content.attrs
        self.variables = {
            name: replace(variable, shape=self._whole(variable)) for name, variable in first.content.variables.items()
        }

    def _whole(self, variable: Variable) -> tuple[int, ...]:
        pairs = zip(variable.dims, variable.shape, strict=True)
        return tuple(self.starts[-1] if self.several and dim == self.along else size for dim, size in pairs)

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each dimension."""
        pairs = [zip(variable.dims, variable.shape, strict=True) for variable in self.variables.values()]
        return dict(itertools.chain.from_iterable(pairs))

    @property
    def nbytes(self) -> int:
        """The bytes of all values."""
        return sum(variable.nbytes(variable.shape) for variable in self.variables.values())

    def pieces(self, name: str, region: tuple[slice, ...]) -> Iterator[tuple[Part, slice, slice]]:
        """Yield the files that hold a region: which of their steps, and where they are in the region."""
        variable = self.variables[name]
        if self.along not in variable.dims or not self.several:
            yield self.parts[0], slice(None), slice(None)
            return
        wanted = region[variable.dims.index(self.along)]
        number = bisect.bisect_right(self.starts, wanted.start) - 1
        while number < len(self.parts) and self.starts[number] < wanted.stop:
            start = self.starts[number]
            begin, end = max(wanted.start, start), min(wanted.stop, self.starts[number + 1])
            yield self.parts[number], slice(begin - start, end - start), slice(begin - wanted.start, end - wanted.start)
            number += 1

    def read(self, files: OpenFiles, name: str, region: tuple[slice, ...]) -> np.ndarray:
        """Return the values of a region."""
        variable = self.variables[name]
        if name in self.kept:
            return self.kept[name][region]
        if self.along not in variable.dims or not self.several:
            return files.read(self.parts[0].path, variable, region)
        axis = variable.dims.index(self.along)
        out = np.empty([one.stop - one.start for one in region], variable.dtype)
        for part, inside, target in self.pieces(name, region):
            there = replace(variable, shape=(*variable.shape[:axis], part.steps, *variable.shape[axis + 1 :]))
            view = out[(*[slice(None)] * axis, target)]
            files.read_into(view, part.path, there, (*region[:axis], inside, *region[axis + 1 :]))
        return out

    def fingerprint(self, name: str, region: tuple[slice, ...]) -> str:
        """Return a digest of the state of the files that hold a region."""
        parts = self.parts if name in self.kept else [part for part, *_ in self.pieces(name, region)]
        return hashlib.sha256("\n".join(part.fingerprint for part in parts).encode()).hexdigest()[:16]

    def check_unchanged(self, files: OpenFiles) -> None:
        """Raise ``UploadError`` if a file was written since its header was read."""
        for part in self.parts:
            if fingerprint(files, part.path) != part.fingerprint:
                raise refusal(part.path, "", "changed during the upload", f"{AGAIN}, which compares every chunk of it")


def small_variables(variables: dict[str, Variable], request: Request, count: int) -> list[str]:
    """Return the variables whose values all fit in memory: the joined coordinate and others of few bytes a step."""
    sizes = {
        name: variable.nbytes(variable.shape) * count
        for name, variable in variables.items()
        if variable.dims[:1] == (request.along,) and name != request.axis
    }
    kept, budget = [request.axis] if request.axis in variables else [], KEPT_BYTES
    for name in sorted(sizes, key=sizes.__getitem__):
        budget -= sizes[name]
        if budget < 0:
            break
        kept.append(name)
    return kept
