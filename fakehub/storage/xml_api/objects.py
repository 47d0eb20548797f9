"""Objects in the XML API: show, store, copy and delete."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from fakehub.clock import rfc3339
from fakehub.errors import GoogleError, condition_not_met
from fakehub.storage import conditions, downloads
from fakehub.storage.request_body import decoded
from fakehub.storage.store import Object
from fakehub.storage.xml_api.call import (
    Call,
    check_length,
    etag,
    generation_of,
    hashes_of,
    headers_of,
    metadata_of,
    object_headers,
    preconditions,
    put_query,
    stored_headers,
)
from fakehub.storage.xml_api.errors import element, invalid_argument, no_such_bucket, xml_response

if TYPE_CHECKING:
    from fakehub.storage.service import Storage

_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"
_COPY = "x-goog-copy-source"
# What a signed URL may set in the answer.
_OVERRIDES = {"response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition"}


def get(storage: Storage, call: Call) -> web.StreamResponse:
    """``GET`` and ``HEAD``: the content or a range of it, and everything the headers say of an object."""
    found = storage.existing(call.persona, call.bucket, call.name, generation_of(call), "storage.objects.get")
    conditions.check(preconditions(call.headers), found)
    _check_tags(call, found, "If-Match", "If-None-Match")
    _check_times(call, found)
    response = downloads.media(found, call.headers, call.method == "HEAD")
    response.headers.update(object_headers(found))
    for parameter, header in _OVERRIDES.items():
        if call.query.get(parameter):
            response.headers[header] = re.sub(r"[\r\n\0]+", " ", call.query[parameter])
    return response


def put(storage: Storage, call: Call) -> web.Response:
    """``PUT``: store the body as a new generation, or copy another object."""
    if call.headers.get(_COPY):
        return _copy(storage, call)
    check_length(len(call.body), call.headers)
    stored = storage.put_object(
        call.persona,
        call.bucket,
        call.name,
        put_query(call.headers),
        call.body,
        headers_of(call.headers),
        metadata_of(call.headers),
        hashes=hashes_of(call.headers),
    )
    headers = stored_headers(stored)
    return web.Response(headers=headers | {"x-goog-stored-content-length": str(stored.size)})


def _copy(storage: Storage, call: Call) -> web.Response:
    bucket, _, name = decoded(call.headers[_COPY].removeprefix("/")).partition("/")
    if not name:
        raise invalid_argument(f"{_COPY} is /BUCKET/OBJECT.")
    if bucket not in storage.store.buckets:
        raise no_such_bucket()
    generation = call.headers.get(f"{_COPY}-generation")
    query = {"generation": generation} if generation else {}
    source = storage.existing(call.persona, bucket, name, query, "storage.objects.get")
    conditions.check(preconditions(call.headers, f"{_COPY}-if-"), source)
    _check_tags(call, source, f"{_COPY}-if-match", f"{_COPY}-if-none-match")
    directive = call.headers.get("x-goog-metadata-directive", "COPY").upper()
    if directive not in {"COPY", "REPLACE"}:
        raise invalid_argument(f"x-goog-metadata-directive: {directive}")
    headers, metadata = source.headers, source.metadata
    if directive == "REPLACE":
        headers, metadata = headers_of(call.headers), metadata_of(call.headers)
    data, count = source.read(), source.components
    stored = storage.put_object(
        call.persona, call.bucket, call.name, put_query(call.headers), data, headers, metadata, components=count
    )
    text = element("LastModified", rfc3339(stored.updated)) + element("ETag", f'"{etag(stored)}"')
    body = f"<CopyObjectResult xmlns='{_NAMESPACE}'>{text}</CopyObjectResult>"
    return xml_response(body, headers=stored_headers(stored))


def delete(storage: Storage, call: Call) -> web.Response:
    """``DELETE``: remove the live generation, or the one named."""
    query = generation_of(call)
    found = storage.existing(call.persona, call.bucket, call.name, query, "storage.objects.delete")
    conditions.check(preconditions(call.headers), found)
    storage.store.delete(found, forever=bool(query))
    return web.Response(status=204)


def _check_tags(call: Call, found: Object, match: str, none_match: str) -> None:
    """The conditions on the entity tag; an unmet one is 412 or, for what the client already has, 304."""
    headers = call.headers
    if match in headers and not _has_tag(headers[match], found):
        raise condition_not_met()
    if none_match in headers and _has_tag(headers[none_match], found):
        raise condition_not_met() if call.method == "PUT" else _not_modified()


def _check_times(call: Call, found: Object) -> None:
    """The same by the time of the last change, where no tag is asked for."""
    since, until = call.headers.get("If-Modified-Since"), call.headers.get("If-Unmodified-Since")
    if since and "If-None-Match" not in call.headers and _seconds(since, 0) >= int(found.updated):
        raise _not_modified()
    if until and "If-Match" not in call.headers and _seconds(until, found.updated) < int(found.updated):
        raise condition_not_met()


def _not_modified() -> GoogleError:
    return GoogleError(304, "notModified", "Not Modified")


def _has_tag(header: str, found: Object) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or etag(found) in tags


def _seconds(header: str, default: float) -> float:
    """A time as HTTP writes it, in seconds since the epoch; ``default`` for what is none."""
    try:
        return parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return default
