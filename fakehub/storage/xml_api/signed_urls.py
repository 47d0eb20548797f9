"""V4 signed URLs: identify the signer of a request, and check that the signature matches and is still valid.

The canonical request and the string to sign are those of Google's "V4 signing process". The request consists of
method, path, query without the signature, the signed headers, their names, and the payload's hash or
``UNSIGNED-PAYLOAD``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from multidict import CIMultiDictProxy

from fakehub.accounts.identities import Persona
from fakehub.clock import Clock
from fakehub.storage.spool import Content, Received
from fakehub.storage.xml_api.errors import XmlError

ALGORITHM = "GOOG4-RSA-SHA256"
# The longest validity of a signed URL, in seconds: seven days.
LONGEST_S = 604800
# By how much the signer's clock may be ahead, in seconds.
_SKEW_S = 900
_UNSIGNED = "UNSIGNED-PAYLOAD"
_PARAMETERS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")


class Signers(Protocol):
    """The service accounts, which may sign."""

    def signer(self, email: str) -> Persona | None:
        """Return the service account with that address, or ``None``."""

    def public_keys(self, email: str) -> Iterable[RSAPublicKey]:
        """Return the public keys of that account."""


def is_signed(query: Mapping[str, str]) -> bool:
    """Return whether a request has a signature in its query."""
    return any(name.lower() == "x-goog-signature" for name in query)


class SignedUrls:
    """A verifier of signed URLs; ``signers`` provides the service accounts and their keys."""

    def __init__(self, signers: Signers, clock: Clock) -> None:
        self._signers, self._clock = signers, clock

    def caller(
        self,
        method: str,
        raw_path: str,
        query: Iterable[tuple[str, str]],
        headers: CIMultiDictProxy[str],
        content: Content,
    ) -> Persona:
        """Return the service account that signed this request; raise ``XmlError`` (400, 403) for an invalid signature.

        ``raw_path`` is percent-encoded, as it was sent; the pairs of ``query`` are decoded.
        """
        pairs = list(query)
        given = {name.lower(): value for name, value in pairs}
        values = {}
        for name in _PARAMETERS:
            values[name] = given.get(f"x-goog-{name.lower()}", "")
            if not values[name]:
                raise _malformed(f"X-Goog-{name}", f"Missing required parameter: X-Goog-{name}")
        if values["Algorithm"] != ALGORITHM:
            raise _malformed("X-Goog-Algorithm", f"The algorithm must be {ALGORITHM}.")
        email, scope = _credential(values["Credential"], values["Date"])
        self._check_time(values["Date"], values["Expires"])
        signed = values["SignedHeaders"].split(";")
        payload = _payload(signed, headers, content)
        rest = _canonical_query(pairs)
        lines = _canonical_headers(signed, headers)
        # Clients differ in the characters of the path that they encode; accept a signature over either form.
        paths = dict.fromkeys((raw_path, quote(unquote(raw_path), safe="/~", errors="replace")))
        requests = ["\n".join((method, path, rest, lines, values["SignedHeaders"], payload)) for path in paths]
        texts = ["\n".join((ALGORITHM, values["Date"], scope, _sha256(_bytes(text)))) for text in requests]
        persona = self._signers.signer(email)
        if persona is None:
            details = f"Unknown service account: {email}"
            raise XmlError(403, "InvalidSecurity", "The provided security credentials are not valid.", Details=details)
        if not any(self._signed_by(email, text, values["Signature"]) for text in texts):
            raise _mismatch(texts[0], requests[0])
        return persona

    def _check_time(self, date: str, expires: str) -> None:
        try:
            signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise _malformed("X-Goog-Date", f"Invalid date: {date}") from None
        digits = expires.isascii() and expires.isdigit() and len(expires) <= len(str(LONGEST_S))
        if not digits or not 1 <= int(expires) <= LONGEST_S:
            raise _malformed("X-Goog-Expires", f"X-Goog-Expires must be between 1 and {LONGEST_S} seconds.")
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        if signed_at - now > timedelta(seconds=_SKEW_S):
            message = "The difference between the request time and the server's time is too large."
            raise XmlError(403, "RequestTimeTooSkewed", message)
        ends = signed_at + timedelta(seconds=int(expires))
        if now > ends:
            details = f"The provided token has expired. Request signature expired at: {ends.isoformat()}"
            raise XmlError(400, "ExpiredToken", "Invalid argument.", Details=details)

    def _signed_by(self, email: str, text: str, signature: str) -> bool:
        try:
            raw = bytes.fromhex(signature)
        except ValueError:
            return False
        for key in self._signers.public_keys(email):
            try:
                key.verify(raw, _bytes(text), PKCS1v15(), SHA256())
                return True
            except InvalidSignature:
                continue
        return False


def _credential(credential: str, date: str) -> tuple[str, str]:
    """Split ``EMAIL/20261125/auto/storage/goog4_request`` into address and scope."""
    email, _, scope = credential.partition("/")
    parts = scope.split("/")
    if len(parts) != 4 or parts[0] != date[:8] or parts[2:] != ["storage", "goog4_request"]:
        raise _malformed("X-Goog-Credential", f"Invalid credential: {credential}")
    return email, scope


def _canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    encoded = [
        (quote(name, safe="~", errors="replace"), quote(value, safe="~", errors="replace"))
        for name, value in pairs
        if name.lower() != "x-goog-signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _canonical_headers(signed: list[str], headers: CIMultiDictProxy[str]) -> str:
    if "host" not in signed:
        raise _malformed("host", "The host header must be in signedheaders.")
    for name in headers:
        if name.lower().startswith("x-goog-") and name.lower() not in signed:
            raise _malformed(name.lower(), "Header was included in the request, but not in signedheaders.")
    lines = []
    for name in sorted(signed):
        if name not in headers:
            raise _malformed(name, "Header was included in signedheaders, but not in the request.")
        values = ",".join(" ".join(value.split()) for value in headers.getall(name))
        lines.append(f"{name}:{values}\n")
    return "".join(lines)


def _payload(signed: list[str], headers: CIMultiDictProxy[str], content: Content) -> str:
    given = headers.get("x-goog-content-sha256", _UNSIGNED) if "x-goog-content-sha256" in signed else _UNSIGNED
    if given == _UNSIGNED:
        return given
    sha256 = content.sha256 if isinstance(content, Received) else _sha256(content)
    if given.lower() != sha256:
        message = "The x-goog-content-sha256 you specified did not match what we received."
        raise XmlError(400, "BadDigest", message)
    return given


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(text: str) -> bytes:
    """Encode ``text`` as it was sent: bytes that are not UTF-8 are restored."""
    return text.encode("utf-8", "surrogateescape")


def _malformed(parameter: str, details: str) -> XmlError:
    message = "Your request has a malformed header."
    return XmlError(400, "MalformedSecurityHeader", message, ParameterName=parameter, Details=details)


def _mismatch(string_to_sign: str, canonical_request: str) -> XmlError:
    details = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your Google secret key and signing method."
    )
    elements = {"Details": details, "StringToSign": string_to_sign, "CanonicalRequest": canonical_request}
    return XmlError(403, "SignatureDoesNotMatch", "Access denied.", **elements)
