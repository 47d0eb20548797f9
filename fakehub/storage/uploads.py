"""Uploads: the headers and checksums that they set, and resumable ones, which become visible when complete."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from multidict import MultiMapping

from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request
from fakehub.storage import conditions
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.hashes import Hashes
from fakehub.storage.resources import HEADERS, STORAGE_CLASSES
from fakehub.storage.stored import NewObject, Object

# An incomplete resumable upload keeps a multiple of so many bytes.
CHUNK_UNIT = 256 * 1024
# The chunk's first and last byte and the object's size. A last byte of * means that the body is the rest of the object,
# and no bytes at all that the client asks what has arrived.
_CONTENT_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18}|\*)|\*)/([0-9]{1,18}|\*)")
# The most bytes that the keys and values of an object's custom metadata may have together:
# https://cloud.google.com/storage/quotas#objects
MOST_METADATA = 8192
# How long a resumable upload may take, in seconds.
SESSION_LIFE_S = 7 * 86400


@dataclass(slots=True)
class Upload:
    """A resumable upload: the object it will become, its preconditions, and the bytes received so far.

    ``query`` holds the preconditions and the access control list (see ``BucketAccess.put``). ``done`` is the stored
    object without its data, for a client that did not receive the last answer and asks again. ``hashes`` are the
    checksums that the start of the upload gave, ``length`` is the size that it announced.
    """

    bucket: BucketAccess
    name: str
    headers: dict[str, str]
    metadata: dict[str, str] | None
    query: Mapping[str, str]
    hashes: Hashes
    length: int | None = None
    started: float = 0.0
    data: bytearray = field(default_factory=bytearray)
    done: Object | None = None

    def check_length(self, size: int) -> None:
        """Raise ``GoogleError`` (400) if the upload announced another size than ``size`` bytes."""
        if self.length is not None and size != self.length:
            raise bad_request(f"The upload has {size} bytes, but X-Upload-Content-Length announced {self.length}.")

    def finish(self, data: bytes, hashes: Hashes) -> Object:
        """Store the object with its complete ``data``, whose checksums the last request gives in ``hashes``.

        Raises ``GoogleError`` where ``BucketAccess.put`` does.
        """
        new = NewObject(self.name, data, self.headers, self.metadata, hashes=[*self.hashes, *hashes])
        stored = self.bucket.put(new, self.query)
        # Without the data, which would stay in memory after the object is deleted.
        self.done = replace(stored, data=b"")
        self.data.clear()
        return stored


class Resumables:
    """The resumable uploads in progress, by the id of their session."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._uploads: dict[str, Upload] = {}

    def start(self, upload: Upload) -> str:
        """Keep ``upload`` and return the id of its session."""
        upload.started = self._clock.now()
        session = secrets.token_urlsafe(32)
        self._uploads[session] = upload
        return session

    def get(self, session: str) -> Upload:
        """Return the upload of a session; raise ``GoogleError``: 404 for an unknown one, 410 for an expired one."""
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
    """Add a chunk to ``upload``; return the complete content, or ``None`` while some is missing.

    A chunk may repeat bytes that were received before, as after a lost answer: only its new bytes are added. Raises
    ``GoogleError`` (400) for a range that does not fit the body or the announced length, or that leaves a gap.
    """
    if content_range is None:
        upload.check_length(len(body))
        return body
    match = _CONTENT_RANGE.fullmatch(content_range.strip())
    if not match:
        raise bad_request(f"Invalid Content-Range: {content_range}")
    first, last, total = match.groups()
    held = upload.data
    size = upload.length if total == "*" else int(total)
    if total != "*":
        upload.check_length(int(total))
    if first is not None:
        start = int(first)
        end = start + len(body)
        is_rest = last == "*"
        if not is_rest and int(last) + 1 != end:
            raise bad_request(f"Content-Range {content_range} does not fit a body of {len(body)} bytes.")
        if size is not None and (end > size or (is_rest and end < size)):
            raise bad_request(f"Content-Range {content_range} does not fit {len(body)} bytes of {size} bytes in total.")
        if start > len(held):
            have = f"which exceeds already uploaded size of {len(held)} byte(s)."
            raise bad_request(f"According to the Content-Range header, the upload offset is {start} byte(s), {have}")
        if start == 0 and (is_rest or end == size):
            return body
        held[start:] = body
        if is_rest:
            return bytes(held)
    if size is not None and len(held) == size and (first is not None or total != "*"):
        return bytes(held)
    # Drop an incomplete unit: the range in the answer shows the client that it has to send it again.
    del held[len(held) // CHUNK_UNIT * CHUNK_UNIT :]
    return None


def announced_length(headers: Mapping[str, str]) -> int | None:
    """Return the size of the data that the start of a resumable upload announces; raise ``GoogleError`` (400)."""
    text = headers.get("X-Upload-Content-Length")
    length = conditions.number("X-Upload-Content-Length", text) if text else None
    if length is not None and length < 0:
        raise bad_request(f"Invalid value for X-Upload-Content-Length: {text}")
    return length


def hashes_of(resource: Mapping[str, str | None], headers: MultiMapping[str]) -> list[tuple[str, str]]:
    """Return the checksums in all headers ``x-goog-hash`` and in a resource; all of them have to be right."""
    items = [item.strip().partition("=") for line in headers.getall("x-goog-hash", ()) for item in line.split(",")]
    given = [(kind, value) for kind, _, value in items if value]
    named = ((kind, resource.get(key)) for kind, key in (("md5", "md5Hash"), ("crc32c", "crc32c")))
    return given + [(kind, value) for kind, value in named if value]


def headers_of(resource: Mapping[str, Any], content_type: str | None = None) -> dict[str, str]:
    """Return the object's headers that a resource sets; ``content_type`` is the default for that one.

    Raises ``GoogleError`` (400) for a value that cannot be a header, a storage class or a time.
    """
    headers = {name: resource[name] for name in HEADERS if resource.get(name) is not None}
    headers.setdefault("contentType", content_type or "application/octet-stream")
    for name, value in headers.items():
        check_text(name, value)
    if headers.get("storageClass", "STANDARD") not in STORAGE_CLASSES:
        raise bad_request(f"Invalid storage class {headers['storageClass']!r}.")
    if "customTime" in headers:
        try:
            datetime.fromisoformat(headers["customTime"])
        except ValueError:
            raise bad_request(f"Invalid value for customTime: {headers['customTime']!r}") from None
    return headers


def check_text(what: str, text: str) -> None:
    """Raise ``GoogleError`` (400), which names ``what``, for text that is not UTF-8 or has control characters."""
    if text.isascii() and text.isprintable():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request(f"Invalid value for {what}: it is not UTF-8.") from None
    if any(char < " " or char == "\x7f" for char in text):
        raise bad_request(f"Invalid value for {what}: it has control characters.")


def check_size(metadata: dict[str, str]) -> dict[str, str]:
    """Return custom metadata; raise ``GoogleError`` (400) if its keys and values are more than an object may have."""
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > MOST_METADATA:
        message = f"The custom metadata has {size} bytes; the maximum allowed size is {MOST_METADATA} bytes."
        raise GoogleError(400, "metadataTooLarge", message)
    return metadata


def check_custom_time(before: str | None, after: str | None) -> None:
    """Raise ``GoogleError`` (400) if a change removes an object's custom time or makes it earlier."""
    if before is None or after == before:
        return
    if after is None or _instant(after) < _instant(before):
        raise bad_request("The custom time of an object cannot be removed or set to an earlier time.")


def _instant(text: str) -> datetime:
    """Parse a time; without a zone it is in UTC."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
