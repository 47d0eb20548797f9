"""Compare every answer of the JSON API with Google's machine-readable description of it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import api_coverage
import googleapiclient
import jsonschema
import pytest
from api_client import API, UPLOAD, Api, facts_with, object_path

from fakehub.storage.json_api.method_table import COMMON, METHODS
from fakehub.storage.json_api.router import ANSWERS

DESCRIPTION = json.loads(
    (Path(googleapiclient.__file__).parent / "discovery_cache/documents/storage.v1.json").read_text(encoding="utf-8")
)
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
FINE, UNIFORM = "leap-scratch", "leap-persistent-ro"
FORMATS = {
    "int64": {"pattern": "^-?[0-9]{1,19}$"},
    "uint64": {"pattern": "^[0-9]{1,20}$"},
    "date-time": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
    "byte": {"pattern": "^[A-Za-z0-9+/]*=*$"},
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "errors"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string", "minLength": 1},
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["message", "domain", "reason"],
                        "additionalProperties": False,
                        "properties": {
                            key: {"type": "string", "minLength": 1}
                            for key in ("message", "domain", "reason", "location", "locationType")
                        },
                    },
                },
            },
        }
    },
}


def as_json_schema(node: dict) -> dict:
    """Convert a schema of the description to JSON Schema; properties that it does not name are not allowed."""
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    if node["type"] == "array":
        return {"type": "array", "items": as_json_schema(node["items"])}
    if node["type"] == "object":
        more = node.get("additionalProperties")
        return {
            "type": "object",
            "properties": {name: as_json_schema(value) for name, value in node.get("properties", {}).items()},
            "additionalProperties": as_json_schema(more) if more else False,
        }
    return {} if node["type"] == "any" else {"type": node["type"]} | FORMATS.get(node.get("format"), {})


SCHEMAS = {name: as_json_schema(schema) for name, schema in DESCRIPTION["schemas"].items()}


def described(resource: dict = DESCRIPTION) -> dict[str, dict]:
    """Return the methods of the description by their ids."""
    methods = {method["id"]: method for method in resource.get("methods", {}).values()}
    for below in resource.get("resources", {}).values():
        methods |= described(below)
    return methods


def check(method: str, response) -> None:
    """Raise unless the answer has the shape that the description specifies for ``method``."""
    if response.status_code >= 400:
        schema = ERROR
        assert response.json()["error"]["code"] == response.status_code
    elif "response" not in (what := described()[method]):
        assert response.content == b""
        return
    else:
        schema = {"$ref": f"#/$defs/{what['response']['$ref']}", "$defs": SCHEMAS}
    jsonschema.Draft202012Validator(schema).validate(response.json())


@pytest.fixture(scope="module")
def api(root, tmp_path_factory, start_server):
    folder = tmp_path_factory.mktemp("schema")
    server = start_server(folder, hub_yml=facts_with(root, folder, "leap-persistent", versioning=True))
    yield Api(server)
    server.process.terminate()
    server.process.wait()


# Requests for every implemented method, which together show every property of an answer. A and B are objects.
A, B = object_path(FINE, "a/Ω.txt"), object_path(FINE, "b")
REQUESTS = [
    ("storage.buckets.list", "GET", f"{API}?project=leap-pangeo", 403),
    ("storage.buckets.list", "GET", API, 400),
    ("storage.buckets.insert", "POST", f"{API}?project=leap-pangeo", 403),
    ("storage.notifications.list", "GET", f"{API}/{FINE}/notificationConfigs", 200),
    ("storage.projects.serviceAccount.get", "GET", "/storage/v1/projects/leap-pangeo/serviceAccount", 403),
    ("storage.buckets.get", "GET", f"{API}/{FINE}?projection=full", 200),
    ("storage.buckets.get", "GET", f"{API}/{UNIFORM}", 403),
    ("storage.buckets.get", "GET", f"{API}/leap-persistent?projection=noAcl", 200),
    ("storage.buckets.get", "GET", f"{API}/no-such-bucket", 404),
    ("storage.buckets.get", "GET", f"{API}/{FINE}?ifMetagenerationMatch=7", 412),
    ("storage.buckets.patch", "PATCH", f"{API}/{FINE}?projection=full", 200),
    ("storage.buckets.patch", "PATCH", f"{API}/{UNIFORM}", 403),
    ("storage.buckets.update", "PUT", f"{API}/leap-persistent", 200),
    ("storage.buckets.delete", "DELETE", f"{API}/{FINE}", 409),
    ("storage.buckets.delete", "DELETE", f"{API}/{UNIFORM}", 403),
    ("storage.buckets.getIamPolicy", "GET", f"{API}/{FINE}/iam", 200),
    ("storage.buckets.getIamPolicy", "GET", f"{API}/{UNIFORM}/iam", 403),
    ("storage.buckets.getStorageLayout", "GET", f"{API}/{FINE}/storageLayout", 200),
    (
        "storage.buckets.testIamPermissions",
        "GET",
        f"{API}/{FINE}/iam/testPermissions?permissions=storage.objects.get&permissions=storage.buckets.delete",
        200,
    ),
    ("storage.bucketAccessControls.list", "GET", f"{API}/{FINE}/acl", 200),
    ("storage.bucketAccessControls.get", "GET", f"{API}/{FINE}/acl/project-owners-1", 200),
    ("storage.bucketAccessControls.get", "GET", f"{API}/{FINE}/acl/nobody", 404),
    ("storage.defaultObjectAccessControls.list", "GET", f"{API}/{FINE}/defaultObjectAcl", 200),
    ("storage.defaultObjectAccessControls.get", "GET", f"{API}/{FINE}/defaultObjectAcl/project-viewers-1", 200),
    ("storage.objects.list", "GET", f"{API}/{FINE}/o", 200),
    ("storage.objects.list", "GET", f"{API}/{FINE}/o?delimiter=/&maxResults=1&projection=full", 200),
    ("storage.objects.list", "GET", f"{API}/{FINE}/o?maxResults=0", 400),
    ("storage.objects.list", "GET", f"{API}/leap-persistent/o?versions=true", 200),
    ("storage.objects.list", "GET", f"{API}/{FINE}/o?softDeleted=true&projection=full", 200),
    ("storage.objects.list", "GET", f"{API}/{FINE}/o?softDeleted=true&versions=true", 400),
    ("storage.objects.restore", "POST", f"{A}/restore?generation=1", 404),
    ("storage.objects.restore", "POST", f"{A}/restore", 400),
    ("storage.objects.get", "GET", A, 200),
    ("storage.objects.get", "GET", f"{A}?projection=full", 200),
    ("storage.objects.get", "GET", object_path(FINE, "none"), 404),
    ("storage.objects.testIamPermissions", "GET", f"{A}/iam/testPermissions?permissions=storage.objects.get", 200),
    ("storage.objectAccessControls.list", "GET", f"{A}/acl", 200),
    ("storage.objectAccessControls.get", "GET", f"{A}/acl/project-owners-1", 200),
    ("storage.objects.patch", "PATCH", f"{A}?projection=full", 200),
    ("storage.objects.update", "PUT", A, 200),
    ("storage.objects.compose", "POST", f"{object_path(FINE, 'composed')}/compose", 200),
    ("storage.objects.copy", "POST", f"{A}/copyTo/b/{FINE}/o/copied", 200),
    ("storage.objects.rewrite", "POST", f"{A}/rewriteTo/b/leap-persistent/o/rewritten", 200),
    ("storage.objects.move", "POST", f"{object_path(FINE, 'moving')}/moveTo/o/moved", 200),
    ("storage.objects.delete", "DELETE", object_path(FINE, "going"), 204),
    ("storage.objects.insert", "POST", f"{UPLOAD}/{FINE}/o?uploadType=media&name=inserted&projection=full", 200),
    ("storage.objects.insert", "POST", f"{API}/{FINE}/o", 400),
]
BODIES = {
    "storage.buckets.patch": {"labels": {"colour": "blue"}},
    "storage.buckets.update": {"labels": {"colour": "red"}, "versioning": {"enabled": True}},
    "storage.objects.patch": {"metadata": {"colour": "blue"}, "customTime": "2026-01-02T03:04:05Z"},
    "storage.objects.update": {"contentType": "text/plain", "metadata": {"colour": "red"}},
    "storage.objects.compose": {"sourceObjects": [{"name": "a/Ω.txt"}, {"name": "b"}]},
}


@pytest.mark.parametrize(("method", "verb", "path", "status"), REQUESTS, ids=[f"{r[0]}-{r[3]}" for r in REQUESTS])
def test_every_answer_has_the_shape_in_googles_description(api, method, verb, path, status):
    for name in ("a/Ω.txt", "b", "moving", "going"):
        api.put(FINE, name)
    for data in (b"first", b"second"):
        api.put("leap-persistent", "kept", data)

    response = api.call(verb, path, json=BODIES.get(method))

    assert response.status_code == status, response.text
    check(method, response)


def test_every_implemented_method_is_requested_here():
    assert {row[0] for row in REQUESTS} == set(ANSWERS)


def test_the_table_of_methods_is_that_of_googles_description():
    google = {
        name: (
            method["httpMethod"],
            method["path"],
            sorted(p for p, how in method["parameters"].items() if how["location"] == "query"),
        )
        for name, method in described().items()
    }

    assert {m.id: (m.verb, m.path, sorted(m.parameters)) for m in METHODS.values()} == google
    assert sorted(COMMON) == sorted(DESCRIPTION["parameters"])


@pytest.mark.parametrize("method", sorted(set(METHODS) - set(ANSWERS)))
def test_the_refusal_of_a_method_has_the_shape_of_googles_errors(api, method):
    path = METHODS[method].path.replace("{bucket}", FINE).replace("{", "").replace("}", "")

    response = api.call(METHODS[method].verb, f"/storage/v1/{path}")

    # What the account may not do at all is refused as Google refuses it; test_refusals.py has the permissions.
    assert response.status_code in {400, 403, 404, 409}
    assert response.status_code != 400 or response.json()["error"]["message"].endswith(f" does not answer {method}.")
    check(method, response)


def test_the_page_on_coverage_is_up_to_date(root):
    committed = (root / "fakehub/COVERAGE.md").read_text(encoding="utf-8")

    assert committed == api_coverage.table(), f"write it again: {api_coverage.COMMAND}"


@pytest.mark.parametrize(
    "address",
    [
        f"{API}?softDeleted=true&project=p",
        f"{API}/{FINE}/o?filter=contexts",
        f"{A}?restoreToken=x",
        f"{A}/rewriteTo/b/{FINE}/o/x?destinationKmsKeyName=" + quote("projects/p/locations/l", safe=""),
    ],
)
def test_the_refusal_of_a_parameter_names_it(api, address):
    response = api.call("POST" if "rewriteTo" in address else "GET", address)

    assert (response.status_code, response.json()["error"]["errors"][0]["reason"]) == (400, "notImplemented")
    assert address.partition("?")[2].partition("=")[0] in response.json()["error"]["message"]


def test_a_customers_encryption_key_is_refused(api):
    headers = {"x-goog-encryption-algorithm": "AES256"}

    response = api.call("POST", f"{UPLOAD}/{FINE}/o?uploadType=media&name=locked", data=b"x", headers=headers)

    assert (response.status_code, "x-goog-encryption-algorithm" in response.text) == (400, True)
    assert api.get(FINE, "locked").status_code == 404
