"""The parts of a bucket that the XML API shows under names of their own: location, storage class and the like."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from fakehub.errors import not_implemented
from fakehub.storage.service import Storage
from fakehub.storage.xml_api.call import Call
from fakehub.storage.xml_api.errors import element, xml_response
from hubfacts.schema import Bucket


def _lifecycle(bucket: Bucket) -> str:
    if bucket.delete_after_days is None:
        return "<LifecycleConfiguration/>"
    condition = f"<Condition>{element('Age', bucket.delete_after_days)}</Condition>"
    rule = f"<Rule><Action><Delete/></Action>{condition}</Rule>"
    return f"<LifecycleConfiguration>{rule}</LifecycleConfiguration>"


def _billing(bucket: Bucket) -> str:
    state = "Enabled" if bucket.requester_pays else "Disabled"
    return f"<BillingConfiguration>{element('RequesterPays', state)}</BillingConfiguration>"


def _versioning(bucket: Bucket) -> str:
    status = element("Status", "Enabled") if bucket.versioning else ""
    return f"<VersioningConfiguration>{status}</VersioningConfiguration>"


# What a bucket of the facts has, and what it has not, as text.
_OF_BUCKET: dict[str, Callable[[Bucket], str]] = {
    "billing": _billing,
    "cors": lambda _: "<CorsConfig/>",
    "lifecycle": _lifecycle,
    "logging": lambda _: "<Logging/>",
    "storageClass": lambda _: element("StorageClass", "STANDARD"),
    "versioning": _versioning,
    "website": lambda _: "<WebsiteConfiguration/>",
}
# The permissions to change a part of a bucket or of an object, and to read one.
_CHANGE, _READ = "storage.buckets.update", "storage.buckets.get"


def answer(storage: Storage, call: Call, part: str) -> web.Response:
    """Answer ``GET ?PART`` of a bucket; raise ``GoogleError`` for a part that is not implemented, or to change one."""
    if call.name:
        changes = call.method in {"PUT", "POST", "DELETE"}
        call.bucket.check("storage.objects.update" if changes else "storage.objects.get")
        raise not_implemented(f"{call.method} ?{part}")
    call.bucket.check(_READ if call.method == "GET" else "storage.buckets.setIamPolicy" if part == "acl" else _CHANGE)
    if call.method == "GET" and part == "location":
        return xml_response(element("LocationConstraint", call.bucket.version.location or storage.location))
    if call.method == "GET" and part in _OF_BUCKET:
        return xml_response(_OF_BUCKET[part](call.bucket.facts))
    raise not_implemented(f"{call.method} ?{part}")
