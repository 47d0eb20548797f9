"""Check that files fit together, and put them in order."""

from __future__ import annotations

import bisect
import itertools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from uploader.common import refusal
from uploader.headers import Header, Request
from uploader.variables import Variable, same

# Attributes that describe how a file was made. They may differ between files; all others must be equal.
INFORMATIONAL = re.compile(
    r"history|comments?|source|references|institution|title|contact|author|creator.*|publisher.*|summary|keywords|id|"
    r"(date_)?(created?|creation|modified|issued|updated)(_.*)?|creation_date|date|timestamp|time_coverage_.*|"
    r"geospatial_.*|tracking_id|uuid|file_?name|original_name|version_id|nco.*|cdo.*|cdi|processing.*|"
    r"actual_(range|min|max)|valid_time_.*|(start|end|stop)_(date|time|year)|year|month|_chunksizes|_storage.*",
    re.IGNORECASE,
)
# Attributes of a whole file that tell experiments, models, grids and members apart; its others are informational.
IDENTIFYING = {"experiment_id", "source_id", "variant_label", "member_id", "grid_label", "frequency", "variable_id"}
IDENTIFYING |= {"table_id", "activity_id", "mip_era", "model_id", "experiment", "realization", "Conventions"}


@dataclass(frozen=True)
class Part:
    """One file of the source: the number of its steps along the joined dimension, and what changes when it does."""

    path: str
    steps: int
    fingerprint: str


# A file, the values of its joined coordinate, those of its small variables, and its identity.
Row = tuple[Part, Any, dict[str, np.ndarray], str]


def steps_of(header: Header, along: str) -> int:
    """Return the size of the joined dimension in a file; 1 if it has none."""
    for variable in header.content.variables.values():
        if along in variable.dims:
            return variable.shape[variable.dims.index(along)]
    return 1


def check_alike(first: Header, other: Header, along: str) -> set[str]:
    """Raise ``UploadError`` unless a file continues the first; return the informational attributes that differ."""
    ours, theirs, path = first.content.variables, other.content.variables, other.path
    for one, two, names in ((first, other, ours.keys() - theirs.keys()), (other, first, theirs.keys() - ours.keys())):
        for name in sorted(names):
            problem = f"is missing, but {one.path} has it"
            raise refusal(two.path, name, problem, "add it, or choose variables that all files have with --variables")
    differing = set()
    for name, variable in theirs.items():
        wanted = ours[name]
        shapes = [[n for d, n in zip(v.dims, v.shape, strict=True) if d != along] for v in (variable, wanted)]
        if variable.dims != wanted.dims or variable.dtype != wanted.dtype or shapes[0] != shapes[1]:
            problem = f"is {described(variable)}, but {described(wanted)} in {first.path}"
            raise refusal(path, name, problem, "make the files alike, or upload them to separate stores")
        for key in variable.attrs.keys() | wanted.attrs.keys():
            if not same(variable.attrs.get(key), wanted.attrs.get(key)):
                if not INFORMATIONAL.fullmatch(key):
                    texts = [shown(one, key) for one in (variable, wanted)]
                    problem = f"{key} is {texts[0]}, but {texts[1]} in {first.path}"
                    raise refusal(path, name, problem, "make the files alike, or upload them to separate stores")
                differing.add(f"{name}:{key}")
        if along not in variable.dims and other.digests.get(name) != first.digests.get(name):
            problem = f"has different values from {first.path}, and no dimension {along} along which to store both"
            raise refusal(path, name, problem, "make the files alike, or upload them to separate stores")
    for key in sorted(first.content.attrs.keys() | other.content.attrs.keys()):
        values = [header.content.attrs.get(key) for header in (first, other)]
        if not same(*values):
            if key in IDENTIFYING:
                problem = f"is {values[1]!r}, but {values[0]!r} in {first.path}"
                raise refusal(path, f"global attribute {key}", problem, "upload them to separate stores")
            differing.add(key)
    return differing


def shown(variable: Variable, key: str) -> str:
    """Return an attribute as people write it."""
    return str(variable.fill) if key == "_FillValue" else repr(variable.attrs.get(key))


def described(variable: Variable) -> str:
    """Return the type and the dimensions of a variable in words."""
    dtype = "text" if variable.dtype.kind == "O" else variable.dtype
    dims = ", ".join(f"{dim}={size}" for dim, size in zip(variable.dims, variable.shape, strict=True))
    return f"{dtype} ({dims})"


def sort_rows(rows: list[Row], request: Request, allow_gaps: bool) -> list[Row]:
    """Sort files by the joined coordinate, whichever way it runs; raises ``UploadError`` for overlaps and gaps."""
    name = request.axis
    runs = {bool(axis[-1] > axis[0]): part.path for part, axis, *_ in rows if len(axis) > 1}
    if len(runs) > 1:
        problem = f"decreases, but increases in {runs[True]}"
        raise refusal(runs[False], name, problem, "sort the files the same way")
    increasing = runs.keys() != {False}
    rows = sorted(rows, key=lambda row: row[1][0], reverse=not increasing)
    for (one, before, *_), (two, after, *_) in itertools.pairwise(rows):
        last, following = before[-1], after[0]
        if last == following or (following < last) == increasing:
            problem = f"overlaps {one.path}, which reaches from {before[0]} to {last}"
            raise refusal(two.path, name, f"{problem}: this file begins at {following}", "remove the repeated steps")
    values = np.concatenate([axis for _, axis, *_ in rows])
    gap = None if allow_gaps else find_gap(values)
    if gap is not None:
        starts = list(itertools.accumulate(len(axis) for _, axis, *_ in rows))
        path = rows[bisect.bisect_right(starts, gap)][0].path
        problem = f"steps are missing between {values[gap]} and {values[gap + 1]} of a regular axis"
        raise refusal(path, name, problem, "add the missing files, or accept the gap with --allow-gaps")
    return rows


def find_gap(values: np.ndarray) -> int | None:
    """Return the index before the first gap in a regular axis; ``None`` if there is none, or the axis is irregular.

    An axis is regular if at least half of its steps are within 15 % of the shortest one, and all others are 1.5 times
    as long or longer. Months of 28 to 31 days are therefore regular. Three or more equal long steps in a row are
    another time step.
    """
    if values.dtype.kind not in "iufmM" or len(values) < 3:
        return None
    numbers = values.view("i8") if values.dtype.kind in "mM" else values
    steps = np.abs(np.diff(numbers.astype("f8")))
    shortest = steps.min()
    near, long = steps <= 1.15 * shortest, steps >= 1.5 * shortest
    if not (near | long).all() or near.mean() < 0.5 or near.all():
        return None
    for is_long, run in itertools.groupby(range(len(steps)), key=lambda index: long[index]):
        lengths = steps[list(run)] if is_long else steps[:0]
        if len(lengths) >= 3 and lengths.max() <= 1.15 * lengths.min():
            return None
    return int(np.flatnonzero(long)[0])
