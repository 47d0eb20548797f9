"""Buckets in the XML API: listings of both versions, and the deletion of many objects in one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from fakehub.clock import rfc3339
from fakehub.errors import GoogleError
from fakehub.storage.listing import list_objects
from fakehub.storage.store import Object
from fakehub.storage.xml_api.call import Call, child_text, children, etag, parse_xml, whole_number
from fakehub.storage.xml_api.errors import code_and_elements, element, escaped, invalid_argument, xml_response

if TYPE_CHECKING:
    from fakehub.storage.service import Storage

_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"
# The most names in one page of a listing, and in one deletion.
MOST = 1000
# Sorts behind every name that begins with the same prefix.
_LAST = "\U0010ffff"


def list_bucket(storage: Storage, call: Call) -> web.Response:
    """``GET`` of a bucket: version 2 with ``list-type=2``, version 1 without."""
    call.persona.check(call.bucket, "storage.objects.list")
    query = call.query
    if query.get("list-type", "2") != "2":
        raise invalid_argument(f"Invalid value for list-type: {query['list-type']!r}")
    second = "list-type" in query
    encoding = query.get("encoding-type", "")
    if encoding not in {"", "url"}:
        raise invalid_argument(f"Invalid value for encoding-type: {encoding!r}")
    name = quote if encoding else str
    most = min(MOST, whole_number("max-keys", query.get("max-keys", str(MOST))))
    items, prefixes, token = _page(storage, call, most, second)
    text = element("Name", call.bucket) + element("Prefix", name(query.get("prefix", "")))
    if query.get("delimiter"):
        text += element("Delimiter", name(query["delimiter"]))
    text += element("EncodingType", encoding) if encoding else ""
    if second:
        text += _second(query, name, len(items) + len(prefixes), token)
    else:
        text += element("Marker", name(query.get("marker", "")))
        last = max([found.name for found in items[-1:]] + prefixes[-1:], default="")
        text += element("NextMarker", name(last)) if token else ""
    text += element("MaxKeys", most) + element("IsTruncated", str(bool(token)).lower())
    text += "".join(_contents(found, name) for found in items)
    text += "".join(f"<CommonPrefixes>{element('Prefix', name(prefix))}</CommonPrefixes>" for prefix in prefixes)
    return xml_response(f"<ListBucketResult xmlns='{_NAMESPACE}'>{text}</ListBucketResult>")


def _second(query: dict[str, str], name: Callable[[str], str], count: int, token: str | None) -> str:
    """What version 2 says of a page."""
    text = element("KeyCount", count)
    if query.get("continuation-token"):
        text += element("ContinuationToken", query["continuation-token"])
    if query.get("start-after"):
        text += element("StartAfter", name(query["start-after"]))
    return text + (element("NextContinuationToken", token) if token else "")


def _page(storage: Storage, call: Call, most: int, second: bool) -> tuple[list[Object], list[str], str | None]:
    """Objects, common prefixes and the token of the next page, as the JSON API's listing finds them."""
    if most == 0:
        return [], [], None
    wanted = {"maxResults": str(most)}
    wanted |= {name: call.query[name] for name in ("prefix", "delimiter") if call.query.get(name)}
    after = call.query.get("start-after" if second else "marker", "")
    if second and call.query.get("continuation-token"):
        wanted["pageToken"] = call.query["continuation-token"]
    elif after:
        # A page that ended with a common prefix goes on behind everything in it.
        in_prefix = wanted.get("delimiter") and after.endswith(wanted["delimiter"])
        wanted["startOffset"] = after + (_LAST if in_prefix else "\0")
    return list_objects(storage.store, call.bucket, wanted)


def _contents(found: Object, name: Callable[[str], str]) -> str:
    return (
        f"<Contents><Key>{escaped(name(found.name))}</Key><Generation>{found.generation}</Generation>"
        f"<MetaGeneration>{found.metageneration}</MetaGeneration><LastModified>{rfc3339(found.updated)}</LastModified>"
        f'<ETag>"{etag(found)}"</ETag><Size>{found.size}</Size>'
        f"<StorageClass>{found.headers.get('storageClass', 'STANDARD')}</StorageClass></Contents>"
    )


def delete_many(storage: Storage, call: Call) -> web.Response:
    """``POST ?delete``: delete up to 1,000 objects; an object that is not there counts as deleted."""
    root = parse_xml(call.body)
    listed = children(root, "Object")
    if not 1 <= len(listed) <= MOST:
        raise invalid_argument(f"A request deletes 1 to {MOST} objects.")
    quiet = child_text(root, "Quiet").strip() == "true"
    text = ""
    for node in listed:
        key, version = child_text(node, "Key"), child_text(node, "VersionId")
        names = element("Key", key) + (element("VersionId", version) if version else "")
        try:
            _delete(storage, call, key, version)
        except GoogleError as error:
            _, code, elements = code_and_elements(error)
            text += f"<Error>{names}{element('Code', code)}{element('Message', elements['Message'])}</Error>"
            continue
        text += "" if quiet else f"<Deleted>{names}</Deleted>"
    return xml_response(f"<DeleteResult xmlns='{_NAMESPACE}'>{text}</DeleteResult>")


def _delete(storage: Storage, call: Call, key: str, version: str) -> None:
    try:
        query = {"generation": version} if version else {}
        found = storage.existing(call.persona, call.bucket, key, query, "storage.objects.delete")
        storage.store.delete(found, forever=bool(version))
    except GoogleError as error:
        if error.status != 404:
            raise
