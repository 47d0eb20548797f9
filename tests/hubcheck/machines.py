"""Servers of the hub as files and variables, and changes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hubcheck.common import Hub, Observation
from hubcheck.facts import GUIDE
from hubcheck.machine import machine

# Paths of files with their contents, and names of variables, in capitals, with their values.
Files = dict[str, str]
_GIB = 2**30
_HOME = GUIDE["home"]
_MOUNTS = (
    f"10.0.0.2:/export/leap/user {_HOME} nfs4 rw,noatime 0 0\n10.0.0.2:/export/shared {_HOME}/shared nfs4 ro 0 0\n"
)
_SETTINGS = "usr/local/etc/jupyter/jupyter_server_config.json"


def _culler(timeout_s: int = 3600, check_s: int = 300, connected: str = "true") -> str:
    return (
        f'{{"MappingKernelManager": {{"cull_idle_timeout": {timeout_s}, "cull_interval": {check_s}, '
        f'"cull_connected": {connected}}}}}'
    )


# A server with a GPU, as the guide describes it.
MACHINE: Files = {
    "proc/mounts": _MOUNTS,
    "sys/fs/cgroup/memory.max": f"{29 * _GIB}\n",
    "sys/fs/cgroup/cpu.max": "1553600 100000\n",
    "proc/driver/nvidia/gpus/0000:00:04.0/information": "Model: \t\t Tesla T4\nIRQ:   \t\t 33\n",
    _SETTINGS: _culler(),
    "HOME": _HOME,
    "MEM_LIMIT": str(29 * _GIB),
    "KUBERNETES_SERVICE_HOST": "10.0.0.1",
    "JUPYTERHUB_USER": "funky-user",
}


def observe(root: Path, files: Files) -> list[Observation]:
    """Return the observations on a server that has these files and variables."""
    for name, content in files.items():
        if "/" in name:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
    env = {name: value for name, value in files.items() if "/" not in name}
    return list(machine(Hub(GUIDE, env, root)))


def changed_machines() -> Iterator[tuple[str, Files]]:
    """Yield the observation that has to differ, and the files and variables of a changed server."""
    for name, file, content in (
        ("home", "HOME", "/root"),
        ("home-mount", "proc/mounts", _MOUNTS.replace(f"{_HOME} nfs4", f"{_HOME} ext4")),
        ("shared-folder", "proc/mounts", _MOUNTS.replace(" ro ", " rw ")),
        ("memory-limit", "sys/fs/cgroup/memory.max", f"{30 * _GIB}\n"),
        ("memory-variable", "MEM_LIMIT", str(30 * _GIB)),
        ("cpu-limit", "sys/fs/cgroup/cpu.max", "400000 100000\n"),
        ("gpu", "proc/driver/nvidia/gpus/0000:00:04.0/information", "Model: \t\t Tesla V100-SXM2-16GB\n"),
        ("idle-kernel", _SETTINGS, _culler(timeout_s=7200)),
        ("idle-kernel-check", _SETTINGS, _culler(check_s=60)),
        ("idle-kernel-connected", _SETTINGS, _culler(connected="false")),
    ):
        yield f"machine.{name}", MACHINE | {file: content}
