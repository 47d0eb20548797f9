"""The sections of a facts file, as far as a hub's configuration has the facts. Other keys are left out."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from fakehub.from_2i2c.checkout import HubConfiguration
from fakehub.from_2i2c.helm import Values, get, present
from fakehub.from_2i2c.servers import Servers
from fakehub.from_2i2c.sign_in import sign_in

_SRC = ["values"]
# The source of facts that no file has.
ASSUMED = "assumed"
_ZONE = re.compile(r".+-[a-z]")
# In the code that sets up Dask Gateway: the variables that workers get, and the image that they run.
_PASSED_ON = re.compile(r"DASK_GATEWAY__CLUSTER__OPTIONS__ENVIRONMENT'\s*:\s*'(.+?)'")
_OWN_IMAGE = re.compile(r"DASK_GATEWAY__CLUSTER__OPTIONS__IMAGE'\s*:\s*'[{$(]*JUPYTER_IMAGE_SPEC[)}]*'")


def draft(configuration: HubConfiguration) -> tuple[dict[str, Any], list[str]]:
    """Return the sections, and lines about what they cannot say.

    Raises ``LookupError``, ``TypeError``, ``ValueError`` and the like for values of another shape than 2i2c's.
    """
    servers = Servers(configuration)
    buckets = _Buckets(configuration)
    sections: dict[str, Any] = {"sources": _sources(configuration), "hub": _hub(configuration)}
    sections |= servers.sections()
    sections |= {"home": _home(configuration), "buckets": buckets.section()}
    sections |= {"environment_variables": _environment(configuration)}
    sections |= {"dask_gateway": _dask_gateway(configuration), "git": _git(configuration)}
    notes = [*servers.notes, *buckets.notes, *_notes(configuration)]
    return {name: section for name, section in sections.items() if section}, notes


def _sources(configuration: HubConfiguration) -> Values:
    source = {"what": f"2i2c-org/infrastructure, {', '.join(configuration.files)}", "date": configuration.date}
    return {"values": present(source | {"commit": configuration.commit})}


def _hub(configuration: HubConfiguration) -> Values:
    values = configuration.values["jupyterhub"]
    variables = configuration.terraform.variables if configuration.terraform else {}
    google = configuration.about.get("gcp") or {}
    org = get(values, "custom", "homepage", "templateVars") or {}
    community, operator = get(org, "org", "name"), org.get("operated_by") or {}
    hosts = get(values, "ingress", "hosts") or [configuration.entry.get("domain")]
    url = f"https://{hosts[0]}/" if hosts[0] else None
    login = sign_in(configuration.values)
    place = str(google.get("zone") or "")
    in_zone = _ZONE.fullmatch(place)
    return present(
        {
            "name": f"{community} hub" if community else configuration.entry.get("display_name"),
            "community": community,
            "project": variables.get("project_id") or google.get("project"),
            "url": url,
            "control_panel": f"{url}hub/home" if url else None,
            "cloud": "Google Cloud",
            # A regional cluster has a region where others have a zone.
            "region": variables.get("region") or (place.rpartition("-")[0] if in_zone else place) or None,
            "zone": variables.get("zone") or (place if in_zone else None),
            "configuration": configuration.address,
            "operator": present({"name": operator.get("name"), "url": secure(operator.get("url"))}) or None,
            "login": login.login if login else None,
            "named_servers": bool(get(values, "hub", "allowNamedServers")),
            "start_form": bool(get(values, "singleuser", "profileList")),
            "timeouts": _timeouts(values) | {"src": _SRC},
            "src": _SRC,
        }
    )


def secure(url: str | None) -> str | None:
    """Return an address with ``https``, which a facts file requires; a few of 2i2c's files have ``http``."""
    return re.sub(r"^http://", "https://", url) if url else None


def _timeouts(values: Values) -> Values:
    """Return the times after which kernels and servers are stopped; those that are never stopped are left out."""
    server, cull = values["singleuser"], values["cull"]
    kernels = get(server, "extraFiles", "jupyter_server_config.json", "data", "MappingKernelManager") or {}
    timeouts = {
        "idle_kernel_culled_after_s": kernels.get("cull_idle_timeout") or None,
        "idle_kernel_check_s": kernels.get("cull_interval"),
        "spawn_timeout_s": server.get("startTimeout"),
    }
    if cull.get("enabled"):
        timeouts |= {"idle_server_culled_after_s": cull["timeout"], "idle_server_check_s": cull["every"]}
        timeouts |= {"server_max_age_s": cull["maxAge"] or None}
    return present(timeouts)


def _home(configuration: HubConfiguration) -> Values:
    storage = get(configuration.values, "jupyterhub", "singleuser", "storage") or {}
    if storage.get("type") == "none":
        return {}
    server = configuration.values.get("jupyterhub-home-nfs") or {}
    quota = (
        get(server, "quotaEnforcer", "config", "QuotaManager", "hard_quota") if server.get("enabled", True) else None
    )
    section = {"path": storage.get("homeMountPath"), "hard_quota_gib": quota or None}
    return present(section | {"src": _SRC})


def _variables(configuration: HubConfiguration) -> dict[str, str]:
    """Return the variables of every server that name a bucket, and those that JupyterHub sets."""
    extra = get(configuration.values, "jupyterhub", "singleuser", "extraEnv") or {}
    texts = {name: value.get("value") if isinstance(value, dict) else value for name, value in extra.items()}
    kept = {name: value for name, value in texts.items() if isinstance(value, str) and value.startswith("gs://")}
    return {"JUPYTERHUB_USER": "$(JUPYTERHUB_USER)"} | kept | {"JUPYTER_IMAGE_SPEC": "$(IMAGE)"}


def _environment(configuration: HubConfiguration) -> Values:
    variables = _variables(configuration)
    section = {"values": {name: {"value": value} for name, value in variables.items()}}
    passed_on = [found[1] for code in _setup_code(configuration) for found in _PASSED_ON.finditer(code)]
    if passed_on and get(configuration.values, "dask-gateway", "enabled"):
        # The text is for Python's str.format.
        names = json.loads(passed_on[0].replace("{{", "{").replace("}}", "}"))
        section["on_dask_workers"] = [name for name in names if name in variables]  # type: ignore[assignment]
    return section | {"src": _SRC}


def _setup_code(configuration: HubConfiguration) -> list[str]:
    """Return the programs that the hub runs when it starts."""
    return [str(code) for code in (get(configuration.values, "jupyterhub", "hub", "extraConfig") or {}).values()]


class _Buckets:
    """The section about buckets: those that the hub's variables name, and those that its servers may use."""

    def __init__(self, configuration: HubConfiguration) -> None:
        self._terraform = configuration.terraform
        self._permissions = self._terraform.permissions(configuration.name) if self._terraform else None
        self._variables = _variables(configuration)
        self.notes: list[str] = []

    def section(self) -> Values:
        """Return the section."""
        options: dict[str, Values] = {}
        for variable, value in self._variables.items():
            bucket = re.match(r"gs://([^/]+)", value)
            if bucket:
                in_it = value.startswith(f"{bucket[0]}/")
                options.setdefault(bucket[1], {"variable": variable} if in_it else {})
        writes, reads = (self._permissions.writes, self._permissions.reads) if self._permissions else ([], [])
        for name in (*writes, *reads):
            options.setdefault(name, {})
        groups = {group for name, option in options.items() for group in self._complete(name, option)}
        if not options:
            self.notes.append("buckets: neither a variable nor Terraform names one for this hub")
            return {"options": {}, "src": _SRC}
        section: Values = {"options": options}
        if groups:
            section["writers_group"] = sorted(groups)[0]
        if len(groups) > 1:
            self.notes.append(f"buckets: several groups may write: {', '.join(sorted(groups))}")
        if self._permissions:
            section["identity"] = {"pays_for_requests": self._permissions.pays_for_requests}
        return section | {"src": _SRC}

    def _complete(self, name: str, option: Values) -> set[str]:
        """Add to a bucket's ``option`` what Terraform says; return the groups that may write."""
        if self._permissions:
            if name in self._permissions.writes:
                option["hub"] = "write"
            elif name in self._permissions.reads:
                option["hub"] = "read"
            else:
                self.notes.append(f"buckets: a variable names {name}, but the hub has no permissions for it")
        settings = self._terraform.buckets.get(name) if self._terraform else None
        if settings is None:
            return set()
        members = [str(member) for member in settings["extra_admin_members"]]
        groups = {member.removeprefix("group:") for member in members if member.startswith("group:")}
        option["delete_after_days"] = settings["delete_after"]
        option["writers_group"] = bool(groups)
        option["uniform_access"] = settings["uniform_bucket_level_access_only"]
        others = [member for member in members if not member.startswith("group:")]
        if others:
            self.notes.append(f"buckets: {', '.join(others)} may write to {name} too")
        if settings["public_access"]:
            self.notes.append(f"buckets: everybody may read {name}")
        return groups


def _dask_gateway(configuration: HubConfiguration) -> Values:
    """Return the sizes of workers on Google Cloud, from the code that offers them; empty without Dask Gateway."""
    gateway = configuration.values.get("dask-gateway") or {}
    code = get(gateway, "gateway", "extraConfig", "optionHandler")
    if not gateway.get("enabled") or not code:
        return {}
    constants = {}
    for statement in ast.walk(ast.parse(code)):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            try:
                constants[ast.unparse(statement.targets[0])] = ast.literal_eval(statement.value)
            except ValueError:
                continue
    machine = constants["instance_types"]["gke"][0]
    sizes = {
        name: {
            "cores": size["worker_cores"],
            "cores_limit": size["worker_cores_limit"],
            "memory": size["worker_memory"],
        }
        for name, size in constants["resource_allocations"][machine].items()
    }
    idle = re.search(r"KubeClusterConfig\.idle_timeout\s*=\s*(\d+)", code)
    section = {"instance_type": machine, "worker_resource_allocation": sizes}
    if any(_OWN_IMAGE.search(setup) for setup in _setup_code(configuration)):
        section["image"] = "the server's own"
    pools = (configuration.terraform.variables.get("dask_nodes") or {}).values() if configuration.terraform else ()
    if pools:
        section["preemptible_workers"] = any(pool.get("preemptible", True) for pool in pools)  # Terraform's default
    section |= {"idle_timeout_minutes": int(idle[1]) // 60 if idle else None}
    return present(section | {"url_prefix": get(gateway, "gateway", "prefix"), "src": _SRC})


def _git(configuration: HubConfiguration) -> Values:
    app = get(configuration.values, "jupyterhub", "singleuser", "extraEnv", "GH_SCOPED_CREDS_APP_URL")
    return {"push_from_hub": {"tool": "gh-scoped-creds", "app": app}, "src": _SRC} if app else {}


def _notes(configuration: HubConfiguration) -> list[str]:
    """Return lines about facts of the configuration that have no place in a facts file."""
    values = configuration.values["jupyterhub"]
    notes = []
    if "idle_kernel_culled_after_s" not in _timeouts(values):
        notes.append("hub.timeouts: idle kernels are never stopped")
    if not values["cull"].get("enabled"):
        notes.append("hub.timeouts: idle servers are never stopped")
    elif not values["cull"]["maxAge"]:
        notes.append("hub.timeouts: servers have no largest age")
    if get(values, "singleuser", "storage", "type") == "none":
        notes.append("home: home directories are not kept")
    if configuration.terraform is None:
        notes.append("buckets: no file of Terraform's variables has the project of this cluster")
    notes += [f"{name} was not read: it is encrypted or a program" for name in configuration.unread]
    return notes
