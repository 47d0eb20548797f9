"""Buckets in the XML API: listings in both versions, and deleting many objects in one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from aiohttp import web

from fakehub.clock import rfc3339
from fakehub.errors import GoogleError
from fakehub.storage.listing import list_objects
from fakehub.storage.service import Storage
from fakehub.storage.stored import Object
from fakehub.storage.xml_api.call import Call, child_text, children, etag, parse_xml, whole_number
from fakehub.storage.xml_api.errors import code_and_elements, element, escaped, invalid_argument, xml_response

_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"
# The most names in one page of a listing, and in one deletion.
MOST = 1000
# Appended to a prefix, sorts after every name that begins with the prefix.
_LAST = "\U0010ffff"


def list_bucket(storage: Storage, call: Call) -> web.Response:
    """Answer ``GET`` of a bucket: version 2 with ``list-type=2``, otherwise version 1."""
    call.bucket.check("storage.objects.list")
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
    text = element("Name", call.bucket.name) + element("Prefix", name(query.get("prefix", "")))
    if query.get("delimiter"):
        text += element("Delimiter", name(query["delimiter"]))
    text += element("EncodingType", encoding) if encoding else ""
    if second:
        text += _second(query, name, len(items) + len(prefixes), token)
    else:
        text += element("Marker", name(query.get("marker", "")))
        last = max([stored.name for stored in items[-1:]] + prefixes[-1:], default="")
        text += element("NextMarker", name(last)) if token else ""
    text += element("MaxKeys", most) + element("IsTruncated", str(bool(token)).lower())
    text += "".join(_contents(stored, name) for stored in items)
    text += "".join(f"<CommonPrefixes>{element('Prefix', name(prefix))}</CommonPrefixes>" for prefix in prefixes)
    return xml_response(f"<ListBucketResult xmlns='{_NAMESPACE}'>{text}</ListBucketResult>")


def _second(query: Mapping[str, str], name: Callable[[str], str], count: int, token: str | None) -> str:
    """Return the elements that only version 2 has."""
    text = element("KeyCount", count)
    if query.get("continuation-token"):
        text += element("ContinuationToken", query["continuation-token"])
    if query.get("start-after"):
        text += element("StartAfter", name(query["start-after"]))
    return text + (element("NextContinuationToken", token) if token else "")


def _page(storage: Storage, call: Call, most: int, second: bool) -> tuple[list[Object], list[str], str | None]:
    """Return objects, common prefixes and the token of the next page."""
    if most == 0:
        return [], [], None
    wanted = {"maxResults": str(most)}
    wanted |= {name: call.query[name] for name in ("prefix", "delimiter") if call.query.get(name)}
    after = call.query.get("start-after" if second else "marker", "")
    if second and call.query.get("continuation-token"):
        wanted["pageToken"] = call.query["continuation-token"]
    elif after:
        # A page that ended with a common prefix continues after every name with that prefix.
        in_prefix = wanted.get("delimiter") and after.endswith(wanted["delimiter"])
        wanted["startOffset"] = after + (_LAST if in_prefix else "\0")
    return list_objects(storage.store, call.bucket.name, wanted)


def _contents(stored: Object, name: Callable[[str], str]) -> str:
    return (
        f"<Contents><Key>{escaped(name(stored.name))}</Key><Generation>{stored.generation}</Generation>"
        f"<MetaGeneration>{stored.metageneration}</MetaGeneration><LastModified>{rfc3339(stored.updated)}</LastModified>"
        f'<ETag>"{etag(stored)}"</ETag><Size>{stored.size}</Size>'
        f"<StorageClass>{stored.headers.get('storageClass', 'STANDARD')}</StorageClass></Contents>"
    )


def delete_many(storage: Storage, call: Call) -> web.Response:
    """Answer ``POST ?delete``: delete up to 1,000 objects; one that does not exist counts as deleted."""
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
    call.bucket.check("storage.objects.delete")
    stored = call.bucket.find(key, version)
    if stored is not None:
        storage.store.delete(stored, forever=bool(version))
