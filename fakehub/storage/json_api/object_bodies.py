"""Parse the request bodies that describe an object: its resource in JSON, alone or together with the data."""

from __future__ import annotations

import json
from typing import Any

from fakehub.accounts.identities import Persona
from fakehub.errors import bad_request, not_implemented
from fakehub.storage.acl import NEW_OBJECT, predefined
from fakehub.storage.json_api.multipart_body import split_multipart
from fakehub.storage.resources import HEADERS
from fakehub.storage.spool import Content, Received, in_memory
from fakehub.storage.uploads import check_size, check_text
from hubfacts.schema import Bucket

# Properties of an object's resource that are strings.
_STRINGS = ("name", "bucket", "md5Hash", "crc32c", *HEADERS)
# Properties that would change what happens to the object later, and that the stand-in does not implement.
_REFUSED = ("contexts", "customerEncryption", "eventBasedHold", "kmsKeyName", "retention", "temporaryHold")


def parse_multipart(body: Content, content_type: str) -> tuple[dict[str, Any], Content, str | None]:
    """Return the resource, the data and the data's content type of a multipart/related body.

    Raises ``GoogleError`` (400) for anything that is not such a body.
    """
    if isinstance(body, Received) and body.head:
        text, kind = body.head
        return parse_resource(text), body, kind
    text, data, kind = split_multipart(in_memory(body), content_type)
    return parse_resource(text), data, kind


def parse_resource(text: bytes) -> dict[str, Any]:
    """Parse a JSON body as an object's resource; an empty body and ``null`` give an empty one.

    Raises ``GoogleError``: 400 for a body that is not a resource, 501 for a property that is not implemented.
    """
    if not text:
        return {}
    try:
        resource = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request("Parse Error", "parseError") from None
    if resource is None:
        return {}
    if not isinstance(resource, dict):
        raise bad_request("Parse Error", "parseError")
    check_resource(resource)
    return resource


def check_resource(resource: dict[str, Any]) -> None:
    """Raise ``GoogleError``, as ``parse_resource`` does, unless the stand-in can store an object with ``resource``."""
    for name in _REFUSED:
        if resource.get(name):
            raise not_implemented(f"the property {name} of an object")
    for name in _STRINGS:
        if not isinstance(resource.get(name), str | None):
            raise bad_request(f"Invalid value for {name}: it is a string.")
    _check_metadata(resource.get("metadata"))


def check_acl(bucket: Bucket, resource: dict[str, Any], persona: Persona) -> None:
    """Accept access controls in a resource only if they open the object to nobody else.

    Raises ``GoogleError``: 400 where access is uniform or for malformed access controls, 501 for those of others.
    """
    controls = resource.get("acl")
    if not controls:
        return
    if not isinstance(controls, list) or not all(isinstance(control, dict) for control in controls):
        raise bad_request("Invalid value for acl: it is a list of access controls.")
    predefined(bucket, "projectPrivate", NEW_OBJECT)
    for control in controls:
        entity = control.get("entity")
        if not isinstance(entity, str):
            raise bad_request("Invalid value for acl: an access control has an entity.")
        if not entity.startswith("project-") and entity != f"user-{persona.email}":
            raise not_implemented(f"an access control of {entity}")


def check_agreement(resource: dict[str, Any], **parameters: str | None) -> None:
    """Raise ``GoogleError`` (400) if a resource has another name or bucket than the request's address."""
    for name, value in parameters.items():
        given = resource.get(name)
        if given and value and given != value:
            raise bad_request(
                f"Value '{given}' in content does not agree with value '{value}'. This can happen when a value set "
                "through a parameter is inconsistent with a value set in the request."
            )


def check_content_type(resource: dict[str, Any], of_data: str | None) -> None:
    """Raise ``GoogleError`` (400) if the parts of a multipart upload give the data different content types."""
    given = resource.get("contentType")
    if given and of_data and given != of_data:
        raise bad_request(
            f"Content-Type specified in the upload ({of_data}) does not match Content-Type specified in metadata "
            f"({given}). If it was a resumable upload, Content-Type header should be empty."
        )


def _check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise bad_request("Invalid value for metadata: it is an object of strings.")
    for name, value in metadata.items():
        if isinstance(value, dict | list):
            raise bad_request(f"Invalid value for metadata: that of {name!r} is no string.")
        check_text("metadata", f"{name}{value}")


def texts(metadata: dict[str, object] | None) -> dict[str, str] | None:
    """Return custom metadata as text without the keys that have no value; ``None`` if no key is left.

    Raises ``GoogleError`` (400) for more than an object may have.
    """
    if not metadata:
        return None
    return check_size({name: str(value) for name, value in metadata.items() if value is not None}) or None
