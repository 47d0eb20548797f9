"""One request of the XML API, and the translation of an object's headers in both directions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from xml.etree import ElementTree

from multidict import CIMultiDictProxy, MultiDictProxy

from fakehub.accounts.identities import Persona
from fakehub.errors import GoogleError
from fakehub.storage import resources, uploads
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.service import Storage
from fakehub.storage.spool import Content, Received, in_memory
from fakehub.storage.stored import Object, checksums
from fakehub.storage.xml_api.errors import XmlError, invalid_argument, no_such_bucket

META = "x-goog-meta-"
# The headers that a client may set on an object, and their names in the JSON API.
_HEADERS = {
    "Content-Type": "contentType",
    "Content-Encoding": "contentEncoding",
    "Content-Disposition": "contentDisposition",
    "Content-Language": "contentLanguage",
    "Cache-Control": "cacheControl",
    "x-goog-custom-time": "customTime",
    "x-goog-storage-class": "storageClass",
}
_CONDITIONS = {
    "generation-match": "GenerationMatch",
    "metageneration-match": "MetagenerationMatch",
}
_FIELD_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(slots=True)
class Call:
    """One request: ``name`` is empty if it is about the bucket, ``address`` is that of the bucket.

    ``content`` is the request's body, ``project`` the one that is billed, ``None`` for the bucket's own.
    """

    method: str
    bucket: BucketAccess
    name: str
    query: MultiDictProxy[str]
    headers: CIMultiDictProxy[str]
    content: Content
    address: str
    project: str | None

    @property
    def body(self) -> bytes:
        """The body of a request that uploads nothing; raises ``GoogleError`` (413) for a large one."""
        return in_memory(self.content)

    @property
    def size(self) -> int:
        """The number of bytes in the body."""
        return self.content.size if isinstance(self.content, Received) else len(self.content)

    def existing(self, permission: str) -> Object:
        """Return the object, at the generation that the query asks for.

        Raises ``GoogleError``: 401 or 403 without ``permission``, 404 for an object that does not exist.
        """
        self.bucket.check(permission)
        return self.bucket.existing(self.name, self.query.get("generation"))


def resolve_bucket(storage: Storage, persona: Persona, name: str, project: str | None) -> BucketAccess:
    """Resolve a bucket as ``Storage.bucket`` does; raise ``XmlError`` in this API's words."""
    try:
        return storage.bucket(persona, name, project=project)
    except GoogleError as error:
        if error.status == 404:
            raise no_such_bucket() from None
        if error.reason == "invalid" and error.message.startswith("Invalid bucket name"):
            raise XmlError(400, "InvalidBucketName", "The specified bucket is not valid.") from None
        raise


def put_query(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Return the preconditions and the predefined list in a request to store an object, as the JSON API names them."""
    name = headers.get("x-goog-acl")
    first, *rest = (name or "").split("-")
    acl = {"predefinedAcl": first + "".join(word.capitalize() for word in rest)} if name else {}
    return preconditions(headers) | acl


def preconditions(headers: CIMultiDictProxy[str], prefix: str = "x-goog-if-") -> dict[str, str]:
    """Return the generation preconditions in the headers, as the JSON API names them."""
    return {f"if{name}": headers[prefix + header] for header, name in _CONDITIONS.items() if prefix + header in headers}


def etag(stored: Object) -> str:
    """Return the entity tag, without quotes: the md5 or, without one, the JSON API's tag after a dash."""
    return stored.md5.hex() if stored.md5 else f"-{resources.etag(stored)}"


def metadata_of(headers: CIMultiDictProxy[str]) -> dict[str, str] | None:
    """Return the custom metadata that a request sets."""
    metadata = {
        name[len(META) :].lower(): _text(value) for name, value in headers.items() if name.lower().startswith(META)
    }
    return uploads.check_size(metadata) or None


def headers_of(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Return the object's headers that a request sets, as the JSON API names them; raise ``GoogleError`` (400)."""
    given = {json_name: _text(headers[name]) for name, json_name in _HEADERS.items() if headers.get(name)}
    return uploads.headers_of(given)


def object_headers(stored: Object) -> dict[str, str]:
    """Return the response headers of an object that only this API has, besides those of every download."""
    headers = {META + key: value for key, value in (stored.metadata or {}).items() if _FIELD_NAME.fullmatch(key)}
    headers |= {"ETag": f'"{etag(stored)}"', "Last-Modified": _http_date(int(stored.updated))}
    if "customTime" in stored.headers:
        headers["x-goog-custom-time"] = stored.headers["customTime"]
    if stored.components:
        headers["x-goog-component-count"] = str(stored.components)
    return headers


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def stored_headers(stored: Object) -> dict[str, str]:
    """Return the response headers for an object that was just stored."""
    sums = checksums(stored)
    hashes = f"crc32c={sums['crc32c']}" + (f",md5={sums['md5Hash']}" if "md5Hash" in sums else "")
    return {
        "ETag": f'"{etag(stored)}"',
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": str(stored.metageneration),
        "x-goog-hash": hashes,
    }


def hashes_of(headers: CIMultiDictProxy[str]) -> list[tuple[str, str]]:
    """Return the checksums that a request gives for its body, each with its kind (``md5`` or ``crc32c``)."""
    return uploads.hashes_of({"md5Hash": headers.get("Content-MD5")}, headers)


def check_length(size: int, headers: CIMultiDictProxy[str]) -> None:
    """Raise ``XmlError`` (400) if ``size`` is outside of ``x-goog-content-length-range``."""
    text = headers.get("x-goog-content-length-range")
    if text is None:
        return
    match = re.fullmatch(r"\s*(\d{1,18})\s*,\s*(\d{1,18})\s*", text, re.ASCII)
    if not match:
        raise invalid_argument(f"x-goog-content-length-range: {text}")
    if size < int(match.group(1)):
        raise XmlError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.")
    if size > int(match.group(2)):
        raise XmlError(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")


def whole_number(name: str, text: str) -> int:
    """Parse ``text`` as a number of at most nine digits; raise ``XmlError`` (400) that names the parameter."""
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        raise invalid_argument(f"Invalid value for {name}: {text!r}")
    return int(text)


def parse_xml(body: bytes) -> ElementTree.Element:
    """Return the root of an XML body; raise ``XmlError`` (400), also for a document with a DOCTYPE."""
    try:
        if b"<!" in body or b"\0" in body:
            raise ValueError("a document type")
        return ElementTree.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError, LookupError):
        message = "The XML you provided was not well-formed or did not validate against our published schema."
        raise XmlError(400, "MalformedXML", message) from None


def children(node: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Return the children of that name, in whatever namespace."""
    return [child for child in node if child.tag.rpartition("}")[2] == name]


def child_text(node: ElementTree.Element, name: str) -> str:
    """Return the text of the first child of that name; empty if there is none."""
    named = children(node, name)
    return (named[0].text or "") if named else ""


def _text(value: str) -> str:
    """Return a header's value as text; bytes that are not UTF-8 are read as Latin-1."""
    try:
        value.encode()
        return value
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
