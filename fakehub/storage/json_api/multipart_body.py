"""The body of a multipart upload: an object's metadata and its data, whole or in pieces as they arrive."""

from __future__ import annotations

import re
from dataclasses import replace

from fakehub.errors import GoogleError, bad_request
from fakehub.storage.spool import PIECE, Received, Sink

_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]+)\"|'([^']+)'|([^;\s]+))")


def split_multipart(body: bytes, content_type: str) -> tuple[bytes, bytes, str | None]:
    """Return the metadata, the data and the data's content type of a multipart/related body.

    Clients differ: LF or CRLF, boundaries in double or single quotes, parts without headers. Raises
    ``GoogleError`` (400) for anything that is not such a body.
    """
    boundary = boundary_of(content_type)
    line = _line_end(body, boundary)
    # Find the boundaries without splitting: the data may be large, and only the last slice copies them.
    places = [-len(line)] if body.startswith(boundary) else []
    size, place = len(line + boundary), body.find(line + boundary)
    while place >= 0 and len(places) < 4:
        places.append(place)
        place = body.find(line + boundary, place + size)
    if len(places) != 3 or not body.startswith(b"--", places[2] + size):
        raise _malformed()
    _, text = _part(body, places[0] + size, places[1], line)
    kind, data = _part(body, places[1] + size, places[2], line)
    return text, data, kind


def boundary_of(content_type: str) -> bytes:
    """Return the line that separates the parts; raise ``GoogleError`` (400) if the content type does not name it."""
    match = _BOUNDARY.search(content_type)
    if not match:
        raise bad_request("Missing the boundary of a multipart upload.")
    return b"--" + next(group for group in match.groups() if group).encode("utf-8", "surrogateescape")


def _line_end(body: bytes, boundary: bytes) -> bytes:
    # gcsfs ends lines with LF only; reading a CR before it as part of the line's end would cut binary data.
    start = body.find(boundary) + len(boundary)
    return b"\r\n" if body[start : start + 2] == b"\r\n" else b"\n"


def _part(body: bytes, start: int, stop: int, line: bytes) -> tuple[str | None, bytes]:
    """Return content type and content of the part between two places; rclone sends one without headers."""
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


def _malformed() -> GoogleError:
    return bad_request("A multipart upload has two parts: the object's metadata and its data.")


class MultipartSink:
    """A sink for the body of a large multipart upload; it passes the data to another sink.

    The first ``PIECE`` bytes have to contain the metadata and the headers of the data.
    """

    def __init__(self, sink: Sink, boundary: bytes) -> None:
        self._sink, self._boundary = sink, boundary
        self._head: tuple[bytes, str | None] | None = None
        # What has to be looked at together with the next piece, and what followed the end of the data.
        self._kept = b""
        self._after: bytes | None = None
        self._broken = False

    def feed(self, piece: bytes) -> None:
        """Add a piece of the body."""
        self._kept += piece
        if self._head is None and len(self._kept) >= PIECE:
            self._read_head()
        if self._head is not None:
            self._pass_on()

    def _read_head(self) -> None:
        body, boundary = self._kept, self._boundary
        self._line = _line_end(body, boundary)
        self._end = self._line + boundary
        first = -len(self._line) if body.startswith(boundary) else body.find(self._end)
        second = body.find(self._end, first + len(self._end))
        if second < 0:
            self._broken, self._head, self._kept = True, (b"", None), b""
            return
        _, text = _part(body, first + len(self._end), second, self._line)
        kind, self._kept = _part(body, second + len(self._end), len(body), self._line)
        self._head = text, kind

    def _pass_on(self) -> None:
        """Pass on the data in what is kept, up to the part that may be the beginning of their end."""
        if self._broken:
            self._kept = b""
            return
        place = self._kept.find(self._end)
        if self._after is None and place >= 0:
            self._sink.feed(self._kept[:place])
            self._kept, self._after = self._kept[place + len(self._end) :], b""
            place = self._kept.find(self._end)
        if self._after is not None:
            self._after = self._after if len(self._after) == 2 else self._kept[:2]
            self._broken = place >= 0  # a third part
        safe = max(0, len(self._kept) - len(self._end) + 1)
        if self._after is None and safe:
            self._sink.feed(self._kept[:safe])
        self._kept = self._kept[safe:]

    def finish(self) -> Received:
        """Return the data with their head; raise ``GoogleError`` (400) for a body that does not have two parts."""
        if self._head is None:
            self._read_head()
            self._pass_on()
        if self._broken or self._after != b"--":
            raise _malformed()
        return replace(self._sink.finish(), head=self._head)

    def discard(self) -> None:
        """Remove what was written."""
        self._sink.discard()
