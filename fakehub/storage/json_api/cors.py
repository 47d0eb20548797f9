"""The headers that let a web page of another origin read an answer: the JSON API allows every origin."""

from __future__ import annotations

from aiohttp import web

_EXPOSED = (
    "Content-Encoding, Content-Length, Content-Range, Content-Type, Date, ETag, Location, Range, Server, "
    "Transfer-Encoding, X-GUploader-UploadID, X-Goog-Generation, X-Goog-Hash, X-Goog-Metageneration, "
    "X-Goog-Storage-Class, X-Goog-Stored-Content-Encoding, X-Goog-Stored-Content-Length, "
    "X-HTTP-Status-Code-Override"
)
# How long a browser may cache the answer to a preflight request, in seconds.
_MAX_AGE_S = 3600


def preflight(request: web.BaseRequest, origin: str) -> web.Response:
    """Answer a preflight request, by which a browser asks whether it may send another."""
    response = web.Response(status=200)
    allow(response, origin)
    response.headers["Access-Control-Allow-Methods"] = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
    response.headers["Access-Control-Max-Age"] = str(_MAX_AGE_S)
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
