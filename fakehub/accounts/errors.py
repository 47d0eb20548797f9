"""Errors in the format of OAuth, which Google's token endpoints use."""

from __future__ import annotations

import json

from aiohttp import web

from fakehub.errors import GoogleError


class OAuthError(GoogleError):
    """A refused token request, with OAuth's ``error`` code as the reason and Google's description."""

    def body(self) -> bytes:
        """Return the error as JSON."""
        return json.dumps({"error": self.reason, "error_description": self.message}, indent=2).encode()

    def response(self) -> web.Response:
        """Return the HTTP response for the error."""
        return web.Response(
            status=self.status, body=self.body(), content_type="application/json", headers={"Cache-Control": "no-store"}
        )


def invalid_grant(message: str = "Bad Request") -> OAuthError:
    """Return 400 for an invalid code, refresh token or assertion."""
    return OAuthError(400, "invalid_grant", message)


def invalid_request(message: str) -> OAuthError:
    """Return 400 for a request that lacks a parameter."""
    return OAuthError(400, "invalid_request", message)
