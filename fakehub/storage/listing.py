"""Listing a bucket: a page of names costs the same however many objects there are."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fakehub.errors import GoogleError, bad_request
from fakehub.storage.conditions import number
from fakehub.storage.glob import Glob, glob
from fakehub.storage.store import Object, Store

# The most entries of a page, and the most names looked at for one, after which it ends early with a token.
MOST = 1000
_MOST_SEEN = 50_000
# Where a listing goes on: a name, whether it counts itself, and the last generation of it that was listed.
_Place = tuple[str, bool, int]
# An object, a common prefix, or both where a prefix is an object as well, with the place behind it.
_Entry = tuple[Object | None, str | None, _Place]


def list_objects(store: Store, bucket: str, query: Mapping[str, str]) -> tuple[list[Object], list[str], str | None]:
    """One page of a listing: objects, common prefixes and the token of the next page.

    ``query`` has the parameters of the API's ``objects.list``: prefix, delimiter, includeTrailingDelimiter,
    startOffset, endOffset, matchGlob, versions, maxResults, pageToken. Raises ``GoogleError`` (400) for a bad one.
    """
    most = min(MOST, number("maxResults", query.get("maxResults") or str(MOST)))
    if most < 1:
        raise bad_request("Invalid value for maxResults: it is at least 1.")
    items: list[Object] = []
    prefixes: list[str] = []
    gone: list[str] = []
    place: _Place | None = None
    for found, common, behind in _entries(store, bucket, _wanted(query), gone):
        if found is None and common is None:  # looked at enough names
            place = behind
            break
        if len(items) + len(prefixes) >= most:
            break
        place = behind
        if found is not None:
            items.append(found)
        if common is not None:
            prefixes.append(common)
    else:
        place = None
    for name in gone:
        store.purge(bucket, name)
    return items, prefixes, _encode(place) if place else None


@dataclass(slots=True)
class _Wanted:
    """What a listing asks for; ``first`` is what every name that may be in it begins with."""

    prefix: str
    first: str
    delimiter: str
    end: str | None
    trailing: bool
    versions: bool
    pattern: Glob | None
    place: _Place


def _wanted(query: Mapping[str, str]) -> _Wanted:
    prefix, versions = query.get("prefix", ""), query.get("versions") == "true"
    pattern = glob(query["matchGlob"]) if query.get("matchGlob") else None
    first = pattern.prefix if pattern and pattern.prefix.startswith(prefix) else prefix
    place: _Place = (max(first, query.get("startOffset", "")), True, 0)
    if query.get("pageToken"):
        after = _decode(query["pageToken"])
        place = after if after[0] >= place[0] else place
    trailing = query.get("includeTrailingDelimiter") == "true"
    return _Wanted(
        prefix, first, query.get("delimiter", ""), query.get("endOffset"), trailing, versions, pattern, place
    )


def _entries(store: Store, bucket: str, wanted: _Wanted, gone: list[str]) -> Iterator[_Entry]:
    """The entries of the listing in order.

    Names whose objects are past their age are added to ``gone``. An entry of nothing says where a listing that
    has looked at many names may go on.
    """
    place: _Place | None = wanted.place
    first, pattern, versions = wanted.first, wanted.pattern, wanted.versions
    seen = 0
    while place:
        (start, inclusive, last), place = place, None
        for name in store.names_from(bucket, start, inclusive, versions):
            if not name.startswith(first) or (wanted.end and name >= wanted.end):
                return
            if (seen := seen + 1) > _MOST_SEEN:
                yield None, None, (name, True, 0)
            objects = store.versions(bucket, name) if versions else _live(store, bucket, name)
            if not objects:
                gone.append(name)
                continue
            if pattern and not pattern.matches(name):
                continue
            cut = name.find(wanted.delimiter, len(wanted.prefix)) if wanted.delimiter else -1
            if cut >= 0:
                common = name[: cut + len(wanted.delimiter)]
                place = _behind(common)
                yield (objects[-1] if wanted.trailing and name == common else None), common, place
                break
            for found in objects:
                if name != start or found.generation > last:
                    yield found, None, (name, versions, found.generation)


def _live(store: Store, bucket: str, name: str) -> list[Object]:
    found = store.peek(bucket, name)
    return [found] if found else []


def _behind(common: str) -> _Place:
    """The place behind every name that begins with ``common``."""
    following = ord(common[-1]) + 1
    if following > 0x10FFFF:
        return common + "\U0010ffff", False, 0
    return common[:-1] + chr(following), True, 0


def _encode(place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decode(token: str) -> _Place:
    try:
        start, inclusive, generation = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        raise _bad_token(token) from None
    if not (isinstance(start, str) and isinstance(inclusive, bool) and isinstance(generation, int)):
        raise _bad_token(token)
    return start, inclusive, generation


def _bad_token(token: str) -> GoogleError:
    return bad_request(f"Invalid Value for pageToken: {token!r}")
