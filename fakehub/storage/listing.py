"""List a bucket: a page costs the same whatever the number of objects in the bucket."""

from __future__ import annotations

import base64
import itertools
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from fakehub.errors import GoogleError, bad_request
from fakehub.storage.conditions import boolean
from fakehub.storage.glob import Glob, glob
from fakehub.storage.soft_deleted import SoftDeleted
from fakehub.storage.store import Store
from fakehub.storage.stored import Object

# The most entries of a page, and the most names examined for one; a page that reaches the second ends with a token.
MOST = 1000
_MOST_EXAMINED = 50_000
# Where a listing continues: a name, whether it is included, and the last of its generations that was listed.
_Place = tuple[str, bool, int]
# An object, a common prefix, or both if a prefix is an object as well; and the place after it.
_Entry = tuple[Object | None, str | None, _Place]


def list_objects(store: Store, bucket: str, query: Mapping[str, str]) -> tuple[list[Object], list[str], str | None]:
    """Return one page of a listing: objects, common prefixes and the token of the next page.

    ``query`` has the parameters of the API's ``objects.list``: prefix, delimiter, includeTrailingDelimiter,
    startOffset, endOffset, matchGlob, versions, maxResults, pageToken. ``maxResults`` is a
    number already, of at least 1. Raises ``GoogleError`` (400) for an invalid parameter.
    """
    versions = boolean(query.get("versions"))
    versions_of = partial(store.versions, bucket) if versions else partial(_live, store, bucket)

    def names_from(start: str, inclusive: bool) -> Iterator[str]:
        return store.names_from(bucket, start, inclusive, versions)

    expired: list[str] = []
    page = _page(query, _Source(names_from, versions_of, versions), expired)
    for name in expired:
        store.purge(bucket, name)
    return page


def list_soft_deleted(
    store: Store, bucket: str, query: Mapping[str, str]
) -> tuple[list[SoftDeleted], list[str], str | None]:
    """Return one page of the objects that were deleted and can be restored, as ``list_objects`` does."""
    if not query.get("pageToken"):
        store.purge_bucket(bucket)
    names = store.soft_deleted_names(bucket)
    found: dict[int, SoftDeleted] = {}

    def names_from(start: str, inclusive: bool) -> Iterator[str]:
        return itertools.islice(names, (bisect_left if inclusive else bisect_right)(names, start), None)

    def versions_of(name: str) -> list[Object]:
        versions = {one.stored.generation: one for one in store.soft_deleted_versions(bucket, name)}
        found.update(versions)
        return [one.stored for one in versions.values()]

    items, prefixes, token = _page(query, _Source(names_from, versions_of, True), [])
    return [found[stored.generation] for stored in items], prefixes, token


@dataclass(frozen=True, slots=True)
class _Source:
    """The names of a listing from a place on, and the objects of each; ``several`` if one name can have more."""

    names_from: Callable[[str, bool], Iterator[str]]
    versions_of: Callable[[str], list[Object]]
    several: bool


def _page(query: Mapping[str, str], source: _Source, expired: list[str]) -> tuple[list[Object], list[str], str | None]:
    """Return one page of a listing; add the names of expired objects to ``expired``."""
    most = min(MOST, int(query.get("maxResults") or MOST))
    items: list[Object] = []
    prefixes: list[str] = []
    place: _Place | None = None
    for stored, common, after in _entries(source, _selection(query), expired):
        if stored is None and common is None:  # enough names examined
            place = after
            break
        if len(items) + len(prefixes) >= most:
            break
        place = after
        if stored is not None:
            items.append(stored)
        if common is not None:
            prefixes.append(common)
    else:
        place = None
    return items, prefixes, _encode(place) if place else None


@dataclass(slots=True)
class _Selection:
    """The names that a listing asks for; each begins with ``first``, the longest prefix known of all of them."""

    prefix: str
    first: str
    delimiter: str
    end: str | None
    trailing: bool
    pattern: Glob | None
    place: _Place


def _selection(query: Mapping[str, str]) -> _Selection:
    prefix = query.get("prefix", "")
    pattern = glob(query["matchGlob"]) if query.get("matchGlob") else None
    first = pattern.prefix if pattern and pattern.prefix.startswith(prefix) else prefix
    place: _Place = (max(first, query.get("startOffset", "")), True, 0)
    if query.get("pageToken"):
        token_place = _decode(query["pageToken"])
        place = token_place if token_place[0] >= place[0] else place
    trailing = boolean(query.get("includeTrailingDelimiter"))
    return _Selection(prefix, first, query.get("delimiter", ""), query.get("endOffset"), trailing, pattern, place)


def _entries(source: _Source, wanted: _Selection, expired: list[str]) -> Iterator[_Entry]:
    """Yield the entries of the listing in order.

    Adds the names of expired objects to ``expired``. After examining many names, yields an entry without object and
    prefix, whose place is where the listing may continue.
    """
    place: _Place | None = wanted.place
    first, pattern, versions_of, several = wanted.first, wanted.pattern, source.versions_of, source.several
    examined = 0
    while place:
        (start, inclusive, last), place = place, None
        for name in source.names_from(start, inclusive):
            if not name.startswith(first) or (wanted.end and name >= wanted.end):
                return
            if (examined := examined + 1) > _MOST_EXAMINED:
                yield None, None, (name, True, 0)
            objects = versions_of(name)
            if not objects:
                expired.append(name)
                continue
            if pattern and not pattern.matches(name):
                continue
            cut = name.find(wanted.delimiter, len(wanted.prefix)) if wanted.delimiter else -1
            if cut >= 0:
                common = name[: cut + len(wanted.delimiter)]
                place = _after(common)
                yield (objects[-1] if wanted.trailing and name == common else None), common, place
                break
            for stored in objects:
                if name != start or stored.generation > last:
                    yield stored, None, (name, several, stored.generation)


def _live(store: Store, bucket: str, name: str) -> list[Object]:
    stored = store.listed(bucket, name)
    return [stored] if stored else []


def _after(common: str) -> _Place:
    """Return the place after every name that begins with ``common``."""
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
