"""Errors in the format and the wording of Google's JSON API."""

from __future__ import annotations

import json

from aiohttp import web


class GoogleError(Exception):
    """A refused request: its HTTP ``status``, Google's ``reason`` and the message that clients show.

    ``location`` names the header or parameter at fault.
    """

    def __init__(self, status: int, reason: str, message: str, location: str | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.location = status, reason, message, location

    def body(self) -> bytes:
        """Return the error as JSON."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            kind = "header" if self.location[0].isupper() else "parameter"
            detail |= {"locationType": kind, "location": self.location}
        error = {"code": self.status, "message": self.message, "errors": [detail]}
        return json.dumps({"error": error}).encode()

    def response(self) -> web.Response:
        """Return the HTTP response for the error."""
        headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if self.status == 401 else {}
        return web.Response(status=self.status, body=self.body(), content_type="application/json", headers=headers)


def bad_request(message: str, reason: str = "invalid") -> GoogleError:
    """Return 400 for a malformed request."""
    return GoogleError(400, reason, message)


def no_bucket() -> GoogleError:
    """Return 404 for a bucket that does not exist."""
    return GoogleError(404, "notFound", "The specified bucket does not exist.")


def bucket_exists(own: bool) -> GoogleError:
    """Return 409 for the name of a new bucket that the project's ``own`` bucket, or another's, has already."""
    message = (
        "Your previous request to create the named bucket succeeded and you already own it."
        if own
        else "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )
    return GoogleError(409, "conflict", message)


def no_object(bucket: str, name: str) -> GoogleError:
    """Return 404 for an object that does not exist."""
    return GoogleError(404, "notFound", f"No such object: {bucket}/{name}")


def condition_not_met() -> GoogleError:
    """Return 412 for a precondition that does not hold."""
    message = "At least one of the pre-conditions you specified did not hold."
    return GoogleError(412, "conditionNotMet", message, "If-Match")


def not_authenticated() -> GoogleError:
    """Return 401 for a token that was never issued or has expired."""
    return GoogleError(401, "authError", "Invalid Credentials", "Authorization")


def not_implemented(what: str) -> GoogleError:
    """Return 400 for something that the stand-in does not implement: clients would repeat a request after a 501."""
    return GoogleError(400, "notImplemented", f"The stand-in does not answer {what}.")
