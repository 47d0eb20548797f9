"""Run the program of each client once, two at a time, because they mostly wait for their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from client_columns import Column, run_column


@pytest.fixture(scope="session")
def column(request: pytest.FixtureRequest) -> Iterator[Callable[..., Column]]:
    """Return a function of a client and a mode (``auto``, ``proxy``) that returns the client's results.

    It raises ``NotRunError`` for a client that is not on this machine.
    """
    columns: dict[tuple[str, str], Future[Column]] = {}
    with ThreadPoolExecutor(2) as pool:

        def of(client: str, mode: str = "auto") -> Column:
            return start(client, mode).result()

        def start(client: str, mode: str) -> Future[Column]:
            if (client, mode) not in columns:
                columns[client, mode] = pool.submit(run_column, client, mode)
            return columns[client, mode]

        for item in request.session.items:
            values = item.callspec.params if hasattr(item, "callspec") else {}
            if {"client", "mode"} <= values.keys():
                start(values["client"], values["mode"])
        yield of
        pool.shutdown(cancel_futures=True)
