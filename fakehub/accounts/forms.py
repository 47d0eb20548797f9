"""What a request to Google's accounts says: its form and its query as one."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from fakehub.accounts.errors import OAuthError, invalid_request


def query_of(request: web.BaseRequest) -> dict[str, str]:
    """The parameters of the query; bytes that are no text come as question marks."""
    return {name: value.encode(errors="replace").decode() for name, value in request.rel_url.query.items()}


async def form_of(request: web.BaseRequest) -> dict[str, str]:
    """The parameters of the query and of the form in the body; raises ``OAuthError`` for a body that is too long."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise OAuthError(413, "invalid_request", "Request Entity Too Large") from None
    return query_of(request) | dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def needed(form: dict[str, str], name: str) -> str:
    """A parameter that must be there; raises ``OAuthError``."""
    if not form.get(name):
        raise invalid_request(f"Missing required parameter: {name}")
    return form[name]
