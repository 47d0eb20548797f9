"""Uploads: simple, multipart and resumable; nothing is visible before it is whole and its checksums hold."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fakehub.accounts.identities import Persona
from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request, not_answered
from fakehub.storage.acl import NEW_OBJECT, predefined
from fakehub.storage.resources import HEADERS, STORAGE_CLASSES
from hubfacts.schema import Bucket

# Of a resumable upload that is not whole, multiples of this are kept, in bytes.
CHUNK_UNIT = 256 * 1024
# How long a resumable upload may take, in seconds.
SESSION_LIFE_S = 7 * 86400
_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]+)\"|'([^']+)'|([^;\s]+))")
# Parts of an object's resource that would change what happens to it later, and that the stand-in has not.
_STRINGS = ("name", "bucket", "md5Hash", "crc32c", *HEADERS)
_REFUSED = ("contexts", "customerEncryption", "eventBasedHold", "kmsKeyName", "retention", "temporaryHold")


@dataclass(slots=True)
class Upload:
    """An object on its way: what it will be, on which conditions, and the bytes so far."""

    bucket: str
    name: str
    resource: dict[str, Any]
    query: Any
    hashes: dict[str, str]
    persona: Persona
    started: float = 0.0
    data: bytearray = field(default_factory=bytearray)
    done: bytes | None = None


def parse_multipart(body: bytes, content_type: str) -> tuple[dict[str, Any], bytes, str | None]:
    """The resource, the data and the data's content type of a multipart/related body.

    Clients differ: LF or CRLF, boundaries in double or single quotes, parts without headers. Raises
    ``GoogleError`` (400) for anything that is not such a body.
    """
    found = _BOUNDARY.search(content_type)
    if not found:
        raise bad_request("Missing the boundary of a multipart upload.")
    boundary = b"--" + next(group for group in found.groups() if group).encode("utf-8", "surrogateescape")
    # gcsfs ends lines with LF alone; taking a CR before it for a line's end would cut binary data.
    start = body.find(boundary) + len(boundary)
    line = b"\r\n" if body[start : start + 2] == b"\r\n" else b"\n"
    # Places of the boundaries; the data may be large, so that they are copied once, by the last slice.
    places = [-len(line)] if body.startswith(boundary) else []
    size, place = len(line + boundary), body.find(line + boundary)
    while place >= 0 and len(places) < 4:
        places.append(place)
        place = body.find(line + boundary, place + size)
    if len(places) != 3 or not body.startswith(b"--", places[2] + size):
        raise bad_request("A multipart upload has two parts: the object's metadata and its data.")
    _, text = _part(body, places[0] + size, places[1], line)
    kind, data = _part(body, places[1] + size, places[2], line)
    return parse_resource(text), data, kind


def _part(body: bytes, start: int, stop: int, line: bytes) -> tuple[str | None, bytes]:
    """Content type and content of the part between two places; rclone sends one without headers."""
    if body.startswith(line, start, stop):
        start += len(line)
    if body.startswith(line, start, stop):
        return None, body[start + len(line) : stop]
    end = body.find(line + line, start, stop)
    if end < 0:
        end = stop
    head, content = body[start:end], body[end + 2 * len(line) : stop]
    kind = re.search(rb"^content-type:[ \t]*([^\r\n]+)", head, re.IGNORECASE | re.MULTILINE)
    return (kind.group(1).decode("latin-1").strip() if kind else None), content


def parse_resource(text: bytes) -> dict[str, Any]:
    """A JSON body as an object's resource; empty and ``null`` are an empty one.

    Raises ``GoogleError``: 400 for what is no such resource, 501 for a property that the stand-in does not have.
    """
    if not text:
        return {}
    try:
        resource = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request("Parse Error", "parseError") from None
    if resource is None:
        return {}
    if not isinstance(resource, dict):
        raise bad_request("Parse Error", "parseError")
    return check_resource(resource)


def check_resource(resource: dict[str, Any]) -> dict[str, Any]:
    """An object's resource, when it is one the stand-in can store; raises ``GoogleError`` as ``parse_resource``."""
    for name in _REFUSED:
        if resource.get(name):
            raise not_answered(f"the property {name} of an object")
    for name in _STRINGS:
        if not isinstance(resource.get(name), str | None):
            raise bad_request(f"Invalid value for {name}: it is a string.")
    _check_metadata(resource.get("metadata"))
    return resource


def check_acl(bucket: Bucket, resource: dict[str, Any], persona: Persona) -> None:
    """Take access controls in a resource that open an object to nobody else.

    Raises ``GoogleError``: 400 where access is uniform or for what are no access controls, 501 for others'.
    """
    controls = resource.get("acl")
    if not controls:
        return
    if not isinstance(controls, list) or not all(isinstance(control, dict) for control in controls):
        raise bad_request("Invalid value for acl: it is a list of access controls.")
    predefined(bucket, "projectPrivate", NEW_OBJECT)
    for control in controls:
        entity = control.get("entity")
        if not isinstance(entity, str):
            raise bad_request("Invalid value for acl: an access control has an entity.")
        if not entity.startswith("project-") and entity != f"user-{persona.email}":
            raise not_answered(f"an access control of {entity}")


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise bad_request("Invalid value for metadata: it is an object of strings.")
    for name, value in metadata.items():
        if isinstance(value, dict | list):
            raise bad_request(f"Invalid value for metadata: that of {name!r} is no string.")
        _check_text("metadata", f"{name}{value}")


def _check_text(what: str, text: str) -> None:
    if text.isascii() and text.isprintable():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request(f"Invalid value for {what}: it is not UTF-8.") from None
    if any(char < " " or char == "\x7f" for char in text):
        raise bad_request(f"Invalid value for {what}: it has control characters.")


def texts(metadata: dict[str, Any] | None) -> dict[str, str] | None:
    """Custom metadata as text; what has no value is left out, and ``None`` when nothing is left."""
    return {name: str(value) for name, value in (metadata or {}).items() if value is not None} or None


def hashes_of(resource: dict[str, Any], goog_hash: str | None) -> dict[str, str]:
    """The checksums that a resource or the header ``x-goog-hash`` gives, by ``md5`` and ``crc32c``."""
    given = dict(item.strip().split("=", 1) for item in (goog_hash or "").split(",") if "=" in item)
    for name, key in (("md5", "md5Hash"), ("crc32c", "crc32c")):
        if resource.get(key):
            given[name] = resource[key]
    return given


def headers_of(resource: dict[str, Any], content_type: str | None) -> dict[str, str]:
    """What the resource sets of an object's headers, with the content type its data came with.

    Raises ``GoogleError`` (400) for a value that cannot be a header, a storage class or a time.
    """
    headers = {name: resource[name] for name in HEADERS if resource.get(name) is not None}
    headers.setdefault("contentType", content_type or "application/octet-stream")
    for name, value in headers.items():
        _check_text(name, value)
    if headers.get("storageClass", "STANDARD") not in STORAGE_CLASSES:
        raise bad_request(f"Invalid storage class {headers['storageClass']!r}.")
    if "customTime" in headers:
        try:
            datetime.fromisoformat(headers["customTime"])
        except ValueError:
            raise bad_request(f"Invalid value for customTime: {headers['customTime']!r}") from None
    return headers


class Resumables:
    """The resumable uploads under way, by their session's id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._uploads: dict[str, Upload] = {}

    def start(self, upload: Upload) -> str:
        """Keep ``upload``; the id of its session."""
        upload.started = self._clock.now()
        session = secrets.token_urlsafe(32)
        self._uploads[session] = upload
        return session

    def get(self, session: str) -> Upload:
        """The upload of a session; raises ``GoogleError``: 404 for an unknown one, 410 for one that is too old."""
        upload = self._uploads.get(session)
        if upload is None:
            raise GoogleError(404, "notFound", "Upload session not found.")
        if self._clock.now() - upload.started >= SESSION_LIFE_S:
            raise GoogleError(410, "gone", "The upload session is no longer available.")
        return upload

    def drop(self, session: str) -> None:
        """Forget a session."""
        self._uploads.pop(session, None)


def take_chunk(upload: Upload, body: bytes, content_range: str | None) -> bytes | None:
    """Add a chunk; the whole content when it is whole now.

    A chunk that repeats bytes already held is taken from where it is new, as after a lost answer. Raises
    ``GoogleError`` (400) for a range that does not fit, or that lies behind a gap.
    """
    if content_range is None:
        return body
    found = re.fullmatch(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)", content_range.strip())
    if not found:
        raise bad_request(f"Invalid Content-Range: {content_range}")
    first, last, total = found.groups()
    size = None if total == "*" else int(total)
    held = upload.data
    if first is not None:
        start = int(first)
        if int(last) - start + 1 != len(body) or (size is not None and int(last) >= size):
            raise bad_request(f"Content-Range {content_range} does not fit a body of {len(body)} bytes.")
        if start > len(held):
            have = f"which exceeds already uploaded size of {len(held)} byte(s)."
            raise bad_request(f"According to the Content-Range header, the upload offset is {start} byte(s), {have}")
        if start == 0 and len(body) == size:
            return body
        held[start:] = body
    if size is not None and len(held) == size:
        return bytes(held)
    # What does not fill a unit is not kept: the answer's range says so, and the client sends it again.
    del held[len(held) // CHUNK_UNIT * CHUNK_UNIT :]
    return None
