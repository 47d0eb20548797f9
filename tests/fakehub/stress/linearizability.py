"""Check whether a history of concurrent operations on a bucket is linearizable.

It is if each operation can take effect at one moment between its beginning and its end. All results must then be those
of a single client that does the operations one after the other. The search is that of Wing and Gong, with Lowe's cache
of states that were tried: https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The objects of the bucket: generation and content by name. Replaced at each change, never changed.
State = Mapping[str, tuple[int, bytes]]


@dataclass(frozen=True)
class Operation:
    """One operation of a client: what it did, when it began and ended, its arguments and its result."""

    client: int
    kind: str
    began: int
    ended: int
    arguments: tuple[Any, ...]
    result: Any

    def __str__(self) -> str:
        return f"client {self.client}: {self.kind}{self.arguments} -> {self.result} [{self.began}, {self.ended}]"


def put(state: State, result: Any, name: str, content: bytes, expected: int | None) -> State | None:
    """Store an object; ``expected`` is the generation that must be there, 0 for none. The result: generation or 412."""
    present = state[name][0] if name in state else 0
    if expected is not None and expected != present:
        return state if result == 412 else None
    return None if result in {404, 412} else {**state, name: (result, content)}


def get(state: State, result: Any, name: str) -> State | None:
    """Read an object. The result: its generation and content, or 404."""
    return state if result == state.get(name, 404) else None


def delete(state: State, result: Any, name: str) -> State | None:
    """Delete an object. The result: 204 or 404."""
    if name not in state:
        return state if result == 404 else None
    return {key: value for key, value in state.items() if key != name} if result == 204 else None


def listed(state: State, result: Any) -> State | None:
    """List the bucket. The result: the generation of each object."""
    return state if result == {name: generation for name, (generation, _) in state.items()} else None


def compose(state: State, result: Any, sources: Sequence[str], name: str) -> State | None:
    """Join objects. The result: the generation of the new one, or 404 if a source is missing."""
    if not all(source in state for source in sources):
        return state if result == 404 else None
    if result == 404:
        return None
    return {**state, name: (result, b"".join(state[source][1] for source in sources))}


# Each function returns the state after the operation, or ``None`` if it cannot have that result in the state before.
_EFFECTS: dict[str, Callable[..., State | None]] = {
    "put": put,
    "get": get,
    "delete": delete,
    "list": listed,
    "compose": compose,
}


def contradiction(history: Sequence[Operation]) -> str | None:
    """Return ``None`` for a linearizable history, else the operations that no order explains, one in each line."""
    operations = sorted(history, key=lambda operation: operation.began)
    everything = (1 << len(operations)) - 1
    # One entry for each operation of the order: what was done before it, the state then, and what else could follow.
    stack = [(0, {}, _next(operations, 0))]
    seen: set[tuple[int, frozenset[tuple[str, tuple[int, bytes]]]]] = set()
    longest = 0
    while stack:
        done, state, choices = stack[-1]
        if done == everything:
            return None
        longest = max(longest, done, key=int.bit_count)
        for number in choices:
            operation = operations[number]
            after = _EFFECTS[operation.kind](state, operation.result, *operation.arguments)
            if after is None:
                continue
            key = (done | 1 << number, frozenset(after.items()))
            if key not in seen:
                seen.add(key)
                stack.append((key[0], dict(after), _next(operations, key[0])))
                break
        else:
            stack.pop()
    return "\n".join(str(operations[number]) for number in _next(operations, longest))


def _next(operations: Sequence[Operation], done: int) -> Iterator[int]:
    """Yield the operations that may come next: those that began before any other one that is left had ended."""
    first_end = None
    for number in range(_first_left(done), len(operations)):
        operation = operations[number]
        if done >> number & 1:
            continue
        if first_end is not None and operation.began > first_end:
            return
        first_end = operation.ended if first_end is None else min(first_end, operation.ended)
        yield number


def _first_left(done: int) -> int:
    """Return the number of the first operation that is not done: the lowest bit that is 0."""
    return (~done & done + 1).bit_length() - 1
