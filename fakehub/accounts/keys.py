"""Throw-away RSA keys, which sign and verify JSON Web Tokens (RS256) and the data that service accounts sign."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

# The issuer of tokens that are signed with Google's own key.
ISSUER = "https://accounts.google.com"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unverified(token: str) -> dict[str, Any]:
    """Return the claims of a JSON Web Token without checking its signature; raise ``ValueError`` if it is malformed."""
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("not a JSON Web Token")
    try:
        header, claims = (json.loads(_decode(part)) for part in parts[:2])
    except (ValueError, binascii.Error, RecursionError) as error:
        raise ValueError("not a JSON Web Token") from error
    if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "RS256":
        raise ValueError("not a JSON Web Token")
    return claims


class Key:
    """An RSA key of ``owner``, generated when it is first used."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def public(self) -> rsa.RSAPublicKey:
        """The public key."""
        return self._private.public_key()

    @cached_property
    def id(self) -> str:
        """The key's id: 40 hexadecimal digits."""
        return x509.SubjectKeyIdentifier.from_public_key(self.public).digest.hex()

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` (PKCS #1 v1.5 with SHA-256)."""
        return self._private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Return whether ``signature`` is a valid signature of ``message`` by this key."""
        try:
            self.public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def token(self, claims: dict[str, Any]) -> str:
        """Return a signed JSON Web Token with these claims."""
        header = {"alg": "RS256", "kid": self.id, "typ": "JWT"}
        message = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        return f"{message}.{_encode(self.sign(message.encode()))}"

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a JSON Web Token; raise ``ValueError`` unless this key has signed it."""
        claims = unverified(token)
        message, _, signature = token.rpartition(".")
        try:
            genuine = self.signed(message.encode(), _decode(signature))
        except (ValueError, binascii.Error):
            genuine = False
        if not genuine:
            raise ValueError("the signature is not this key's")
        return claims

    @cached_property
    def private_pem(self) -> str:
        """The private key in PKCS #8 format."""
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._private.private_bytes(*form).decode()

    @cached_property
    def certificate(self) -> str:
        """A certificate of the public key in PEM format, valid for a month from yesterday."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.owner[:64])])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        return builder.sign(self._private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    @cached_property
    def jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key."""
        numbers = self.public.public_numbers()
        n, e = (_encode(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": n, "e": e}


class KeyRing:
    """Google's own key, which signs identity tokens, and the keys of the service accounts."""

    def __init__(self, accounts: list[str]) -> None:
        self.google = Key("federated-signon.system.gserviceaccount.com")
        self._accounts = {email: Key(email) for email in accounts}

    def account(self, email: Any) -> Key | None:
        """Return the key of a service account, or ``None`` for any other email address."""
        return self._accounts.get(email) if isinstance(email, str) else None
