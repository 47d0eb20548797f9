"""What the cells of a column are, by the head of the column: text of a certain shape, or certain facts.

The build checks every table of facts with it, so that two columns that were swapped, or a column that reads another
fact, are a warning on the page. It notices nothing in columns of the same shape, as the roles on a hub and elsewhere,
or of free text, as notes. Only tests compare those with the facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from guide.facts import Facts

_NUMBER = r"\d+(\.\d+)?"
_RANGE = rf"{_NUMBER} to {_NUMBER}"
_BUCKET = r"(gs://)?[a-z0-9][a-z0-9._-]+"
_ROLE = r"storage\.\w+|none"
# The shape of the cells below each head.
_SHAPES = {
    "Access from the hub": r"read and write|read only",
    "Bucket": _BUCKET,
    "Channel": r"#?[\w-]+",
    "Commit": r"[0-9a-f]{7,40}|[\d.]+|-",
    "Cores (guaranteed to limit)": _RANGE,
    "CPUs (guaranteed to limit)": _RANGE,
    "Date": r"\d{4}(-\d\d){0,2}",
    "Expires": r"(after|from) .+|not stated",
    "Feature": r"[A-Z][^:;,]{1,40}",
    "From a server of the hub": _ROLE,
    "From elsewhere, in the writers' group": _ROLE,
    "GPU memory": rf"{_NUMBER} GB",
    "Grants hub access": r"(yes|no)\b.*",
    "Limit": rf"{_NUMBER} (h|min|days?)",
    "Meaning": r"(?!gs://|<|-$).+",
    "Memory (guaranteed to limit)": rf"({_RANGE}|{_NUMBER}) GiB",
    "Memory limit": rf"{_NUMBER} GiB",
    "Node shares": rf"{_NUMBER}(, {_NUMBER})* GiB|none",
    "Node type": r"[a-z]\w*([-.]\w+)+",
    "Objects are deleted": rf"after {_NUMBER} days?|never",
    "Option": r"[a-z_]+",
    "Permissions can be set": r"for the .+",
    "Reference": r"\S+[/:]\S+",
    "Runs on": r"CPU|CPU only|CPU and GPU",
    "Server memory limit": rf"{_NUMBER} GiB",
    "Setting": r"[A-Z][A-Za-z' -]+",
    "Threads": r"\d+",
    "Use": r"https://\S+|\S+@\S+",
    "Variable": r"[A-Za-z_]\w*",
    "Writable by the writers' group": r"yes|no",
}


def _gpus(facts: Facts) -> set[str]:
    options = facts.gpus.options.items() if facts.gpus else []
    return {"none", *(name for name, _ in options), *(gpu.label for _, gpu in options)}


def _images(facts: Facts) -> set[str]:
    return {text for name, image in facts.images.options.items() for text in (name, image.label)}


def _choices(facts: Facts) -> set[str]:
    return (
        _gpus(facts) | _images(facts) | {share.label for share in facts.node_shares.options.values()} | {" (default)"}
    )


def _teams(facts: Facts) -> set[str]:
    access = facts.access
    return {*(tier.team for tier in access.tiers), *access.extra_teams, *access.login_only_teams}


def _defaults(facts: Facts) -> set[str]:
    gateway = facts.dask_gateway
    options = gateway.model_dump().values() if gateway else []
    sizes = gateway.worker_resource_allocation if gateway else {}
    return {*map(str, options), *sizes, *facts.environment_variables.on_dask_workers}


def _sizes(facts: Facts) -> set[str]:
    return set(facts.dask_gateway.worker_resource_allocation) if facts.dask_gateway else set()


# A cell of these columns is one of the facts, or several with commas between them.
_KNOWN: dict[str, Callable[[Facts], set[str]]] = {
    "Choice": _choices,
    "Default": _defaults,
    "GPU": _gpus,
    "Images": _images,
    "Older name": lambda facts: {tier.formerly or "-" for tier in facts.access.tiers},
    "Tier": lambda facts: {tier.name for tier in facts.access.tiers},
    "team": _teams,
    "worker_resource_allocation": _sizes,
}


def misplaced(facts: Facts, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a line for each column with a cell that is not what its head says."""
    for number, name in enumerate(head):
        wrong = [row[number] for row in rows if not _belongs(facts, name, row[number])]
        if wrong:
            yield f"the column {name!r} has the cell {wrong[0]!r}, which is not of its kind: is it another column's?"


def _belongs(facts: Facts, name: str, cell: str) -> bool:
    """Return whether the column ``name`` can have the cell."""
    known = _KNOWN.get(name) or _KNOWN.get(name.rpartition(" ")[2] if name.endswith(" team") else "")
    if known:
        for value in sorted(known(facts), key=len, reverse=True):
            cell = cell.replace(value, "")
        return not cell.strip(", ")
    return name not in _SHAPES or bool(re.fullmatch(_SHAPES[name], cell))
