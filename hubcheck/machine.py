"""The machine: home directory, memory, CPUs, GPU and the limits of idle kernels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hubcheck.common import GIB, Hub, Observation, unseen

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
