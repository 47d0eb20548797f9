"""Read the parameters of requests to Google's account services, from the query and the form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from fakehub.accounts.errors import OAuthError, invalid_request


def query_of(request: web.BaseRequest) -> dict[str, str]:
    """Return the parameters of the query; invalid UTF-8 becomes question marks."""
    return {name: value.encode(errors="replace").decode() for name, value in request.rel_url.query.items()}


async def form_of(request: web.BaseRequest) -> dict[str, str]:
    """Return the parameters of query and form; raise ``OAuthError`` if the body is too long."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise OAuthError(413, "invalid_request", "Request Entity Too Large") from None
    return query_of(request) | dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def needed(form: dict[str, str], name: str) -> str:
    """Return a required parameter; raise ``OAuthError`` if it is missing."""
    if not form.get(name):
        raise invalid_request(f"Missing required parameter: {name}")
    return form[name]
