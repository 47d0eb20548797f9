"""Xarray's own tests of Zarr, ``xarray.tests.test_backends.ZarrBase``, with their stores in the bucket."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator

import pytest
from obstore.store import GCSStore
from xarray.tests.conftest import time_unit
from xarray.tests.test_backends import ZarrBase, default_zarr_format, tmp_store
from zarr.storage import ObjectStore

# Fixtures of these tests, which pytest finds in the module only.
__all__ = ["default_zarr_format", "time_unit", "tmp_store"]
BUCKET = os.environ["SUITE_BUCKET"]


@pytest.mark.usefixtures("default_zarr_format")
class TestByAddress(ZarrBase):
    """Stores of ``gs://`` addresses, which Xarray opens with gcsfs."""

    @contextlib.contextmanager
    def create_zarr_target(self) -> Iterator[str]:
        """Return the address of a new store."""
        yield f"gs://{BUCKET}/xarray/{uuid.uuid4().hex}.zarr"


@pytest.mark.usefixtures("default_zarr_format")
class TestWithObstore(ZarrBase):
    """Stores of obstore, which Zarr opens without gcsfs."""

    @contextlib.contextmanager
    def create_zarr_target(self) -> Iterator[ObjectStore]:
        """Return a new store."""
        yield ObjectStore(GCSStore(BUCKET, prefix=f"xarray/{uuid.uuid4().hex}.zarr"))
