"""Methods that the stand-in does not implement: who may not call them anyway, and how the rest is refused."""

import pytest
from aiohttp import web
from multidict import CIMultiDict, MultiDict

from fakehub.accounts.personas import Persona
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage.json_api.call import Call
from fakehub.storage.json_api.method_table import METHODS
from fakehub.storage.json_api.router import ANSWERS, JsonApi
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject
from hubfacts.schema import Facts

# The permission that each method requires: https://cloud.google.com/storage/docs/access-control/iam-json
PERMISSIONS = {
    "anywhereCaches.disable": "storage.anywhereCaches.disable",
    "anywhereCaches.get": "storage.anywhereCaches.get",
    "anywhereCaches.insert": "storage.anywhereCaches.create",
    "anywhereCaches.list": "storage.anywhereCaches.list",
    "anywhereCaches.pause": "storage.anywhereCaches.pause",
    "anywhereCaches.resume": "storage.anywhereCaches.resume",
    "anywhereCaches.update": "storage.anywhereCaches.update",
    "bucketAccessControls.delete": "storage.buckets.setIamPolicy",
    "bucketAccessControls.insert": "storage.buckets.setIamPolicy",
    "bucketAccessControls.patch": "storage.buckets.setIamPolicy",
    "bucketAccessControls.update": "storage.buckets.setIamPolicy",
    "buckets.lockRetentionPolicy": "storage.buckets.update",
    "buckets.operations.advanceRelocateBucket": "storage.bucketOperations.advanceRelocateBucket",
    "buckets.operations.cancel": "storage.bucketOperations.cancel",
    "buckets.operations.get": "storage.bucketOperations.get",
    "buckets.operations.list": "storage.bucketOperations.list",
    "buckets.relocate": "storage.buckets.relocate",
    "buckets.restore": "storage.buckets.restore",
    "buckets.setIamPolicy": "storage.buckets.setIamPolicy",
    "defaultObjectAccessControls.delete": "storage.buckets.setIamPolicy",
    "defaultObjectAccessControls.insert": "storage.buckets.setIamPolicy",
    "defaultObjectAccessControls.patch": "storage.buckets.setIamPolicy",
    "defaultObjectAccessControls.update": "storage.buckets.setIamPolicy",
    "folders.delete": "storage.folders.delete",
    "folders.deleteRecursive": "storage.folders.delete",
    "folders.get": "storage.folders.get",
    "folders.insert": "storage.folders.create",
    "folders.list": "storage.folders.list",
    "folders.rename": "storage.folders.rename",
    "managedFolders.delete": "storage.managedFolders.delete",
    "managedFolders.get": "storage.managedFolders.get",
    "managedFolders.getIamPolicy": "storage.managedFolders.getIamPolicy",
    "managedFolders.insert": "storage.managedFolders.create",
    "managedFolders.list": "storage.managedFolders.list",
    "managedFolders.setIamPolicy": "storage.managedFolders.setIamPolicy",
    "managedFolders.testIamPermissions": None,
    "managedFolders.update": "storage.managedFolders.update",
    "notifications.delete": "storage.buckets.update",
    "notifications.get": "storage.buckets.get",
    "notifications.insert": "storage.buckets.update",
    "objectAccessControls.delete": "storage.objects.setIamPolicy",
    "objectAccessControls.insert": "storage.objects.setIamPolicy",
    "objectAccessControls.patch": "storage.objects.setIamPolicy",
    "objectAccessControls.update": "storage.objects.setIamPolicy",
    "objects.bulkRestore": "storage.objects.restore",
    "objects.getIamPolicy": "storage.objects.getIamPolicy",
    "objects.setIamPolicy": "storage.objects.setIamPolicy",
    "objects.viewFullContext": "storage.objects.get",
    "projects.hmacKeys.create": "storage.hmacKeys.create",
    "projects.hmacKeys.delete": "storage.hmacKeys.delete",
    "projects.hmacKeys.get": "storage.hmacKeys.get",
    "projects.hmacKeys.list": "storage.hmacKeys.list",
    "projects.hmacKeys.update": "storage.hmacKeys.update",
    "rapidCaches.disable": "storage.rapidCaches.disable",
    "rapidCaches.get": "storage.rapidCaches.get",
    "rapidCaches.insert": "storage.rapidCaches.create",
    "rapidCaches.list": "storage.rapidCaches.list",
    "rapidCaches.update": "storage.rapidCaches.update",
}
IN_PROJECT = {name for name in PERMISSIONS if name.startswith("projects.")}
OF_OBJECT = {name for name in PERMISSIONS if "/o/{object}/" in METHODS[f"storage.{name}"].path}


@pytest.fixture
def api(tmp_path):
    """Return a function that calls a method as somebody with the given permissions, and returns the error."""
    facts = Facts.model_validate(
        {"hub": {"project": "my-project"}, "buckets": {"options": {"b": {"uniform_access": False}}}}
    )
    storage = Storage(Store(facts.buckets.options, Clock(), tmp_path), Clock(), facts)
    storage.store.put("b", NewObject("object", b"data", {"contentType": "text/plain"}))

    def refusal(method: str, *permissions: str, bucket: str = "b", name: str = "object") -> GoogleError | web.Response:
        described = METHODS[f"storage.{method}"]
        rights = {place: frozenset(permissions) for place in ("b", "")}
        persona = Persona("p", "p@example.com", rights)
        path = described.path.replace("{bucket}", bucket).replace("{object}", name).replace("{", "").replace("}", "")
        call = Call(described.verb, f"/storage/v1/{path}", MultiDict(), CIMultiDict(), b"", persona, "https://host")
        try:
            return JsonApi(storage).answer(call)
        except GoogleError as error:
            return error

    return refusal


def test_the_table_has_every_refused_method():
    assert {f"storage.{name}" for name in PERMISSIONS} == set(METHODS) - set(ANSWERS)


@pytest.mark.parametrize(("method", "permission"), PERMISSIONS.items())
def test_with_the_permission_the_refusal_is_the_stand_ins(api, method, permission):
    error = api(method, *([permission] if permission else []))

    assert (error.status, error.reason) == (400, "notImplemented")
    assert error.message == f"The stand-in does not answer storage.{method}."


@pytest.mark.parametrize("method", [name for name, permission in PERMISSIONS.items() if permission])
def test_without_the_permission_it_is_403_and_names_it(api, method):
    permission = PERMISSIONS[method]
    error = api(method, *{*PERMISSIONS.values()} - {permission, None})

    place = "project" if method in IN_PROJECT else "Storage"
    assert (error.status, error.reason) == (403, "forbidden")
    assert error.message.startswith(f"p@example.com does not have {permission} access to the Google Cloud {place}")


@pytest.mark.parametrize("method", sorted(set(PERMISSIONS) - IN_PROJECT))
def test_an_unknown_bucket_is_404(api, method):
    error = api(method, bucket="no-such-bucket")

    assert (error.status, error.message) == (404, "The specified bucket does not exist.")


@pytest.mark.parametrize("method", sorted(OF_OBJECT))
def test_an_unknown_object_is_404(api, method):
    error = api(method, PERMISSIONS[method], name="missing")

    assert (error.status, error.message) == (404, "No such object: b/missing")
