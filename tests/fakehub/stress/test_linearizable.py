"""Histories of eight clients at the same time are linearizable, and a server with a planted fault is found out.

``STRESS=all`` checks many more histories. Seeds are fixed; the order in which requests arrive is not.
"""

from __future__ import annotations

import os

import pytest
from histories import record
from linearizability import Operation, contradiction
from running import running

HISTORIES = 200 if "STRESS" in os.environ else 5
# Operations of each client in one history.
LENGTH = 25


def test_random_histories_are_linearizable(tmp_path):
    overlapping = 0
    for seed in range(HISTORIES):
        with running(tmp_path / str(seed)) as server:
            history = record(server, seed, LENGTH)

        problem = contradiction(history)
        assert problem is None, f"seed {seed}: no order explains these operations:\n{problem}"
        overlapping += overlaps(history)
    # Otherwise the clients did not work at the same time, and the test would prove nothing.
    assert overlapping > HISTORIES * LENGTH


def overlaps(history: list[Operation]) -> int:
    """Return how many operations began while one of another client was going on."""
    ordered = sorted(history, key=lambda operation: operation.began)
    latest, count = 0, 0
    for operation in ordered:
        count += operation.began < latest
        latest = max(latest, operation.ended)
    return count


@pytest.mark.parametrize("fault", ["stale read", "stale list", "lost delete", "ignored precondition"])
def test_a_planted_fault_is_found(tmp_path, fault):
    with running(tmp_path / "server", fault) as server:
        history = record(server, 1, 2 * LENGTH)

    assert contradiction(history) is not None


def operations(*rows: tuple[int, str, int, int, tuple, object]) -> list[Operation]:
    """Return a history from the fields of its operations."""
    return [Operation(*row) for row in rows]


WROTE = (1, "put", 0, 10, ("a", b"1", None), 7)


@pytest.mark.parametrize(
    ("rows", "sound"),
    [
        ([WROTE, (2, "get", 20, 30, ("a",), (7, b"1"))], True),
        ([WROTE, (2, "get", 20, 30, ("a",), 404)], False),
        # While it is written, it may be there or not ...
        ([WROTE, (2, "get", 5, 8, ("a",), 404)], True),
        ([WROTE, (2, "get", 5, 8, ("a",), (7, b"1"))], True),
        # ... but once seen, it stays.
        ([WROTE, (2, "get", 1, 3, ("a",), (7, b"1")), (3, "get", 4, 6, ("a",), 404)], False),
        ([WROTE, (2, "get", 20, 30, ("a",), (7, b"2"))], False),
        ([WROTE, (2, "list", 20, 30, (), {})], False),
        ([WROTE, (2, "list", 20, 30, (), {"a": 7})], True),
        ([WROTE, (2, "delete", 20, 30, ("a",), 204), (1, "get", 40, 50, ("a",), (7, b"1"))], False),
        ([WROTE, (2, "put", 20, 30, ("a", b"2", 0), 8)], False),
        ([WROTE, (2, "put", 20, 30, ("a", b"2", 0), 412)], True),
        ([WROTE, (2, "put", 20, 30, ("a", b"2", 7), 412)], False),
        ([WROTE, (2, "put", 5, 30, ("a", b"2", 0), 8)], True),
        # Of two that may only create the object, one succeeds.
        ([(1, "put", 0, 9, ("a", b"1", 0), 7), (2, "put", 0, 9, ("a", b"2", 0), 8)], False),
        ([WROTE, (1, "compose", 20, 30, (("a", "a"), "j"), 8), (2, "get", 40, 50, ("j",), (8, b"11"))], True),
        ([WROTE, (1, "compose", 20, 30, (("a", "b"), "j"), 8)], False),
        ([WROTE, (1, "compose", 20, 30, (("a", "a"), "j"), 404)], False),
    ],
)
def test_the_checker_accepts_and_rejects(rows, sound):
    assert (contradiction(operations(*rows)) is None) == sound


def test_a_contradiction_names_the_operations():
    problem = contradiction(operations(WROTE, (2, "get", 20, 30, ("a",), 404)))

    assert problem == "client 2: get('a',) -> 404 [20, 30]"
