"""Let the clients of aiohttp, requests and ``http.client`` send requests through a ``Wire`` instead of a connection."""

from __future__ import annotations

import asyncio
import http.client
import io
import json as json_module
from collections.abc import Mapping
from types import SimpleNamespace, TracebackType
from typing import Any

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from fakehub.browser.wire import Answer, NoHostError, Wire


class _Response:
    """An answer as ``aiohttp.ClientResponse`` presents it, as far as gcsfs and fsspec use it."""

    def __init__(self, answer: Answer, request_info: aiohttp.RequestInfo) -> None:
        self.status, self.reason, self.headers = answer.status, answer.reason, answer.headers
        self.request_info, self.url, self.method = request_info, request_info.url, request_info.method
        self.history: tuple[()] = ()
        self.content_length = len(answer.body)
        self._body = answer.body
        self.content = SimpleNamespace(read=self._read, iter_chunked=self._chunks)

    @property
    def ok(self) -> bool:
        return self.status < 400

    async def _read(self, size: int = -1) -> bytes:
        piece, self._body = (self._body, b"") if size < 0 else (self._body[:size], self._body[size:])
        return piece

    async def _chunks(self, size: int) -> Any:
        while piece := await self._read(size):
            yield piece

    async def read(self) -> bytes:
        return self._body

    async def text(self, encoding: str = "utf-8") -> str:
        return self._body.decode(encoding)

    async def json(self, **options: Any) -> Any:
        return json_module.loads(self._body)

    def raise_for_status(self) -> None:
        if not self.ok:
            raise aiohttp.ClientResponseError(
                self.request_info, self.history, status=self.status, message=self.reason, headers=self.headers
            )

    def close(self) -> None:
        """Do nothing: the answer has arrived already."""

    release = close


class _Sending:
    """A request that is sent when it is awaited or entered."""

    def __init__(self, session: Session, method: str, url: str | URL, options: Mapping[str, Any]) -> None:
        self._send = lambda: session.send(method, URL(url) if isinstance(url, str) else url, options)

    def __await__(self) -> Any:
        return self._send().__await__()

    async def __aenter__(self) -> _Response:
        return await self._send()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class Session:
    """The session that gcsfs and fsspec make, instead of ``aiohttp.ClientSession``.

    It calls the hooks of ``trace_configs`` at the beginning and the end of each request.
    """

    wire: Wire

    def __init__(self, headers: Any = None, trace_configs: Any = None, **_options: Any) -> None:
        self._headers, self._traces = CIMultiDict(headers or {}), trace_configs or []
        self.closed = False
        self._connector = None
        for config in self._traces:
            config.freeze()

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def request(self, method: str, url: str | URL, **options: Any) -> _Sending:
        """Return a request to send."""
        return _Sending(self, method, url, options)

    def get(self, url: str | URL, **options: Any) -> _Sending:
        """Return a GET request to send."""
        return _Sending(self, "GET", url, options)

    def head(self, url: str | URL, **options: Any) -> _Sending:
        """Return a HEAD request to send."""
        return _Sending(self, "HEAD", url, options)

    def post(self, url: str | URL, **options: Any) -> _Sending:
        """Return a POST request to send."""
        return _Sending(self, "POST", url, options)

    async def close(self) -> None:
        """Mark the session as closed."""
        self.closed = True

    async def send(self, method: str, url: URL, options: Mapping[str, Any]) -> _Response:
        """Send a request and return its answer; raise ``ClientConnectionError`` for a host that does not answer."""
        if options.get("params"):
            url = url.update_query({name: str(value) for name, value in options["params"].items() if value is not None})
        headers = CIMultiDict(self._headers)
        headers.update(options.get("headers") or {})
        body = _content(options, headers)
        # Other coroutines continue while a request is on its way, and so they do here.
        await asyncio.sleep(0)
        traces = [(config, config.trace_config_ctx()) for config in self._traces]
        for config, context in traces:
            start = aiohttp.TraceRequestStartParams(method, url, headers)
            await config.on_request_start.send(self, context, start)
        try:
            answer = self.wire.answer(method, url, headers.items(), body)
        except NoHostError as error:
            raise aiohttp.ClientConnectionError(str(error)) from error
        info = aiohttp.RequestInfo(url, method, CIMultiDictProxy(headers), url)
        response = _Response(answer, info)
        for config, context in traces:
            end = aiohttp.TraceRequestEndParams(method, url, headers, response)  # type: ignore[arg-type]
            await config.on_request_end.send(self, context, end)
        return response


def _content(options: Mapping[str, Any], headers: CIMultiDict[str]) -> bytes:
    """Return the body of a request, and set the type of one that has none."""
    if options.get("json") is not None:
        headers.setdefault("Content-Type", "application/json")
        return json_module.dumps(options["json"]).encode()
    data = options.get("data")
    if data is None:
        return b""
    headers.setdefault("Content-Type", "application/octet-stream")
    if isinstance(data, str):
        return data.encode()
    return bytes(data if isinstance(data, bytes | bytearray | memoryview) else data.read())


class _Bytes:
    """A socket that contains an answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_arguments: Any, **_options: Any) -> io.BytesIO:
        """Return the answer as a file."""
        return io.BytesIO(self._content)


def _http_client(wire: Wire) -> None:
    """Send the requests of ``http.client`` through ``wire``: urllib's, and google-auth's that look for the hub."""

    def request(connection: Any, method: str, url: str, body: Any = None, headers: Any = None, **_options: Any) -> None:
        scheme = "https" if connection.default_port == http.client.HTTPS_PORT else "http"
        port = "" if connection.port == connection.default_port else f":{connection.port}"
        target = URL(f"{scheme}://{connection.host}{port}{url or '/'}", encoded=True)
        content = body.encode() if isinstance(body, str) else body or b""
        try:
            answer = wire.answer(method, target, (headers or {}).items(), content)
        except NoHostError as error:
            raise ConnectionRefusedError(111, "Connection refused") from error
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        connection._answer = method, head.encode() + b"\r\n" + answer.body

    def getresponse(connection: Any) -> http.client.HTTPResponse:
        method, content = connection._answer
        response = http.client.HTTPResponse(_Bytes(content), method=method)  # type: ignore[arg-type]
        response.begin()
        return response

    http.client.HTTPConnection.request = request  # type: ignore[assignment, method-assign]
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[assignment, method-assign]


def _requests(wire: Wire) -> None:
    """Send the requests of requests through ``wire``."""
    import requests.adapters
    from urllib3 import HTTPHeaderDict, HTTPResponse

    def send(adapter: Any, request: Any, *_arguments: Any, **_options: Any) -> Any:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
        try:
            answer = wire.answer(request.method, URL(request.url, encoded=True), request.headers.items(), body)
        except NoHostError as error:
            raise requests.exceptions.ConnectionError(str(error), request=request) from error
        raw = HTTPResponse(
            io.BytesIO(answer.body),
            headers=HTTPHeaderDict(answer.headers),
            status=answer.status,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        return adapter.build_response(request, raw)

    requests.adapters.HTTPAdapter.send = send  # type: ignore[assignment, method-assign]


def install(wire: Wire) -> None:
    """Send the requests of aiohttp's sessions, of requests and of ``http.client`` through ``wire``."""
    Session.wire = wire
    aiohttp.ClientSession = Session  # type: ignore[misc, assignment]
    _requests(wire)
    _http_client(wire)
