"""Multipart uploads of the XML API: parts in any order, which one request joins into a visible object."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import secrets
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import quote

import google_crc32c
from aiohttp import web

from fakehub.clock import Clock, rfc3339
from fakehub.storage.hashes import base64_crc32c
from fakehub.storage.off_loop import in_thread
from fakehub.storage.spool import IN_MEMORY, Content, Received, discarded, joined
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject
from fakehub.storage.xml_api.call import (
    Call,
    child_text,
    children,
    etag,
    hashes_of,
    headers_of,
    metadata_of,
    parse_xml,
    preconditions,
    put_query,
    stored_headers,
    whole_number,
)
from fakehub.storage.xml_api.errors import XmlError, bad_digest, element, invalid_argument, xml_response

# The minimum size of every part except the last, in bytes, and the highest part number.
SMALLEST_PART = 5 * 1024 * 1024
MOST_PARTS = 10_000
# Answers about multipart uploads use S3's namespace, those about objects one of Google's.
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


# Google's upload servers give XML this type. Its client for Node reads text only, and relies on it.
_KIND = {"Content-Type": "text/html; charset=UTF-8"}


@dataclass(frozen=True)
class _Part:
    content: Content
    size: int
    etag: str
    modified: float

    def open(self) -> BinaryIO:
        """Open the part to read it."""
        return self.content.open() if isinstance(self.content, Received) else io.BytesIO(self.content)

    def read(self) -> bytes:
        """Return the part."""
        with self.open() as file:
            return file.read()

    def remove(self) -> None:
        """Remove the part's file, if it has one."""
        if isinstance(self.content, Received):
            self.content.kept = False
            self.content.discard()


@dataclass
class _Upload:
    """An upload in progress: what the object will be, and the parts received so far by number."""

    bucket: str
    name: str
    headers: dict[str, str]
    metadata: dict[str, str] | None
    query: dict[str, str]
    started: float
    parts: dict[int, _Part] = field(default_factory=dict)


class Multipart:
    """The multipart uploads in progress."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock, self._store = clock, store
        self._uploads: dict[str, _Upload] = {}

    def start(self, call: Call) -> web.Response:
        """Answer ``POST ?uploads``: begin an upload and return its id."""
        call.bucket.check("storage.multipartUploads.create")
        call.bucket.check("storage.objects.create")
        if preconditions(call.headers):
            raise invalid_argument("Preconditions are not supported by multipart uploads.")
        upload_id = secrets.token_urlsafe(48)
        headers, metadata, query = headers_of(call.headers), metadata_of(call.headers), put_query(call.headers)
        upload = _Upload(call.bucket.name, call.name, headers, metadata, query, self._clock.now())
        self._uploads[upload_id] = upload
        return _answer("InitiateMultipartUploadResult", _names(call) + element("UploadId", upload_id))

    def put_part(self, call: Call) -> web.Response:
        """Answer ``PUT ?partNumber&uploadId``: keep a part, and replace an earlier one with its number."""
        upload = self._find(call, "storage.multipartUploads.create")
        number = whole_number("partNumber", call.query.get("partNumber", ""))
        if not 1 <= number <= MOST_PARTS:
            raise invalid_argument(f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive.")
        content = call.content
        if isinstance(content, Received) and content.md5:
            md5, crc32c = content.md5, content.crc32c
        else:
            md5, crc32c = hashlib.md5(call.body, usedforsecurity=False).digest(), google_crc32c.value(call.body)
        sums = {"md5": base64.b64encode(md5).decode(), "crc32c": base64_crc32c(crc32c)}
        if any(sums.get(kind, value) != value for kind, value in hashes_of(call.headers)):
            raise bad_digest()
        if number in upload.parts:
            upload.parts[number].remove()
        upload.parts[number] = _Part(content, call.size, md5.hex(), self._clock.now())
        if isinstance(content, Received):
            content.kept = True
        hashes = ",".join(f"{name}={value}" for name, value in sums.items())
        return web.Response(headers={"ETag": f'"{md5.hex()}"', "x-goog-hash": hashes})

    async def complete(self, call: Call) -> web.Response:
        """Answer ``POST ?uploadId``: join the parts that the body lists; raise ``XmlError`` (400) for a wrong list.

        While large parts are joined in a thread, the upload is gone; it comes back if the object cannot be stored.
        """
        upload = self._find(call, "storage.multipartUploads.create")
        parts, upload_id = _chosen(upload, call.body), call.query["uploadId"]
        content: Content
        if sum(part.size for part in parts) <= IN_MEMORY:
            content = b"".join([part.read() for part in parts])
        else:
            del self._uploads[upload_id]
            try:
                content = await in_thread(joined, (part.open() for part in parts), self._store.spool(md5=False))
            finally:
                self._uploads[upload_id] = upload
        new = NewObject(call.name, content, upload.headers, upload.metadata, len(parts))
        with discarded(content):
            stored = call.bucket.put(new, upload.query)
        self._remove(upload_id)
        location = f"{call.address}/{quote(call.name)}"
        text = element("Location", location) + _names(call) + element("ETag", f'"{etag(stored)}"')
        return _answer("CompleteMultipartUploadResult", text, stored_headers(stored))

    def _remove(self, upload_id: str) -> None:
        for part in self._uploads.pop(upload_id).parts.values():
            part.remove()

    def abort(self, call: Call) -> web.Response:
        """Answer ``DELETE ?uploadId``: forget an upload and its parts."""
        self._find(call, "storage.multipartUploads.abort")
        self._remove(call.query["uploadId"])
        return web.Response(status=204)

    def list_parts(self, call: Call) -> web.Response:
        """Answer ``GET ?uploadId``: list one page of the parts received so far."""
        upload = self._find(call, "storage.multipartUploads.listParts")
        most = min(1000, whole_number("max-parts", call.query.get("max-parts", "1000")))
        marker = whole_number("part-number-marker", call.query.get("part-number-marker", "0"))
        numbers = sorted(number for number in upload.parts if number > marker)
        page = numbers[:most]
        text = _names(call) + element("UploadId", call.query["uploadId"]) + element("StorageClass", "STANDARD")
        text += element("PartNumberMarker", marker) + element("NextPartNumberMarker", page[-1] if page else marker)
        text += element("MaxParts", most) + element("IsTruncated", str(len(numbers) > len(page)).lower())
        for number in page:
            part = upload.parts[number]
            inner = element("PartNumber", number) + element("LastModified", rfc3339(part.modified))
            inner += element("ETag", f'"{part.etag}"') + element("Size", part.size)
            text += f"<Part>{inner}</Part>"
        return _answer("ListPartsResult", text)

    def list_uploads(self, call: Call) -> web.Response:
        """Answer ``GET ?uploads`` of a bucket: list one page of the uploads in progress, by name and time."""
        call.bucket.check("storage.multipartUploads.list")
        most = min(1000, whole_number("max-uploads", call.query.get("max-uploads", "1000")))
        prefix, marker = call.query.get("prefix", ""), call.query.get("key-marker", "")
        last = call.query.get("upload-id-marker", "")
        start = (marker, self._uploads[last].started if last in self._uploads else math.inf, last)
        rows = [
            (upload.name, upload.started, upload_id)
            for upload_id, upload in self._uploads.items()
            if upload.bucket == call.bucket.name and upload.name.startswith(prefix)
        ]
        following = sorted(row for row in rows if not marker or row > start)
        page = following[:most]
        text = element("Bucket", call.bucket.name) + element("KeyMarker", marker) + element("MaxUploads", most)
        text += element("IsTruncated", str(len(following) > len(page)).lower())
        if page and len(following) > len(page):
            text += element("NextKeyMarker", page[-1][0]) + element("NextUploadIdMarker", page[-1][2])
        for name, started, upload_id in page:
            inner = element("Key", name) + element("UploadId", upload_id) + element("StorageClass", "STANDARD")
            text += f"<Upload>{inner}{element('Initiated', rfc3339(started))}</Upload>"
        return _answer("ListMultipartUploadsResult", text)

    def _find(self, call: Call, permission: str) -> _Upload:
        call.bucket.check(permission)
        upload = self._uploads.get(call.query["uploadId"])
        if upload is None or (upload.bucket, upload.name) != (call.bucket.name, call.name):
            raise XmlError(404, "NoSuchUpload", "The requested upload was not found.")
        return upload


def _chosen(upload: _Upload, body: bytes) -> list[_Part]:
    """Return the parts that a ``CompleteMultipartUpload`` lists."""
    listed = children(parse_xml(body), "Part")
    if not listed:
        raise invalid_argument("The list of parts is empty.")
    parts, before = [], 0
    for node in listed:
        number = whole_number("PartNumber", child_text(node, "PartNumber"))
        part = upload.parts.get(number)
        if part is None or child_text(node, "ETag").strip().strip('"') != part.etag:
            message = (
                "One or more of the specified parts could not be found. The part may not have been uploaded, "
                "or the specified entity tag may not match the part's entity tag."
            )
            raise XmlError(400, "InvalidPart", message, Details=f"Part {number}")
        if number <= before:
            message = "The list of parts was not in ascending order. Parts must be ordered by part number."
            raise XmlError(400, "InvalidPartOrder", message)
        parts.append(part)
        before = number
    for node, part in zip(listed[:-1], parts[:-1], strict=True):
        if part.size < SMALLEST_PART:
            details = (
                f"Part {child_text(node, 'PartNumber').strip()} has size of {part.size} bytes, "
                f"which is smaller than min part size ({SMALLEST_PART} bytes)."
            )
            message = "Your proposed upload is smaller than the minimum allowed object size."
            raise XmlError(400, "EntityTooSmall", message, Details=details)
    return parts


def _names(call: Call) -> str:
    return element("Bucket", call.bucket.name) + element("Key", call.name)


def _answer(root: str, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return xml_response(f"<{root} xmlns='{_NAMESPACE}'>{text}</{root}>", headers=_KIND | (headers or {}))
