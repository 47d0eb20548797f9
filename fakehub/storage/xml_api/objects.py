"""Objects in the XML API: get, store, copy and delete."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from aiohttp import web

from fakehub.clock import rfc3339
from fakehub.errors import GoogleError, condition_not_met
from fakehub.storage import conditions, downloads
from fakehub.storage.request_body import decoded
from fakehub.storage.service import Storage
from fakehub.storage.spool import discarded
from fakehub.storage.stored import NewObject, Object
from fakehub.storage.xml_api.call import (
    Call,
    check_length,
    etag,
    hashes_of,
    headers_of,
    metadata_of,
    object_headers,
    preconditions,
    put_query,
    resolve_bucket,
    stored_headers,
)
from fakehub.storage.xml_api.errors import element, invalid_argument, xml_response

_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"
_COPY = "x-goog-copy-source"
# Parameters of a signed URL that replace a header of the answer.
_OVERRIDES = {"response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition"}


def get(call: Call) -> web.StreamResponse:
    """Answer ``GET`` and ``HEAD``: the content or a range of it, and everything about the object in headers."""
    stored = call.existing("storage.objects.get")
    conditions.check(preconditions(call.headers), stored)
    conditions.check_tags(call.headers, etag(stored), reading=True)
    _check_times(call, stored)
    response = downloads.media(stored, call.headers, call.method == "HEAD")
    response.headers.update(object_headers(stored))
    for parameter, header in _OVERRIDES.items():
        if call.query.get(parameter):
            response.headers[header] = re.sub(r"[\r\n\0]+", " ", call.query[parameter])
    return response


def put(storage: Storage, call: Call) -> web.Response:
    """Answer ``PUT``: store the body as a new generation, or copy another object."""
    if call.headers.get(_COPY):
        return _copy(storage, call)
    headers = call.headers
    check_length(call.size, headers)
    new = NewObject(call.name, call.content, headers_of(headers), metadata_of(headers), hashes=hashes_of(headers))
    stored = call.bucket.put(new, put_query(headers))
    return web.Response(headers=stored_headers(stored) | {"x-goog-stored-content-length": str(stored.size)})


def _copy(storage: Storage, call: Call) -> web.Response:
    bucket, _, name = decoded(call.headers[_COPY].removeprefix("/")).partition("/")
    if not name:
        raise invalid_argument(f"{_COPY} is /BUCKET/OBJECT.")
    source_bucket = resolve_bucket(storage, call.bucket.persona, bucket, call.project)
    source_bucket.check("storage.objects.get")
    source = source_bucket.existing(name, call.headers.get(f"{_COPY}-generation"))
    conditions.check(preconditions(call.headers, f"{_COPY}-if-"), source)
    conditions.check_tags(call.headers, etag(source), False, f"{_COPY}-")
    directive = call.headers.get("x-goog-metadata-directive", "COPY").upper()
    if directive not in {"COPY", "REPLACE"}:
        raise invalid_argument(f"x-goog-metadata-directive: {directive}")
    headers, metadata = source.headers, source.metadata
    if directive == "REPLACE":
        headers, metadata = headers_of(call.headers), metadata_of(call.headers)
    with discarded(storage.store.copied(source)) as content:
        new = NewObject(call.name, content, headers, metadata, source.components)
        stored = call.bucket.put(new, put_query(call.headers))
    text = element("LastModified", rfc3339(stored.updated)) + element("ETag", f'"{etag(stored)}"')
    body = f"<CopyObjectResult xmlns='{_NAMESPACE}'>{text}</CopyObjectResult>"
    return xml_response(body, headers=stored_headers(stored))


def delete(storage: Storage, call: Call) -> web.Response:
    """Answer ``DELETE``: remove the live generation, or the one that the query names."""
    stored = call.existing("storage.objects.delete")
    conditions.check(preconditions(call.headers), stored)
    storage.store.delete(stored, forever=bool(call.query.get("generation")))
    return web.Response(status=204)


def _check_times(call: Call, stored: Object) -> None:
    """Raise ``GoogleError`` likewise for the time of the last change; a condition on the tag takes precedence."""
    since, until = call.headers.get("If-Modified-Since"), call.headers.get("If-Unmodified-Since")
    if since and "If-None-Match" not in call.headers and _seconds(since, 0) >= int(stored.updated):
        raise _not_modified()
    if until and "If-Match" not in call.headers and _seconds(until, stored.updated) < int(stored.updated):
        raise condition_not_met()


def _not_modified() -> GoogleError:
    return GoogleError(304, "notModified", "Not Modified")


def _seconds(header: str, default: float) -> float:
    """Parse a time in HTTP's format, in seconds since the epoch; return ``default`` for invalid text."""
    try:
        return parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return default
