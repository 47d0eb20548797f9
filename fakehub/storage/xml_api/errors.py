"""Errors of the XML API: the same refusals as the JSON API's, with the codes and words of its own."""

from __future__ import annotations

import re

from aiohttp import web

from fakehub.errors import GoogleError

_ACCESS_DENIED = ("AccessDenied", "Access denied.")
# The JSON API's reasons, and the codes and messages that stand for them here.
_BY_REASON = {
    "conditionNotMet": ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold."),
    "requestedRangeNotSatisfiable": ("InvalidRange", "The requested range cannot be satisfied."),
    "authError": ("AuthenticationRequired", "Authentication required."),
    "notImplemented": (
        "NotImplemented",
        "A header or query you provided requested a function that is not implemented.",
    ),
}
_BAD_DIGEST = ("BadDigest", "The MD5 or CRC32C you specified did not match what we received.")
_BY_STATUS = {
    400: ("InvalidArgument", "Invalid argument."),
    403: _ACCESS_DENIED,
    404: ("NoSuchKey", "The specified key does not exist."),
    429: ("SlowDown", "Please reduce your request rate."),
    500: ("InternalError", "We encountered an internal error. Please try again."),
    503: ("ServiceUnavailable", "Service unavailable. Please try again later."),
}


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f]")


class XmlError(GoogleError):
    """A refused request; ``elements`` follow the code and the message in the body."""

    def __init__(self, status: int, code: str, message: str, **elements: str) -> None:
        super().__init__(status, code, message)
        self.elements = elements


def invalid_argument(details: str) -> XmlError:
    """400, for a request that cannot be understood."""
    return XmlError(400, "InvalidArgument", "Invalid argument.", Details=details)


def no_such_bucket() -> XmlError:
    """404 for a bucket."""
    return XmlError(404, "NoSuchBucket", "The specified bucket does not exist.")


def bad_digest() -> XmlError:
    """400, for a body that has not the checksum given for it."""
    return XmlError(400, *_BAD_DIGEST)


def code_and_elements(error: GoogleError) -> tuple[int, str, dict[str, str]]:
    """Status, code and the further elements of any refusal, in the XML API's words."""
    if isinstance(error, XmlError):
        return error.status, error.reason, {"Message": error.message, **error.elements}
    # An anonymous caller without the right is 401 there and 403 here.
    status = 403 if (error.status, error.reason) == (401, "required") else error.status
    code, message = _BY_REASON.get(error.reason) or _BY_STATUS.get(status, _BY_STATUS[500])
    if status == 400 and error.message.startswith(("Provided MD5", "Provided CRC32C")):
        code, message = _BAD_DIGEST
    scopes = error.reason == "insufficientPermissions"
    details = "Provided scope(s) are not authorized" if scopes else error.message
    return status, code, {"Message": message} | ({"Details": details} if details != message else {})


def error_response(error: GoogleError) -> web.Response:
    """The answer to send: Google's XML form, and no body where there may be none."""
    status, code, elements = code_and_elements(error)
    if status == 304:
        return web.Response(status=304)
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if status == 401 else None
    text = "".join(element(name, value) for name, value in {"Code": code, **elements}.items())
    return xml_response(f"<Error>{text}</Error>", status, headers)


def element(name: str, value: object) -> str:
    """One element with text in it."""
    return f"<{name}>{escaped(str(value))}</{name}>"


def escaped(text: str) -> str:
    """``text`` inside of XML. Characters that XML cannot hold become references, as in Google's answers."""
    return _SPECIAL.sub(_reference, text) if _SPECIAL.search(text) else text


def _reference(found: re.Match[str]) -> str:
    char = found.group()
    return _NAMED.get(char) or f"&#{ord(char)};"


def xml_response(body: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer in XML; ``body`` is the root element."""
    data = f"<?xml version='1.0' encoding='UTF-8'?>{body}".encode("utf-8", "xmlcharrefreplace")
    kind = {"Content-Type": "application/xml; charset=UTF-8"}
    return web.Response(status=status, body=data, headers=kind | (headers or {}))
