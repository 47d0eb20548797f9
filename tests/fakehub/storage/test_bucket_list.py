"""The list of a project's buckets, which the owner may read."""

from __future__ import annotations

import json

import pytest
from multidict import MultiDict

from fakehub.accounts.personas import personas
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage.json_api.buckets import ANSWERS
from fakehub.storage.json_api.call import Call
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from hubfacts.load import load

NAMES = ["leap-persistent", "leap-persistent-ro", "leap-scratch"]


@pytest.fixture
def listing(root, tmp_path):
    """Return the answer to a request for the list with these parameters."""
    facts = load(root / "hub.yml")
    storage = Storage(Store(facts.buckets.options, Clock(), tmp_path), Clock(), facts)
    persona = personas(facts)["owner"]

    def call(deleted=None, **query):
        if deleted:
            storage.store.delete_bucket(deleted)
        query = MultiDict({"project": "leap-pangeo"} | query)
        answer = ANSWERS["storage.buckets.list"](storage, Call("GET", "/b", query, {}, b"", persona, ""))
        return json.loads(answer.body)

    return call


def names(answer):
    return [item["name"] for item in answer.get("items", [])]


def test_all_buckets_are_listed_in_order(listing):
    answer = listing()

    assert names(answer) == NAMES
    assert "nextPageToken" not in answer


def test_pages_continue_where_the_last_one_ended(listing):
    first = listing(maxResults="2")

    assert names(first) == NAMES[:2]
    assert names(listing(maxResults="2", pageToken=first["nextPageToken"])) == NAMES[2:]


def test_a_prefix_selects_buckets_on_every_page(listing):
    assert names(listing(prefix="leap-p")) == NAMES[:2]
    assert names(listing(prefix="leap-p", pageToken=NAMES[0])) == NAMES[1:2]
    assert names(listing(prefix="other")) == []


def test_a_deleted_bucket_is_not_listed(listing):
    assert names(listing(deleted=NAMES[0])) == NAMES[1:]


def test_a_page_may_have_one_bucket(listing):
    assert names(listing(maxResults="1")) == NAMES[:1]


@pytest.mark.parametrize(("projection", "shown"), [("full", True), ("noAcl", False), ("", False)])
def test_access_lists_are_shown_in_the_full_projection(listing, projection, shown):
    items = listing(projection=projection)["items"]

    assert [("defaultObjectAcl" in item or "acl" in item) for item in items if "scratch" in item["name"]] == [shown]


def test_the_project_is_required(listing):
    with pytest.raises(GoogleError) as refused:
        listing(project="")
    assert refused.value.status == 400
