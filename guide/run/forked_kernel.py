"""Kernels as copies of a process that has imported the libraries already."""

from __future__ import annotations

import json
import os
import socket
import sys
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from fakehub.isolation.fork import Fork
from guide.run import preimport

NAME = "guide-copy"


class Seed:
    """A copy of this process that waits to become a kernel.

    It is made before this process opens sockets and starts threads, of which a copy would know nothing.
    """

    def __init__(self) -> None:
        here, there = socket.socketpair()
        self._line = here
        self.process = Fork(lambda: self._wait(there))
        there.close()

    def _wait(self, line: socket.socket) -> int:
        self._line.close()
        os.setsid()
        told = line.makefile("rb").read()
        if not told:
            return 0
        return _become_kernel(**json.loads(told))

    def become_kernel(self, arguments: list[str], cwd: str, env: dict[str, str]) -> Fork:
        """Have the copy be a kernel with these ``arguments``, in directory ``cwd`` and with ``env``; its process."""
        self._line.sendall(json.dumps({"arguments": arguments, "cwd": cwd, "env": env}).encode())
        self._end_line()
        return self.process

    def close(self) -> None:
        """Let a copy go that never became a kernel."""
        self._end_line()
        self.process.wait()

    def _end_line(self) -> None:
        self._line.shutdown(socket.SHUT_WR)  # a copy that was made later has this end as well, and does not close it
        self._line.close()


def _become_kernel(arguments: list[str], cwd: str, env: dict[str, str]) -> int:
    os.environ.clear()
    os.environ.update(env)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as a kernel has it
    os.chdir(cwd)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    preimport.forget_the_runner()
    preimport.read_environment_again()
    sys.argv = ["ipykernel_launcher.py", *arguments]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(arguments)
    return 0


class Copied(LocalProvisioner):
    """Starts no process, but tells the waiting one what to be."""

    seed: Seed

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Become the kernel that ``cmd`` would have started."""
        self.process = self.seed.become_kernel(cmd[cmd.index("-f") :], kwargs["cwd"], kwargs["env"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def use(seed: Seed) -> None:
    """Have the next kernel that this process starts be ``seed``."""
    Copied.seed = seed
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:{Copied.__name__}", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
