"""The request log of a session: what was asked, by whom, and with what result; and which other hosts were asked for.

Secrets stay out of it: no header is written, and parameters that grant something are struck out.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii as _quoted
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fakehub.clock import Clock

if TYPE_CHECKING:
    from aiohttp import web

REQUESTS = "requests.jsonl"
STRUCK_OUT = "REDACTED"
# Parameters with which somebody else could go on: signatures, tokens and the address of an unfinished upload.
_SECRET = {"x-goog-signature", "x-amz-signature", "x-amz-security-token", "signature", "upload_id", "uploadid"}
_SECRET |= {"token", "access_token", "oauth_token", "refresh_token", "id_token"}
_SECRET |= {"code", "state", "assertion", "client_secret", "code_verifier", "key"}


class RequestLog:
    """One JSON line a request in ``requests.jsonl``; hosts that are not the stand-in's in ``refused.txt``.

    A row has ``time`` (real) and ``clock`` (the stand-in's) in seconds since the epoch, ``method``, ``host``,
    ``path``, ``persona``, ``status`` (``null``: no answer), ``bytes_in`` and ``bytes_out`` of the bodies,
    ``seconds`` and the ``fault`` that struck, if one did.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._clock = clock
        self._requests = (folder / REQUESTS).open("a", encoding="utf-8", buffering=1)
        self._refused = folder / "refused.txt"

    def request(
        self,
        request: web.BaseRequest,
        status: int | None,
        sent: int,
        started: float,
        fault: str | None = None,
    ) -> None:
        """Note one request; ``sent`` bytes were its answer, ``started`` as ``time.perf_counter`` gave it."""
        persona, came = request["persona"].name, request.content.total_bytes
        path = without_secrets(request.raw_path)
        self._write(request.method, request.host, path, persona, status, came, sent, started, fault)

    def rpc(self, host: str, path: str, persona: str, status: int, size: int, started: float) -> None:
        """Note one question answered over gRPC, in the same form."""
        self._write("POST", host, path, persona, status, 0, size, started, None)

    def _write(
        self,
        method: str,
        host: str,
        path: str,
        persona: str,
        status: int | None,
        came: int,
        sent: int,
        started: float,
        fault: str | None,
    ) -> None:
        now, seconds = time.time(), time.perf_counter() - started
        struck = f', "fault": {_quoted(fault)}' if fault else ""
        # Put together by hand: a row is written for every request, and json.dumps would take four times as long.
        # A full disk ends the log, not the answers.
        with contextlib.suppress(OSError):
            self._requests.write(
                f'{{"time": {now:.3f}, "clock": {now + self._clock.offset:.3f}, "method": {_quoted(method)}, '
                f'"host": {_quoted(host)}, "path": {_quoted(path)}, "persona": {_quoted(persona)}, '
                f'"status": {"null" if status is None else status}, "bytes_in": {came}, "bytes_out": {sent}, '
                f'"seconds": {seconds:.6f}{struck}}}\n'
            )

    def refused(self, host: str) -> None:
        """Note a host that is not the stand-in's."""
        with self._refused.open("a", encoding="utf-8") as file:
            file.write(host + "\n")


def without_secrets(path: str) -> str:
    """A path with its query, the values of secret parameters struck out."""
    before, mark, query = path.partition("?")
    if not mark:
        return path
    parts = query.split("&")
    for place, part in enumerate(parts):
        name, _, value = part.partition("=")
        if value and unquote(name).lower() in _SECRET:
            parts[place] = f"{name}={STRUCK_OUT}"
    return f"{before}?{'&'.join(parts)}"


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The rows of a session's log so far, oldest first."""
    text = (folder / REQUESTS).read_text(encoding="utf-8")
    # A last line without its end is being written just now.
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def summary(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Requests, bytes of their bodies and bytes of the answers: in all, and by method."""
    total, methods = Counter(), {}
    for row in rows:
        for counts in (total, methods.setdefault(row["method"], Counter())):
            counts.update(requests=1, bytes_in=row["bytes_in"], bytes_out=row["bytes_out"])
    empty = {"requests": 0, "bytes_in": 0, "bytes_out": 0}
    return empty | dict(total) | {"methods": {name: dict(methods[name]) for name in sorted(methods)}}
