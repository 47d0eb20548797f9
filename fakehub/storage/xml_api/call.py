"""One request of the XML API, taken apart, and an object's headers both ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from xml.etree import ElementTree

from multidict import CIMultiDictProxy, MultiDictProxy

from fakehub.accounts.identities import Persona
from fakehub.storage import resources, uploads
from fakehub.storage.store import Object, checksums
from fakehub.storage.xml_api.errors import XmlError, invalid_argument

META = "x-goog-meta-"
# What a client may set on an object, as a header and as the JSON API names it.
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


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``name`` is empty when it is about the bucket, ``base`` the address the client used."""

    method: str
    bucket: str
    name: str
    query: MultiDictProxy[str]
    headers: CIMultiDictProxy[str]
    body: bytes
    persona: Persona
    base: str


def generation_of(call: Call) -> dict[str, str]:
    """The generation a request asks for, as the JSON API's query has it."""
    wanted = call.query.get("generation")
    return {"generation": wanted} if wanted else {}


def put_query(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """What a request says of how to store an object, as the JSON API's query has it."""
    name = headers.get("x-goog-acl")
    first, *rest = (name or "").split("-")
    acl = {"predefinedAcl": first + "".join(word.capitalize() for word in rest)} if name else {}
    return preconditions(headers) | acl


def preconditions(headers: CIMultiDictProxy[str], prefix: str = "x-goog-if-") -> dict[str, str]:
    """The generation preconditions that headers carry, as the JSON API names them."""
    return {f"if{name}": headers[prefix + header] for header, name in _CONDITIONS.items() if prefix + header in headers}


def etag(found: Object) -> str:
    """The entity tag, without quotes: the md5 or, of an object without one, what the JSON API has, after a dash."""
    return found.md5.hex() if found.md5 else f"-{resources.etag(found)}"


def metadata_of(headers: CIMultiDictProxy[str]) -> dict[str, str] | None:
    """The custom metadata that a request sets."""
    found = {
        name[len(META) :].lower(): _text(value) for name, value in headers.items() if name.lower().startswith(META)
    }
    return found or None


def headers_of(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """What a request sets of an object's headers, as the JSON API names them; raises ``GoogleError`` (400)."""
    found = {ours: _text(headers[name]) for name, ours in _HEADERS.items() if headers.get(name)}
    return uploads.headers_of(found, None)


def object_headers(found: Object) -> dict[str, str]:
    """What this API's answers say of an object beyond what every download does."""
    headers = {META + key: value for key, value in (found.metadata or {}).items() if _FIELD_NAME.fullmatch(key)}
    headers |= {"ETag": f'"{etag(found)}"', "Last-Modified": _http_date(int(found.updated))}
    if "customTime" in found.headers:
        headers["x-goog-custom-time"] = found.headers["customTime"]
    if found.components:
        headers["x-goog-component-count"] = str(found.components)
    return headers


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def stored_headers(found: Object) -> dict[str, str]:
    """What an answer says of an object that was just stored."""
    sums = checksums(found)
    hashes = f"crc32c={sums['crc32c']}" + (f",md5={sums['md5Hash']}" if "md5Hash" in sums else "")
    return {
        "ETag": f'"{etag(found)}"',
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": str(found.metageneration),
        "x-goog-hash": hashes,
    }


def hashes_of(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """The checksums that a request gives for its body: ``md5`` and ``crc32c``, in base64."""
    given = ",".join(headers.getall("x-goog-hash", []))
    return uploads.hashes_of({"md5Hash": headers.get("Content-MD5")}, given)


def check_length(size: int, headers: CIMultiDictProxy[str]) -> None:
    """Raise ``XmlError`` (400) when ``size`` is outside of ``x-goog-content-length-range``."""
    text = headers.get("x-goog-content-length-range")
    if text is None:
        return
    found = re.fullmatch(r"\s*(\d{1,18})\s*,\s*(\d{1,18})\s*", text, re.ASCII)
    if not found:
        raise invalid_argument(f"x-goog-content-length-range: {text}")
    if size < int(found.group(1)):
        raise XmlError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.")
    if size > int(found.group(2)):
        raise XmlError(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")


def whole_number(name: str, text: str) -> int:
    """``text`` as a number of at most nine digits; raises ``XmlError`` (400) naming the parameter."""
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        raise invalid_argument(f"Invalid value for {name}: {text!r}")
    return int(text)


def parse_xml(body: bytes) -> ElementTree.Element:
    """The root of a body in XML; raises ``XmlError`` (400). Documents with a type of their own are not taken."""
    try:
        if b"<!" in body or b"\0" in body:
            raise ValueError("a document type")
        return ElementTree.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError, LookupError):
        message = "The XML you provided was not well-formed or did not validate against our published schema."
        raise XmlError(400, "MalformedXML", message) from None


def children(node: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """The children of that name, in whatever namespace."""
    return [child for child in node if child.tag.rpartition("}")[2] == name]


def child_text(node: ElementTree.Element, name: str) -> str:
    """The text of the first child of that name, or nothing."""
    found = children(node, name)
    return (found[0].text or "") if found else ""


def _text(value: str) -> str:
    """A header's value as text; what was no UTF-8 is taken as Latin-1."""
    try:
        value.encode()
        return value
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
