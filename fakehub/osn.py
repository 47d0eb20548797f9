"""The pod of the Open Storage Network: an S3 service whose buckets everybody may read.

moto plays S3, in a process of its own that is started by the first request (``python -m fakehub.osn BUCKET...``).
What stands before it is what the pod adds: nobody needs an account to read, and the one key that is handed out
writes to the inbox alone. Objects live as long as the session.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import sys
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from fakehub.accounts.identities import ANONYMOUS
from fakehub.accounts.personas import ACCESS_KEY, SECRET_KEY
from hubfacts import schema

_WRITER = replace(ANONYMOUS, name="osn-inbox-key")
# moto lets nobody in without a signature, but does not look at it.
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=pod/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
_READS = {"GET", "HEAD"}
# Headers that belong to one connection, or are written anew for the next.
_OF_THE_LINE = {"authorization", "connection", "date", "expect", "host", "keep-alive", "server", "transfer-encoding"}
# What curl says of the body of any PUT; moto would take the object for a form, and keep nothing of it.
_FORM = "application/x-www-form-urlencoded"


class _Refused(Exception):
    """A request the pod does not answer: the status, S3's code and message."""


def may_write(pod: schema.Osn) -> dict[str, bool]:
    """Return for each of the pod's buckets whether the key writes to it."""
    return {name: bucket.write for name, bucket in pod.buckets.items()}


class OsnService:
    """Answers as the pod; starts moto when first asked."""

    def __init__(self, pod: schema.Osn, session: str) -> None:
        self.host = pod.host
        self._session = session
        self._buckets = may_write(pod)
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._client: aiohttp.ClientSession | None = None

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request, as S3 does."""
        try:
            self._check(request)
            async with self._starting:
                if self._client is None:
                    await self._start()
            return await self._pass_on(request)
        except _Refused as refused:
            return _error(*refused.args)
        except (ValueError, aiohttp.ClientError):
            return _error(400, "InvalidRequest", "Invalid Request")

    async def _pass_on(self, request: web.BaseRequest) -> web.Response:
        """Let moto answer."""
        body = await request.content.read() if request.can_read_body else b""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_LINE}
        if request.method == "PUT" and request.content_type == _FORM:
            headers["Content-Type"] = "binary/octet-stream"
        url = URL(f"{self._address}{request.raw_path}", encoded=True)
        options = {"headers": headers | {"Authorization": _AUTHORIZATION}, "data": body, "allow_redirects": False}
        async with self._client.request(request.method, url, **options) as answer:
            if answer.status >= 500:
                raise _Refused(501, "NotImplemented", "The stand-in does not answer this request.")
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OF_THE_LINE]
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    async def close(self) -> None:
        """End moto, if it was started."""
        if self._client:
            await self._client.close()
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _check(self, request: web.BaseRequest) -> None:
        """Raise ``_Refused`` unless the request is one that its sender may make."""
        bucket = request.rel_url.path.removeprefix("/").partition("/")[0]
        if "Authorization" in request.headers:
            _check_signature(request)
            request["persona"] = _WRITER
            if self._buckets.get(bucket):
                return
        if request.method not in _READS or not bucket:
            raise _Refused(403, "AccessDenied", "Access Denied")
        if bucket not in self._buckets:  # also keeps out what moto answers besides S3
            raise _Refused(404, "NoSuchBucket", "The specified bucket does not exist")

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fakehub.osn", *self._buckets),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"FAKEHUB_SESSION": self._session},
        )
        port = await self._process.stdout.readline()
        if not port:
            raise _Refused(501, "NotImplemented", "The pod of the stand-in needs moto: pip install 'moto[server]'")
        self._address = f"http://127.0.0.1:{int(port)}"
        self._client = aiohttp.ClientSession(auto_decompress=False, skip_auto_headers={"Content-Type", "User-Agent"})


def _error(status: int, code: str, message: str) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return web.Response(status=status, text=text, content_type="application/xml")


def _check_signature(request: web.BaseRequest) -> None:
    """Raise ``_Refused`` unless the request is signed with the key that was handed out (AWS signature, version 4)."""
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
    """The request in the form that is signed."""
    target = urlsplit(request.raw_path)
    pairs = sorted((quote(name, "-_.~"), quote(value, "-_.~")) for name, value in parse_qsl(target.query, True))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names.split(";"))
    content = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    return "\n".join((request.method, target.path, query, headers, names, content))


def main(buckets: list[str]) -> None:
    """Serve S3 with empty ``buckets`` on a free port, which is printed, until standard input ends."""
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
