"""The sections of a facts file, as far as a cluster's files tell them. What they do not tell is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from fakehub.from_2i2c.files import Cluster, DraftError

_SRC = ["values"]
_GPU = "nvidia.com/gpu"
_NODE = "node.kubernetes.io/instance-type"
# What 2i2c's chart sets for every hub that does not say otherwise.
_LOGINS = {"github": "GitHub", "cilogon": "CILogon", "google": "Google"}
# 2i2c's own people, who are in a list of every hub.
_STAFF = "2i2c-org"


def draft(cluster: Cluster) -> dict[str, Any]:
    """The sections in the order of the schema; raises ``DraftError`` for values of another shape than 2i2c's."""
    try:
        found = {name: make(cluster) for name, make in _SECTIONS.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DraftError(f"{', '.join(cluster.names)}: values of an unknown shape ({error})") from error
    return {name: section for name, section in found.items() if section}


def _get(values: Any, *path: str) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values


def _present(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value is not None}


def _sources(cluster: Cluster) -> dict[str, Any]:
    return {"values": {"what": f"2i2c-org/infrastructure, {', '.join(cluster.names)}"}}


def _hub(cluster: Cluster) -> dict[str, Any]:
    values, settings = cluster.values, cluster.settings
    org = _get(values, "jupyterhub", "custom", "homepage", "templateVars") or {}
    hosts = _get(values, "jupyterhub", "ingress", "hosts") or []
    url = f"https://{hosts[0]}/" if hosts else None
    google, configured = cluster.about.get("gcp") or {}, _get(values, "jupyterhub", "hub") or {}
    login = _get(configured, "config", "JupyterHub", "authenticator_class")
    community, operator = _get(org, "org", "name"), _get(org, "operated_by") or {}
    cull = _get(values, "jupyterhub", "cull") or {}
    timeouts = {"idle_kernel_culled_after_s": cull.get("timeout"), "server_max_age_s": cull.get("maxAge")}
    timeouts |= {"spawn_timeout_s": _get(values, "jupyterhub", "singleuser", "startTimeout"), "src": _SRC}
    return _present(
        {
            "name": f"{community} hub" if community else None,
            "community": community,
            "project": settings.get("project_id") or google.get("project"),
            "url": url,
            "control_panel": f"{url}hub/home" if url else None,
            "cloud": "Google Cloud",
            "region": settings.get("region"),
            "zone": settings.get("zone") or google.get("zone"),
            "operator": _present({"name": operator.get("name"), "url": operator.get("url")}) or None,
            "login": {"with": _LOGINS.get(login, login)} if login else None,
            "named_servers": bool(configured.get("allowNamedServers")),
            "timeouts": _present(timeouts),
            "src": _SRC,
        }
    )


def _access(cluster: Cluster) -> dict[str, Any]:
    allowed = _get(cluster.values, "jupyterhub", "hub", "config", "GitHubOAuthenticator", "allowed_organizations") or []
    pairs = [name.split(":", 1) for name in allowed if ":" in name and not name.startswith(f"{_STAFF}:")]
    if not pairs:
        return {}
    shares, gpus = _who(cluster, _share_choices), _who(cluster, _gpu_choices)
    tiers = [
        {"name": team, "team": team, "cpu_node_shares": _of(shares, team), "gpus": _of(gpus, team)} for _, team in pairs
    ]
    return {"organization": pairs[0][0], "allowed_teams": [team for _, team in pairs], "tiers": tiers, "src": _SRC}


def _of(choices: dict[str, set[str] | None], team: str) -> list[str]:
    """The choices for the ``team``: those that name it, and those that name nobody."""
    return [name for name, teams in choices.items() if teams is None or team in teams]


def _profiles(cluster: Cluster) -> list[dict[str, Any]]:
    return _get(cluster.values, "jupyterhub", "singleuser", "profileList") or []


def _choices(profile: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each option of a profile and its choices."""
    for option in (profile.get("profile_options") or {}).values():
        yield option, option.get("choices") or {}


def _teams(*places: dict[str, Any]) -> set[str] | None:
    """The teams that the innermost of ``places`` names which names any; None is everybody."""
    for place in places:
        named = place.get("allowed_groups") or place.get("allowed_teams")
        if named:
            return {name.partition(":")[2] for name in named if not name.startswith(f"{_STAFF}:")}
    return None


def _who(cluster: Cluster, choices: Callable[..., Iterator[Any]]) -> dict[str, set[str] | None]:
    """Who may take each choice, over all profiles that have it."""
    found: dict[str, set[str] | None] = {}
    for name, choice, profile in choices(cluster):
        teams = _teams(choice, profile)
        before = found.get(name, set())
        found[name] = None if teams is None or before is None else before | teams
    return found


def _share_choices(cluster: Cluster) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for profile in _profiles(cluster):
        if not _is_gpu(profile):
            for _, choices in _choices(profile):
                for name, choice in choices.items():
                    if not _is_gpu(choice) and "mem_limit" in (choice.get("kubespawner_override") or {}):
                        yield name, choice, profile


def _gpu_choices(cluster: Cluster) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for profile in _profiles(cluster):
        for _, choices in _choices(profile):
            yield from ((name, choice, profile) for name, choice in choices.items() if _is_gpu(choice))
        if _is_gpu(profile):
            yield profile.get("slug") or "gpu", profile, profile


def _is_gpu(place: dict[str, Any]) -> bool:
    return bool(_get(place, "kubespawner_override", "extra_resource_limits", _GPU))


def gigabytes(text: Any) -> float:
    """A memory limit as Kubernetes and KubeSpawner write it, such as ``8G`` or a number of bytes, in GB."""
    if isinstance(text, int | float):
        return round(text / 1e9, 3)
    number = re.fullmatch(r"([\d.]+)([KMGT])(i?)B?", str(text))
    if not number:
        raise ValueError(f"{text!r} is no amount of memory")
    return round(float(number[1]) * {"K": 1e-6, "M": 1e-3, "G": 1, "T": 1e3}[number[2]], 3)


def _node_shares(cluster: Cluster) -> dict[str, Any]:
    options, machine, first = {}, None, None
    for name, choice, profile in _share_choices(cluster):
        override = choice["kubespawner_override"]
        machine = machine or _get(profile, "kubespawner_override", "node_selector", _NODE)
        machine = machine or _get(override, "node_selector", _NODE)
        first = first or profile
        share = {"label": choice.get("display_name"), "mem_limit_gb": gigabytes(override["mem_limit"])}
        share |= {"cpu_limit": override.get("cpu_limit"), "cpu_guarantee": override.get("cpu_guarantee")}
        options.setdefault(name, _present(share | {"default": choice.get("default") or None}))
    if not options:
        return {}
    named = {"profile": first.get("display_name"), "about": first.get("description")}
    named["choice"] = next(
        (option.get("display_name") for option, choices in _choices(first) if options.keys() & choices)
    )
    return _present(named | {"machine": machine, "options": _one_default(options), "src": _SRC})


def _one_default(options: dict[str, Any]) -> dict[str, Any]:
    """The ``options``, of which the first is the default where none says that it is."""
    if not any(option.get("default") for option in options.values()):
        next(iter(options.values()))["default"] = True
    return options


def _gpus(cluster: Cluster) -> dict[str, Any]:
    options, images, named = {}, [], {}
    for name, choice, profile in _gpu_choices(cluster):
        override = (profile.get("kubespawner_override") or {}) | (choice.get("kubespawner_override") or {})
        memory = override.get("mem_limit")
        gpu = {"label": choice.get("display_name"), "mem_limit_gb": gigabytes(memory) if memory else None}
        gpu |= {"machine": _get(override, "node_selector", _NODE), "default": choice.get("default") or None}
        options[name] = _present(gpu)
        named = {"profile": profile.get("display_name")}
        images = images or [image for image, _ in _image_choices(profile)]
    return _present(named | {"options": options, "images": images, "src": _SRC}) if options else {}


def _image_choices(profile: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, choices in _choices(profile):
        for name, choice in choices.items():
            if _get(choice, "kubespawner_override", "image"):
                yield name, choice


def _images(cluster: Cluster) -> dict[str, Any]:
    options, named, custom = {}, None, {}
    for profile in _profiles(cluster):
        for name, choice in _image_choices(profile):
            image = {"label": choice.get("display_name"), "ref": choice["kubespawner_override"]["image"]}
            options.setdefault(name, _present(image | {"default": choice.get("default") or None}))
        for option, _ in _choices(profile):
            unlisted = option.get("unlisted_choice") or {}
            if unlisted.get("enabled") and not custom:
                named = option.get("display_name")
                custom = {"choice": unlisted.get("display_name"), "message": unlisted.get("validation_message")}
                custom["in_choices"] = unlisted.get("display_name_in_choices")
    if not options:
        alone = _get(cluster.values, "jupyterhub", "singleuser", "image") or {}
        if not alone.get("name"):
            return {}
        options = {"default": {"label": alone["name"], "ref": f"{alone['name']}:{alone.get('tag')}"}}
    section = {"choice": named, "options": _one_default(options), "custom": _present(custom) or None, "src": _SRC}
    return _present(section)


def _variables(cluster: Cluster) -> dict[str, str]:
    """The variables of every server that point to something, and those that JupyterHub sets itself."""
    extra = _get(cluster.values, "jupyterhub", "singleuser", "extraEnv") or {}
    kept = {name: value for name, value in extra.items() if isinstance(value, str) and value.startswith("gs://")}
    return {"JUPYTERHUB_USER": "$(JUPYTERHUB_USER)"} | kept | {"JUPYTER_IMAGE_SPEC": "$(IMAGE)"}


def _environment(cluster: Cluster) -> dict[str, Any]:
    values = {name: {"value": value} for name, value in _variables(cluster).items()}
    return {"values": values, "on_dask_workers": [], "src": _SRC}


def _buckets(cluster: Cluster) -> dict[str, Any]:
    options: dict[str, dict[str, Any]] = {}
    for variable, value in _variables(cluster).items():
        name = re.match(r"gs://([^/]+)", value)
        if name:
            options.setdefault(name[1], {"variable": variable})
    for name, bucket in options.items():
        if name in cluster.buckets:
            bucket["delete_after_days"] = cluster.buckets[name]
        if name in cluster.writable:
            bucket["hub"] = "write"
    return {"options": options, "src": _SRC} if options else {}


def _git(cluster: Cluster) -> dict[str, Any]:
    app = _get(cluster.values, "jupyterhub", "singleuser", "extraEnv", "GH_SCOPED_CREDS_APP_URL")
    return {"push_from_hub": {"tool": "gh-scoped-creds", "app": app}, "src": _SRC} if app else {}


_SECTIONS: dict[str, Callable[[Cluster], dict[str, Any]]] = {
    "sources": _sources,
    "hub": _hub,
    "access": _access,
    "node_shares": _node_shares,
    "gpus": _gpus,
    "images": _images,
    "buckets": _buckets,
    "environment_variables": _environment,
    "git": _git,
}
