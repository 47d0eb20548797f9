"""The program of each client runs once; two run at a time, as much of what they do is to wait for their client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from client_columns import Column, run_column


@pytest.fixture(scope="session")
def column(request: pytest.FixtureRequest) -> Iterator[Callable[..., Column]]:
    """Call it with a client and a way (``auto``, ``proxy``) for what the client's program found.

    Raises ``NotRunError`` for a client that is not on this machine.
    """
    found: dict[tuple[str, str], Future[Column]] = {}
    with ThreadPoolExecutor(2) as pool:

        def of(client: str, mode: str = "auto") -> Column:
            return start(client, mode).result()

        def start(client: str, mode: str) -> Future[Column]:
            if (client, mode) not in found:
                found[client, mode] = pool.submit(run_column, client, mode)
            return found[client, mode]

        for item in request.session.items:
            values = item.callspec.params if hasattr(item, "callspec") else {}
            if {"client", "mode"} <= values.keys():
                start(values["client"], values["mode"])
        yield of
        pool.shutdown(cancel_futures=True)
