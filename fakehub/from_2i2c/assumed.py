"""Facts that 2i2c's files lack and a guide needs: general words and usual values, each listed as assumed.

A fact without a sensible general value is left out, and pages adapt to that: a forum, office hours, an application form
and a catalog are never assumed.
"""

from __future__ import annotations

import json
import re
from typing import Any

from fakehub.from_2i2c.checkout import HubConfiguration
from fakehub.from_2i2c.helm import Values, get
from fakehub.from_2i2c.machines import cpus, gpu_memory_gb, memory_gib, usual_machine
from fakehub.from_2i2c.profiles import slug
from fakehub.from_2i2c.sections import ASSUMED, secure

_TIMEOUTS = {
    "idle_kernel_culled_after_s": 3600,
    "idle_kernel_check_s": 300,
    "idle_server_culled_after_s": 3600,
    "idle_server_check_s": 600,
    "server_max_age_s": 604800,
    "spawn_timeout_s": 600,
}
_CUSTOM_IMAGE = {
    "choice": "Custom image",
    "in_choices": "Other...",
    "message": "Must be a publicly available docker image, of form <image-name>:<tag>",
    "form": "registry/organisation/name:tag",
    "example": "quay.io/pangeo/pangeo-notebook:2026.01.30",
    "must": "be public and have a tag",
}
_RULES = [
    "Never store secrets in a bucket: every member can read every object.",
    "Write only under your own prefix, which is your username. Nothing enforces this: any member can delete other "
    "members' data.",
]
# Google's access tokens live for an hour. GitHub's tokens for apps expire after eight.
_TOKEN_LIVES_S, _PUSH_LASTS_H = 3600, 8
# The repositories of images by the beginning of their references, and their lists of packages.
_IMAGE_SOURCES = {
    "pangeo": "https://github.com/pangeo-data/pangeo-docker-images",
    "jupyter": "https://github.com/jupyter/docker-stacks",
}
_PANGEO_PACKAGES = "https://github.com/pangeo-data/pangeo-docker-images/blob/{tag}/{image}/packages.txt"
_OWN_PREFIX = re.compile(r"gs://([^/]+)/\$\(JUPYTERHUB_USER\)")


def complete(facts: dict[str, Any], configuration: HubConfiguration) -> list[str]:
    """Add what a guide needs to the ``facts`` of a draft; return a line for each fact that is assumed or lacking."""
    draft = _Draft(facts)
    pools = configuration.machine_pools
    _hub(draft, configuration)
    _guide(draft)
    if "node_shares" in facts:
        _shares(draft, facts["node_shares"], ("node_shares",), pools)
    for number, profile in enumerate(facts.get("further_profiles", [])):
        _shares(draft, profile, ("further_profiles", number), pools)
    _gpus(draft, pools)
    _images(draft)
    _storage(draft)
    _variables(draft)
    if "git" in facts:
        draft.assume("git", "push_from_hub", lasts_h=_PUSH_LASTS_H)
    facts["sources"] |= {ASSUMED: {"what": "assumed when these facts were drafted", "date": _date(facts)}}
    return [*draft.lines, *_lacking(facts)]


class _Draft:
    """A draft that is being completed; ``lines`` say what was assumed."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.lines: list[str] = []

    def assume(self, *path: str | int, **values: Any) -> None:
        """Add those of the ``values`` that the part of the draft at ``path`` lacks."""
        place: Any = self.facts
        for part in path:
            place = place[part] if isinstance(part, int) else place.setdefault(part, {})
        lacking = {name: value for name, value in values.items() if name not in place and value is not None}
        place |= lacking
        for name, value in lacking.items():
            key = ".".join(map(str, (*path, name)))
            self.lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)} is assumed")
        section = self.facts[str(path[0])]
        if lacking and isinstance(section, dict) and path[0] != "guide":
            section["src"] = list(dict.fromkeys([*section.get("src", []), ASSUMED]))

    def get(self, *path: str) -> Any:
        """Return the fact at ``path``, or ``None``."""
        return get(self.facts, *path)


def _date(facts: dict[str, Any]) -> str:
    return str(facts["sources"]["values"]["date"])


def _hub(draft: _Draft, configuration: HubConfiguration) -> None:
    name = re.sub(r"\s*\(.*\)$", "", draft.get("hub", "name") or configuration.name)
    draft.assume("hub", name=name, community=name.removesuffix(" hub"))
    draft.assume("hub", "operator", name="2i2c", url="https://2i2c.org/")
    draft.assume("hub", region="us-central1", members=f"the people of {draft.get('hub', 'community')}")
    draft.assume("hub", zone=f"{draft.get('hub', 'region')}-b")
    draft.assume(
        "hub",
        "login",
        **{"with": "GitHub", "account": "a GitHub account", "username": "your GitHub username", "button": True},
    )
    draft.assume("hub", "timeouts", **_TIMEOUTS)
    org = get(configuration.values, "jupyterhub", "custom", "homepage", "templateVars", "org") or {}
    if org.get("url"):
        draft.facts["help"] = {"website": secure(org["url"]), "src": draft.get("hub", "src")[:1]}
    else:
        draft.assume("help", website=draft.get("hub", "operator", "url"))


def _guide(draft: _Draft) -> None:
    name, community = draft.get("hub", "name"), draft.get("hub", "community")
    owner = draft.get("access", "organization") or slug(community)
    draft.assume(
        "guide",
        title=f"{name} Guide",
        author=f"The people of {community}",
        cite_as=f"{slug(name).replace('-', '_')}_guide",
        site=f"https://{owner}.github.io/hub-guide/",
        repository=f"https://github.com/{owner}/hub-guide",
        branch="main",
    )


def _shares(draft: _Draft, profile: Values, path: tuple[str | int, ...], pools: list[dict[str, Any]]) -> None:
    """Complete the ``profile`` at ``path``."""
    machine = usual_machine(pools) or "n2-highmem-4"
    draft.assume(*path, about="A server of the hub", choice="Node share", machine=machine)
    memory = memory_gib(profile["machine"]) or 1  # without a limit, a server may use the whole machine
    for name in profile["options"]:
        draft.assume(*path, "options", name, mem_limit_gib=memory)
        draft.assume(*path, "options", name, cpu_limit=cpus(profile["machine"]) or 1, cpu_guarantee=0.05)


def _gpus(draft: _Draft, pools: list[dict[str, Any]]) -> None:
    if "gpus" not in draft.facts:
        return
    draft.assume("gpus", choice="GPU", zones=[draft.get("hub", "zone")])
    for name, gpu in draft.get("gpus", "options").items():
        draft.assume(
            "gpus", "options", name, machine="n1-standard-8", mem_limit_gib=memory_gib(gpu.get("machine")) or 1
        )
        memory = gpu_memory_gb(gpu["machine"], pools)
        if memory:
            gpu.setdefault("vram_gb", memory)
        draft.assume("gpus", "options", name, vram_gb=16)


def _images(draft: _Draft) -> None:
    images = draft.get("images")
    if not images:
        return
    default = next(image["ref"] for image in images["options"].values() if image.get("default"))
    source, packages = _image_source(default)
    draft.assume("images", choice="Image", source=source, package_list_url=packages)
    for name, image in images["options"].items():
        words = "most work" if image.get("default") else "work that needs its packages"
        draft.assume("images", "options", name, **{"for": words})
    if images["custom"] is not None:
        draft.assume("images", "custom", **_CUSTOM_IMAGE)


def _image_source(reference: str) -> tuple[str, str | None]:
    """Return the address where an image comes from, and that of its list of packages."""
    registry, _, name = reference.rpartition(":")[0].rpartition("/")
    organization = registry.rpartition("/")[2]
    if organization in _IMAGE_SOURCES:
        return _IMAGE_SOURCES[organization], _PANGEO_PACKAGES if organization == "pangeo" else None
    if registry.startswith("quay.io/"):
        return f"https://quay.io/repository/{organization}/{name}", None
    if "." in registry.partition("/")[0]:
        return f"https://{registry}/{name}", None
    return f"https://hub.docker.com/r/{registry or 'library'}/{name}", None


def _storage(draft: _Draft) -> None:
    draft.assume("home", path="/home/jovyan", hard_quota_gib=10, meant_for="notebooks, scripts and small data")
    if not draft.get("buckets", "options"):
        return
    for name, bucket in draft.get("buckets", "options").items():
        is_scratch = bucket.get("variable") == "SCRATCH_BUCKET"
        if is_scratch and not bucket.get("delete_after_days"):
            bucket.pop("delete_after_days", None)
            draft.assume("buckets", "options", name, delete_after_days=7)
        bucket.setdefault("delete_after_days", None)
        draft.assume("buckets", "options", name, hub="write", writers_group=False, uniform_access=True)
        draft.assume("buckets", "options", name, **{"for": _use(bucket)})
    draft.assume("buckets", rules=_RULES)
    draft.assume("buckets", "identity", token_lives_s=_TOKEN_LIVES_S, signs=False)


def _use(bucket: Values) -> str:
    """Return what a bucket is for, as far as its settings say it."""
    if bucket["delete_after_days"]:
        return "temporary and intermediate data"
    return "data to read" if bucket["hub"] == "read" else "data that you keep"


def _variables(draft: _Draft) -> None:
    values = draft.get("environment_variables", "values")
    draft.assume("environment_variables", on_dask_workers=[])
    username = draft.get("hub", "login", "username")
    fixed = {"JUPYTERHUB_USER": username, "JUPYTER_IMAGE_SPEC": "the reference of the image the server runs"}
    if get(values, "PANGEO_SCRATCH") and get(values, "PANGEO_SCRATCH") == get(values, "SCRATCH_BUCKET"):
        fixed["PANGEO_SCRATCH"] = "the older name of SCRATCH_BUCKET"
    for name, variable in values.items():
        prefix = _OWN_PREFIX.fullmatch(variable["value"])
        words = f"your prefix in the bucket {prefix[1]}" if prefix else "a folder in a bucket"
        draft.assume("environment_variables", "values", name, means=fixed.get(name, words))


def _lacking(facts: dict[str, Any]) -> list[str]:
    """Return a line for each missing fact that every guide needs."""
    needed = ("access", "images", "node_shares")
    return [f"{name}: missing, so there is no guide" for name in needed if name not in facts]
