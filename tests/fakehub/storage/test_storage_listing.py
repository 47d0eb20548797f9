"""Listings: pages, globs, offsets, generations, and objects that expire."""

from __future__ import annotations

import statistics
import time
import tracemalloc

import pytest
from api_client import Api, facts_with, object_path
from multidict import MultiDict

from fakehub.accounts.identities import Identities
from fakehub.clock import Clock
from fakehub.control.client import Control
from fakehub.storage.glob import Glob
from fakehub.storage.json_api.call import Call
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.listing import list_objects
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject
from hubfacts.load import load

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
BUCKET = "leap-scratch"


@pytest.fixture(scope="module")
def api(server):
    return Api(server)


def everything(api, bucket=BUCKET, **query) -> tuple[list[str], list[str]]:
    """Return names and common prefixes of all pages of a listing."""
    names, prefixes, page = [], [], {"nextPageToken": ""}
    while "nextPageToken" in page:
        page = api.listing(bucket, pageToken=page["nextPageToken"], **query)
        assert len(page.get("items", [])) + len(page.get("prefixes", [])) <= query.get("maxResults", 1000) + 1
        names += [item["name"] for item in page.get("items", [])]
        prefixes += page.get("prefixes", [])
    return names, prefixes


@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_a_listing_in_pages_is_complete_and_in_order(api, most):
    names = [f"list/{i:03d}/{kind}" for i in range(12) for kind in "ab"] + ["list/z", "list/\U0010ffff/x", "list/é"]
    for name in names:
        api.put(BUCKET, name)

    flat, none = everything(api, prefix="list/", maxResults=most)
    here, folders = everything(api, prefix="list/", delimiter="/", maxResults=most)

    assert (flat, none) == (sorted(names), [])
    assert folders == [*[f"list/{i:03d}/" for i in range(12)], "list/\U0010ffff/"]
    assert here == ["list/z", "list/é"]


def test_a_full_page_that_ends_with_the_last_entry_has_no_next_page(api):
    for name in ("full/a", "full/b"):
        api.put(BUCKET, name)

    assert "nextPageToken" not in api.listing(BUCKET, prefix="full/", maxResults=2)


def test_offsets_and_trailing_delimiters(api):
    for name in ("off/a", "off/b", "off/c", "off/d/", "off/d/x"):
        api.put(BUCKET, name)

    between = everything(api, prefix="off/", startOffset="off/b", endOffset="off/d")
    without = everything(api, prefix="off/", delimiter="/")
    trailing = everything(api, prefix="off/", delimiter="/", includeTrailingDelimiter="true")

    assert between == (["off/b", "off/c"], [])
    assert without == (["off/a", "off/b", "off/c"], ["off/d/"])
    assert trailing == (["off/a", "off/b", "off/c", "off/d/"], ["off/d/"])


@pytest.mark.parametrize("token", ["nonsense", "bm9uc2Vuc2U=", "WzEsMiwzXQ==", "[]", "%"])
def test_an_invalid_page_token_is_refused(api, token):
    assert api.listing(BUCKET, pageToken=token)["error"]["code"] == 400


def test_a_glob_selects_objects_and_fields_select_properties(api):
    for name in ("glob/a.txt", "glob/b.csv", "glob/sub/c.txt"):
        api.put(BUCKET, name)

    flat = api.listing(BUCKET, matchGlob="glob/*.txt", fields="items(name)")
    deep = api.listing(BUCKET, matchGlob="glob/**.txt", fields="items/name,kind")

    assert flat == {"items": [{"name": "glob/a.txt"}]}
    assert deep == {"kind": "storage#objects", "items": [{"name": "glob/a.txt"}, {"name": "glob/sub/c.txt"}]}


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a/*.nc", ["a/.nc", "a/b.nc"], ["a/b/c.nc", "a/bnc"]),
        ("a/**.nc", ["a/b.nc", "a/b/c.nc"], ["b/a/b.nc"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]),
        ("**", ["", "a", "a/b"], []),
        ("*", ["", "a"], ["a/b"]),
        ("a?c", ["abc", "aΩc"], ["a/c", "ac"]),
        ("[a-c]x[!0-9]", ["axy", "cx_"], ["dxy", "ax1", "ax/"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("{a,b}{1,2,}.t", ["a1.t", "b2.t", "b.t"], ["c1.t", "ab.t"]),
        ("{x/**,y}/z", ["x/1/z", "x/1/2/z", "y/z"], ["y/1/z"]),
        (r"\*\{a\}", ["*{a}"], ["x{a}"]),
        ("a}b", ["a}b"], ["ab"]),
    ],
)
def test_globs_match_as_at_google(pattern, matching, other):
    glob = Glob(pattern)

    assert [name for name in matching if not glob.matches(name)] == []
    assert [name for name in other if glob.matches(name)] == []


@pytest.mark.parametrize("pattern", ["[a", "{a,b", "a\\", "{" * 20 + "}" * 20, "x" * 2000, "*a" * 33])
def test_an_invalid_glob_is_refused(api, pattern):
    assert api.listing(BUCKET, matchGlob=pattern)["error"]["code"] == 400


def test_a_page_that_examined_many_names_without_a_match_ends_early_and_the_next_continues(root, tmp_path):
    store = Store(load(root / "hub.yml").buckets.options, Clock(), tmp_path)
    for i in range(60_000):
        store.put(BUCKET, NewObject(f"{i:05d}", b"", {}))

    items, prefixes, token = list_objects(store, BUCKET, {"matchGlob": "*55555"})
    rest = list_objects(store, BUCKET, {"matchGlob": "*55555", "pageToken": token or ""})

    assert (items, prefixes, token is None) == ([], [], False)
    assert [stored.name for stored in rest[0]] == ["55555"]


@pytest.mark.parametrize("pattern", ["*a" * 32 + "b", "**a" * 16, "{a,aa}" * 150, "{a,{a,{a,a}}}*" * 32 + "!"])
def test_no_pattern_takes_long(pattern):
    started = time.process_time()
    glob = Glob(pattern)
    for length in range(0, 1000, 50):
        glob.matches("a" * length)

    # A backtracking matcher would take longer than the age of the universe.
    assert time.process_time() - started < 60


def test_each_object_expires_by_its_own_age(start_server, tmp_path):
    server = start_server(tmp_path / "server")
    try:
        api, control = Api(server), Control(server.folder)
        api.put(BUCKET, "old/1")
        api.put(BUCKET, "mixed/old")
        control.advance(4 * 86400)
        api.renew()
        api.put(BUCKET, "mixed/young")
        api.put("leap-persistent", "kept")
        before = everything(api, delimiter="/")

        control.advance(3 * 86400 + 60)
        api.renew()

        page = api.listing(BUCKET, maxResults=1)
        assert before == ([], ["mixed/", "old/"])
        assert ([item["name"] for item in page["items"]], "nextPageToken" in page) == (["mixed/young"], False)
        assert everything(api, delimiter="/") == ([], ["mixed/"])
        assert api.get(BUCKET, "old/1").status_code == 404
        assert api.put(BUCKET, "old/1", ifGenerationMatch=0).status_code == 200
        control.advance(5 * 86400)
        api.renew()
        assert everything(api) == (["old/1"], [])
        assert everything(api, "leap-persistent") == (["kept"], [])
    finally:
        server.process.terminate()
        server.process.wait()


@pytest.fixture(scope="module")
def versioned(root, tmp_path_factory, start_server):
    folder = tmp_path_factory.mktemp("versioned")
    server = start_server(folder, hub_yml=facts_with(root, folder, "leap-persistent", versioning=True))
    yield Api(server)
    server.process.terminate()
    server.process.wait()


def generations(api, name: str) -> list[tuple[str, bool]]:
    """Return the generations of an object, each with whether it is live."""
    items = api.listing("leap-persistent", prefix=name, versions="true").get("items", [])
    return [(item["generation"], "timeDeleted" not in item) for item in items]


def test_a_bucket_with_versioning_keeps_replaced_generations(versioned):
    first, second = (versioned.put("leap-persistent", "v/a", data).json() for data in (b"one", b"two"))

    assert generations(versioned, "v/a") == [(first["generation"], False), (second["generation"], True)]
    old = versioned.get("leap-persistent", "v/a", generation=first["generation"], alt="media")
    assert (old.content, versioned.get("leap-persistent", "v/a", alt="media").content) == (b"one", b"two")
    assert everything(versioned, "leap-persistent", prefix="v/a") == (["v/a"], [])


def test_a_deleted_object_remains_as_a_generation_until_that_is_deleted(versioned):
    generation = versioned.put("leap-persistent", "v/b").json()["generation"]
    path = object_path("leap-persistent", "v/b")

    versioned.call("DELETE", path)
    hidden, kept = versioned.get("leap-persistent", "v/b"), generations(versioned, "v/b")
    versioned.call("DELETE", path, params={"generation": generation})

    assert hidden.status_code == 404
    assert kept == [(generation, False)]
    assert generations(versioned, "v/b") == []


def test_generations_are_listed_in_pages_too(versioned):
    made = [versioned.put("leap-persistent", "v/c", b"x").json()["generation"] for _ in range(5)]

    names, _ = everything(versioned, "leap-persistent", prefix="v/c", versions="true", maxResults=2)

    assert (len(names), len(generations(versioned, "v/c"))) == (5, len(made))


def test_the_cost_of_a_page_and_of_a_get_does_not_grow_with_the_number_of_objects(root, tmp_path):
    facts, clock = load(root / "hub.yml"), Clock()
    store = Store(facts.buckets.options, clock, tmp_path)
    api, hub = JsonApi(Storage(store, clock, facts)), Identities(facts, clock).personas["hub"]

    def seconds(path: str, **query: str) -> float:
        taken = []
        for _ in range(15):
            started = time.perf_counter()
            api.answer(Call("GET", f"/storage/v1/b/{path}", MultiDict(query), {}, b"", hub, ""))
            taken.append(time.perf_counter() - started)
        return statistics.median(taken)

    def costs() -> list[float]:
        page = {"prefix": "dir5/", "maxResults": "100"}
        return [
            seconds(f"{BUCKET}/o", **page),
            seconds(f"{BUCKET}/o", delimiter="/"),
            seconds(f"{BUCKET}/o/dir5%2F00005", alt="media"),
        ]

    def fill(start: int, stop: int) -> None:
        for i in range(start, stop):
            store.put(BUCKET, NewObject(f"dir{i % 10}/{i:05d}", b"", {"contentType": "a/b"}))

    fill(0, 1000)
    few = costs()
    fill(1000, 30_000)

    assert [more / less < 5 for more, less in zip(costs(), few, strict=True)] == [True] * 3


def test_an_object_takes_little_memory_beyond_its_data(root, tmp_path):
    store = Store(load(root / "hub.yml").buckets.options, Clock(), tmp_path)
    headers = {"contentType": "application/octet-stream"}
    tracemalloc.start()
    try:
        for i in range(20_000):
            store.put(BUCKET, NewObject(f"funky-user/store.zarr/temperature/c/{i}", b"", dict(headers)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken / 20_000 < 1500
