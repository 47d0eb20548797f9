"""Resumable uploads of the XML API: begun with ``x-goog-resumable: start``, then sent in chunks to a session's address.

A chunk needs no other credential than the address: it acts for the persona who began the upload.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from fakehub.accounts.identities import Persona
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage.held import Held
from fakehub.storage.spool import Received
from fakehub.storage.uploads import Resumables, Upload, announced_length, take_chunk
from fakehub.storage.xml_api.call import (
    Call,
    check_length,
    hashes_of,
    headers_of,
    metadata_of,
    put_query,
    stored_headers,
)
from fakehub.storage.xml_api.errors import XmlError


class ResumableUploads:
    """The resumable uploads in progress."""

    def __init__(self, clock: Clock, hold: Callable[[], Held]) -> None:
        self._sessions = Resumables(clock, hold)

    def start(self, call: Call) -> web.Response:
        """Answer ``POST`` with ``x-goog-resumable: start``: begin an upload, whose address is in ``Location``."""
        call.bucket.check("storage.objects.create")
        headers, metadata = headers_of(call.headers), metadata_of(call.headers)
        query, hashes, length = put_query(call.headers), hashes_of(call.headers), announced_length(call.headers)
        held = self._sessions.hold()
        session = self._sessions.start(Upload(call.bucket, call.name, headers, metadata, query, hashes, held, length))
        location = f"{call.address}/{quote(call.name)}?upload_id={session}"
        return web.Response(status=201, headers={"Location": location, "X-GUploader-UploadID": session})

    def starter(self, session: str, asking: Persona) -> Persona:
        """Return the persona who began the upload of a session; ``asking`` if there is no such session."""
        try:
            return self._sessions.get(session).bucket.persona
        except GoogleError:
            return asking

    async def continue_upload(self, call: Call) -> web.Response:
        """Answer ``PUT`` of a chunk or of a question about the progress, and ``DELETE``, which cancels the upload."""
        session = call.query["upload_id"]
        upload = self._find(call, session)
        if call.method == "DELETE":
            self._sessions.drop(session)
            return web.Response(status=499, reason="Client Closed Request")
        if call.method != "PUT":
            raise XmlError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if upload.done is not None:
            return web.Response(headers=stored_headers(upload.done))
        data = await take_chunk(upload, call.content, call.headers.get("Content-Range"))
        if data is not None:
            check_length(data.size if isinstance(data, Received) else len(data), call.headers)
            return web.Response(headers=stored_headers(upload.finish(data, hashes_of(call.headers))))
        headers = {"X-GUploader-UploadID": session} | upload.range()
        return web.Response(status=308, reason="Resume Incomplete", headers=headers)

    def _find(self, call: Call, session: str) -> Upload:
        try:
            upload = self._sessions.get(session)
        except GoogleError as error:
            if error.status == 503:
                raise
            raise XmlError(error.status, "NoSuchUpload", "The requested upload was not found.") from None
        if (upload.bucket.name, upload.name) != (call.bucket.name, call.name):
            raise XmlError(404, "NoSuchUpload", "The requested upload was not found.")
        return upload
