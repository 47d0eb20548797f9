"""Kernels that are forks of a process which has already imported the libraries."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from fakehub.isolation.fork import Fork
from guide.run import preimport


class KernelSeed:
    """A fork of this process that waits to become a kernel.

    It is made before this process opens sockets and starts threads, which a later fork would not share safely.
    Until then, it imports the libraries that ``code`` mentions.
    """

    def __init__(self, code: str) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._fork = Fork(lambda: self._wait(theirs, code))
        theirs.close()

    def _wait(self, line: socket.socket, code: str) -> int:
        self._socket.close()
        os.setsid()
        preimport.import_libraries_in(code)
        request = line.makefile("rb").read()
        return _become_kernel(**json.loads(request)) if request else 0

    def become_kernel(self, arguments: list[str], cwd: str, env: dict[str, str]) -> Fork:
        """Turn the fork into a kernel with these command-line ``arguments``, and return its process."""
        self._socket.sendall(json.dumps({"arguments": arguments, "cwd": cwd, "env": env}).encode())
        self._end_request()
        return self._fork

    def close(self) -> None:
        """End a fork that has not become a kernel."""
        self._end_request()
        self._fork.wait()

    def _end_request(self) -> None:
        # Closing is not enough: seeds that were forked later hold this end of the socket too.
        self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()


def _become_kernel(arguments: list[str], cwd: str, env: dict[str, str]) -> int:
    os.environ.clear()
    os.environ.update(env)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as ipykernel sets it
    os.chdir(cwd)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    preimport.forget_own_packages()
    preimport.reload_environment()
    sys.argv = ["ipykernel_launcher.py", *arguments]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(arguments)
    return 0


class SeedProvisioner(LocalProvisioner):
    """A kernel provisioner that starts no process but turns ``seed`` into the kernel."""

    def __init__(self, seed: KernelSeed, **traits: Any) -> None:
        super().__init__(**traits)
        self._seed = seed

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Make the seed the kernel that the command ``cmd`` would start."""
        fork = self._seed.become_kernel(cmd[cmd.index("-f") :], kwargs["cwd"], kwargs["env"])
        self.process = fork  # type: ignore[assignment]  # typed as a Popen; a Fork has the methods that are called
        self.pid = self.pgid = fork.pid
        return self.connection_info


def use_seed(manager: KernelManager, seed: KernelSeed) -> None:
    """Have ``manager`` start ``seed`` as its kernel; a manager that has a provisioner creates no other one."""
    manager.provisioner = SeedProvisioner(seed, kernel_spec=manager.kernel_spec, parent=manager)
