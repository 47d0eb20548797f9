"""Uploads: the headers and checksums that they set, and resumable ones, which become visible when complete."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from multidict import MultiMapping

from fakehub.clock import Clock
from fakehub.errors import GoogleError, bad_request
from fakehub.storage import conditions
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.hashes import Hashes
from fakehub.storage.held import Held
from fakehub.storage.off_loop import in_thread
from fakehub.storage.resources import HEADERS, STORAGE_CLASSES
from fakehub.storage.spool import Content, Received
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
    """A resumable upload: the object it will become, its preconditions, and the bytes ``held`` so far.

    ``query`` holds the preconditions and the access control list (see ``BucketAccess.put``). ``done`` is the stored
    object without its data, for a client that did not receive the last answer and asks again. ``hashes`` are the
    checksums that the start of the upload gave, ``length`` is the size that it announced. It is ``busy`` while a chunk
    is written.
    """

    bucket: BucketAccess
    name: str
    headers: dict[str, str]
    metadata: dict[str, str] | None
    query: Mapping[str, str]
    hashes: Hashes
    held: Held
    length: int | None = None
    started: float = 0.0
    busy: bool = False
    done: Object | None = None

    def check_length(self, size: int) -> None:
        """Raise ``GoogleError`` (400) if the upload announced another size than ``size`` bytes."""
        if self.length is not None and size != self.length:
            raise bad_request(f"The upload has {size} bytes, but X-Upload-Content-Length announced {self.length}.")

    def range(self) -> dict[str, str]:
        """Return the header that says which bytes have arrived."""
        return {"Range": f"bytes=0-{self.held.size - 1}"} if self.held.size else {}

    def finish(self, data: Content, hashes: Hashes) -> Object:
        """Store the object with its complete ``data``, whose checksums the last request gives in ``hashes``.

        Raises ``GoogleError`` where ``BucketAccess.put`` does.
        """
        new = NewObject(self.name, data, self.headers, self.metadata, hashes=[*self.hashes, *hashes])
        stored = self.bucket.put(new, self.query)
        # Without the data, which would stay in memory after the object is deleted.
        self.done = replace(stored, data=b"")
        self.held.discard()
        return stored


class Resumables:
    """The resumable uploads in progress, by the id of their session; ``hold`` returns what holds the bytes of one."""

    def __init__(self, clock: Clock, hold: Callable[[], Held]) -> None:
        self._clock, self.hold = clock, hold
        self._uploads: dict[str, Upload] = {}
        # Those that may hold bytes, oldest first.
        self._holding: deque[Upload] = deque()

    def start(self, upload: Upload) -> str:
        """Keep ``upload`` and return the id of its session."""
        upload.started = self._clock.now()
        while self._holding and self._has_expired(self._holding[0]) and not self._holding[0].busy:
            self._holding.popleft().held.discard()
        self._holding.append(upload)
        session = secrets.token_urlsafe(32)
        self._uploads[session] = upload
        return session

    def get(self, session: str) -> Upload:
        """Return the upload of a session.

        Raises ``GoogleError``: 404 for an unknown one, 410 for an expired one, 503 while another request adds a chunk.
        """
        upload = self._uploads.get(session)
        if upload is None:
            raise GoogleError(404, "notFound", "Upload session not found.")
        if self._has_expired(upload):
            raise GoogleError(410, "gone", "The upload session is no longer available.")
        if upload.busy:
            raise GoogleError(503, "backendError", "Another request of this upload is in progress. Please try again.")
        return upload

    def _has_expired(self, upload: Upload) -> bool:
        return self._clock.now() - upload.started >= SESSION_LIFE_S

    def drop(self, session: str) -> None:
        """Forget a session."""
        self._uploads.pop(session).held.discard()


def is_whole(content_range: str | None) -> bool:
    """Return whether a chunk with this ``Content-Range`` may be the whole object."""
    return content_range is None or content_range.strip().startswith("bytes 0-")


async def take_chunk(upload: Upload, body: Content, content_range: str | None) -> Content | None:
    """Add a chunk to ``upload``; return the complete content, or ``None`` while some is missing.

    A chunk may repeat bytes that were received before, as after a lost answer: only its new bytes are added. Raises
    ``GoogleError`` (400) for a range that does not fit the body or the announced length, or that leaves a gap.
    """
    length = body.size if isinstance(body, Received) else len(body)
    if content_range is None:
        upload.check_length(length)
        return body
    match = _CONTENT_RANGE.fullmatch(content_range.strip())
    if not match:
        raise bad_request(f"Invalid Content-Range: {content_range}")
    first, last, total = match.groups()
    size = upload.length if total == "*" else int(total)
    if total != "*":
        upload.check_length(int(total))
    is_rest = last == "*"
    if first is not None:
        start = int(first)
        _check_chunk(content_range, (start, None if is_rest else int(last)), length, size)
        if start > upload.held.size:
            have = f"which exceeds already uploaded size of {upload.held.size} byte(s)."
            raise bad_request(f"According to the Content-Range header, the upload offset is {start} byte(s), {have}")
        if start == 0 and (is_rest or start + length == size):
            return body
    upload.busy = True
    try:
        return await _add_chunk(upload, body, None if first is None else start, is_rest, total, size)
    finally:
        upload.busy = False


def _check_chunk(content_range: str, span: tuple[int, int | None], length: int, size: int | None) -> None:
    """Raise ``GoogleError`` (400) for a range that fits neither a body of ``length`` bytes nor the whole ``size``."""
    start, last = span
    end = start + length
    if last is not None and last + 1 != end:
        raise bad_request(f"Content-Range {content_range} does not fit a body of {length} bytes.")
    if size is not None and (end > size or (last is None and end < size)):
        raise bad_request(f"Content-Range {content_range} does not fit {length} bytes of {size} bytes in total.")


async def _add_chunk(
    upload: Upload, body: Content, start: int | None, is_rest: bool, total: str, size: int | None
) -> Content | None:
    held = upload.held
    if start is not None:
        await in_thread(held.write, start, body)
        if is_rest:
            return await in_thread(held.content)
    if size is not None and held.size == size and (start is not None or total != "*"):
        return await in_thread(held.content)
    # Drop an incomplete unit: the range in the answer shows the client that it has to send it again.
    held.cut(held.size // CHUNK_UNIT * CHUNK_UNIT)
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
