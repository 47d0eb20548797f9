"""Errors of the XML API: the JSON API's refusals, translated to this API's codes and messages."""

from __future__ import annotations

import re

from aiohttp import web

from fakehub.errors import GoogleError, bucket_exists
from fakehub.storage.billing import BillingError

_ACCESS_DENIED = ("AccessDenied", "Access denied.")
# The codes and messages of this API by the JSON API's reason.
_BY_REASON = {
    "conditionNotMet": ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold."),
    "requestedRangeNotSatisfiable": ("InvalidRange", "The requested range cannot be satisfied."),
    "authError": ("AuthenticationRequired", "Authentication required."),
    "metadataTooLarge": (
        "MetadataTooLarge",
        "Your metadata headers exceed the maximum allowed metadata size.",
    ),
    "notImplemented": (
        "NotImplemented",
        "A header or query you provided requested a function that is not implemented.",
    ),
}
# The codes of a name that another bucket has, with the words of both APIs.
_EXISTS = {
    "BucketAlreadyOwnedByYou": bucket_exists(own=True).message,
    "BucketAlreadyExists": bucket_exists(own=False).message,
}
_BAD_DIGEST = ("BadDigest", "The MD5 or CRC32C you specified did not match what we received.")
_BY_STATUS = {
    400: ("InvalidArgument", "Invalid argument."),
    403: _ACCESS_DENIED,
    409: ("BucketNotEmpty", "The bucket you tried to delete is not empty."),
    404: ("NoSuchKey", "The specified key does not exist."),
    413: ("EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size."),
    429: ("SlowDown", "Please reduce your request rate."),
    500: ("InternalError", "We encountered an internal error. Please try again."),
    503: ("ServiceUnavailable", "Service unavailable. Please try again later."),
}
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f]")


class XmlError(GoogleError):
    """A refused request, with further ``elements`` after the code and the message in the body."""

    def __init__(self, status: int, code: str, message: str, **elements: str) -> None:
        super().__init__(status, code, message)
        self.elements = elements


def invalid_argument(details: str) -> XmlError:
    """Return 400, for a malformed request."""
    return XmlError(400, "InvalidArgument", "Invalid argument.", Details=details)


def no_such_bucket() -> XmlError:
    """Return 404, for an unknown bucket."""
    return XmlError(404, "NoSuchBucket", "The specified bucket does not exist.")


def bad_digest() -> XmlError:
    """Return 400, for a body that does not match the checksum given for it."""
    return XmlError(400, *_BAD_DIGEST)


def code_and_elements(error: GoogleError) -> tuple[int, str, dict[str, str]]:
    """Return status, code and further elements of any refusal, as the XML API names them."""
    if isinstance(error, XmlError):
        return error.status, error.reason, {"Message": error.message, **error.elements}
    # An anonymous caller without the permission gets 401 from the JSON API and 403 from this one.
    status = 403 if (error.status, error.reason) == (401, "required") else error.status
    if isinstance(error, BillingError):
        return status, error.code, {"Message": error.message}
    code, message = _BY_REASON.get(error.reason) or _BY_STATUS.get(status, _BY_STATUS[500])
    if status == 400 and error.message.startswith(("Provided MD5", "Provided CRC32C")):
        code, message = _BAD_DIGEST
    for existing, message_of_it in _EXISTS.items():
        if status == 409 and error.message == message_of_it:
            code, message = existing, message_of_it
    scopes = error.reason == "insufficientPermissions"
    details = "Provided scope(s) are not authorized" if scopes else error.message
    return status, code, {"Message": message} | ({"Details": details} if details != message else {})


def error_response(error: GoogleError) -> web.Response:
    """Return the response for a refusal, in Google's XML form; a 304 has no body."""
    status, code, elements = code_and_elements(error)
    if status == 304:
        return web.Response(status=304)
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if status == 401 else None
    text = "".join(element(name, value) for name, value in {"Code": code, **elements}.items())
    return xml_response(f"<Error>{text}</Error>", status, headers)


def element(name: str, value: object) -> str:
    """Return an element with text in it."""
    return f"<{name}>{escaped(str(value))}</{name}>"


def escaped(text: str) -> str:
    """Escape ``text`` for XML; characters that XML does not allow become references, as in Google's answers."""
    return _SPECIAL.sub(_reference, text) if _SPECIAL.search(text) else text


def _reference(match: re.Match[str]) -> str:
    char = match.group()
    return _NAMED.get(char) or f"&#{ord(char)};"


def xml_response(body: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return a response in XML; ``body`` is the root element."""
    data = f"<?xml version='1.0' encoding='UTF-8'?>{body}".encode("utf-8", "xmlcharrefreplace")
    kind = {"Content-Type": "application/xml; charset=UTF-8"}
    return web.Response(status=status, body=data, headers=kind | (headers or {}))
