"""Access control lists in the XML API: reading them, and the predefined one a request asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from fakehub.storage.acl import UNIFORM_BUCKET_READ, UNIFORM_OBJECT_READ, entries
from fakehub.storage.xml_api.call import Call, generation_of
from fakehub.storage.xml_api.errors import element, invalid_argument, xml_response

if TYPE_CHECKING:
    from fakehub.storage.service import Storage

_PERMISSIONS = {"OWNER": "FULL_CONTROL", "READER": "READ"}


def read(storage: Storage, call: Call) -> web.Response:
    """``GET ?acl`` of an object or a bucket; raises ``XmlError`` (400) where access is uniform."""
    uniform = storage.bucket(call.bucket).uniform_access
    if not call.name:
        call.persona.check(call.bucket, "storage.buckets.getIamPolicy")
        if uniform:
            raise invalid_argument(UNIFORM_BUCKET_READ)
        return _list(entries(call.bucket), "project-owners-1")
    query = generation_of(call)
    found = storage.existing(call.persona, call.bucket, call.name, query, "storage.objects.getIamPolicy")
    if uniform:
        raise invalid_argument(UNIFORM_OBJECT_READ)
    controls = entries(call.bucket, call.name, found.generation, found.owner, found.acl)
    return _list(controls, found.owner or "project-owners-1")


def _list(controls: list[dict[str, Any]], owner: str) -> web.Response:
    text = "".join(_entry(control) for control in controls)
    owner_text = f"<Owner>{element('ID', owner)}</Owner>"
    return xml_response(f"<AccessControlList>{owner_text}<Entries>{text}</Entries></AccessControlList>")


def _entry(control: dict[str, Any]) -> str:
    if "email" in control:
        scope = f"<Scope type='UserByEmail'>{element('EmailAddress', control['email'])}</Scope>"
    else:
        scope = f"<Scope type='GroupById'>{element('ID', control['entity'])}</Scope>"
    return f"<Entry>{scope}{element('Permission', _PERMISSIONS[control['role']])}</Entry>"
