"""Errors in the form of OAuth, which Google's endpoints for tokens use."""

from __future__ import annotations

import json

from aiohttp import web

from fakehub.errors import GoogleError


class OAuthError(GoogleError):
    """A refused request for a token: OAuth's ``error`` word and Google's description."""

    def body(self) -> bytes:
        """The JSON error form."""
        return json.dumps({"error": self.reason, "error_description": self.message}, indent=2).encode()

    def response(self) -> web.Response:
        """The answer to send."""
        return web.Response(
            status=self.status, body=self.body(), content_type="application/json", headers={"Cache-Control": "no-store"}
        )


def invalid_grant(message: str = "Bad Request") -> OAuthError:
    """400, for a code, refresh token or assertion that is worth nothing."""
    return OAuthError(400, "invalid_grant", message)


def invalid_request(message: str) -> OAuthError:
    """400, for a request that lacks something."""
    return OAuthError(400, "invalid_request", message)
