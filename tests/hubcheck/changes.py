"""Changes of the stand-in. Exactly one observation must notice each.

A change edits the facts that the stand-in reads, or its code. What the check says stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]
WRITABLE = ("leap-scratch", "leap-persistent")
READ_ONLY = "leap-persistent-ro"
OF_BUCKET = ("location", "lifecycle", "soft-delete", "access", "versioning", "requester-pays")
PERMISSIONS = ("storage.buckets.delete", "storage.buckets.update", "storage.objects.setIamPolicy")
# What is done with an object, and what cannot be observed without it.
USES = ("read", "list", "delete")
NEEDS_READING = (
    *("storage.missing-object", "storage.missing-object-xml", "storage.range", "storage.range-outside"),
    *("storage.precondition", "storage.unchanged", "storage.folders", "speed.read"),
)
NEEDS_WRITING = (
    *("storage.md5", "storage.crc32c", "storage.long-name", "storage.wrong-checksum", "storage.resumable-upload"),
    *NEEDS_READING,
)


@dataclass(frozen=True)
class Change:
    """A change that makes the observation ``name`` differ and hides those in ``hides``.

    ``facts`` edits the content of hub.yml; ``code`` is a file of the project with a text and its replacement. Together
    with this change, those of the observations ``apart_from`` would have no effect.
    """

    name: str
    facts: Callable[[Content], object] | None = None
    code: tuple[str, str, str] | None = None
    hides: tuple[str, ...] = ()
    apart_from: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The subject of the check that has the observation."""
        if self.name.startswith("gateway.worker-") and self.name != "gateway.worker-sizes":
            return "worker"
        return {"bucket": "buckets", "archive": "archives", "osn": "archives"}.get(self.name.partition(".")[0], "")


def _put(*keys: str, value: object) -> Callable[[Content], object]:
    """Return an edit that puts a value at these keys."""

    def edit(content: Content) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return edit


def _bucket(bucket: str, **settings: object) -> Callable[[Content], object]:
    return lambda content: content["buckets"]["options"][bucket].update(settings)


def _rights(bucket: str, operation: str, permission: str) -> tuple[str, str, str]:
    """Return an edit of the code that adds (``|``) or removes (``-``) a permission of the hub's servers."""
    anchor = '        "none": {},\n    }\n'
    held = f'rights["hub"].get("{bucket}", VIEWER - VIEWER)'
    line = f'    rights["hub"]["{bucket}"] = {held} {operation} {{"{permission}"}}\n'
    return "fakehub/accounts/personas.py", anchor, anchor + line


def _resource(line: str) -> tuple[str, str, str]:
    """Return an edit of the code that adds a line to the function that describes a bucket."""
    anchor = "    if bucket.versioning:\n"
    return "fakehub/storage/resources.py", anchor, f"    {line}\n{anchor}"


def _of_writable(bucket: str) -> Iterable[Change]:
    name = f"bucket.{bucket}"
    days = 30 if bucket == "leap-scratch" else 90
    settings = tuple(f"{name}.{setting}" for setting in OF_BUCKET)
    yield Change(f"{name}.settings", code=_rights(bucket, "-", "storage.buckets.get"), hides=settings)
    yield Change(
        f"{name}.location", code=_resource(f'resource |= {{"location": "EU"}} if name == "{bucket}" else {{}}')
    )
    yield Change(f"{name}.lifecycle", _bucket(bucket, delete_after_days=days))
    yield Change(f"{name}.soft-delete", _bucket(bucket, soft_delete_days=0))
    yield Change(f"{name}.access", _bucket(bucket, uniform_access=True))
    yield Change(f"{name}.versioning", _bucket(bucket, versioning=True))
    billing = f'resource |= {{"billing": {{"requesterPays": True}}}} if name == "{bucket}" else {{}}'
    yield Change(f"{name}.requester-pays", code=_resource(billing))
    for permission in PERMISSIONS:
        yield Change(f"{name}.{permission}", code=_rights(bucket, "-", permission))
    scratch = bucket == "leap-scratch"
    uses = tuple(f"{name}.{use}" for use in USES)
    no_create, no_get = _rights(bucket, "-", "storage.objects.create"), _rights(bucket, "-", "storage.objects.get")
    yield Change(f"{name}.create", code=no_create, hides=uses + (NEEDS_WRITING if scratch else ()))
    yield Change(f"{name}.read", code=no_get, hides=NEEDS_READING if scratch else ())
    no_list = _rights(bucket, "-", "storage.objects.list")
    yield Change(f"{name}.list", code=no_list, hides=("storage.folders",) if scratch else ())
    yield Change(f"{name}.delete", code=_rights(bucket, "-", "storage.objects.delete"))


def _of_read_only(bucket: str) -> Iterable[Change]:
    name = f"bucket.{bucket}"
    for permission in PERMISSIONS:
        yield Change(f"{name}.{permission}", code=_rights(bucket, "|", permission))
    yield Change(f"{name}.settings", code=_rights(bucket, "|", "storage.buckets.get"))
    yield Change(f"{name}.list", code=_rights(bucket, "-", "storage.objects.list"))
    yield Change(f"{name}.create", code=_rights(bucket, "|", 'storage.objects.create", "storage.objects.delete'))


METADATA, ERRORS = "fakehub/accounts/metadata_server.py", "fakehub/errors.py"
_TOKENINFO = (
    'held = self._identities.find(form["access_token"])\n        if held is None:\n            raise OAuthError'
)
_ACCOUNT = (
    Change("account.project", code=(METADATA, '"project-id": self._hub.project', '"project-id": "another"')),
    Change("account.region", _put("hub", "zone", value="us-east1-b")),
    Change(
        "account.kind",
        code=(METADATA, '"email": self._hub.email', '"email": "somebody@example.com"'),
        apart_from=("account.sign",),
    ),
    Change("account.scopes", code=(METADATA, "sorted(self._hub.scopes)", '["https://example.com/read"]')),
    Change("account.metadata-header", code=(METADATA, "Missing Metadata-Flavor:Google header", "Missing header")),
    Change("account.token-life", _put("buckets", "identity", "token_lives_s", value=7200)),
    Change("account.token-type", code=(METADATA, '"token_type": "Bearer"', '"token_type": "Other"')),
    Change(
        "account.tokeninfo",
        code=("fakehub/accounts/tokens.py", '"scope": " ".join(sorted(persona.scopes)), "exp"', '"scope": "", "exp"'),
    ),
    Change(
        "account.tokeninfo-refusal",
        code=("fakehub/accounts/tokens.py", f'{_TOKENINFO}(400, "invalid_token"', f'{_TOKENINFO}(401, "invalid_token"'),
    ),
    Change("account.wrong-token", code=(ERRORS, '"Invalid Credentials"', '"Invalid token"')),
    Change("account.sign", _put("buckets", "identity", "signs", value=True)),
    Change("account.list-buckets", code=_rights("", "|", "storage.buckets.list")),
    Change("account.pays-for-requests", _put("buckets", "identity", "pays_for_requests", value=False)),
    Change(
        "account.other-project-pays",
        code=(
            "fakehub/storage/billing.py",
            "if project not in persona.projects",
            'if project not in {*persona.projects, "a-project-of-somebody-else"}',
        ),
    ),
)
DOWNLOADS = "fakehub/storage/downloads.py"
_STORAGE = (
    Change("storage.missing-bucket", code=(ERRORS, "The specified bucket does not exist.", "No such bucket.")),
    Change(
        "storage.no-account",
        code=("fakehub/accounts/personas.py", "f\"{email or 'Anonymous caller'}", "f\"{email or 'Nobody'}"),
    ),
    Change("storage.missing-object", code=(ERRORS, "No such object", "No object")),
    Change("storage.missing-object-xml", code=("fakehub/storage/xml_api/errors.py", "The specified key", "The key")),
    Change("storage.md5", code=("fakehub/storage/stored.py", "base64.b64encode(stored.md5).decode()}", '"another"}')),
    Change("storage.crc32c", code=("fakehub/storage/stored.py", "base64_crc32c(stored.crc32c)}", '"another"}')),
    Change(
        "storage.long-name", code=("fakehub/storage/bucket_access.py", "LONGEST_NAME = 1024", "LONGEST_NAME = 4096")
    ),
    Change(
        "storage.wrong-checksum", code=("fakehub/storage/hashes.py", 'if kind == "md5" and', 'if kind == "none" and')
    ),
    Change("storage.resumable-upload", code=("fakehub/storage/json_api/uploads.py", "status=499", "status=204")),
    Change("storage.range", code=(DOWNLOADS, "status = 206", "status = 200")),
    Change("storage.range-outside", code=(DOWNLOADS, "GoogleError(416,", "GoogleError(400,")),
    Change("storage.precondition", code=(ERRORS, "At least one of the pre-conditions you", "A pre-condition you")),
    Change("storage.unchanged", code=("fakehub/storage/conditions.py", "if reading and not must_match", "if False")),
    Change("storage.folders", code=("fakehub/storage/listing.py", "if wanted.delimiter else -1", "if False else -1")),
)
_SLOW = "import time; time.sleep(1.2) if {} else None"
_LIST = '    versions = boolean(query.get("versions"))\n'
_SENT = "    status, data = 200, _decompressed(stored, request_headers)\n"
_SPEED = (
    Change(
        "speed.list",
        code=(
            "fakehub/storage/listing.py",
            _LIST,
            "    " + _SLOW.format('bucket == "leap-scratch" and query.get("maxResults") == "10"') + f"\n{_LIST}",
        ),
    ),
    Change(
        "speed.read", code=(DOWNLOADS, _SENT, "    " + _SLOW.format('stored.name.endswith("timed")') + f"\n{_SENT}")
    ),
)
DATA = "hubfacts/public_data.yml"
_ARCHIVES = (
    Change("archive.arco_era5", code=(DATA, "chunks: [1, 721, 1440]", "chunks: [2, 721, 1440]")),
    Change("archive.weatherbench2_era5", code=(DATA, "chunks: [100, 64, 32]", "chunks: [50, 64, 32]")),
    Change(
        "archive.cmip6_gfdl_cm4_historical",
        code=(
            DATA,
            "[600, 180, 288]\n    variables: &cmip6_variables",
            "[300, 180, 288]\n    variables: &cmip6_variables",
        ),
    ),
    Change(
        "archive.cmip6_gfdl_esm4_historical",
        code=(DATA, "gr1/v20190726\n    chunks: [600, 180, 288]", "gr1/v20190726\n    chunks: [300, 180, 288]"),
    ),
    Change("archive.cmip6_gfdl_esm4_ssp585", code=(DATA, "chunks: [516, 180, 288]", "chunks: [300, 180, 288]")),
)


def _without_osn(bucket: str) -> Change:
    """Rename a bucket, because a pod has at least one."""

    def edit(content: Content) -> None:
        buckets = content["osn"]["buckets"]
        buckets[f"{bucket}-2"] = buckets.pop(bucket)

    return Change(f"osn.{bucket}.list", edit)


def _sizes(edit: Callable[[dict[str, Any]], object]) -> Callable[[Content], object]:
    return lambda content: edit(content["dask_gateway"]["worker_resource_allocation"])


TO_WORKERS = ("SCRATCH_BUCKET", "PANGEO_SCRATCH")
NOT_TO_WORKERS = ("JUPYTERHUB_USER", "PERSISTENT_BUCKET", "JUPYTER_IMAGE_SPEC")
_OF_WORKER = (
    *("gateway.worker-threads", "gateway.worker-memory"),
    *(f"gateway.worker-variable.{name}" for name in (*TO_WORKERS, *NOT_TO_WORKERS)),
)
OPTIONS, PLUGINS = "fakehub/gateway/options.py", "fakehub/gateway/plugins.py"
_GATEWAY = (
    Change("gateway.wrong-token", code=(PLUGINS, "self.get_token(request) != self.user_token", "False")),
    Change("gateway.options", code=(OPTIONS, 'String("image"),', 'String("image"), String("another"),')),
    Change("gateway.instance-type", _put("dask_gateway", "instance_type", value="n2-standard-2")),
    Change("gateway.worker-sizes", _sizes(lambda sizes: sizes.update({"32CPU": {"cores": 32, "memory": "200G"}}))),
    Change(
        "gateway.default-size",
        code=(
            OPTIONS,
            'Select("worker_resource_allocation", list(sizes))',
            'Select("worker_resource_allocation", list(sizes), default=list(sizes)[1])',
        ),
        apart_from=_OF_WORKER,
    ),
    Change("gateway.idle-timeout", _put("dask_gateway", "idle_timeout_minutes", value=45)),
)
_WORKER = (
    Change("gateway.worker-threads", _sizes(lambda sizes: sizes["1CPU, 7.2Gi"].update(cores=2.0))),
    Change("gateway.worker-memory", _sizes(lambda sizes: sizes["1CPU, 7.2Gi"].update(memory="6G"))),
)


def _on_workers(name: str, there: bool) -> Change:
    """Add a variable to those of workers, or remove it."""

    def edit(content: Content) -> None:
        names = content["environment_variables"]["on_dask_workers"]
        if there:
            names.append(name)
        else:
            names.remove(name)

    return Change(f"gateway.worker-variable.{name}", edit)


CHANGES: tuple[Change, ...] = (
    *_ACCOUNT,
    *(change for bucket in WRITABLE for change in _of_writable(bucket)),
    *_of_read_only(READ_ONLY),
    *_STORAGE,
    *_SPEED,
    *_ARCHIVES,
    *map(_without_osn, ("leap-pangeo-inbox", "leap-pangeo-manual", "leap-pangeo-pipeline", "leap-pubs")),
    *_GATEWAY,
    *_WORKER,
    *(_on_workers(name, True) for name in NOT_TO_WORKERS),
    *(_on_workers(name, False) for name in TO_WORKERS),
)


def batches(changes: Iterable[Change]) -> list[list[Change]]:
    """Group changes that can be made together: none hides what another makes differ, or takes its effect."""
    groups: list[list[Change]] = []
    for change in changes:
        for group in groups:
            hidden = {name for other in [*group, change] for name in (*other.hides, *other.apart_from)}
            if not hidden & {other.name for other in [*group, change]}:
                group.append(change)
                break
        else:
            groups.append([change])
    return groups
