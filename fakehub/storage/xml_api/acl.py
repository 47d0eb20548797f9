"""Read access control lists in the XML API."""

from __future__ import annotations

from aiohttp import web

from fakehub.storage.acl import UNIFORM_BUCKET_READ, UNIFORM_OBJECT_READ, AccessControl, entries
from fakehub.storage.xml_api.call import Call
from fakehub.storage.xml_api.errors import element, invalid_argument, xml_response

_PERMISSIONS = {"OWNER": "FULL_CONTROL", "READER": "READ"}


def read(call: Call) -> web.Response:
    """Answer ``GET ?acl`` of an object or a bucket; raise ``XmlError`` (400) where access is uniform."""
    uniform = call.bucket.facts.uniform_access
    if not call.name:
        call.bucket.check("storage.buckets.getIamPolicy")
        if uniform:
            raise invalid_argument(UNIFORM_BUCKET_READ)
        return _list(entries(call.bucket.name, acl=call.bucket.version.acl), "project-owners-1")
    stored = call.existing("storage.objects.getIamPolicy")
    if uniform:
        raise invalid_argument(UNIFORM_OBJECT_READ)
    controls = entries(call.bucket.name, call.name, stored.generation, stored.owner, stored.acl)
    return _list(controls, stored.owner or "project-owners-1")


def _list(controls: list[AccessControl], owner: str) -> web.Response:
    text = "".join(_entry(control) for control in controls)
    owner_text = f"<Owner>{element('ID', owner)}</Owner>"
    return xml_response(f"<AccessControlList>{owner_text}<Entries>{text}</Entries></AccessControlList>")


def _entry(control: AccessControl) -> str:
    if "email" in control:
        scope = f"<Scope type='UserByEmail'>{element('EmailAddress', control['email'])}</Scope>"
    else:
        scope = f"<Scope type='GroupById'>{element('ID', control['entity'])}</Scope>"
    return f"<Entry>{scope}{element('Permission', _PERMISSIONS[control['role']])}</Entry>"
