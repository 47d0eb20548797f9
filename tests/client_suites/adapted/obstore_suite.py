"""Tests of obstore's interface, after the chapters of its documentation: no distribution has the project's own."""

from __future__ import annotations

import os
import pickle
import uuid
from collections.abc import Iterator
from datetime import timedelta

import obstore
import pytest
import requests
from obstore.exceptions import AlreadyExistsError
from obstore.store import GCSStore, from_url

BUCKET = os.environ["SUITE_BUCKET"]
DATA = bytes(range(256)) * 64


@pytest.fixture
def store() -> Iterator[GCSStore]:
    """Return a store for a folder of this test."""
    prefix = f"obstore/{uuid.uuid4().hex}"
    yield GCSStore(BUCKET, prefix=prefix)
    whole = GCSStore(BUCKET)
    for page in whole.list(prefix=prefix):
        for entry in page:
            whole.delete(entry["path"])


def names(store: GCSStore, **options: object) -> list[str]:
    """Return the sorted names in a listing."""
    return sorted(entry["path"] for page in store.list(**options) for entry in page)


def test_put_and_get(store):
    stored = store.put("a", DATA)
    got = store.get("a")

    assert bytes(got.bytes()) == DATA
    assert got.meta["size"] == len(DATA) and got.meta["e_tag"] == stored["e_tag"]


@pytest.mark.parametrize("size", [0, 1, 5 * 2**20, 13 * 2**20 + 1])
def test_put_in_parts(store, size):
    data = (DATA * (size // len(DATA) + 1))[:size]
    store.put("large", data, use_multipart=True, chunk_size=5 * 2**20, max_concurrency=3)

    assert bytes(store.get("large").bytes()) == data


def test_put_from_an_iterator(store):
    store.put("pieces", (DATA[start : start + 1000] for start in range(0, len(DATA), 1000)))

    assert bytes(store.get("pieces").bytes()) == DATA


def test_put_only_if_absent(store):
    store.put("once", b"first", mode="create")

    with pytest.raises(AlreadyExistsError):
        store.put("once", b"second", mode="create")
    assert bytes(store.get("once").bytes()) == b"first"


def test_put_only_if_unchanged(store):
    first = store.put("changing", b"first")
    store.put("changing", b"second", mode=first)

    with pytest.raises(Exception, match="recondition"):
        store.put("changing", b"third", mode=first)
    assert bytes(store.get("changing").bytes()) == b"second"


def test_attributes(store):
    given = {"Content-Type": "text/csv", "Cache-Control": "no-store", "Content-Language": "en", "colour": "blue"}
    store.put("described", b"data", attributes=given)

    assert dict(store.get("described").attributes) == given


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 900), (len(DATA) - 3, len(DATA))])
def test_ranges(store, start, end):
    store.put("a", DATA)

    assert bytes(store.get_range("a", start=start, end=end)) == DATA[start:end]
    assert [bytes(part) for part in store.get_ranges("a", starts=[start, 0], ends=[end, 7])] == [
        DATA[start:end],
        DATA[:7],
    ]


@pytest.mark.parametrize(("options", "part"), [({"offset": 100}, DATA[100:]), ({"suffix": 100}, DATA[-100:])])
def test_open_ranges(store, options, part):
    store.put("a", DATA)

    assert bytes(store.get("a", options={"range": options}).bytes()) == part


def test_conditional_get(store):
    tag = store.put("a", DATA)["e_tag"]

    assert bytes(store.get("a", options={"if_match": tag}).bytes()) == DATA
    with pytest.raises(Exception, match=r"(?i)not.?modified"):
        store.get("a", options={"if_none_match": tag})
    with pytest.raises(Exception, match=r"(?i)precondition"):
        store.get("a", options={"if_match": '"other"'})


def test_a_download_in_pieces(store):
    store.put("a", DATA)

    assert b"".join(bytes(piece) for piece in store.get("a").stream(min_chunk_size=1000)) == DATA


def test_head_of_a_missing_object(store):
    with pytest.raises(FileNotFoundError):
        store.head("missing")


def test_listings(store):
    for name in ("a/1", "a/2", "a/b/3", "c"):
        store.put(name, b"data")

    assert names(store) == ["a/1", "a/2", "a/b/3", "c"]
    assert names(store, prefix="a") == ["a/1", "a/2", "a/b/3"]
    assert names(store, offset="a/2") == ["a/b/3", "c"]
    level = store.list_with_delimiter("a")
    assert ([entry["path"] for entry in level["objects"]], level["common_prefixes"]) == (["a/1", "a/2"], ["a/b"])


def test_a_listing_of_several_pages(store):
    for number in range(1100):
        store.put(f"many/{number:04}", b"")

    assert names(store, prefix="many") == [f"many/{number:04}" for number in range(1100)]
    store.delete([f"many/{number:04}" for number in range(1100)])
    assert names(store) == []


def test_copy_and_rename(store):
    store.put("a", DATA)
    store.copy("a", "b")
    store.rename("b", "c")

    assert names(store) == ["a", "c"] and bytes(store.get("c").bytes()) == DATA
    with pytest.raises(AlreadyExistsError):
        store.copy("a", "c", overwrite=False)


@pytest.mark.parametrize("name", ["with space", "Ωmega", "per%cent", "question?", "plus+", "quote'", "a=b&c", "~x"])
def test_names(store, name):
    store.put(name, name.encode())

    assert bytes(store.get(name).bytes()) == name.encode() and names(store) == [name]
    store.delete(name)


def test_a_signed_address(store):
    store.put("a", DATA)
    # It leaves out the prefix of a store.
    address = obstore.sign(GCSStore(BUCKET), "GET", f"{store.prefix}/a", timedelta(minutes=1))

    assert requests.get(address, timeout=30).content == DATA


def test_files(store):
    with obstore.open_writer(store, "written", buffer_size=8 * 2**20) as file:
        file.write(DATA)
    file = obstore.open_reader(store, "written")
    file.seek(10)
    assert bytes(file.read(20)) == DATA[10:30]


async def test_coroutines(store):
    await store.put_async("a", DATA)
    got = await store.get_async("a")

    assert bytes(await got.bytes_async()) == DATA
    await store.delete_async("a")
    assert [page async for page in store.list()] == []


def test_a_store_from_an_address_and_its_copy(store):
    store.put("a", DATA)
    again = pickle.loads(pickle.dumps(from_url(f"gs://{BUCKET}/{store.prefix}")))  # noqa: S301 - our own bytes

    assert bytes(again.get("a").bytes()) == DATA
