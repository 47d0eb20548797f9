"""Name what a request to a bucket does, from its line in the request log: both of Google's APIs, and S3."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from fakehub.hosts import ACCOUNT_HOSTS, METADATA_HOST, STORAGE_HOSTS, bucket_of
from fakehub.storage.json_api.method_table import find

_JSON_API = re.compile(r"/(?:(?P<kind>upload|resumable/upload|download)/)?storage/v1/(?P<rest>.*)")
_BATCH = "/batch/storage/v1"
# Other services on a host of the storage.
_ELSEWHERE = re.compile(r"/(?:discovery|oauth2)(?:/|$)")
# Clients ask the metadata server whether it is there by its address.
_ADDRESS = re.compile(r"[\d.]+")
_S3_BUCKET = re.compile(r"([a-z0-9.-]+)\.s3[.-]")
READ, LOOK_UP, LIST = "Read object", "Look up object", "List objects"
WRITE, WRITE_PART, START_UPLOAD, FINISH_UPLOAD = "Write object", "Write part of object", "Start upload", "Finish upload"
CANCEL_UPLOAD, DELETE, DELETE_MANY, COPY = "Cancel upload", "Delete object", "Delete several objects", "Copy object"
CHANGE, COMBINE, BATCH, BUCKET = "Change metadata", "Combine objects", "Batch of requests", "Look up bucket"
_METHODS = {
    "storage.buckets.get": BUCKET,
    "storage.buckets.getIamPolicy": BUCKET,
    "storage.buckets.getStorageLayout": BUCKET,
    "storage.buckets.list": "List buckets",
    "storage.buckets.patch": "Change bucket",
    "storage.buckets.testIamPermissions": "Check permissions",
    "storage.buckets.update": "Change bucket",
    "storage.buckets.delete": "Delete bucket",
    "storage.objects.compose": COMBINE,
    "storage.objects.copy": COPY,
    "storage.objects.delete": DELETE,
    "storage.objects.get": LOOK_UP,
    "storage.objects.insert": WRITE,
    "storage.objects.list": LIST,
    "storage.objects.move": "Move object",
    "storage.objects.patch": CHANGE,
    "storage.objects.restore": "Restore object",
    "storage.objects.rewrite": COPY,
    "storage.objects.update": CHANGE,
}


class Operation(NamedTuple):
    """What a request does, in words, and the address of its bucket; empty for requests about several or none."""

    what: str
    bucket: str


def operation_of(method: str, host: str, path: str) -> Operation | None:
    """Return what a request does to a bucket, or ``None`` if it is about something else, such as a login."""
    host = host.partition(":")[0]
    path, _, query = path.partition("?")
    parameters = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    if host in ACCOUNT_HOSTS or host == METADATA_HOST or _ADDRESS.fullmatch(host) or _ELSEWHERE.match(path):
        return None
    if host in STORAGE_HOSTS:
        if path.startswith(_BATCH):
            return Operation(BATCH, "")
        if match := _JSON_API.match(path):
            return _of_json_api(method, match["kind"], match["rest"], parameters)
        if path.startswith("/google.storage."):
            return Operation(BUCKET, "")
        return _of_xml_api(method, "gs", path.lstrip("/"), parameters)
    if bucket := bucket_of(host):
        return _of_xml_api(method, "gs", bucket + path, parameters)
    match = _S3_BUCKET.match(host)
    return _of_xml_api(method, "s3", f"{match[1]}{path}" if match else path.lstrip("/"), parameters)


def _of_json_api(method: str, kind: str | None, rest: str, parameters: dict[str, str]) -> Operation | None:
    segments = rest.split("/")
    bucket = f"gs://{unquote(segments[1])}" if len(segments) > 1 and segments[0] == "b" else ""
    if kind is not None and kind != "download":
        return Operation(_of_upload(method, parameters), bucket)
    found = find("GET" if method == "HEAD" else method, segments)
    if found is None:
        return None
    name = found[0].id
    if name == "storage.objects.get" and (kind or parameters.get("alt") == "media"):
        return Operation(READ, bucket)
    return Operation(_METHODS.get(name, name.removeprefix("storage.")), bucket)


def _of_upload(method: str, parameters: dict[str, str]) -> str:
    if "upload_id" in parameters:
        return CANCEL_UPLOAD if method == "DELETE" else WRITE_PART
    return START_UPLOAD if parameters.get("uploadType") == "resumable" else WRITE


def _of_xml_api(method: str, scheme: str, path: str, parameters: dict[str, str]) -> Operation | None:
    bucket, _, name = path.partition("/")
    address = f"{scheme}://{unquote(bucket)}" if bucket else ""
    if not name:
        return Operation(_of_xml_bucket(method, parameters), address)
    if method in {"PUT", "POST"} and "upload_id" in parameters:
        return Operation(WRITE_PART, address)
    if "uploadId" in parameters:
        names = {"PUT": WRITE_PART, "POST": FINISH_UPLOAD, "DELETE": CANCEL_UPLOAD, "GET": "List parts of an upload"}
        return Operation(names.get(method, method), address)
    names = {"GET": READ, "HEAD": LOOK_UP, "PUT": WRITE, "DELETE": DELETE, "POST": START_UPLOAD}
    return Operation(names.get(method, method), address)


def _of_xml_bucket(method: str, parameters: dict[str, str]) -> str:
    if method == "POST" and "delete" in parameters:
        return DELETE_MANY
    if method == "GET" and not {"location", "versioning", "lifecycle", "acl"} & parameters.keys():
        return LIST
    return {"GET": BUCKET, "HEAD": BUCKET, "DELETE": "Delete bucket"}.get(method, "Change bucket")
