"""Fixtures of the tests of appending: a bucket, and processes that append and can be killed at any request."""

from __future__ import annotations

import pytest
from append_world import start_world


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """The stand-in, and the process that starts appends."""
    with start_world(tmp_path_factory.mktemp("world")) as running:
        yield running
