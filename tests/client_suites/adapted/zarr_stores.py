"""Zarr's own tests of stores, ``zarr.testing.store.StoreTests``, for its two stores that reach the bucket."""

from __future__ import annotations

import os
import uuid
from typing import Any

import obstore
import pytest
from gcsfs import GCSFileSystem
from obstore.store import GCSStore
from zarr.core.buffer import Buffer, cpu
from zarr.storage import FsspecStore, ObjectStore
from zarr.testing.store import StoreTests

BUCKET = os.environ["SUITE_BUCKET"]


class TestFsspecStore(StoreTests[FsspecStore, cpu.Buffer]):
    """The store of a ``gs://`` address, which reads and writes with gcsfs."""

    store_cls = FsspecStore
    buffer_cls = cpu.Buffer

    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the constructor, for a folder of this test."""
        GCSFileSystem.clear_instance_cache()  # an earlier test's would belong to an event loop that is closed
        store = FsspecStore.from_url(f"gs://{BUCKET}/zarr/{uuid.uuid4().hex}")
        return {"fs": store.fs, "path": store.path}

    async def get(self, store: FsspecStore, key: str) -> Buffer:
        """Return a value without the store."""
        return self.buffer_cls.from_bytes(await store.fs._cat_file(f"{store.path}/{key}"))

    async def set(self, store: FsspecStore, key: str, value: Buffer) -> None:
        """Store a value without the store."""
        await store.fs._pipe_file(f"{store.path}/{key}", value.to_bytes())

    def test_store_repr(self, store: FsspecStore) -> None:
        """Check the store's name."""
        assert str(store) == f"<FsspecStore(GCSFileSystem, {store.path})>"

    def test_store_supports_writes(self, store: FsspecStore) -> None:
        """Check that the store is writable."""
        assert store.supports_writes

    def test_store_supports_listing(self, store: FsspecStore) -> None:
        """Check that the store can be listed."""
        assert store.supports_listing


class TestObjectStore(StoreTests[ObjectStore[GCSStore], cpu.Buffer]):
    """The store of obstore's ``GCSStore``."""

    store_cls = ObjectStore  # type: ignore[assignment]
    buffer_cls = cpu.Buffer

    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the constructor, for a folder of this test."""
        return {"store": GCSStore(BUCKET, prefix=f"zarr/{uuid.uuid4().hex}"), "read_only": False}

    @pytest.fixture
    def store(self, store_kwargs: dict[str, Any]) -> ObjectStore[GCSStore]:
        """Return a store."""
        return self.store_cls(**store_kwargs)

    async def get(self, store: ObjectStore[GCSStore], key: str) -> Buffer:
        """Return a value without the store."""
        return self.buffer_cls.from_bytes(bytes((await obstore.get_async(store.store, key)).bytes()))

    async def set(self, store: ObjectStore[GCSStore], key: str, value: Buffer) -> None:
        """Store a value without the store."""
        await obstore.put_async(store.store, key, value.to_bytes())

    def test_store_repr(self, store: ObjectStore[GCSStore]) -> None:
        """Check the store's name."""
        assert repr(store).startswith("ObjectStore(object_store://GCSStore(")

    def test_store_supports_writes(self, store: ObjectStore[GCSStore]) -> None:
        """Check that the store is writable."""
        assert store.supports_writes

    def test_store_supports_listing(self, store: ObjectStore[GCSStore]) -> None:
        """Check that the store can be listed."""
        assert store.supports_listing
