"""Operations in which clients differ by a single call only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from column import BIG, BINARY, NAME, SMALL, Column, Place


class Named(Protocol):
    """A call of a client for one object at a place."""

    def __call__(self, at: Place, name: str) -> object: ...


class Pair(Protocol):
    """A call of a client for two objects at a place."""

    def __call__(self, at: Place, source: str, target: str) -> object: ...


class Store(Protocol):
    """A call of a client that stores an object."""

    def __call__(self, at: Place, name: str, data: bytes) -> object: ...


class Listed(Protocol):
    """A call of a client that lists the paths or addresses of all objects at a place."""

    def __call__(self, at: Place) -> list[str]: ...


@dataclass(frozen=True)
class Calls:
    """The calls of one client. ``content`` returns an object's bytes; ``listed_as`` is how ``listed`` shows a name."""

    store: Store
    content: Named
    copy: Pair
    move: Pair
    remove: Named
    remove_folder: Named
    listed: Listed
    listed_as: Named


def usual(column: Column, calls: Calls) -> None:
    """Register the usual operations of a client, implemented with its ``calls``."""

    @column.operation
    def copy(at: Place):
        at.put("a")
        calls.copy(at, "a", "b")
        assert at.get("a") == at.get("b") == SMALL

    @column.operation
    def move(at: Place):
        at.put("a")
        calls.move(at, "a", "b")
        assert (at.names(), at.get("b")) == (["b"], SMALL)

    @column.operation
    def overwrite(at: Place):
        at.put("a", BIG)
        calls.store(at, "a", SMALL)
        assert calls.content(at, "a") == SMALL

    @column.operation
    def delete(at: Place):
        at.put("a")
        at.put("b")
        calls.remove(at, "a")
        assert at.names() == ["b"]

    @column.operation
    def delete_many(at: Place):
        for number in range(120):
            at.put(f"b/{number}")
        at.put("c")
        calls.remove_folder(at, "b")
        assert at.names() == ["c"]

    @column.operation
    def binary(at: Place):
        calls.store(at, "a", BINARY)
        assert at.get("a") == BINARY == calls.content(at, "a")

    @column.operation
    def names(at: Place):
        calls.store(at, NAME, SMALL)
        assert at.names() == [NAME]
        assert calls.listed(at) == [calls.listed_as(at, NAME)]
        assert calls.content(at, NAME) == SMALL
