"""Find the line of 2i2c's repository that a fact comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakehub.from_2i2c.checkout import HubConfiguration
from fakehub.from_2i2c.profiles import Choice, Profile, profiles_of
from guide.upstream.lines import Keys, Lines

# The keys and the file that each fact comes from, the best first. A rule is for all facts below its key; ``*`` is any.
# The keys in the file, and the text after ``~``, which the line must have, may repeat it as ``{0}``, ``{1}``, …
# ``{hub}`` is the name of the hub, ``{number}`` its place in cluster.yaml, ``{bucket}`` a bucket's name in Terraform's
# variables, ``{value}`` the fact, and ``{about}`` the name of its team.
_LOGIN = "values:jupyterhub:hub:config:GitHubOAuthenticator:allowed_organizations"
_SERVER = "values:jupyterhub:singleuser"
_SETUP = "values:jupyterhub:hub:extraConfig"
_ORGANIZATION = "values:jupyterhub:custom:homepage:templateVars"
_KERNELS = f"{_SERVER}:extraFiles:jupyter_server_config.json:data:MappingKernelManager"
_GATEWAY = "values:dask-gateway:gateway:extraConfig:optionHandler"
_RULES = (
    ("hub.project", "terraform:project_id"),
    ("hub.project", "cluster:gcp:project"),
    ("hub.url", "values:jupyterhub:ingress:hosts"),
    ("hub.url", "cluster:hubs:{number}:domain"),
    ("hub.control_panel", "values:jupyterhub:ingress:hosts"),
    ("hub.control_panel", "cluster:hubs:{number}:domain"),
    ("hub.configuration", "cluster:name"),
    ("hub.cloud", "cluster:provider"),
    ("hub.community", f"{_ORGANIZATION}:org:name"),
    ("hub.operator.name", f"{_ORGANIZATION}:operated_by:name"),
    ("hub.operator.url", f"{_ORGANIZATION}:operated_by:url"),
    ("hub.region", "terraform:region"),
    ("hub.zone", "terraform:zone"),
    ("hub.region", "cluster:gcp:zone"),
    ("hub.zone", "cluster:gcp:zone"),
    ("hub.login.with", "values:jupyterhub:hub:config:JupyterHub:authenticator_class"),
    ("hub.named_servers", "values:jupyterhub:hub:allowNamedServers"),
    ("hub.timeouts.idle_kernel_culled_after_s", f"{_KERNELS}:cull_idle_timeout"),
    ("hub.timeouts.idle_kernel_check_s", f"{_KERNELS}:cull_interval"),
    ("hub.timeouts.idle_server_culled_after_s", "values:jupyterhub:cull:timeout"),
    ("hub.timeouts.idle_server_check_s", "values:jupyterhub:cull:every"),
    ("hub.timeouts.server_max_age_s", "values:jupyterhub:cull:maxAge"),
    ("hub.timeouts.spawn_timeout_s", f"{_SERVER}:startTimeout"),
    ("access.organization", f"{_LOGIN}~{{value}}:"),
    ("access.allowed_teams", _LOGIN),
    ("access.login_only_teams.*", f'{_SETUP}~:{{0}}"'),
    ("access.login_only_teams.*", f"{_LOGIN}~:{{0}}"),
    ("access.tiers.*.team", f"{_LOGIN}~:{{value}}"),
    ("access.tiers.*.*", f"{_SERVER}:profileList~:{{about}}"),
    ("access.tiers.*", _LOGIN),
    ("access.extra_teams.*.*", f"{_SERVER}:profileList~:{{0}}"),
    ("buckets.options.*.variable", f"{_SERVER}:extraEnv:{{value}}"),
    ("buckets.options.*.hub", "terraform:hub_cloud_permissions:{hub}~{bucket}"),
    ("buckets.options.*.delete_after_days", "terraform:user_buckets:{bucket}:delete_after"),
    ("buckets.options.*.writers_group", "terraform:user_buckets:{bucket}:extra_admin_members"),
    ("buckets.options.*.uniform_access", "terraform:user_buckets:{bucket}:uniform_bucket_level_access_only"),
    ("buckets.options.*", "terraform:user_buckets:{bucket}"),  # a setting that has Terraform's default
    ("buckets.writers_group", "terraform:user_buckets~{value}"),
    (
        "buckets.identity.pays_for_requests",
        "terraform:hub_cloud_permissions:{hub}:allow_access_to_external_requester_pays_buckets",
    ),
    ("environment_variables.values.*.value", f"{_SERVER}:extraEnv:{{0}}"),
    ("environment_variables.on_dask_workers", f"{_SETUP}~CLUSTER__OPTIONS__ENVIRONMENT"),
    ("home.path", f"{_SERVER}:storage:homeMountPath"),
    ("home.hard_quota_gib", "values:jupyterhub-home-nfs:quotaEnforcer:config:QuotaManager:hard_quota"),
    ("dask_gateway.worker_resource_allocation.*.*", f'{_GATEWAY}~"{{0}}"'),
    ("dask_gateway.instance_type", f'{_GATEWAY}~"gke"'),
    ("dask_gateway.idle_timeout_minutes", f"{_GATEWAY}~KubeClusterConfig.idle_timeout"),
    ("dask_gateway.image", f"{_SETUP}~CLUSTER__OPTIONS__IMAGE"),
    ("dask_gateway.url_prefix", "values:dask-gateway:gateway:prefix"),
    ("dask_gateway.preemptible_workers", "terraform:dask_nodes~preemptible"),
    ("git.push_from_hub.tool", f"{_SERVER}:extraEnv:GH_SCOPED_CREDS_APP_URL"),
    ("git.push_from_hub.app", f"{_SERVER}:extraEnv:GH_SCOPED_CREDS_APP_URL"),
    ("gpus.zones", "terraform:notebook_nodes"),
)
# Facts about a choice of the form, and the keys below the choice; then those about a profile and about other images.
_MACHINE = ("kubespawner_override", "node_selector", "node.kubernetes.io/instance-type")
_OF_CHOICE: dict[str, Keys] = {
    "label": ("display_name",),
    "vram_gb": ("display_name",),
    "mem_limit_gib": ("kubespawner_override", "mem_limit"),
    "mem_guarantee_gib": ("kubespawner_override", "mem_guarantee"),
    "cpu_limit": ("kubespawner_override", "cpu_limit"),
    "cpu_guarantee": ("kubespawner_override", "cpu_guarantee"),
    "machine": _MACHINE,
    "ref": ("kubespawner_override", "image"),
    "default": ("default",),
    "team": ("allowed_groups",),
}
_OF_PROFILE: dict[str, Keys] = {
    "profile": ("display_name",),
    "about": ("description",),
    "machine": _MACHINE,
    "teams": ("allowed_groups",),
}
_OF_CUSTOM: dict[str, Keys] = {
    "choice": ("display_name",),
    "in_choices": ("display_name_in_choices",),
    "message": ("validation_message",),
}


@dataclass(frozen=True)
class Place:
    """A line of a file, named from the top of its repository."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Origins:
    """The files of one hub's configuration, with the lines of their values."""

    def __init__(self, checkout: Path, configuration: HubConfiguration) -> None:
        self._configuration = configuration
        self._profiles = profiles_of(configuration.values)
        read = [Lines(checkout / name, name) for name in configuration.files]
        terraform = [lines for lines in read if lines.name.endswith(".tfvars")]
        charts = [lines for lines in read if lines.name.startswith("helm-charts/")]
        own = [lines for lines in read[1:] if lines not in (*terraform, *charts)]
        # A later file of the hub overrides an earlier one, and all of them override the charts.
        values = [*reversed(own), *reversed(charts)]
        self._files: dict[str, Sequence[Lines]] = {"cluster": read[:1], "terraform": terraform, "values": values}

    def place(self, key: Keys, value: Any, about: str | None = None) -> Place | None:
        """Return where a fact is written; ``None`` if no file of the hub states it.

        ``about`` is the name of the profile or the team that the fact is about, if it is about one.
        """
        candidates = [*self._from_rules(key, value, about)]
        candidates += [("values", keys, "") for keys in self._from_form(key, about)]
        found = (self._find(file, keys, hint) for file, keys, hint in candidates)
        return next((place for place in found if place), None)

    def _find(self, file: str, keys: Keys, hint: str) -> Place | None:
        for lines in self._files[file]:
            line = lines.find(keys, hint)
            if line:
                return Place(lines.name, line)
        return None

    def _from_rules(self, key: Keys, value: Any, about: str | None) -> Iterator[tuple[str, Keys, str]]:
        number = self._configuration.about["hubs"].index(self._configuration.entry)
        names = {"hub": self._configuration.name, "number": number, "value": value, "about": about}
        if key[:2] == ("buckets", "options"):
            variables = self._configuration.terraform.variables if self._configuration.terraform else {}
            names["bucket"] = key[2].removeprefix(f"{variables.get('prefix', '')}-")
        for pattern, origin in _RULES:
            parts = _matched(pattern.split("."), key)
            if parts is not None:
                keys, _, hint = origin.partition("~")
                file, *path = (part.format(*parts, **names) for part in keys.split(":"))
                yield file, tuple(path), hint.format(*parts, **names)

    def _from_form(self, key: Keys, profile: str | None) -> Iterator[Keys]:
        """Yield where the profiles define a fact about node shares, GPUs or images."""
        section = key[0]
        rest = key[2:] if section == "further_profiles" else key[1:]
        for one in self._profiles:
            if section == "images":
                yield from _of_images(rest, one)
            elif one.name == profile:
                yield from _of_profile(rest, one)


def is_configured(key: Keys) -> bool:
    """Return whether the hub's configuration decides on a fact, so that it has to state it."""
    if any(
        len(pattern.split(".")) == len(key) and _matched(pattern.split("."), key) is not None for pattern, _ in _RULES
    ):
        return True
    section = key[0]
    rest = key[2:] if section == "further_profiles" else key[1:]
    if section == "images":
        of_image = len(rest) == 3 and rest[-1] in ("label", "ref", "default")
        return of_image or rest in (("choice",), ("custom", "choice"), ("custom", "message"))
    if section not in ("node_shares", "further_profiles", "gpus") or not rest:
        return False
    if rest[0] == "options":
        return rest[-1] in _OF_CHOICE
    return rest[0] in ("choice", *_OF_PROFILE) or key == ("gpus", "images")


def _of_images(key: Keys, profile: Profile) -> Iterator[Keys]:
    if not profile.images:
        return
    option = profile.images[0].path[:-2]
    if key[0] == "options":
        yield from _of_choice(key, profile.images)
    elif key[0] == "custom" and key[1] in _OF_CUSTOM:
        yield (*option, "unlisted_choice", *_OF_CUSTOM[key[1]])
    elif key[0] == "choice":
        yield (*option, "display_name")


def _of_profile(key: Keys, profile: Profile) -> Iterator[Keys]:
    if key[0] == "options":
        yield from _of_choice(key, profile.shares)
    elif key[0] == "choice":
        yield (*profile.shares[0].path[:-2], "display_name")
    elif key[0] == "images" and profile.images:
        yield profile.images[0].path[:-1]
    elif key[0] in _OF_PROFILE:
        yield (*profile.path, *_OF_PROFILE[key[0]])


def _of_choice(key: Keys, choices: Sequence[Choice]) -> Iterator[Keys]:
    """Yield the keys of a fact about the choice ``key[1]``: its setting, that of its profile, and the choice itself."""
    setting = _OF_CHOICE.get(key[-1], ())
    for choice in choices:
        if choice.name == key[1]:
            profile = choice.path[:4]  # jupyterhub, singleuser, profileList and its number
            yield from ((*choice.path, *setting), (*profile, *setting), choice.path)


def _matched(pattern: list[str], key: Keys) -> list[str] | None:
    """Return what the stars of a pattern stand for in the beginning of a key; ``None`` if it does not match."""
    if len(pattern) > len(key):
        return None
    pairs = list(zip(pattern, key, strict=False))
    if any(part not in ("*", name) for part, name in pairs):
        return None
    return [name for part, name in pairs if part == "*"]
