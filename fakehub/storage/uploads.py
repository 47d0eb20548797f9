"""Uploads: simple, multipart and resumable; nothing is visible before it is whole and its checksums hold."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import google_crc32c

from fakehub.errors import GoogleError, bad_request
from fakehub.storage.resources import HEADERS

# The unit of a resumable upload's chunks, in bytes.
CHUNK_UNIT = 256 * 1024
_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]+)\"|'([^']+)'|([^;\s]+))")


@dataclass
class Upload:
    """An object on its way: what it will be, on which conditions, and the bytes so far."""

    bucket: str
    resource: dict[str, Any]
    query: dict[str, str]
    hashes: dict[str, str]
    persona: Any
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
    boundary = b"--" + next(group for group in found.groups() if group).encode()
    # gcsfs ends lines with LF alone; taking a CR before it for a line's end would cut binary data.
    start = body.find(boundary) + len(boundary)
    line = b"\r\n" if body[start : start + 2] == b"\r\n" else b"\n"
    parts = (line + body).split(line + boundary)
    if len(parts) != 4 or not parts[3].startswith(b"--"):
        raise bad_request("A multipart upload has two parts: the object's metadata and its data.")
    first, second = (_part(part.removeprefix(line), line) for part in parts[1:3])
    return parse_resource(first[1]), second[1], second[0]


def _part(part: bytes, line: bytes) -> tuple[str | None, bytes]:
    """Content type and content of one part; rclone sends one without headers."""
    if part.startswith(line):
        return None, part.removeprefix(line)
    head, _, content = part.partition(line + line)
    kind = re.search(rb"^content-type:[ \t]*([^\r\n]+)", head, re.IGNORECASE | re.MULTILINE)
    return (kind.group(1).decode("latin-1").strip() if kind else None), content


def parse_resource(text: bytes) -> dict[str, Any]:
    """A JSON body as a resource; empty and ``null`` are an empty one. Raises ``GoogleError`` (400)."""
    try:
        resource = json.loads(text or b"{}")
    except ValueError:
        raise bad_request("Parse Error", "parseError") from None
    if resource is None:
        return {}
    if not isinstance(resource, dict) or not isinstance(resource.get("metadata") or {}, dict):
        raise bad_request("Parse Error", "parseError")
    return resource


def check_hashes(data: bytes, resource: dict[str, Any], goog_hash: str) -> None:
    """Raise ``GoogleError`` (400) when ``data`` does not have a checksum that the request gives for it."""
    given = dict(item.strip().split("=", 1) for item in goog_hash.split(",") if "=" in item)
    md5 = resource.get("md5Hash") or given.get("md5")
    crc32c = resource.get("crc32c") or given.get("crc32c")
    if md5 and md5 != base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode():
        raise bad_request(f"Provided MD5 hash {md5!r} doesn't match calculated MD5 hash.")
    if crc32c:
        real = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
        if crc32c != real:
            raise bad_request(f"Provided CRC32C {crc32c!r} doesn't match calculated CRC32C {real!r}.")


def headers_of(resource: dict[str, Any], content_type: str | None) -> dict[str, str]:
    """What the resource sets of an object's headers, with the content type its data came with."""
    headers = {name: str(resource[name]) for name in HEADERS if resource.get(name) is not None}
    headers.setdefault("contentType", content_type or "application/octet-stream")
    return headers


class Resumables:
    """The resumable uploads under way, by their session's id."""

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def start(self, upload: Upload) -> str:
        """Keep ``upload``; the id of its session."""
        session = secrets.token_urlsafe(32)
        self._uploads[session] = upload
        return session

    def get(self, session: str) -> Upload:
        """The upload of a session; raises ``GoogleError`` (404) for an unknown one."""
        try:
            return self._uploads[session]
        except KeyError:
            raise GoogleError(404, "notFound", "Upload session not found.") from None

    def drop(self, session: str) -> None:
        """Forget a session."""
        self._uploads.pop(session, None)


def take_chunk(upload: Upload, body: bytes, content_range: str | None) -> bool:
    """Add a chunk; whether the upload is whole now. Raises ``GoogleError`` (400) for a range that does not fit.

    A chunk that repeats bytes already held is taken from where it is new, as after a lost answer.
    """
    if content_range is None:
        upload.data[:] = body
        return True
    found = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", content_range.strip())
    if not found:
        raise bad_request(f"Invalid Content-Range: {content_range}")
    first, last, total = found.groups()
    size = None if total == "*" else int(total)
    if first is not None:
        start, held = int(first), len(upload.data)
        if int(last) - start + 1 != len(body):
            raise bad_request(f"Content-Range {content_range} does not fit a body of {len(body)} bytes.")
        if start > held:
            raise GoogleError(503, "backendError", f"Bytes {held} to {start} are missing; ask for the status.")
        if size is None and len(body) % CHUNK_UNIT:
            raise bad_request(f"The number of bytes uploaded must be a multiple of {CHUNK_UNIT} before the last chunk.")
        upload.data[start:] = body
    return size is not None and len(upload.data) == size
