"""The request log of a session: who asked for what, with what result, and which other hosts programs asked for.

The log contains no secrets: headers are not written, and the values of query parameters that grant access are
replaced.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterable
from json import encoder
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from fakehub.clock import Clock

if TYPE_CHECKING:
    from aiohttp import web

REQUESTS = "requests.jsonl"
# When the log has so many bytes, it starts again; the part before it is kept, so at least as many can be read.
MOST_BYTES = 32 * 1024**2
# The name of the part before it says how many bytes were written up to its end.
_BEFORE = re.compile(r"requests-([0-9]+)\.jsonl")
REFUSED = "refused.txt"
REDACTED = "REDACTED"
# Undocumented: the C function that json.dumps calls for each string. Checked with CPython 3.11 to 3.14.
_quoted = encoder.encode_basestring_ascii
# Query parameters that would let somebody else act for the client: signatures, tokens and the ids of unfinished
# uploads. In lower case.
_SECRET = {"x-goog-signature", "x-amz-signature", "x-amz-security-token", "signature", "upload_id", "uploadid"}
_SECRET |= {"token", "access_token", "oauth_token", "refresh_token", "id_token"}
_SECRET |= {"code", "state", "assertion", "client_secret", "code_verifier", "key"}


class LoggedRequest(NamedTuple):
    """One answered request. ``status`` is ``None`` if the client got no answer.

    ``bytes_in`` and ``bytes_out`` count the bodies, ``started`` is the ``time.perf_counter`` when the request
    arrived, and ``fault`` names the injected fault, if any.
    """

    method: str
    host: str
    path: str
    persona: str
    status: int | None
    bytes_in: int
    bytes_out: int
    started: float
    fault: str | None = None


class RequestLog:
    """Writes one JSON line per request to ``requests.jsonl``, and hosts outside the stand-in to ``refused.txt``.

    A row has ``time`` (real) and ``clock`` (the stand-in's) in seconds since the epoch, the ``seconds`` until the
    answer, and the fields of ``LoggedRequest`` except ``started``. It has no ``fault`` if there was none. Of a long
    log, the last ``MOST_BYTES`` to twice as many are kept.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._clock = clock
        self._folder, self._refused = folder, folder / REFUSED
        self._open()

    def _open(self) -> None:
        self._requests = (self._folder / REQUESTS).open("a", encoding="utf-8", buffering=1)
        self._left = MOST_BYTES - self._requests.tell()

    def _start_again(self) -> None:
        """Begin a new file, keep the present one, and remove the one before it; keep this one if that fails."""
        present, before, end = self._requests, _before(self._folder), log_end(self._folder)
        kept = self._folder / f"requests-{end}.jsonl"
        try:
            (self._folder / REQUESTS).rename(kept)
            self._open()
        except OSError:
            self._requests, self._left = present, MOST_BYTES
            if kept.exists():
                kept.rename(self._folder / REQUESTS)
            return
        present.close()
        if before:
            (self._folder / f"requests-{before}.jsonl").unlink()

    def http(
        self, request: web.BaseRequest, status: int | None, bytes_out: int, started: float, fault: str | None = None
    ) -> None:
        """Log an HTTP request; its sender is in ``request["persona"]``. See ``LoggedRequest`` for the rest."""
        path, persona = without_secrets(request.raw_path), request["persona"].name
        bytes_in = request.content.total_bytes  # undocumented; see fakehub/compat.py
        self.write(
            LoggedRequest(request.method, request.host, path, persona, status, bytes_in, bytes_out, started, fault)
        )

    def write(self, row: LoggedRequest) -> None:
        """Log a request whose path contains no secret."""
        method, host, path, persona, status, bytes_in, bytes_out, started, fault = row
        now, seconds = time.time(), time.perf_counter() - started
        end = f', "fault": {_quoted(fault)}}}\n' if fault else "}\n"
        # Formatted by hand, because a row is written for every request and json.dumps takes four times as long.
        try:  # noqa: SIM105 - contextlib.suppress takes a tenth of the time
            self._left -= self._requests.write(
                f'{{"time": {now:.3f}, "clock": {now + self._clock.offset:.3f}, "method": {_quoted(method)}, '
                f'"host": {_quoted(host)}, "path": {_quoted(path)}, "persona": {_quoted(persona)}, '
                f'"status": {"null" if status is None else status}, "bytes_in": {bytes_in}, '
                f'"bytes_out": {bytes_out}, "seconds": {seconds:.6f}{end}'
            )
        except OSError:
            pass  # a full disk stops the log but not the server
        if self._left <= 0:
            self._start_again()

    def refused(self, host: str) -> None:
        """Log a host that is not one of the stand-in's."""
        with self._refused.open("a", encoding="utf-8") as file:
            file.write(host + "\n")


def without_secrets(path: str) -> str:
    """Return a path and its query with the values of secret parameters replaced."""
    before, mark, query = path.partition("?")
    if not mark:
        return path
    parts = query.split("&")
    for place, part in enumerate(parts):
        name, _, value = part.partition("=")
        if value and (unquote(name) if "%" in name else name).lower() in _SECRET:
            parts[place] = f"{name}={REDACTED}"
    return f"{before}?{'&'.join(parts)}"


def _before(folder: Path) -> int:
    """Return how many bytes of the log are before the present file."""
    return max((int(match[1]) for name in os.listdir(folder) if (match := _BEFORE.fullmatch(name))), default=0)


def log_end(folder: Path) -> int:
    """Return how many bytes the log has had so far, with those that are no longer kept."""
    path = folder / REQUESTS
    while True:
        before = _before(folder)
        size = path.stat().st_size if path.is_file() else 0
        if before == _before(folder):
            return before + size


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a session's log so far that are kept, oldest first."""
    return read_since(folder, 0)[0]


def read_since(folder: Path, place: int) -> tuple[list[dict[str, Any]], int]:
    """Return the rows after the first ``place`` bytes of the log, and the place after the last complete row."""
    while True:
        before = _before(folder)
        try:
            old = (folder / f"requests-{before}.jsonl").read_bytes() if place < before else b""
            text = old + (folder / REQUESTS).read_bytes()
        except FileNotFoundError:
            if before == _before(folder):
                raise
            continue
        if before == _before(folder):
            break
    start = before - len(old)
    text = text[max(0, place - start) :]
    # A last line without a newline is still being written.
    text = text[: text.rfind(b"\n") + 1]
    return [json.loads(line) for line in text.splitlines()], max(place, start) + len(text)


def summary(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Count the requests and the bytes of their bodies and answers, in total and by method."""
    total: Counter[str] = Counter()
    methods: dict[str, Counter[str]] = {}
    for row in rows:
        for counts in (total, methods.setdefault(row["method"], Counter())):
            counts.update(requests=1, bytes_in=row["bytes_in"], bytes_out=row["bytes_out"])
    empty = {"requests": 0, "bytes_in": 0, "bytes_out": 0}
    return empty | dict(total) | {"methods": {name: dict(methods[name]) for name in sorted(methods)}}
