"""Settings for Icechunk's own tests: repositories that they keep in memory are in the bucket instead.

So are those of their fixture ``repo``. Tests that look at the files of a repository on disk keep it there.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import NoReturn

import icechunk
import pytest

_BUCKET, _RUN = os.environ["SUITE_BUCKET"], uuid.uuid4().hex


def _in_bucket(path: object = None) -> icechunk.Storage:
    """Return a place in the bucket: the same for the same path, a new one without a path."""
    name = uuid.uuid4().hex if path is None else hashlib.sha256(str(path).encode()).hexdigest()
    return icechunk.gcs_storage(bucket=_BUCKET, prefix=f"icechunk/{_RUN}/{name}", from_env=True)


# The tests import this name after this file was read.
icechunk.in_memory_storage = _in_bucket


def parse_repo(store: str, path: str) -> icechunk.Repository:
    """Return a new repository, as the suite's own function of this name does."""
    return icechunk.Repository.create(storage=_in_bucket(path if store == "local" else None))


@pytest.fixture
def repo(request: pytest.FixtureRequest, tmpdir: str) -> tuple[icechunk.Repository, str]:
    """Return a new repository and its path."""
    return parse_repo(request.param, tmpdir), tmpdir


def get_minio_client() -> NoReturn:
    """Skip a test that needs MinIO."""
    pytest.skip("needs MinIO")


def write_chunks_to_minio(*_arguments: object, **_options: object) -> NoReturn:
    """Skip a test that needs MinIO."""
    pytest.skip("needs MinIO")
