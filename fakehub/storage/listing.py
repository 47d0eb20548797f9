"""Listing a bucket: a page of names costs the same however many objects there are."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from fakehub.errors import bad_request
from fakehub.storage.conditions import number
from fakehub.storage.objects import Object, Store
from fakehub.storage.resources import glob_matches

MOST = 1000
# Sorts behind every name that begins with the same prefix.
_LAST = "\U0010ffff"


def list_objects(store: Store, bucket: str, query: Mapping[str, str]) -> tuple[list[Object], list[str], str | None]:
    """One page of a listing: objects, common prefixes and the token of the next page.

    ``query`` has the parameters of the API's ``objects.list``: prefix, delimiter, includeTrailingDelimiter,
    startOffset, endOffset, matchGlob, maxResults, pageToken. Raises ``GoogleError`` (400) for a bad one.
    """
    most = min(MOST, number("maxResults", query.get("maxResults", str(MOST))))
    if most < 1:
        raise bad_request("Invalid value for maxResults: it is at least 1.")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    trailing = query.get("includeTrailingDelimiter") == "true"
    end, glob = query.get("endOffset"), query.get("matchGlob")
    start, inclusive = max(prefix, query.get("startOffset", "")), True
    if query.get("pageToken"):
        start, inclusive = _decode(query["pageToken"]), False
    items: list[Object] = []
    prefixes: list[str] = []
    while True:
        jump = None
        for name in list(_some(store.names_from(bucket, start, inclusive), 2 * most)):
            if not name.startswith(prefix) or (end and name >= end):
                return items, prefixes, None
            if len(items) + len(prefixes) == most:
                return items, prefixes, _encode(start)
            start, inclusive = name, False
            found = store.get(bucket, name)
            if found is None or (glob and not glob_matches(name, glob)):
                continue
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                items.append(found)
                continue
            jump = name[: cut + len(delimiter)]
            prefixes.append(jump)
            if trailing and name == jump:
                items.append(found)
            start = jump + _LAST
            break
        else:
            if jump is None and not _more(store, bucket, start, inclusive):
                return items, prefixes, None


def _some(names: Any, count: int) -> Any:
    for _, name in zip(range(count), names, strict=False):
        yield name


def _more(store: Store, bucket: str, start: str, inclusive: bool) -> bool:
    return next(iter(store.names_from(bucket, start, inclusive)), None) is not None


def _encode(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode()


def _decode(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode("utf-8", "surrogatepass")
    except ValueError:
        raise bad_request(f"Invalid Value for pageToken: {token!r}") from None
