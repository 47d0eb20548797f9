"""Describe what some requests did to the buckets: the objects that they left, and the requests by kind.

A description is plain JSON, which a page of the guide shows beside the code that made the requests::

    {"objects": [{"name": "gs://bucket/a.zarr/zarr.json", "size": 123, "state": "new", "type": "application/json",
                  "head": "{...", "hex": false}],
     "more": {"count": 4, "size": 4096},
     "requests": [{"what": "Read object", "bucket": "gs://bucket", "count": 3, "bytes_sent": 0,
                   "bytes_received": 456, "missing": 0, "refused": 0}]}

- ``state`` is ``new``, ``changed``, ``deleted`` or ``unchanged``. The size of a deleted object is the one that it had.
- ``head`` is the beginning of the content: text, or with ``hex`` the first bytes in hexadecimal digits. Deleted and
  unchanged objects have none; what is known of an unchanged one is in the description in which it was new.
- ``more`` counts objects that are left out of a long list; it is absent if there are none.
- ``missing`` counts answers with the status 404, which programs often expect, ``refused`` other errors. Bytes are those
  of bodies.

Generations and times are left out: they differ between two runs of the same code.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from fakehub.storage.operations import operation_of
from fakehub.storage.store import Store
from fakehub.storage.stored import Object

# The live objects of all buckets by their addresses. Each has a ``version``: its generation and metageneration.
Contents: TypeAlias = dict[str, dict[str, Any]]
MOST_OBJECTS = 200
_TEXT_BYTES, _HEX_BYTES = 512, 64
_GZIP = b"\x1f\x8b\x08"
_STATES = ("new", "changed", "deleted", "unchanged")
_SHOWN = ("size", "type", "head", "hex")


def contents(store: Store, after: int = 0) -> Contents:
    """Return the objects that requests stored; those with a generation above ``after`` have their heads."""
    found: Contents = {}
    for bucket in store.stored_buckets():
        for name in list(store.names_from(bucket, "")):
            stored = store.peek(bucket, name)
            if stored is not None:
                found[f"gs://{bucket}/{name}"] = _entry(stored, stored.generation > after)
    return found


def _entry(stored: Object, with_head: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "version": [stored.generation, stored.metageneration],
        "size": stored.size,
        "type": stored.headers.get("contentType", "application/octet-stream"),
    }
    return entry | head_of(stored.read(0, _TEXT_BYTES)) if with_head else entry


def head_of(content: bytes) -> dict[str, Any]:
    """Return ``content``, the beginning of an object, as text if it is text, or else in hexadecimal digits."""
    try:
        # The last character of a longer object may be cut off in the middle; it is left out.
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final=len(content) < _TEXT_BYTES)
    except UnicodeDecodeError:
        text = "\0"
    if all(letter.isprintable() or letter in "\n\r\t" for letter in text):
        return {"head": text, "hex": False}
    # After these bytes, a compressed file says when it was made.
    most = len(_GZIP) if content.startswith(_GZIP) else _HEX_BYTES
    return {"head": content[:most].hex(), "hex": True}


def newest(objects: Contents) -> int:
    """Return the highest generation of ``objects``; 0 if there are none."""
    return max((entry["version"][0] for entry in objects.values()), default=0)


def described(
    before: Contents, after: Contents, others: Mapping[str, Any], rows: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """Describe how the buckets changed from ``before`` to ``after``, and the requests in ``rows`` of the request log.

    ``others`` are the objects that were there from the start; they are described only when they change.
    """
    changes = _changes(before, after, others)
    shown, left_out = changes[:MOST_OBJECTS], changes[MOST_OBJECTS:]
    description: dict[str, Any] = {"objects": shown, "requests": _by_kind(rows)}
    if left_out:
        description["more"] = {"count": len(left_out), "size": sum(change["size"] for change in left_out)}
    return description


def _changes(before: Contents, after: Contents, others: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an entry for each object, in the order of ``_STATES`` and of names."""
    changes = []
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None:
            state = "new"
        elif new is None:
            state = "deleted"
        else:
            state = "unchanged" if new["version"] == old["version"] else "changed"
        if state == "unchanged" and name in others:
            continue
        entry = new or old or {}
        kept = _SHOWN if state in {"new", "changed"} else _SHOWN[:2]
        changes.append({"name": name, "state": state} | {key: entry[key] for key in kept if key in entry})
    return sorted(changes, key=lambda change: (_STATES.index(change["state"]), change["name"]))


def _by_kind(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count the requests to buckets, by their kind and bucket."""
    kinds: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        operation = operation_of(row["method"], row["host"], row["path"])
        if operation is None:
            continue
        status = row["status"] or 500
        kinds.setdefault((operation.bucket, operation.what), Counter()).update(
            count=1,
            bytes_sent=row["bytes_in"],
            bytes_received=row["bytes_out"],
            missing=status == 404,
            refused=status >= 400 and status != 404,
        )
    return [
        {"what": what, "bucket": bucket} | {name: int(number) for name, number in sorted(counts.items())}
        for (bucket, what), counts in sorted(kinds.items())
    ]
