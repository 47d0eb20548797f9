#!/usr/bin/env python3
"""Is the guide right about your hub? Look, compare, and write the result.

Run it on a server of the hub:

    python check_hub.py

It takes at most five minutes. It changes nothing except in the folder guide-examples/check-the-guide of your own
prefix in each bucket, where it deletes the objects that it wrote. It starts one Dask cluster and shuts it down.
The result has no secrets, and names you funky-user.
"""

# Joined from the parts in hubcheck/ of the guide's repository, where it is changed.

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import importlib.metadata
import json
import os
import re
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

# --- Observations, the hub that they are made on, and requests --------------------------------------------------------


# The name that stands for the reader's in every result.
YOU = "funky-user"
ACCOUNT = "ACCOUNT"
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
METADATA = "http://metadata.google.internal"
API = "https://storage.googleapis.com/storage/v1"
UPLOADS = "https://storage.googleapis.com/upload/storage/v1"
# How long to wait for an answer, in seconds.
PATIENCE_S = 30
GIB = 2**30


@dataclass(frozen=True)
class Observation:
    """One thing that the guide ``says`` about the hub, and what was ``seen``; ``None`` if it cannot be seen here."""

    name: str
    says: str
    seen: str | None
    why_unseen: str = ""

    @property
    def verdict(self) -> str:
        """Say in two words at most whether the guide is right."""
        if self.seen is None:
            return "not observable"
        return "agrees" if self.seen == self.says else "differs"


@dataclass(frozen=True)
class Answer:
    """A server's answer; status 0 if there was none."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the mapping in the body; an empty one if it is something else."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def message(self) -> str:
        """The error's message, in the format of any of Google's APIs; else the first line."""
        content = self.json()
        error = content.get("error")
        if isinstance(error, dict):
            return str(error.get("message", ""))
        if isinstance(error, str):
            return str(content.get("error_description", error))
        text = self.body.decode("utf-8", "replace").strip()
        found = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
        return found[1] if found else text.partition("\n")[0][:200]

    @property
    def summary(self) -> str:
        """The status, and the message of an error."""
        if not self.status:
            return "no answer"
        return f"{self.status} {self.message}".strip() if self.status >= 400 else str(self.status)


class Hub:
    """The server on which the script runs: its variables, its files below ``root``, and what the guide says."""

    def __init__(self, guide: Mapping[str, Any], env: Mapping[str, str] = os.environ, root: Path = Path("/")) -> None:
        self.guide, self.env, self.root = guide, env, root
        self.user = env.get("JUPYTERHUB_USER", "")

    def masked(self, text: str) -> str:
        """Return a text without the reader's name and without addresses of accounts."""
        if self.user:
            text = re.sub(rf"(?<![\w-]){re.escape(self.user)}(?![\w-])", YOU, text)
        return EMAIL.sub(ACCOUNT, text)

    def observed(self, name: str, says: object, seen: object) -> Observation:
        """Return an observation, without the names of people."""
        return Observation(name, str(says), self.masked(str(seen)))

    @property
    def folder(self) -> str:
        """The folder of the script below the reader's prefix in a bucket."""
        return f"{self.user}/guide-examples/check-the-guide/"

    @cached_property
    def metadata_address(self) -> str:
        """The address of the metadata server."""
        host = self.env.get("GCE_METADATA_HOST")
        return f"http://{host}" if host else METADATA

    def metadata(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask the metadata server for a value."""
        flavor = {"Metadata-Flavor": "Google"} if headers is None else headers
        return send("GET", f"{self.metadata_address}/computeMetadata/v1/{path}", headers=flavor)

    @cached_property
    def token(self) -> str:
        """An access token of the server; empty if there is none."""
        content = self.metadata("instance/service-accounts/default/token").json()
        return str(content.get("access_token", ""))

    def call(self, method: str, url: str, data: bytes | None = None, **headers: str) -> Answer:
        """Send a request with the server's access token; an underscore in a header stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(method, url, data, {"Authorization": f"Bearer {self.token}"} | named)


def unseen(name: str, says: object, why: str) -> Observation:
    """Return an observation that cannot be made here."""
    return Observation(name, str(says), None, why)


def send(method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request and return the answer, whatever its status."""
    request = urllib.request.Request(url, data, dict(headers or {}), method=method)  # noqa: S310 - fixed schemes
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return Answer(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), dict(error.headers))
    except (OSError, http.client.HTTPException):  # refused, timed out, not resolved or broken off
        return Answer(0)


# --- What the guide says about the hub --------------------------------------------------------------------------------


GUIDE: dict[str, Any] = {
    "url": "https://leap.2i2c.cloud/",
    "repository": "https://github.com/leap-stc/leap-stc.github.io",
    "project": "leap-pangeo",
    "region": "us-central1",
    "home": "/home/jovyan",
    "shared_folder": True,
    "variables": {
        "JUPYTERHUB_USER": "funky-user",
        "SCRATCH_BUCKET": "gs://leap-scratch/funky-user",
        "PANGEO_SCRATCH": "gs://leap-scratch/funky-user",
        "PERSISTENT_BUCKET": "gs://leap-persistent/funky-user",
        "JUPYTER_IMAGE_SPEC": "an image of the start form",
    },
    "images": [
        "pangeo/pangeo-notebook:2026.06.04",
        "pangeo/ml-notebook:2026.06.04",
        "pangeo/pytorch-notebook:2026.06.04",
        "quay.io/2i2c/leap-edu-image:278370f204a2",
    ],
    "token_lives_s": 3600,
    "signs": False,
    "pays_for_requests": True,
    "buckets": {
        "leap-scratch": {
            "delete_after_days": 7,
            "hub": "write",
            "uniform_access": False,
            "versioning": False,
            "requester_pays": False,
            "soft_delete_days": 7,
        },
        "leap-persistent": {
            "delete_after_days": None,
            "hub": "write",
            "uniform_access": False,
            "versioning": False,
            "requester_pays": False,
            "soft_delete_days": 7,
        },
        "leap-persistent-ro": {
            "delete_after_days": None,
            "hub": "read",
            "uniform_access": True,
            "versioning": False,
            "requester_pays": False,
            "soft_delete_days": 7,
        },
    },
    "scratch": "leap-scratch",
    "archives": {
        "arco_era5": {
            "address": "https://storage.googleapis.com/gcp-public-data-arco-era5/ar/full_37-1h-0p25deg-chunk-1.zarr-v3/10m_u_component_of_wind/.zarray",
            "chunks": [1, 721, 1440],
            "dtype": "<f4",
        },
        "weatherbench2_era5": {
            "address": "https://storage.googleapis.com/weatherbench2/datasets/era5/1959-2023_01_10-6h-64x32_equiangular_conservative.zarr/10m_u_component_of_wind/.zarray",
            "chunks": [100, 64, 32],
            "dtype": "<f4",
        },
        "cmip6_gfdl_cm4_historical": {
            "address": "https://storage.googleapis.com/cmip6/CMIP6/CMIP/NOAA-GFDL/GFDL-CM4/historical/r1i1p1f1/Amon/tas/gr1/v20180701/tas/.zarray",
            "chunks": [600, 180, 288],
            "dtype": "<f4",
        },
        "cmip6_gfdl_esm4_historical": {
            "address": "https://storage.googleapis.com/cmip6/CMIP6/CMIP/NOAA-GFDL/GFDL-ESM4/historical/r1i1p1f1/Amon/tas/gr1/v20190726/tas/.zarray",
            "chunks": [600, 180, 288],
            "dtype": "<f4",
        },
        "cmip6_gfdl_esm4_ssp585": {
            "address": "https://storage.googleapis.com/cmip6/CMIP6/ScenarioMIP/NOAA-GFDL/GFDL-ESM4/ssp585/r1i1p1f1/Amon/tas/gr1/v20180701/tas/.zarray",
            "chunks": [516, 180, 288],
            "dtype": "<f4",
        },
    },
    "osn": {
        "endpoint": "https://nyu1.osn.mghpcc.org",
        "buckets": ["leap-pangeo-inbox", "leap-pangeo-manual", "leap-pangeo-pipeline", "leap-pubs"],
    },
    "gateway": {
        "url_prefix": "/services/dask-gateway",
        "options": ["environment", "idle_timeout_minutes", "image", "instance_type", "worker_resource_allocation"],
        "instance_type": "n2-highmem-16",
        "sizes": ["1CPU, 7.2Gi", "2CPU, 14.5Gi", "4CPU, 28.9Gi", "8CPU, 57.9Gi", "16CPU, 115.8Gi"],
        "idle_timeout_minutes": 30,
        "threads": 1,
        "memory_gib": 7.235,
        "variables": {
            "SCRATCH_BUCKET": "gs://leap-scratch/funky-user",
            "PANGEO_SCRATCH": "gs://leap-scratch/funky-user",
        },
    },
    "packages": {
        "dask": "2026.1.1",
        "dask-gateway": "2025.4.0",
        "fsspec": "2026.1.0",
        "gcsfs": "2026.1.0",
        "google-cloud-storage": "3.8.0",
        "numpy": "2.3.5",
        "pandas": "2.3.3",
        "xarray": "2025.12.0",
        "zarr": "3.1.5",
    },
    "idle_kernel_culled_after_s": 3600,
    "idle_kernel_check_s": 300,
    "memory_gib": [8.0, 15.0, 16.0, 29.0, 32.0, 64.0, 82.0, 128.0, 512.0],
    "cpus": [15.536, 64.0],
    "gpus": [
        "NVIDIA Tesla T4 [16GB VRAM], ~30GB RAM, 8 CPUs",
        "NVIDIA L4 [24GB VRAM], ~16GB RAM, 4 CPUs",
        "NVIDIA A100 [40GB VRAM], ~85GB RAM, 12 CPUs",
    ],
}


# --- What a result must not contain: secrets, addresses of people, and personal paths and names -----------------------


_KINDS = {
    "an access token": re.compile(r"ya29\.[\w.-]{8}"),
    "a refresh token": re.compile(r"\b1//[\w-]{10}"),
    "an identity token": re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}"),
    "a token of GitHub": re.compile(r"\b(?:gh[opsru]_|github_pat_)\w{10}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a key of S3": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12}"),
    "a token in hexadecimal digits": re.compile(r"\b[0-9a-f]{32,}\b"),
    "an e-mail address": EMAIL,
}
_PATH = re.compile(r"(?:(?<![\w/])/home/|(?<![\w/])/Users/|\b[A-Za-z]:\\Users\\)[^\s\"',;)]+")
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|CREDENTIAL")
_SHORTEST_SECRET = 8


def leaks(text: str, env: Mapping[str, str], home: str) -> list[str]:
    """Return what kinds of private text are in ``text``; the path ``home``, which the guide names, is none."""
    found = [kind for kind, pattern in _KINDS.items() if pattern.search(text)]
    if any(path != home for path in _PATH.findall(text)):
        found.append("a path in a home directory")
    user = env.get("JUPYTERHUB_USER", "")
    if user and user != YOU and re.search(rf"(?<![\w-]){re.escape(user)}(?![\w-])", text):
        found.append("a username")
    for name, value in env.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET and value in text:
            found.append(f"the value of {name}")
    return found


# --- The result: a table, JSON, and an issue that contains it ---------------------------------------------------------


# The longest address that GitHub accepts, with some room.
LONGEST_ADDRESS = 7500


class CheckError(Exception):
    """Why a result is missing, in one line."""


@dataclass(frozen=True)
class Result:
    """All observations of one hub; ``left`` are objects that could not be deleted."""

    hub: Hub
    observations: list[Observation]
    left: list[str]

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """The number of observations by subject and verdict."""
        return Counter((one.name.partition(".")[0], one.verdict) for one in self.observations)

    def rows(self) -> list[dict[str, str]]:
        """Return the table, with a row for each observation; raises ``CheckError`` if anything in it is private."""
        rows = [
            {"observation": one.name, "verdict": one.verdict, "guide": one.says, "hub": one.seen or one.why_unseen}
            for one in self.observations
        ]
        for row in rows:
            _checked(self.hub, "\n".join(row.values()))
        return rows

    def summary(self) -> dict[str, Any]:
        """Return the result for JSON: names of what agrees, and both values of what differs."""
        by_verdict = {name: [one for one in self.observations if one.verdict == name] for name in _VERDICTS}
        return {
            "hub": self.hub.guide["url"],
            "guide": version(self.hub.guide),
            "agrees": " ".join(one.name for one in by_verdict["agrees"]),
            "differs": {one.name: {"guide": one.says, "hub": one.seen} for one in by_verdict["differs"]},
            "not observable": _by_reason(by_verdict["not observable"]),
        }

    def json(self) -> str:
        """Return the result as JSON; raises ``CheckError`` if anything in it is private."""
        self.rows()  # JSON may escape a character of a secret
        return _checked(self.hub, json.dumps(self.summary(), indent=1, ensure_ascii=False) + "\n")

    def text(self) -> str:
        """Return the table as text; raises ``CheckError`` if anything in it is private."""
        width = max((len(one.name) for one in self.observations), default=0)
        lines = [f"{row['observation']:{width}}  {row['verdict']:14}  {_values(row)}" for row in self.rows()]
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> None:
        """Write the result as JSON; raises ``CheckError`` if anything in it is private."""
        path.write_text(self.json(), encoding="utf-8")

    def issue(self) -> str:
        """Return the address of a new issue of the guide with this result, for the reader to look at and to send."""
        content = json.dumps(json.loads(self.json()), ensure_ascii=False)
        differs = sum(one.verdict == "differs" for one in self.observations)
        title = f"Check of the guide: {differs} of {len(self.observations)} observations differ"
        address = _issue_address(self.hub.guide["repository"], title, f"```json\n{content}\n```\n")
        if len(address) <= LONGEST_ADDRESS:
            return address
        return _issue_address(self.hub.guide["repository"], title, "Please paste the file result.json here.\n")


_VERDICTS = ("agrees", "differs", "not observable")


def version(guide: Mapping[str, Any]) -> str:
    """Return a name of what the guide says, which changes with it."""
    return hashlib.sha256(json.dumps(guide, sort_keys=True).encode()).hexdigest()[:12]


def _by_reason(observations: list[Observation]) -> dict[str, str]:
    names: dict[str, list[str]] = {}
    for one in observations:
        names.setdefault(one.why_unseen, []).append(one.name)
    return {reason: " ".join(found) for reason, found in names.items()}


def _values(row: Mapping[str, str]) -> str:
    if row["verdict"] == "agrees":
        return row["guide"]
    return f"the guide: {row['guide']}; here: {row['hub']}"


def _checked(hub: Hub, text: str) -> str:
    if found := leaks(text, hub.env, hub.guide["home"]):
        raise CheckError(f"the result contains {', '.join(found)}, so it is not shown: report this to the guide")
    return text


def _issue_address(repository: str, title: str, body: str) -> str:
    new, *names = ["issues/new", "title", "body"]
    if "gitlab" in urlsplit(repository).netloc:
        new, *names = ["-/issues/new", "issue[title]", "issue[description]"]
    query = dict(zip(names, (title, body), strict=True))
    return f"{repository.rstrip('/')}/{new}?{urlencode(query, quote_via=quote)}"


# --- Environment variables of the server ------------------------------------------------------------------------------


USERNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")


def variables(hub: Hub) -> Iterator[Observation]:
    """Compare the variables of the server; those with secrets only have to be set."""
    for name, says in hub.guide["variables"].items():
        yield hub.observed(f"variable.{name}", says, _value(hub, name))
    yield hub.observed("variable.USER", hub.guide["home"].rpartition("/")[2], hub.env.get("USER", "not set"))
    for name, says in (("JUPYTERHUB_API_TOKEN", "set"), ("GOOGLE_APPLICATION_CREDENTIALS", "not set")):
        yield hub.observed(f"variable.{name}", says, "set" if hub.env.get(name) else "not set")
    if hub.guide["gateway"]:
        says = f"an address with the path {hub.guide['gateway']['url_prefix']}"
        path = urlsplit(hub.env.get("DASK_GATEWAY__ADDRESS", "")).path.rstrip("/")
        seen = f"an address with the path {path}" if path else "not set"
        yield hub.observed("variable.DASK_GATEWAY__ADDRESS", says, seen)


def _value(hub: Hub, name: str) -> str:
    """Return a variable's value, or for a user's name and for an image, what kind of value it is."""
    value = hub.env.get(name)
    if value is None:
        return "not set"
    if name == "JUPYTERHUB_USER":
        return YOU if USERNAME.fullmatch(value) else "not a GitHub username"
    if name == "JUPYTER_IMAGE_SPEC":
        return "an image of the start form" if value in hub.guide["images"] else "another image"
    return value


# --- The machine: home directory, memory, CPUs, GPU and the limits of idle kernels ------------------------------------


_GPU = "a GPU of the start form"
# Where the hub's chart puts the settings of Jupyter servers.
_SETTINGS = ("usr/local/etc/jupyter", "etc/jupyter")
_SETTINGS_FILES = ("jupyter_server_config.json", "jupyter_notebook_config.json")


def machine(hub: Hub) -> Iterator[Observation]:
    """Compare what only a server in the hub's cluster has."""
    observations = list(_observations(hub))
    if hub.env.get("KUBERNETES_SERVICE_HOST"):
        yield from observations
        return
    for one in observations:
        yield unseen(one.name, one.says, "this does not run in the hub's cluster")


def _observations(hub: Hub) -> Iterator[Observation]:
    guide = hub.guide
    yield hub.observed("machine.home", guide["home"], _home(hub))
    mounts = _mounts(hub.root)
    kind, options = mounts.get(guide["home"], ("", ""))
    yield hub.observed("machine.home-mount", "NFS", "NFS" if kind.startswith("nfs") else kind or "none")
    if guide["shared_folder"]:
        kind, options = mounts.get(f"{guide['home']}/shared", ("", ""))
        read_only = "read-only" if "ro" in options.split(",") else "writable"
        yield hub.observed("machine.shared-folder", "read-only", read_only if kind else "none")
    yield _one_of(hub, "machine.memory-limit", guide["memory_gib"], _memory_gib(hub.root), "GiB")
    yield _one_of(hub, "machine.memory-variable", guide["memory_gib"], _variable_gib(hub), "GiB")
    yield _one_of(hub, "machine.cpu-limit", guide["cpus"], _cpus(hub.root), "CPUs")
    models = _gpus(hub.root)
    if models:
        seen = _GPU if _known(models, guide["gpus"]) else ", ".join(models)
        yield hub.observed("machine.gpu", _GPU, seen)
    else:
        yield unseen("machine.gpu", _GPU, "this server has no GPU")
    yield from _culler(hub)


def _home(hub: Hub) -> str:
    home = hub.env.get("HOME", "not set")
    return home if home == hub.guide["home"] else "another folder"


def _mounts(root: Path) -> dict[str, tuple[str, str]]:
    """Return the kind and the options of each mounted file system, by its folder."""
    lines = [line.split() for line in _read(root / "proc/mounts").splitlines()]
    return {words[1]: (words[2], words[3]) for words in lines if len(words) > 3}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _memory_gib(root: Path) -> float | None:
    """Return the memory limit of the container, for either version of control groups."""
    text = _read(root / "sys/fs/cgroup/memory.max") or _read(root / "sys/fs/cgroup/memory/memory.limit_in_bytes")
    return int(text) / GIB if text.strip().isdigit() else None


def _variable_gib(hub: Hub) -> float | None:
    text = hub.env.get("MEM_LIMIT", "")
    return int(text) / GIB if text.isdigit() else None


def _cpus(root: Path) -> float | None:
    quota, _, period = _read(root / "sys/fs/cgroup/cpu.max").strip().partition(" ")
    if not quota:
        quota = _read(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us").strip()
        period = _read(root / "sys/fs/cgroup/cpu/cpu.cfs_period_us").strip()
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _one_of(hub: Hub, name: str, offered: list[float], found: float | None, unit: str) -> Observation:
    """Compare a limit with those that the start form offers, to three digits."""
    says = f"one of {', '.join(f'{one:g}' for one in offered)} {unit}"
    if found is None:
        return hub.observed(name, says, "no limit")
    close = any(abs(found - one) < 0.01 for one in offered)
    return hub.observed(name, says, says if close else f"{found:g} {unit}")


def _gpus(root: Path) -> list[str]:
    """Return the models of the GPUs, such as ``Tesla T4``."""
    found = []
    for path in sorted(root.glob("proc/driver/nvidia/gpus/*/information")):
        fields = dict(line.partition(":")[::2] for line in _read(path).splitlines())
        found.append(fields.get("Model", "").strip())
    return found


def _known(models: list[str], offered: list[str]) -> bool:
    """Return whether the last word of each model, such as ``T4``, is in a name that the form offers."""
    names = " ".join(offered).replace("[", " ").split()
    return all(model and model.split()[-1].split("-")[0] in names for model in models)


def _culler(hub: Hub) -> Iterator[Observation]:
    """Compare the time after which an idle kernel is stopped."""
    found: dict[str, object] = {}
    for folder in _SETTINGS:
        for name in _SETTINGS_FILES:
            try:
                content = json.loads(_read(hub.root / folder / name) or "{}")
            except ValueError:
                content = {}
            found |= content.get("MappingKernelManager", {})
    for name, key, says in (
        ("idle-kernel", "cull_idle_timeout", hub.guide["idle_kernel_culled_after_s"]),
        ("idle-kernel-check", "cull_interval", hub.guide["idle_kernel_check_s"]),
    ):
        yield hub.observed(f"machine.{name}", f"{says} s", f"{found[key]} s" if key in found else "no setting")
    seen = "yes" if found.get("cull_connected") else "no"
    yield hub.observed("machine.idle-kernel-connected", "yes", seen)


# --- Versions of packages ---------------------------------------------------------------------------------------------


def packages(hub: Hub) -> Iterator[Observation]:
    """Compare the installed versions with those that the guide was tested with."""
    for name, says in hub.guide["packages"].items():
        try:
            seen = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            seen = "not installed"
        yield hub.observed(f"package.{name}", says, seen)


# --- The account that all servers share, its access tokens and its permissions outside the buckets --------------------


_DEFAULT = "instance/service-accounts/default"
_TOKENINFO = "https://oauth2.googleapis.com/tokeninfo"
_CREDENTIALS = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_DENIED = "denied on resource (or it may not exist)."
# A project of somebody else, if of anybody.
_OTHER_PROJECT = "a-project-of-somebody-else"


def account(hub: Hub) -> Iterator[Observation]:
    """Compare project, place, scopes and tokens of the server's account."""
    guide, project = hub.guide, hub.guide["project"]
    yield hub.observed("account.project", project, _text(hub, "project/project-id"))
    yield hub.observed("account.region", guide["region"], _text(hub, "instance/zone").rpartition("/")[2][:-2])
    email = _text(hub, f"{_DEFAULT}/email")
    ours = f"a service account of {project}"
    seen = ours if email.endswith(f"@{project}.iam.gserviceaccount.com") else "another account"
    yield hub.observed("account.kind", ours, seen)
    scopes = _text(hub, f"{_DEFAULT}/scopes").split()
    seen = "among them cloud-platform" if _CLOUD_PLATFORM in scopes else "without cloud-platform"
    yield hub.observed("account.scopes", "among them cloud-platform", seen)
    refused = hub.metadata("project/project-id", headers={})
    yield hub.observed("account.metadata-header", "403 Missing Metadata-Flavor:Google header.", refused.summary)
    yield from _tokens(hub)
    yield from _rights(hub, email)


def _tokens(hub: Hub) -> Iterator[Observation]:
    answer = hub.metadata(f"{_DEFAULT}/token").json()
    longest = hub.guide["token_lives_s"]
    says, life = f"at most {longest} s", int(answer.get("expires_in") or 0)
    seen = "no token" if not life else says if life <= longest else f"{life} s"
    yield hub.observed("account.token-life", says, seen)
    yield hub.observed("account.token-type", "Bearer", answer.get("token_type", "none"))
    valid = send("GET", f"{_TOKENINFO}?access_token={hub.token}")
    scope = _scope(str(valid.json().get("scope", ""))) if valid.status == 200 else valid.summary
    yield hub.observed("account.tokeninfo", "cloud-platform", scope)
    invalid = send("GET", f"{_TOKENINFO}?access_token=not-a-token")
    yield hub.observed("account.tokeninfo-refusal", "400 Invalid Value", invalid.summary)
    url = f"{API}/b/{hub.guide['scratch']}/o?maxResults=1"
    wrong = send("GET", url, headers={"Authorization": "Bearer not-a-token"})
    yield hub.observed("account.wrong-token", "401 Invalid Credentials", wrong.summary)


def _rights(hub: Hub, email: str) -> Iterator[Observation]:
    body = json.dumps({"payload": base64.b64encode(b"Is this guide right?").decode()}).encode()
    signed = hub.call("POST", f"{_CREDENTIALS}/{quote(email)}:signBlob", body, Content_Type="application/json")
    says = "200" if hub.guide["signs"] else f"403 Permission 'iam.serviceAccounts.signBlob' {_DENIED}"
    yield hub.observed("account.sign", says, signed.summary)
    listed = hub.call("GET", f"{API}/b?project={hub.guide['project']}&maxResults=1")
    says = "403 ACCOUNT does not have storage.buckets.list access to the Google Cloud project. "
    says += f"Permission 'storage.buckets.list' {_DENIED}"
    yield hub.observed("account.list-buckets", says, listed.summary)
    # Asking for one's permissions requires none.
    url = f"{API}/b/{hub.guide['scratch']}/iam/testPermissions?permissions=storage.objects.list&userProject="
    refusal = "403 ACCOUNT does not have serviceusage.services.use access to the Google Cloud project. "
    refusal += f"Permission 'serviceusage.services.use' {_DENIED}"
    says = "200" if hub.guide["pays_for_requests"] else refusal
    yield hub.observed("account.pays-for-requests", says, hub.call("GET", url + hub.guide["project"]).summary)
    yield hub.observed("account.other-project-pays", refusal, hub.call("GET", url + _OTHER_PROJECT).summary)


def _text(hub: Hub, path: str) -> str:
    answer = hub.metadata(path)
    return answer.body.decode() if answer.status == 200 else answer.summary


def _scope(scopes: str) -> str:
    return "cloud-platform" if _CLOUD_PLATFORM in scopes.split() else "another scope"


# --- The hub's buckets: settings, permissions, and what a server may do in the reader's own prefix --------------------


CONTENT = b"Is this guide right about your hub?"
# Permissions that nothing harmless exercises.
PERMISSIONS = ("storage.buckets.delete", "storage.buckets.update", "storage.objects.setIamPolicy")


def object_url(bucket: str, name: str, **query: str) -> str:
    """Return the address of an object in the JSON API."""
    return f"{API}/b/{bucket}/o/{quote(name, safe='')}" + (f"?{urlencode(query)}" if query else "")


def create(hub: Hub, bucket: str, name: str, data: bytes = CONTENT) -> Answer:
    """Write an object that does not exist yet."""
    query = urlencode({"uploadType": "media", "name": name, "ifGenerationMatch": "0"})
    return hub.call("POST", f"{UPLOADS}/b/{bucket}/o?{query}", data, Content_Type="text/plain")


def delete(hub: Hub, bucket: str, name: str, created: Answer) -> Answer:
    """Delete what ``create`` wrote, and nothing that was written since."""
    generation = str(created.json().get("generation", "0"))
    return hub.call("DELETE", object_url(bucket, name, ifGenerationMatch=generation))


def listed(hub: Hub, bucket: str, prefix: str) -> Answer:
    """List at most ten objects under a prefix."""
    return hub.call("GET", f"{API}/b/{bucket}/o?{urlencode({'prefix': prefix, 'maxResults': '10'})}")


def denied(permission: str, kind: str) -> str:
    """Return the refusal of a permission on a bucket or an object."""
    refused = f"Permission '{permission}' denied on resource (or it may not exist)."
    return f"403 ACCOUNT does not have {permission} access to the Google Cloud Storage {kind}. {refused}"


def buckets(hub: Hub) -> Iterator[Observation]:
    """Compare each bucket of the hub with the guide."""
    for bucket, says in hub.guide["buckets"].items():
        yield from _settings(hub, bucket, says)
        yield from _permissions(hub, bucket, says)
        yield from (_written(hub, bucket) if says["hub"] == "write" else _read_only(hub, bucket))


def _settings(hub: Hub, bucket: str, says: Mapping[str, Any]) -> Iterator[Observation]:
    answer, name = hub.call("GET", f"{API}/b/{bucket}"), f"bucket.{bucket}"
    may_look = says["hub"] == "write"
    yield hub.observed(
        f"{name}.settings", "200" if may_look else denied("storage.buckets.get", "bucket"), answer.summary
    )
    if not may_look:
        return
    found = _found_settings(answer.json())
    for setting, value in _said_settings(hub, says).items():
        if answer.status == 200:
            yield hub.observed(f"{name}.{setting}", value, found[setting])
        else:
            yield unseen(f"{name}.{setting}", value, "the settings cannot be read")


def _said_settings(hub: Hub, says: Mapping[str, Any]) -> dict[str, str]:
    days = says["delete_after_days"]
    return {
        "location": hub.guide["region"],
        "lifecycle": f"objects are deleted after {days} days" if days else "objects stay",
        "soft-delete": f"{says['soft_delete_days']} days",
        "access": "uniform" if says["uniform_access"] else "fine-grained",
        "versioning": "on" if says["versioning"] else "off",
        "requester-pays": "on" if says["requester_pays"] else "off",
    }


def _found_settings(resource: Mapping[str, Any]) -> dict[str, str]:
    rules = resource.get("lifecycle", {}).get("rule", [])
    by_age = [
        one for one in rules if one.get("action") == {"type": "Delete"} and list(one.get("condition", {})) == ["age"]
    ]
    kept = "objects stay" if not rules else "other rules: " + json.dumps(rules, sort_keys=True)
    seconds = int(resource.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0))
    uniform = resource.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled")
    return {
        "location": str(resource.get("location", "")).lower(),
        "lifecycle": f"objects are deleted after {by_age[0]['condition']['age']} days" if by_age else kept,
        "soft-delete": f"{seconds / 86400:g} days",
        "access": "uniform" if uniform else "fine-grained",
        "versioning": "on" if resource.get("versioning", {}).get("enabled") else "off",
        "requester-pays": "on" if resource.get("billing", {}).get("requesterPays") else "off",
    }


def _permissions(hub: Hub, bucket: str, says: Mapping[str, Any]) -> Iterator[Observation]:
    """Ask which permissions the server has, which changes nothing."""
    query = urlencode([("permissions", permission) for permission in PERMISSIONS])
    answer = hub.call("GET", f"{API}/b/{bucket}/iam/testPermissions?{query}")
    held = answer.json().get("permissions", []) if answer.status == 200 else []
    for permission in PERMISSIONS:
        seen = ("allowed" if permission in held else "refused") if answer.status == 200 else answer.summary
        expected = "allowed" if says["hub"] == "write" else "refused"
        yield hub.observed(f"bucket.{bucket}.{permission}", expected, seen)


def _written(hub: Hub, bucket: str) -> Iterator[Observation]:
    """Write an object in the reader's own prefix, use it and delete it."""
    name, path = f"bucket.{bucket}", f"{hub.folder}written"
    created = create(hub, bucket, path)
    yield hub.observed(f"{name}.create", "200", created.summary)
    if created.status != 200:
        for what, says in (("read", "200"), ("list", "200"), ("delete", "204")):
            yield unseen(f"{name}.{what}", says, "nothing could be written")
        return
    try:
        read = hub.call("GET", object_url(bucket, path, alt="media"))
        same = read.status != 200 or read.body == CONTENT
        yield hub.observed(f"{name}.read", "200", read.summary if same else "200 with other content")
        found = listed(hub, bucket, path)
        missing = found.status == 200 and len(found.json().get("items", [])) != 1
        yield hub.observed(f"{name}.list", "200", "200 without the object" if missing else found.summary)
    finally:
        gone = delete(hub, bucket, path, created)
    yield hub.observed(f"{name}.delete", "204", gone.summary)


def _read_only(hub: Hub, bucket: str) -> Iterator[Observation]:
    """List a bucket, and try to write an object, which should be refused."""
    name, path = f"bucket.{bucket}", f"{hub.folder}refused"
    yield hub.observed(f"{name}.list", "200", listed(hub, bucket, path).summary)
    created = create(hub, bucket, path)
    if created.status == 200:
        delete(hub, bucket, path, created)
    yield hub.observed(f"{name}.create", denied("storage.objects.create", "object"), created.summary)


# --- How Google Cloud Storage answers: checksums, ranges, preconditions and refusals ----------------------------------


_ANONYMOUS = "Anonymous caller does not have storage.objects.list access to the Google Cloud Storage bucket. "
_ANONYMOUS += "Permission 'storage.objects.list' denied on resource (or it may not exist)."
_PRECONDITION = "At least one of the pre-conditions you specified did not hold."


def storage(hub: Hub) -> Iterator[Observation]:
    """Compare the answers to requests in the scratch bucket."""
    yield from _about_others(hub)
    bucket, path = hub.guide["scratch"], f"{hub.folder}small"
    created = create(hub, bucket, path)
    try:
        url = object_url(bucket, path)
        allowed = created.status == 200
        yield from _each(hub, url, created, _WRITING, "nothing could be written" if not allowed else "")
        allowed = allowed and hub.call("GET", f"{url}?alt=media").status == 200
        yield from _each(hub, url, created, _READING, "nothing could be read" if not allowed else "")
    finally:
        if created.status == 200:
            delete(hub, bucket, path, created)


def _each(hub: Hub, url: str, created: Answer, asked: Iterable[_Asked], why_unseen: str) -> Iterator[Observation]:
    for name, says, see in asked:
        seen = None if why_unseen else see(hub, url, created)
        if seen is None:
            yield unseen(f"storage.{name}", says, why_unseen or "nothing could be listed")
        else:
            yield hub.observed(f"storage.{name}", says, seen)


def _about_others(hub: Hub) -> Iterator[Observation]:
    """Compare refusals that do not depend on the reader's permissions."""
    bucket = hub.guide["scratch"]
    answer = hub.call("GET", f"{API}/b/{bucket}-that-nobody-has-made/o")
    yield hub.observed("storage.missing-bucket", "404 The specified bucket does not exist.", answer.summary)
    answer = send("GET", f"{API}/b/{bucket}/o")
    yield hub.observed("storage.no-account", f"401 {_ANONYMOUS}", answer.summary)


def _long_name(hub: Hub, _url: str, _created: Answer) -> int:
    """Try to write an object with a name of more than 1024 bytes."""
    path = hub.folder + "x" * 1024
    answer = create(hub, hub.guide["scratch"], path)
    if answer.status == 200:
        delete(hub, hub.guide["scratch"], path, answer)
    return answer.status


def _wrong_checksum(hub: Hub, _url: str, _created: Answer) -> int:
    """Try to write an object with the checksum of other data."""
    bucket, path = hub.guide["scratch"], f"{hub.folder}wrong"
    wrong = base64.b64encode(hashlib.md5(b"other data", usedforsecurity=False).digest()).decode()
    about = json.dumps({"name": path, "md5Hash": wrong})
    first = f"--part\r\nContent-Type: application/json\r\n\r\n{about}\r\n".encode()
    second = b"--part\r\nContent-Type: text/plain\r\n\r\n" + CONTENT + b"\r\n--part--\r\n"
    query = urlencode({"uploadType": "multipart", "ifGenerationMatch": "0"})
    kind = "multipart/related; boundary=part"
    answer = hub.call("POST", f"{UPLOADS}/b/{bucket}/o?{query}", first + second, Content_Type=kind)
    if answer.status == 200:
        delete(hub, bucket, path, answer)
    return answer.status


def _resumable(hub: Hub, _url: str, _created: Answer) -> str:
    """Start an upload that can be resumed, and cancel it before any data are sent."""
    query = urlencode({"uploadType": "resumable", "name": f"{hub.folder}resumable", "ifGenerationMatch": "0"})
    begun = hub.call("POST", f"{UPLOADS}/b/{hub.guide['scratch']}/o?{query}", b"")
    address = next((value for name, value in begun.headers.items() if name.lower() == "location"), "")
    if begun.status != 200 or not address.startswith("https://storage.googleapis.com/"):
        return begun.summary
    return f"200 with an address, {hub.call('DELETE', address, b'').status} when cancelled"


def _md5(_hub: Hub, _url: str, created: Answer) -> str:
    own = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
    return "that of the data" if created.json().get("md5Hash") == own else "another, or none"


def _crc32c(_hub: Hub, _url: str, created: Answer) -> str:
    return str(created.json().get("crc32c", "none"))


def _range(hub: Hub, url: str, _created: Answer) -> str:
    answer = hub.call("GET", f"{url}?alt=media", Range="bytes=8-12")
    return f"{answer.status} {answer.body.decode('utf-8', 'replace')}"


def _outside(hub: Hub, url: str, _created: Answer) -> int:
    return hub.call("GET", f"{url}?alt=media", Range="bytes=1000-").status


def _missing(hub: Hub, _url: str, _created: Answer) -> str:
    bucket, path = hub.guide["scratch"], f"{hub.folder}missing"
    return hub.call("GET", object_url(bucket, path)).summary.replace(f"{bucket}/{path}", "NAME")


def _missing_xml(hub: Hub, _url: str, _created: Answer) -> str:
    path = quote(f"{hub.guide['scratch']}/{hub.folder}missing")
    return hub.call("GET", f"https://storage.googleapis.com/{path}").summary


def _precondition(hub: Hub, url: str, _created: Answer) -> str:
    return hub.call("GET", f"{url}?ifGenerationMatch=1").summary


def _unchanged(hub: Hub, url: str, created: Answer) -> int:
    return hub.call("GET", f"{url}?ifGenerationNotMatch={created.json().get('generation')}").status


def _folders(hub: Hub, _url: str, _created: Answer) -> str | None:
    """List with a delimiter, which shows folders; return ``None`` if listing is refused."""
    query = urlencode({"prefix": hub.folder.rstrip("/"), "delimiter": "/"})
    answer = hub.call("GET", f"{API}/b/{hub.guide['scratch']}/o?{query}")
    if answer.status != 200:
        return None
    return "the folder" if hub.folder in answer.json().get("prefixes", []) else "no folder"


# What is asked when an object has been written or can be read: a name, what the guide says, and how to see it.
_Asked = tuple[str, str, Callable[[Hub, str, Answer], object]]
_WRITING: tuple[_Asked, ...] = (
    ("md5", "that of the data", _md5),
    ("crc32c", "YMVeCQ==", _crc32c),
    ("long-name", "400", _long_name),
    ("wrong-checksum", "400", _wrong_checksum),
    ("resumable-upload", "200 with an address, 499 when cancelled", _resumable),
)
_READING: tuple[_Asked, ...] = (
    ("missing-object", "404 No such object: NAME", _missing),
    ("missing-object-xml", "404 The specified key does not exist.", _missing_xml),
    ("range", "206 guide", _range),
    ("range-outside", "416", _outside),
    ("precondition", f"412 {_PRECONDITION}", _precondition),
    ("unchanged", "304", _unchanged),
    ("folders", "the folder", _folders),
)


# --- Times of small requests ------------------------------------------------------------------------------------------


# The guide says about 50 ms; a slow minute should not count.
LONGEST_S = 1.0
_SAYS = f"under {LONGEST_S:g} s"


def speed(hub: Hub) -> Iterator[Observation]:
    """Compare the median times of five requests of each kind."""
    bucket, path = hub.guide["scratch"], f"{hub.folder}timed"
    yield hub.observed("speed.list", _SAYS, _median(lambda: listed(hub, bucket, hub.folder)))
    created = create(hub, bucket, path)
    if created.status != 200:
        yield unseen("speed.read", _SAYS, "nothing could be written")
        return
    try:
        url = object_url(bucket, path, alt="media")
        if hub.call("GET", url).status != 200:
            yield unseen("speed.read", _SAYS, "nothing could be read")
            return
        yield hub.observed("speed.read", _SAYS, _median(lambda: hub.call("GET", url)))
    finally:
        delete(hub, bucket, path, created)


def _median(request: Callable[[], Answer]) -> str:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        request()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    return _SAYS if median < LONGEST_S else f"about {median:.0f} s"


# --- Public archives and the pod of the Open Storage Network, read without an account ---------------------------------


def archives(hub: Hub) -> Iterator[Observation]:
    """Compare the layout of each archive, and whether everybody may list the pod's buckets."""
    for name, archive in hub.guide["archives"].items():
        answer = send("GET", archive["address"])
        layout = answer.json()
        seen = f"chunks {layout.get('chunks')} of {layout.get('dtype')}" if answer.status == 200 else answer.summary
        yield hub.observed(f"archive.{name}", f"chunks {archive['chunks']} of {archive['dtype']}", seen)
    pod = hub.guide["osn"]
    for bucket in pod["buckets"] if pod else ():
        listed = send("GET", f"{pod['endpoint']}/{bucket}?list-type=2&max-keys=1")
        yield hub.observed(f"osn.{bucket}.list", "200", listed.summary)


# --- Dask Gateway: its options, and a worker of the default size ------------------------------------------------------


# How long to wait for a worker: a machine may have to start first, but the whole check should take five minutes.
WORKER_S = 150
# Clusters that were closed: the client of the image prints a traceback when one is deleted, except at the end.
_KEPT: list[object] = []


def gateway(hub: Hub) -> Iterator[Observation]:
    """Compare the options of the gateway with the guide; there are none on a hub without one."""
    says = hub.guide["gateway"]
    if not says:
        return
    url = f"{hub.env.get('DASK_GATEWAY__ADDRESS', '').rstrip('/')}/api/v1/options"
    if not url.startswith(("http://", "https://")):
        url = f"{hub.guide['url'].rstrip('/')}{says['url_prefix']}/api/v1/options"
    refused = send("GET", url, headers={"Authorization": "jupyterhub not-a-token"})
    yield hub.observed("gateway.wrong-token", "401", refused.status)
    answer = send("GET", url, headers={"Authorization": f"jupyterhub {hub.env.get('JUPYTERHUB_API_TOKEN', '')}"})
    options = {one["field"]: one for one in answer.json().get("cluster_options", [])}
    for name, value, see in (
        ("options", ", ".join(sorted(says["options"])), lambda: ", ".join(sorted(options))),
        ("instance-type", says["instance_type"], lambda: _choices(options["instance_type"])),
        ("worker-sizes", "; ".join(says["sizes"]), lambda: _choices(options["worker_resource_allocation"])),
        ("default-size", says["sizes"][0], lambda: options["worker_resource_allocation"]["default"]),
        ("idle-timeout", f"{says['idle_timeout_minutes']} minutes", lambda: _minutes(options)),
    ):
        try:
            seen = see()
        except (KeyError, TypeError):
            seen = answer.summary if answer.status != 200 else "no such option"
        yield hub.observed(f"gateway.{name}", value, seen)


def _choices(option: Mapping[str, Any]) -> str:
    return "; ".join(option["spec"]["options"])


def _minutes(options: Mapping[str, Any]) -> str:
    return f"{options['idle_timeout_minutes']['default']} minutes"


def worker(hub: Hub) -> Iterator[Observation]:
    """Start a cluster with one worker of the default size, compare what it has, and shut it down."""
    says = hub.guide["gateway"]
    if not says:
        return
    expected = {
        "gateway.worker-threads": str(says["threads"]),
        "gateway.worker-memory": f"{says['memory_gib']:g} GiB",
        **{
            f"gateway.worker-variable.{name}": says["variables"].get(name, "not set") for name in hub.guide["variables"]
        },
    }
    try:
        found = _seen_on_worker(list(hub.guide["variables"]))
    except Exception as error:  # the client has many, and each means the same here
        found = {}
        why = f"no worker in {WORKER_S} s" if isinstance(error, TimeoutError) else f"{type(error).__name__}"
    for name, value in expected.items():
        yield hub.observed(name, value, found[name]) if name in found else unseen(name, value, why)


def _seen_on_worker(names: list[str]) -> dict[str, str]:
    """Return the observations of a worker; raises ``TimeoutError`` if none starts in time."""
    from dask_gateway import Gateway

    deadline = time.monotonic() + WORKER_S
    client = Gateway()
    name = client.submit()
    try:
        _wait(lambda: client.get_cluster(name).status.name == "RUNNING", deadline)
        with client.connect(name) as cluster, cluster.get_client() as dask:
            _KEPT.append(cluster)
            cluster.scale(1)
            _wait(lambda: bool(dask.scheduler_info()["workers"]), deadline)
            (info, *_) = dask.scheduler_info()["workers"].values()
            # A function of this module would have to be on the worker.
            asked = {name: dask.submit(os.getenv, name, "not set", pure=False) for name in names}
            held = {name: future.result(timeout=WORKER_S) for name, future in asked.items()}
    finally:
        client.stop_cluster(name)
    return {
        "gateway.worker-threads": str(info["nthreads"]),
        "gateway.worker-memory": f"{info['memory_limit'] / GIB:.3f}".rstrip("0").rstrip(".") + " GiB",
        **{f"gateway.worker-variable.{name}": value for name, value in held.items()},
    }


def _wait(condition: Callable[[], bool], deadline: float) -> None:
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.5)


# --- The command ------------------------------------------------------------------------------------------------------


SUBJECTS: dict[str, Callable[[Hub], Iterator[Observation]]] = {
    "variables": variables,
    "machine": machine,
    "packages": packages,
    "account": account,
    "buckets": buckets,
    "storage": storage,
    "speed": speed,
    "archives": archives,
    "gateway": gateway,
    "worker": worker,
}


def check(subjects: Iterable[str] = tuple(SUBJECTS), progress: Callable[[str], object] = lambda _: None) -> Result:
    """Make all observations of some subjects, and call ``progress`` with the name of each.

    Raises ``CheckError`` if the server has no user or if the script's folder in a bucket is not empty.
    """
    hub = Hub(GUIDE)
    if not hub.user:
        raise CheckError("JUPYTERHUB_USER is not set: run this on a server of the hub")
    if found := _objects(hub):
        raise CheckError(f"{found[0]} exists, of an interrupted check: delete it, then run this again")
    observations = []
    for subject in subjects:
        progress(subject)
        try:
            for one in SUBJECTS[subject](hub):
                observations.append(one)
        except Exception as error:  # an answer of an unforeseen form should not cost the other observations
            observations.append(unseen(subject, "all of it can be observed", type(error).__name__))
    return Result(hub, observations, _objects(hub))


def _objects(hub: Hub) -> list[str]:
    """Return the objects in the script's folder in each bucket."""
    answers = {name: listed(hub, name, hub.folder) for name in hub.guide["buckets"]}
    return [
        f"gs://{name}/{item['name']}"
        for name, answer in answers.items()
        if answer.status == 200
        for item in answer.json().get("items", [])
    ]


class _Parser(argparse.ArgumentParser):
    """Argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Print the table, write the result, and print the address of an issue; return the exit status."""
    parser = _Parser(prog="check_hub.py", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--only", choices=SUBJECTS, nargs="+", default=list(SUBJECTS), help="subjects (default: all)")
    parser.add_argument("--out", type=Path, default=Path("result.json"), help="the file (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        result = check(options.only)
        print(result.text())
        result.write(options.out)
        print(f"{options.out} has the result. To send it, open this address:\n{result.issue()}")
    except (CheckError, OSError) as error:
        print(f"check_hub.py: {error}", file=sys.stderr)
        return 1
    if result.left:
        print(f"check_hub.py: {result.left[0]} could not be deleted: delete it", file=sys.stderr)
    return 1 if result.left else 0


if __name__ == "__main__":
    sys.exit(main())
