"""The batch endpoint: several requests in one multipart body, answered one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict, MultiDict

from fakehub.accounts.identities import Persona
from fakehub.errors import GoogleError, bad_request
from fakehub.storage.json_api.call import Answer, Call

# Answers one request of the JSON API; raises ``GoogleError``.
Answerer = Callable[[Call], Answer]

# The most calls in one batch, according to Google's documentation of batch requests.
MOST_CALLS = 100


@dataclass(frozen=True)
class Sender:
    """The sender of a batch and the address that it used, which are the same for each of its requests."""

    persona: Persona
    base: str


async def answer_batch(answer: Answerer, body: bytes, content_type: str, sender: Sender) -> web.Response:
    """Answer every request of the batch; a refused one gets its own status."""
    match = re.search(r"boundary=[\"']?([^\"';\s]+)", content_type)
    if not match:
        raise bad_request("Missing the boundary of a batch request.")
    parts = re.split(rb"(?:^|\r?\n)--" + re.escape(match.group(1).encode()), body)[1:-1]
    if not 1 <= len(parts) <= MOST_CALLS:
        raise bad_request(f"A batch has 1 to {MOST_CALLS} calls.")
    answers = [await _answer_part(answer, part.lstrip(b"\r\n"), sender) for part in parts]
    boundary = "batch_of_answers"
    text = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in answers)
    kind = f"multipart/mixed; boundary={boundary}"
    return web.Response(body=text + f"--{boundary}--\r\n".encode(), headers={"Content-Type": kind})


async def _answer_part(answer: Answerer, part: bytes, sender: Sender) -> bytes:
    outer, _, inner = re.sub(rb"\r\n", b"\n", part).partition(b"\n\n")
    content_id = re.search(rb"content-id:[ \t]*<?([^>\n]+)>?", outer, re.IGNORECASE)
    try:
        answered = answer(_call(inner, sender))
        response = answered if isinstance(answered, web.Response) else await answered
    except GoogleError as error:
        response = error.response()
    id_line = b"Content-ID: <response-" + content_id.group(1) + b">\r\n" if content_id else b""
    content = response.body if isinstance(response.body, bytes) else b""
    status = f"HTTP/1.1 {response.status} {response.reason or ''}\r\nContent-Type: application/json; charset=UTF-8\r\n"
    length = f"Content-Length: {len(content)}\r\n\r\n"
    return b"Content-Type: application/http\r\n" + id_line + b"\r\n" + status.encode() + length.encode() + content


def _call(inner: bytes, sender: Sender) -> Call:
    """Parse the request in one part of a batch; raise ``GoogleError`` (400) if it is not one for metadata."""
    head, _, body = inner.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    match = re.match(r"([A-Z]+) (\S+)", first)
    if not match:
        raise bad_request("A part of a batch begins with a request line.")
    path, _, query = re.sub(r"^https?://[^/]+", "", match.group(2)).partition("?")
    pairs = (line.partition(":") for line in lines)
    headers = CIMultiDict((name.strip(), value.strip()) for name, _, value in pairs)
    parameters = MultiDict(parse_qsl(query, keep_blank_values=True))
    if not path.startswith("/storage/v1/") or parameters.get("alt") == "media" or "uploadType" in parameters:
        raise bad_request("Uploads and downloads of data cannot be in a batch, which is for metadata only.")
    return Call(match.group(1), path, parameters, headers, body, sender.persona, sender.base)
