"""What a browser needs to let a page of another origin read an answer: the JSON API allows every origin."""

from __future__ import annotations

from aiohttp import web

_EXPOSED = (
    "Content-Encoding, Content-Length, Content-Range, Content-Type, Date, ETag, Location, Range, Server, "
    "Transfer-Encoding, X-GUploader-UploadID, X-Goog-Generation, X-Goog-Hash, X-Goog-Metageneration, "
    "X-Goog-Storage-Class, X-Goog-Stored-Content-Encoding, X-Goog-Stored-Content-Length, "
    "X-HTTP-Status-Code-Override"
)
# How long a browser may remember what a preflight request was told, in seconds.
_REMEMBER_S = 3600


def preflight(request: web.BaseRequest, origin: str) -> web.Response:
    """The answer to a browser that asks whether it may send a request."""
    response = web.Response(status=200)
    allow(response, origin)
    response.headers["Access-Control-Allow-Methods"] = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
    response.headers["Access-Control-Max-Age"] = str(_REMEMBER_S)
    asked = request.headers.get("Access-Control-Request-Headers")
    if asked:
        response.headers["Access-Control-Allow-Headers"] = asked
    return response


def allow(response: web.StreamResponse, origin: str) -> None:
    """Let a page of ``origin`` read the answer and its headers."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Allow-Credentials"] = "true"
    headers["Access-Control-Expose-Headers"] = _EXPOSED
    headers["Vary"] = ", ".join([value for value in [headers.get("Vary"), "Origin, X-Origin"] if value])
