"""The sections of a facts file, as far as a cluster's files have the facts. Other keys are left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from fakehub.from_2i2c.files import Cluster, DraftError

# A part of Helm values. Their shape is the operator's, so it is checked where they are read.
Values = dict[str, Any]
# The name of a choice of the form, the choice, and the profile it is in.
Choice = tuple[str, Values, Values]

_SRC = ["values"]
_GPU = "nvidia.com/gpu"
_NODE = "node.kubernetes.io/instance-type"
_LOGINS = {"github": "GitHub", "cilogon": "CILogon", "google": "Google"}
# What 2i2c's hubs have unless their values say otherwise: from helm-charts/basehub, and from JupyterHub's chart.
_DEFAULT_KERNEL_CULL = {"cull_idle_timeout": 3600, "cull_interval": 300}
_DEFAULT_CULL = {"timeout": 3600, "every": 600, "maxAge": 604800}
# The organisation of 2i2c's own staff, who may use every hub.
_STAFF = "2i2c-org"


def draft(cluster: Cluster) -> dict[str, Values]:
    """Return the sections; raises ``DraftError`` for values of another shape than 2i2c's."""
    try:
        sections = {name: make(cluster) for name, make in _SECTIONS.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DraftError(f"{', '.join(cluster.names)}: values of an unknown shape ({error})") from error
    return {name: section for name, section in sections.items() if section}


def _get(values: Any, *path: str) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values


def _present(section: Values) -> Values:
    return {key: value for key, value in section.items() if value is not None}


def _sources(cluster: Cluster) -> Values:
    return {"values": {"what": f"2i2c-org/infrastructure, {', '.join(cluster.names)}"}}


def _hub(cluster: Cluster) -> Values:
    values, settings = cluster.values, cluster.settings
    org = _get(values, "jupyterhub", "custom", "homepage", "templateVars") or {}
    hosts = _get(values, "jupyterhub", "ingress", "hosts") or []
    url = f"https://{hosts[0]}/" if hosts else None
    google, configured = cluster.about.get("gcp") or {}, _get(values, "jupyterhub", "hub") or {}
    login = _get(configured, "config", "JupyterHub", "authenticator_class")
    community, operator = _get(org, "org", "name"), _get(org, "operated_by") or {}
    cull = _get(values, "jupyterhub", "cull") or {}
    server_config = _get(values, "jupyterhub", "singleuser", "extraFiles", "jupyter_server_config.json", "data")
    kernels = _DEFAULT_KERNEL_CULL | (_get(server_config, "MappingKernelManager") or {})
    cull = _DEFAULT_CULL | cull
    timeouts = {
        "idle_kernel_culled_after_s": kernels["cull_idle_timeout"],
        "idle_kernel_check_s": kernels["cull_interval"],
        "idle_server_culled_after_s": cull["timeout"],
        "idle_server_check_s": cull["every"],
        "server_max_age_s": cull["maxAge"],
    }
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


def _access(cluster: Cluster) -> Values:
    allowed = _get(cluster.values, "jupyterhub", "hub", "config", "GitHubOAuthenticator", "allowed_organizations") or []
    pairs = [name.split(":", 1) for name in allowed if ":" in name and not name.startswith(f"{_STAFF}:")]
    if not pairs:
        return {}
    shares, gpus = _teams_by_choice(_share_choices(cluster)), _teams_by_choice(_gpu_choices(cluster))
    tiers = [
        {"name": team, "team": team, "cpu_node_shares": _for_team(shares, team), "gpus": _for_team(gpus, team)}
        for _, team in pairs
    ]
    return {"organization": pairs[0][0], "allowed_teams": [team for _, team in pairs], "tiers": tiers, "src": _SRC}


def _for_team(choices: dict[str, set[str] | None], team: str) -> list[str]:
    """Return the choices of the ``team``: those for it, and those for everybody."""
    return [name for name, teams in choices.items() if teams is None or team in teams]


def _profiles(cluster: Cluster) -> list[Values]:
    return _get(cluster.values, "jupyterhub", "singleuser", "profileList") or []


def _options(profile: Values) -> Iterator[tuple[Values, Values]]:
    """Yield each option of a profile, and its choices."""
    for option in (profile.get("profile_options") or {}).values():
        yield option, option.get("choices") or {}


def _teams(*places: Values) -> set[str] | None:
    """Return the teams of the first of ``places`` that is for some teams only; None means everybody."""
    for place in places:
        groups = place.get("allowed_groups") or place.get("allowed_teams")
        if groups:
            return {name.partition(":")[2] for name in groups if not name.startswith(f"{_STAFF}:")}
    return None


def _teams_by_choice(choices: Iterator[Choice]) -> dict[str, set[str] | None]:
    """Return the teams that may take each choice, over all profiles that have it; None means everybody."""
    by_choice: dict[str, set[str] | None] = {}
    for name, choice, profile in choices:
        teams, earlier = _teams(choice, profile), by_choice.get(name, set())
        by_choice[name] = None if teams is None or earlier is None else earlier | teams
    return by_choice


def _share_choices(cluster: Cluster) -> Iterator[Choice]:
    for profile in _profiles(cluster):
        if not _is_gpu(profile):
            for _, choices in _options(profile):
                for name, choice in choices.items():
                    if not _is_gpu(choice) and "mem_limit" in (choice.get("kubespawner_override") or {}):
                        yield name, choice, profile


def _gpu_choices(cluster: Cluster) -> Iterator[Choice]:
    for profile in _profiles(cluster):
        for _, choices in _options(profile):
            yield from ((name, choice, profile) for name, choice in choices.items() if _is_gpu(choice))
        if _is_gpu(profile):
            yield profile.get("slug") or "gpu", profile, profile


def _is_gpu(place: Values) -> bool:
    return bool(_get(place, "kubespawner_override", "extra_resource_limits", _GPU))


def gibibytes(limit: Any) -> float:
    """Convert a memory limit of KubeSpawner, a number of bytes or with a unit such as ``8G`` (GiB), to GiB."""
    if isinstance(limit, int | float):
        return round(limit / 2**30, 3)
    number = re.fullmatch(r"([\d.]+)([KMGT])(i?)B?", str(limit))
    if not number:
        raise ValueError(f"{limit!r} is no amount of memory")
    return round(float(number[1]) * {"K": 2**-20, "M": 2**-10, "G": 1, "T": 2**10}[number[2]], 3)


def _node_shares(cluster: Cluster) -> Values:
    shares = list(_share_choices(cluster))
    if not shares:
        return {}
    options: dict[str, Values] = {}
    machines = []
    for name, choice, profile in shares:
        override = choice["kubespawner_override"]
        machines += [_get(profile, "kubespawner_override", "node_selector", _NODE)]
        machines += [_get(override, "node_selector", _NODE)]
        share = {"label": choice.get("display_name"), "mem_limit_gib": gibibytes(override["mem_limit"])}
        share |= {"cpu_limit": override.get("cpu_limit"), "cpu_guarantee": override.get("cpu_guarantee")}
        if "mem_guarantee" in override:
            share["mem_guarantee_gib"] = gibibytes(override["mem_guarantee"])
        options.setdefault(name, _present(share | {"default": choice.get("default") or None}))
    first = shares[0][2]
    section = {"profile": first.get("display_name"), "about": first.get("description")}
    section["choice"] = next(
        option.get("display_name") for option, choices in _options(first) if options.keys() & choices
    )
    section["machine"] = next(filter(None, machines), None)
    return _present(section | {"options": _with_default(options), "src": _SRC})


def _with_default(options: dict[str, Values]) -> dict[str, Values]:
    """Mark the first of the ``options`` as the default, unless one is."""
    if not any(option.get("default") for option in options.values()):
        next(iter(options.values()))["default"] = True
    return options


def _gpus(cluster: Cluster) -> Values:
    options: dict[str, Values] = {}
    images: list[str] = []
    profile_name = None
    for name, choice, profile in _gpu_choices(cluster):
        override = (profile.get("kubespawner_override") or {}) | (choice.get("kubespawner_override") or {})
        memory = override.get("mem_limit")
        gpu = {"label": choice.get("display_name"), "mem_limit_gib": gibibytes(memory) if memory else None}
        gpu |= {"machine": _get(override, "node_selector", _NODE), "default": choice.get("default") or None}
        options[name] = _present(gpu)
        profile_name = profile.get("display_name")
        images = images or [image for image, _ in _image_choices(profile)]
    section = {"profile": profile_name, "options": options, "images": images, "src": _SRC}
    return _present(section) if options else {}


def _image_choices(profile: Values) -> Iterator[tuple[str, Values]]:
    for _, choices in _options(profile):
        for name, choice in choices.items():
            if _get(choice, "kubespawner_override", "image"):
                yield name, choice


def _images(cluster: Cluster) -> Values:
    options: dict[str, Values] = {}
    label, custom = None, None
    for profile in _profiles(cluster):
        for name, choice in _image_choices(profile):
            image = {"label": choice.get("display_name"), "ref": choice["kubespawner_override"]["image"]}
            options.setdefault(name, _present(image | {"default": choice.get("default") or None}))
        for option, _ in _options(profile):
            unlisted = option.get("unlisted_choice") or {}
            if unlisted.get("enabled") and custom is None:
                label = option.get("display_name")
                custom = {"choice": unlisted.get("display_name"), "message": unlisted.get("validation_message")}
                custom["in_choices"] = unlisted.get("display_name_in_choices")
    if not options:
        image = _get(cluster.values, "jupyterhub", "singleuser", "image") or {}
        if not image.get("name"):
            return {}
        options = {"default": {"label": image["name"], "ref": f"{image['name']}:{image.get('tag')}"}}
    section = {"choice": label, "options": _with_default(options), "custom": _present(custom or {}) or None}
    return _present(section | {"src": _SRC})


def _variables(cluster: Cluster) -> dict[str, str]:
    """Return the variables of every server that name a bucket, and those that JupyterHub sets."""
    extra = _get(cluster.values, "jupyterhub", "singleuser", "extraEnv") or {}
    kept = {name: value for name, value in extra.items() if isinstance(value, str) and value.startswith("gs://")}
    return {"JUPYTERHUB_USER": "$(JUPYTERHUB_USER)"} | kept | {"JUPYTER_IMAGE_SPEC": "$(IMAGE)"}


def _environment(cluster: Cluster) -> Values:
    values = {name: {"value": value} for name, value in _variables(cluster).items()}
    return {"values": values, "on_dask_workers": [], "src": _SRC}


def _buckets(cluster: Cluster) -> Values:
    options: dict[str, Values] = {}
    for variable, value in _variables(cluster).items():
        bucket = re.match(r"gs://([^/]+)", value)
        if bucket:
            options.setdefault(bucket[1], {"variable": variable})
    for name, option in options.items():
        if name in cluster.buckets:
            option["delete_after_days"] = cluster.buckets[name]
        if name in cluster.writable:
            option["hub"] = "write"
    return {"options": options, "src": _SRC} if options else {}


def _git(cluster: Cluster) -> Values:
    app = _get(cluster.values, "jupyterhub", "singleuser", "extraEnv", "GH_SCOPED_CREDS_APP_URL")
    return {"push_from_hub": {"tool": "gh-scoped-creds", "app": app}, "src": _SRC} if app else {}


# In the order of a facts file.
_SECTIONS: dict[str, Callable[[Cluster], Values]] = {
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
