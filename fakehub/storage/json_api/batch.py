"""The batch endpoint: several requests in one multipart body, answered one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict, MultiDict

from fakehub.accounts.identities import Persona
from fakehub.errors import GoogleError, bad_request

# Answer one request of the JSON API: method, path, query, headers, body, persona and address.
Answer = Callable[[str, str, Any, Mapping[str, str], bytes, Persona, str], web.Response]

# The most calls in one batch, as Google's documentation of batch requests has it.
MOST_CALLS = 100


def answer_batch(answer: Answer, body: bytes, content_type: str, persona: Persona, base: str) -> web.Response:
    """Answer every request of the batch; a refused one is answered with its own status."""
    found = re.search(r"boundary=[\"']?([^\"';\s]+)", content_type)
    if not found:
        raise bad_request("Missing the boundary of a batch request.")
    parts = re.split(rb"(?:^|\r?\n)--" + re.escape(found.group(1).encode()), body)[1:-1]
    if not 1 <= len(parts) <= MOST_CALLS:
        raise bad_request(f"A batch has 1 to {MOST_CALLS} calls.")
    answers = [_answer_part(answer, part.lstrip(b"\r\n"), persona, base) for part in parts]
    boundary = "batch_of_answers"
    text = b"".join(b"--" + boundary.encode() + b"\r\n" + answer + b"\r\n" for answer in answers)
    kind = f"multipart/mixed; boundary={boundary}"
    return web.Response(body=text + f"--{boundary}--\r\n".encode(), headers={"Content-Type": kind})


def _answer_part(answer_call: Answer, part: bytes, persona: Persona, base: str) -> bytes:
    outer, _, inner = re.sub(rb"\r\n", b"\n", part).partition(b"\n\n")
    head, _, body = inner.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    match = re.match(r"([A-Z]+) (\S+)", first)
    content_id = re.search(rb"content-id:[ \t]*<?([^>\n]+)>?", outer, re.IGNORECASE)
    if not match:
        answer = bad_request("A part of a batch begins with a request line.").response()
    else:
        path, _, query = re.sub(r"^https?://[^/]+", "", match.group(2)).partition("?")
        pairs = (line.partition(":") for line in lines)
        headers = CIMultiDict((name.strip(), value.strip()) for name, _, value in pairs)
        parameters = MultiDict(parse_qsl(query, keep_blank_values=True))
        try:
            if not path.startswith("/storage/v1/"):
                raise bad_request("A part of a batch asks for objects' metadata, not for their data.")
            answer = answer_call(match.group(1), path, parameters, headers, body, persona, base)
        except GoogleError as error:
            answer = error.response()
    id_line = b"Content-ID: <response-" + content_id.group(1) + b">\r\n" if content_id else b""
    content = answer.body if isinstance(answer.body, bytes) else b""
    status = f"HTTP/1.1 {answer.status} {answer.reason or ''}\r\nContent-Type: application/json; charset=UTF-8\r\n"
    length = f"Content-Length: {len(content)}\r\n\r\n"
    return b"Content-Type: application/http\r\n" + id_line + b"\r\n" + status.encode() + length.encode() + content
