"""An entry of the corpus: what the source is, how to make it, and what the script must do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True)
class Is:
    """What a source is, in words; each field is a column of the table."""

    format: str = "NetCDF4"
    grid: str = "regular"
    calendar: str = "standard"
    packing: str = ""
    dtype: str = "f4"
    names: str = ""
    layout: str = "one file"
    damage: str = ""


@dataclass(frozen=True)
class Made:
    """A source on disk.

    ``files`` are in the order that is right along the joined dimension. ``given`` is what the command names, if it is
    something else. A refusal names one of ``wrong``, and ``variable`` if one is concerned.
    """

    files: list[Path]
    options: tuple[str, ...] = ()
    given: list[str | Path] | None = None
    wrong: tuple[str | Path, ...] = ()
    variable: str | tuple[str, ...] = ()
    along: str = "time"
    # Names of attributes that differ between files: the store has the first file's value or none, and stdout names it.
    differing: tuple[str, ...] = ()
    # Whether permissions count even if the tests run as root.
    unprivileged: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of which a refusal names at least one; empty if none is concerned."""
        return (self.variable,) if isinstance(self.variable, str) else self.variable


@dataclass(frozen=True)
class Entry:
    """A row of the table."""

    name: str
    what: Is
    right: str
    more: bool  # whether it resembles another entry so much that only the whole corpus includes it
    make: Callable[[Path], Made] = field(repr=False)

    def cells(self) -> list[str]:
        """Return the cells of its row."""
        return [self.name, *(getattr(self.what, each.name) for each in fields(Is)), self.right]


ENTRIES: dict[str, Entry] = {}


def entry(
    name: str, right: str, more: bool = False, **what: str
) -> Callable[[Callable[[Path], Made]], Callable[[Path], Made]]:
    """Register a function that makes a source, and what is right for it.

    ``"copied"``: the store equals the source. ``"refused"``: one line, and nothing was written. ``"stopped"``: one
    line, for damage that shows only when all values are read.
    """
    if right not in ("copied", "refused", "stopped"):
        raise ValueError(right)

    def register(make: Callable[[Path], Made]) -> Callable[[Path], Made]:
        if name in ENTRIES:
            raise ValueError(f"two entries are named {name!r}")
        ENTRIES[name] = Entry(name, Is(**what), right, more, make)
        return make

    return register
