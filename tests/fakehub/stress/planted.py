"""Run the server with a deliberate fault: ``python planted.py FAULT CONFIG.json``.

The tests must notice each of them. A fault strikes at every Nth call, so that most requests are answered correctly.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from fakehub.server import process
from fakehub.server.router import HostRouter
from fakehub.storage import conditions
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.json_api import objects
from fakehub.storage.state import State
from fakehub.storage.store import Store


def every(count: int) -> Callable[[], bool]:
    """Return a function that is true at every ``count``-th call."""
    calls = 0

    def strikes() -> bool:
        nonlocal calls
        calls += 1
        return calls % count == 0

    return strikes


def stale_read(strikes: Callable[[], bool]) -> None:
    """Read the object that was replaced instead of the present one."""
    put, existing = Store.put, BucketAccess.existing
    replaced: dict[tuple[str, str], Any] = {}

    def remember(self: Store, bucket: str, new: Any, *more: Any) -> Any:
        before = self.peek(bucket, new.name)
        if before is not None:
            replaced[bucket, new.name] = before
        return put(self, bucket, new, *more)

    def read(self: BucketAccess, name: str, generation: str | None = None) -> Any:
        stored = existing(self, name, generation)
        return replaced.get((self.name, name), stored) if strikes() else stored

    Store.put, BucketAccess.existing = remember, read


def stale_list(strikes: Callable[[], bool]) -> None:
    """Answer with the previous listing."""
    list_objects = objects.list_objects
    previous: list[Any] = []

    def listed(*arguments: Any) -> Any:
        previous.append(list_objects(*arguments))
        return previous[-2] if strikes() and len(previous) > 1 else previous[-1]

    objects.list_objects = listed


def lost_delete(strikes: Callable[[], bool]) -> None:
    """Acknowledge a delete that does nothing."""
    delete = Store.delete

    def lost(self: Store, *arguments: Any, **options: Any) -> None:
        if not strikes():
            delete(self, *arguments, **options)

    Store.delete = lost


def ignored_precondition(strikes: Callable[[], bool]) -> None:
    """Write although the precondition does not hold."""
    check = conditions.check

    def checked(query: Any, *arguments: Any, **options: Any) -> None:
        if "ifGenerationMatch" not in query or not strikes():
            check(query, *arguments, **options)

    conditions.check = checked


def unrecorded(strikes: Callable[[], bool]) -> None:
    """Acknowledge a new object that the state directory does not have."""
    put = State.put

    def forget(self: State, *arguments: Any) -> None:
        if not strikes():
            put(self, *arguments)

    State.put = forget


def unanswered(strikes: Callable[[], bool]) -> None:
    """Close the connection instead of answering."""
    handle = HostRouter.handle

    async def dropped(self: HostRouter, request: Any) -> Any:
        response = await handle(self, request)
        if strikes():
            request.transport.abort()
            await asyncio.sleep(0)
        return response

    HostRouter.handle = dropped


def crash(strikes: Callable[[], bool]) -> None:
    """Fail with an error that nobody expects."""
    handle = HostRouter.handle

    async def failing(self: HostRouter, request: Any) -> Any:
        if strikes():
            raise ZeroDivisionError
        return await handle(self, request)

    HostRouter.handle = failing


def leak(strikes: Callable[[], bool]) -> None:
    """Keep memory for every request."""
    handle, kept = HostRouter.handle, []

    async def keeping(self: HostRouter, request: Any) -> Any:
        if strikes():
            kept.append(b"x" * 65536)
        return await handle(self, request)

    HostRouter.handle = keeping


FAULTS: dict[str, tuple[Callable[[Callable[[], bool]], None], int]] = {
    "stale read": (stale_read, 10),
    "stale list": (stale_list, 5),
    "lost delete": (lost_delete, 5),
    "ignored precondition": (ignored_precondition, 5),
    "unrecorded": (unrecorded, 20),
    "unanswered": (unanswered, 700),
    "crash": (crash, 500),
    "leak": (leak, 1),
}

if __name__ == "__main__":
    if sys.argv[1]:
        plant, count = FAULTS[sys.argv[1]]
        plant(every(count))
    sys.exit(process.main(sys.argv[2]))
