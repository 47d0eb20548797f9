"""Errors in the form and with the words of Google's JSON API."""

from __future__ import annotations

import json

from aiohttp import web


class GoogleError(Exception):
    """A refused request: HTTP ``status``, Google's ``reason`` word and the message a client shows."""

    def __init__(self, status: int, reason: str, message: str, location: str | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.location = status, reason, message, location

    def body(self) -> bytes:
        """The JSON error form."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            kind = "header" if self.location[0].isupper() else "parameter"
            detail |= {"locationType": kind, "location": self.location}
        error = {"code": self.status, "message": self.message, "errors": [detail]}
        return json.dumps({"error": error}).encode()

    def response(self) -> web.Response:
        """The answer to send."""
        headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if self.status == 401 else {}
        return web.Response(status=self.status, body=self.body(), content_type="application/json", headers=headers)


def bad_request(message: str, reason: str = "invalid") -> GoogleError:
    """400, for a request that cannot be understood."""
    return GoogleError(400, reason, message)


def no_bucket() -> GoogleError:
    """404 for a bucket."""
    return GoogleError(404, "notFound", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> GoogleError:
    """404 for an object."""
    return GoogleError(404, "notFound", f"No such object: {bucket}/{name}")


def condition_not_met() -> GoogleError:
    """412, for a precondition that does not hold."""
    message = "At least one of the pre-conditions you specified did not hold."
    return GoogleError(412, "conditionNotMet", message, "If-Match")


def not_authenticated() -> GoogleError:
    """401, for a token nobody issued or that has expired."""
    return GoogleError(401, "authError", "Invalid Credentials", "Authorization")


def not_answered(what: str) -> GoogleError:
    """501, for a method Google has and this stand-in has not."""
    return GoogleError(501, "notImplemented", f"The stand-in does not answer {what}.")
