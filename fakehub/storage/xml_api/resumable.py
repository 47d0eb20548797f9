"""Resumable uploads of the XML API: begun with ``x-goog-resumable: start``, then sent in chunks to a session's address.

The address is all that a chunk needs: it speaks for who began the upload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from fakehub.accounts.identities import Persona
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage.uploads import Resumables, Upload, take_chunk
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

if TYPE_CHECKING:
    from fakehub.storage.service import Storage


class ResumableUploads:
    """The resumable uploads under way."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._sessions = Resumables(clock)
        # What the answer to the last chunk said, for a client that did not get it.
        self._done: dict[str, dict[str, str]] = {}

    def start(self, call: Call) -> web.Response:
        """``POST`` with ``x-goog-resumable: start``: begin an upload; the session's address is in ``Location``."""
        call.persona.check(call.bucket, "storage.objects.create", call.name)
        resource = headers_of(call.headers) | {"metadata": metadata_of(call.headers)}
        query, hashes = put_query(call.headers), hashes_of(call.headers)
        session = self._sessions.start(Upload(call.bucket, call.name, resource, query, hashes, call.persona))
        location = f"{call.base}/{call.bucket}/{quote(call.name)}?upload_id={session}"
        return web.Response(status=201, headers={"Location": location, "X-GUploader-UploadID": session})

    def starter(self, session: str, asking: Persona) -> Persona:
        """Who began the upload of a session; ``asking`` when there is none."""
        try:
            return self._sessions.get(session).persona
        except GoogleError:
            return asking

    def go_on(self, call: Call) -> web.Response:
        """``PUT`` of a chunk or of a question how far it got; ``DELETE`` to give up."""
        session = call.query["upload_id"]
        upload = self._find(call, session)
        if call.method == "DELETE":
            self._sessions.drop(session)
            return web.Response(status=499, reason="Client Closed Request")
        if call.method != "PUT":
            raise XmlError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if session in self._done:
            return web.Response(headers=self._done[session])
        upload.hashes |= hashes_of(call.headers)
        data = take_chunk(upload, call.body, call.headers.get("Content-Range"))
        if data is not None:
            return self._finish(session, upload, data, call)
        headers = {"X-GUploader-UploadID": session}
        headers |= {"Range": f"bytes=0-{len(upload.data) - 1}"} if upload.data else {}
        return web.Response(status=308, reason="Resume Incomplete", headers=headers)

    def _find(self, call: Call, session: str) -> Upload:
        try:
            upload = self._sessions.get(session)
        except GoogleError as error:
            raise XmlError(error.status, "NoSuchUpload", "The requested upload was not found.") from None
        if (upload.bucket, upload.name) != (call.bucket, call.name):
            raise XmlError(404, "NoSuchUpload", "The requested upload was not found.")
        return upload

    def _finish(self, session: str, upload: Upload, data: bytes, call: Call) -> web.Response:
        check_length(len(data), call.headers)
        headers = {name: value for name, value in upload.resource.items() if name != "metadata"}
        stored = self._storage.put_object(
            upload.persona,
            upload.bucket,
            upload.name,
            upload.query,
            data,
            headers,
            upload.resource["metadata"],
            hashes=upload.hashes,
        )
        upload.data.clear()
        self._done[session] = stored_headers(stored)
        return web.Response(headers=self._done[session])
