"""The pod of the Open Storage Network: an S3 service whose buckets are public.

moto plays S3, in a process that the first request starts (``python -m fakehub.osn BUCKET...``). The service in front of
it adds the pod's rules: reading needs no account, and the one key that exists may write to the inbox only. Objects
live as long as the session.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import sys
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from fakehub.accounts.personas import ACCESS_KEY, ANONYMOUS, SECRET_KEY
from fakehub.ports import LOOPBACK
from hubfacts import schema

_WRITER = replace(ANONYMOUS, name="osn-inbox-key")
# moto requires a signature but does not check it.
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=pod/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
_READS = {"GET", "HEAD"}
# Headers that concern one connection only, or are set again for the next.
_CONNECTION_HEADERS = {"authorization", "connection", "date", "expect", "host", "keep-alive", "server"}
_CONNECTION_HEADERS |= {"transfer-encoding"}
# curl's content type for the body of every PUT. moto would parse the object as a form and store nothing.
_FORM = "application/x-www-form-urlencoded"


class _Refused(Exception):
    """A request that the pod refuses: the HTTP status, S3's error code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def may_write(pod: schema.Osn) -> dict[str, bool]:
    """Return the pod's buckets, and whether the key may write to each."""
    return {name: bucket.write for name, bucket in pod.buckets.items()}


@dataclass(frozen=True)
class _Moto:
    """A running moto: its process, its address, and a client for it."""

    process: asyncio.subprocess.Process
    address: str
    client: aiohttp.ClientSession

    @classmethod
    async def start(cls, buckets: list[str], session: str) -> _Moto:
        """Start moto with empty ``buckets``. Raises ``_Refused`` if it is not installed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fakehub.osn", *buckets),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"FAKEHUB_SESSION": session},
        )
        assert process.stdout is not None
        port = await process.stdout.readline()
        if not port:
            await process.wait()
            raise _Refused(501, "NotImplemented", "The pod of the stand-in needs moto: pip install 'moto[server]'")
        client = aiohttp.ClientSession(auto_decompress=False, skip_auto_headers={"Content-Type", "User-Agent"})
        return cls(process, f"http://{LOOPBACK}:{int(port)}", client)

    async def close(self) -> None:
        """Stop moto."""
        await self.client.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class OsnService:
    """The service of the pod's host. Starts moto at the first request."""

    def __init__(self, pod: schema.Osn, session: str) -> None:
        self.host = pod.host
        self._session = session
        self._buckets = may_write(pod)
        self._starting = asyncio.Lock()
        self._moto: _Moto | None = None

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request, as S3 does."""
        try:
            self._check(request)
            async with self._starting:
                if self._moto is None:
                    self._moto = await _Moto.start(list(self._buckets), self._session)
            return await _forward(request, self._moto)
        except _Refused as refused:
            return _error(refused)
        except (ValueError, aiohttp.ClientError):
            return _error(_Refused(400, "InvalidRequest", "Invalid Request"))

    async def close(self) -> None:
        """Stop moto if it runs."""
        if self._moto:
            await self._moto.close()

    def _check(self, request: web.BaseRequest) -> None:
        """Raise ``_Refused`` unless the sender may make this request."""
        bucket = request.rel_url.path.removeprefix("/").partition("/")[0]
        if "Authorization" in request.headers:
            _check_signature(request)
            request["persona"] = _WRITER
            if self._buckets.get(bucket):
                return
        if request.method not in _READS or not bucket:
            raise _Refused(403, "AccessDenied", "Access Denied")
        if bucket not in self._buckets:  # this also blocks the services besides S3 that moto plays
            raise _Refused(404, "NoSuchBucket", "The specified bucket does not exist")


async def _forward(request: web.BaseRequest, moto: _Moto) -> web.Response:
    """Return moto's answer to the request."""
    body = await request.content.read() if request.can_read_body else b""
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _CONNECTION_HEADERS}
    if request.method == "PUT" and request.content_type == _FORM:
        headers["Content-Type"] = "binary/octet-stream"
    headers["Authorization"] = _AUTHORIZATION
    url = URL(f"{moto.address}{request.raw_path}", encoded=True)
    sending = moto.client.request(request.method, url, headers=headers, data=body, allow_redirects=False)
    async with sending as answer:
        if answer.status >= 500:
            raise _Refused(501, "NotImplemented", "The stand-in does not answer this request.")
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _CONNECTION_HEADERS]
        return web.Response(status=answer.status, body=await answer.read(), headers=kept)


def _error(refused: _Refused) -> web.Response:
    details = f"<Code>{refused.code}</Code><Message>{refused.message}</Message>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{details}</Error>'
    return web.Response(status=refused.status, text=text, content_type="application/xml")


def _check_signature(request: web.BaseRequest) -> None:
    """Raise ``_Refused`` unless the request is signed with the pod's key (AWS signature, version 4)."""
    algorithm, _, rest = request.headers["Authorization"].partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    key, *scope = parts.get("Credential", "").split("/")
    if algorithm != "AWS4-HMAC-SHA256" or len(scope) != 4:
        raise _Refused(403, "AccessDenied", "The authorization mechanism you have provided is not supported.")
    if key != ACCESS_KEY:
        raise _Refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    signed = hashlib.sha256(_canonical(request, parts.get("SignedHeaders", "")).encode()).hexdigest()
    text = "\n".join((algorithm, request.headers.get("x-amz-date", ""), "/".join(scope), signed))
    secret = f"AWS4{SECRET_KEY}".encode()
    for part in (*scope, text):
        secret = hmac.digest(secret, part.encode(), "sha256")
    if not hmac.compare_digest(secret.hex(), parts.get("Signature", "")):
        raise _Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match yours.")


def _canonical(request: web.BaseRequest, names: str) -> str:
    """Return the canonical form of the request, which is what the client signs."""
    target = urlsplit(request.raw_path)
    pairs = sorted((quote(name, "-_.~"), quote(value, "-_.~")) for name, value in parse_qsl(target.query, True))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names.split(";"))
    content = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    return "\n".join((request.method, target.path, query, headers, names, content))


def main(buckets: list[str]) -> None:
    """Serve S3 with empty ``buckets`` on a free port, which is printed, until standard input is closed."""
    import requests
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for bucket in buckets:
        address = f"http://{host}:{port}/{bucket}"
        requests.put(address, headers={"Authorization": _AUTHORIZATION}, timeout=20).raise_for_status()
    print(port, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
