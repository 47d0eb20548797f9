"""Make a bucket and list those of a project in the XML API."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy

from fakehub.accounts.identities import Persona
from fakehub.clock import rfc3339
from fakehub.errors import bad_request
from fakehub.storage.acl import UNIFORM_WRITE, predefined
from fakehub.storage.bucket_table import OWNED
from fakehub.storage.new_buckets import check_location, check_storage_class
from fakehub.storage.service import Storage
from fakehub.storage.xml_api.call import child_text, parse_xml, put_query
from fakehub.storage.xml_api.errors import element, xml_response

_PROJECT = "x-goog-project-id"
_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"


def list_all(storage: Storage, persona: Persona, headers: CIMultiDictProxy[str]) -> web.Response:
    """Answer ``GET`` of the service: the names of the project's buckets."""
    storage.check_project(persona, _project(persona, headers), "storage.buckets.list")
    items = ""
    for name in sorted(filter(storage.is_own, storage.store.buckets)):
        made = storage.store.buckets.version(name).made
        created = element("CreationDate", rfc3339(storage.created if made is None else made))
        items += f"<Bucket>{element('Name', name)}{created}</Bucket>"
    owner = f"<Owner>{element('ID', 'project-owners-1')}</Owner>"
    return xml_response(
        f"<ListAllMyBucketsResult xmlns='{_NAMESPACE}'>{owner}<Buckets>{items}</Buckets></ListAllMyBucketsResult>"
    )


def make(storage: Storage, persona: Persona, name: str, headers: CIMultiDictProxy[str], body: bytes) -> web.Response:
    """Answer ``PUT`` of a bucket that does not exist, with its location and storage class in the body."""
    storage.check_project(persona, _project(persona, headers), "storage.buckets.create")
    settings: dict[str, Any] = check_location(None)
    if body.strip():
        root = parse_xml(body)
        settings = check_location(child_text(root, "LocationConstraint") or None)
        settings |= check_storage_class(child_text(root, "StorageClass") or None)
    settings["acl"] = predefined(OWNED, put_query(headers).get("predefinedAcl"), UNIFORM_WRITE)
    storage.add_bucket(name, settings, {})
    return web.Response(status=200)


def _project(persona: Persona, headers: CIMultiDictProxy[str]) -> str:
    """Return the project of a request: that of a service account if the request does not name another."""
    project = headers.get(_PROJECT) or persona.project
    if not project:
        raise bad_request(f"The request has no header {_PROJECT}.")
    return project
