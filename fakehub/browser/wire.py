"""Requests inside the process: each goes to the service of its host, as the stand-in's router sends it on a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.payload import Payload
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from fakehub.accounts.identities import ANONYMOUS
from fakehub.compat import new_request
from fakehub.errors import GoogleError
from fakehub.hosts import STORAGE_HOST, bucket_of
from fakehub.request_log import RequestLog
from fakehub.service import Service

_T = TypeVar("_T")
__all__ = ["Answer", "NoHostError", "Wire"]


class NoHostError(OSError):
    """A host that does not answer: only those of the stand-in do, and no request leaves the process."""


@dataclass(frozen=True)
class Answer:
    """An answer: its status with the reason, headers and body."""

    status: int
    reason: str
    headers: CIMultiDictProxy[str]
    body: bytes


class Wire:
    """Answers requests to the hosts of ``services`` and writes each one to ``log``."""

    def __init__(self, services: Mapping[str, Service], log: RequestLog, loop: asyncio.AbstractEventLoop) -> None:
        self._services, self._log, self._loop = services, log, loop

    def answer(self, method: str, url: URL, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """Answer one request; raise ``NoHostError`` for a host outside the stand-in."""
        host = url.host or ""
        service = self._services.get(STORAGE_HOST if bucket_of(host) else host)
        if service is None:
            self._log.refused(host)
            raise NoHostError(f"Cannot connect to host {host}: in the browser, only the hosts of the hub answer")
        request = self._request(method, url, headers, body)
        started = time.perf_counter()
        request["persona"] = ANONYMOUS
        try:
            response = cast(web.Response, finished(service(request)))
        except GoogleError as error:
            response = error.response()
        content = b"" if method == "HEAD" else _body_of(response)
        self._log.http(request, response.status, len(content), started)
        answered = response.headers.copy()
        answered.setdefault("Content-Length", str(len(content)))
        return Answer(response.status, response.reason or "", CIMultiDictProxy(answered), content)

    def _request(self, method: str, url: URL, headers: Iterable[tuple[str, str]], body: bytes) -> web.BaseRequest:
        # Some clients have bytes in their headers.
        sent = CIMultiDict((_text(name), _text(value)) for name, value in headers)
        sent.setdefault("Host", f"{url.host}" if url.is_default_port() else f"{url.host}:{url.port}")
        if body:
            sent.setdefault("Content-Length", str(len(body)))
        raw = tuple((name.encode(), value.encode()) for name, value in sent.items())
        target = url.relative()
        message = RawRequestMessage(
            method, str(target), HttpVersion11, CIMultiDictProxy(sent), raw, False, None, False, False, target
        )
        transport = SimpleNamespace(get_extra_info=lambda name, default=None: default, write=lambda data: None)
        transport.is_closing = lambda: False
        protocol = SimpleNamespace(transport=transport, ssl_context=True, peername=None, _reading_paused=False)
        content = StreamReader(cast(Any, protocol), 2**30, loop=self._loop)
        content.feed_data(body)
        content.feed_eof()
        return new_request(message, content, cast(Any, protocol), cast(Any, None), cast(Any, None), self._loop)


def finished(work: Awaitable[_T]) -> _T:
    """Run a coroutine that waits for nothing, and return its result."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as stopped:
        return cast(_T, stopped.value)
    steps.close()
    raise RuntimeError("a service waited for something that does not exist in this process")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class _Collector(AbstractStreamWriter):
    """Collects what a payload writes."""

    def __init__(self) -> None:
        self.content = bytearray()

    async def write(self, chunk: Any) -> None:
        self.content += chunk

    async def write_eof(self, chunk: bytes = b"") -> None:
        self.content += chunk

    async def drain(self) -> None:
        pass

    def enable_compression(self, encoding: str = "deflate", strategy: Any = None) -> None:
        pass

    def enable_chunking(self) -> None:
        pass

    async def write_headers(self, status_line: str, headers: Any) -> None:
        pass


def _body_of(response: web.Response) -> bytes:
    body: Any = response.body
    if isinstance(body, Payload):
        collector = _Collector()
        finished(body.write(collector))
        return bytes(collector.content)
    return bytes(body or b"")
