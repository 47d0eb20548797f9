"""The one method that clients call over gRPC: a bucket's storage layout (``StorageControl.GetStorageLayout``).

gRPC uses the same port as everything else. Only its clients offer nothing but HTTP/2 in the TLS handshake, by which
``SplitByAlpn`` recognizes them. gcsfs calls the method before its first request, and would wait a minute for each
bucket if there were no answer.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import quote

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from fakehub.accounts.identities import Identities
from fakehub.errors import GoogleError, no_bucket
from fakehub.request_log import LoggedRequest
from fakehub.storage.bucket_table import BucketTable
from fakehub.storage.resources import location_type

_METHOD = "/google.storage.control.v2.StorageControl/GetStorageLayout"
# gRPC's status codes (https://grpc.io/docs/guides/status-codes/) by the HTTP status of the same error.
_OK, _UNIMPLEMENTED = 0, 12
_STATUS = {400: 3, 401: 16, 403: 7, 404: 5}
_HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
# The characters of a message that a header can have as they are, besides letters and digits.
_UNQUOTED = " '(),./:"
# How many bytes of a request are read; a request for a layout is much shorter.
_LONGEST = 65536

# Logs a request.
Note = Callable[[LoggedRequest], None]


def layout_message(bucket: str, location: str) -> bytes:
    """Return the protobuf message ``StorageLayout`` of a bucket with a flat namespace."""
    place = location.upper()
    values = ((1, f"projects/_/buckets/{bucket}/storageLayout"), (2, place), (3, location_type(place)))
    return b"".join(_text(number, value) for number, value in values)


def _text(number: int, value: str) -> bytes:
    data = value.encode()
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def bucket_asked_for(message: bytes) -> str:
    """Return the bucket named in a ``GetStorageLayoutRequest``; raise ``GoogleError`` (400) if there is none."""
    match = re.search(rb"projects/[^/]+/buckets/([^/\x00-\x1f]+)/storageLayout", message)
    if not match:
        raise GoogleError(400, "invalid", "The name of a storage layout is projects/_/buckets/BUCKET/storageLayout.")
    return match.group(1).decode(errors="replace")


class LayoutService:
    """The method for all buckets, open to personas who may list them; ``note`` logs each call."""

    def __init__(self, buckets: BucketTable, region: str, identities: Identities, note: Note) -> None:
        self._buckets, self._region, self._identities, self.note = buckets, region, identities, note

    def answer(self, authorization: str | None, message: bytes) -> tuple[str, bytes]:
        """Return the name of the persona and the message of the answer; raise ``GoogleError`` for a refused call."""
        persona = self._identities.bearer(authorization)
        bucket = bucket_asked_for(message)
        if bucket not in self._buckets:
            raise no_bucket()
        persona.check(self._buckets.rights_key(bucket), "storage.objects.list")
        return persona.name, layout_message(bucket, self._buckets.version(bucket).location or self._region)


class _Grpc(asyncio.Protocol):
    """One HTTP/2 connection. A request for a layout is answered when it is complete, any other as soon as it begins.

    The client of a streaming method sends its first message and then waits for an answer before it ends the stream.
    """

    def __init__(self, layouts: LayoutService) -> None:
        self._layouts = layouts
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict[str, str], bytearray, float]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Every transport of a stream can write; asyncio's and uvloop's share no base class that says so.
        self._transport = cast(asyncio.Transport, transport)
        self._http.initiate_connection()
        self._send()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._http.receive_data(data):
                self._take(event)
            self._send()
        except h2.exceptions.ProtocolError:
            self._send()
            self._transport.close()

    def _send(self) -> None:
        self._transport.write(self._http.data_to_send())

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            headers = cast("list[tuple[str, str]]", event.headers)  # text, as the connection has a header_encoding
            self._begin(event.stream_id, dict(headers))
        elif isinstance(event, h2.events.DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self._requests:
                body = self._requests[event.stream_id][1]
                body += event.data[: _LONGEST - len(body)]
        elif isinstance(event, h2.events.StreamEnded):
            if event.stream_id in self._requests:
                self._answer(event.stream_id, *self._requests.pop(event.stream_id))
        elif isinstance(event, h2.events.StreamReset):
            self._requests.pop(event.stream_id, None)

    def _begin(self, stream: int, headers: dict[str, str]) -> None:
        started, path = time.perf_counter(), headers.get(":path", "")
        if path == _METHOD:
            self._requests[stream] = headers, bytearray(), started
            return
        text = quote(f"The stand-in does not answer gRPC's {path}.", safe=_UNQUOTED)
        status = [("grpc-status", str(_UNIMPLEMENTED)), ("grpc-message", text)]
        self._http.send_headers(stream, [*_HEADERS, *status], end_stream=True)
        self._layouts.note(LoggedRequest("POST", headers.get(":authority", ""), path, "anonymous", 501, 0, 0, started))

    def _answer(self, stream: int, headers: dict[str, str], body: bytearray, started: float) -> None:
        path, answer, persona = headers.get(":path", ""), b"", "anonymous"
        status, code, text = 200, _OK, ""
        try:
            # Five bytes precede a message: whether it is compressed, and its length.
            persona, message = self._layouts.answer(headers.get("authorization"), bytes(body[5:]))
            answer = b"\0" + len(message).to_bytes(4, "big") + message
        except GoogleError as error:
            status, code, text = error.status, _STATUS.get(error.status, _UNIMPLEMENTED), error.message
        self._http.send_headers(stream, _HEADERS)
        if answer:
            self._http.send_data(stream, answer)
        trailers = [("grpc-status", str(code)), ("grpc-message", quote(text, safe=_UNQUOTED))]
        self._http.send_headers(stream, trailers, end_stream=True)
        host = headers.get(":authority", "")
        self._layouts.note(LoggedRequest("POST", host, path, persona, status, 0, len(answer), started))


class SplitByAlpn(asyncio.Protocol):
    """A new TLS connection, which gRPC takes over if its client speaks HTTP/2 only, otherwise the web server."""

    def __init__(self, web_protocol: Callable[[], asyncio.Protocol], layouts: LayoutService) -> None:
        self._web_protocol, self._layouts = web_protocol, layouts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass the connection on to the protocol that the handshake selected."""
        is_grpc = transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        protocol = _Grpc(self._layouts) if is_grpc else self._web_protocol()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
