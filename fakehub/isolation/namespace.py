"""Linux namespaces in which Google's host names resolve to the stand-in and nothing else is reachable."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from fakehub.hosts import METADATA_HOST, TLS_HOSTS
from fakehub.isolation.fork import Fork

_NEWNS, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG = 1
NO_HOSTS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


class NamespaceError(Exception):
    """The system does not allow the namespaces; the message is one line."""


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library; raise ``NamespaceError`` if it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise NamespaceError(f"{name}: {os.strerror(number)}")


def available() -> bool:
    """Return whether this process may create the namespaces. Tries it in a child, so nothing changes here."""
    if not sys.platform.startswith("linux"):
        return False

    def attempt() -> int:
        try:
            return run_inside(lambda: 0)
        except (NamespaceError, OSError):
            return 1

    return Fork(attempt).wait() == 0


def run_inside(action: Callable[[], int], hosts: Mapping[str, tuple[str, ...]] = NO_HOSTS) -> int:
    """Run ``action`` as the first process of new namespaces and return its status.

    Google's names resolve to the stand-in there, and ``hosts`` maps further addresses to host names. Everything that
    ``action`` starts ends with it. Signals to this process are forwarded to it, and it dies if this process is killed.

    Raises ``NamespaceError`` if the system does not allow it.
    """
    if not sys.platform.startswith("linux"):
        raise NamespaceError("namespaces exist on Linux only")
    _unshare(_NEWNS | _NEWPID | _NEWNET)
    read_end, write_end = os.pipe()

    def inside() -> int:
        os.close(read_end)
        try:
            _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            _set_up_namespaces(hosts)
            os.close(write_end)
        except (NamespaceError, OSError) as error:
            os.write(write_end, str(error).encode())
            return 1
        return action()

    child = Fork(inside)
    os.close(write_end)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: child.send_signal(number))
    problem = os.read(read_end, 4096).decode()
    status = child.wait()
    if problem:
        raise NamespaceError(problem)
    return status if status >= 0 else 128 - status


def hide(folders: Sequence[Path], empty: Path) -> None:
    """Show the ``empty`` folder at the paths of ``folders``, to this process and those that it starts.

    Raises ``NamespaceError`` if the system does not allow it.
    """
    if not sys.platform.startswith("linux"):
        raise NamespaceError("namespaces exist on Linux only")
    _unshare(_NEWNS)
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    for folder in folders:
        _call("mount", os.fsencode(empty), os.fsencode(folder), None, _MS_BIND, None)


def _unshare(namespaces: int) -> None:
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", namespaces | (0 if uid == 0 else _NEWUSER))
    if uid == 0:
        return
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def _set_up_namespaces(hosts: Mapping[str, tuple[str, ...]]) -> None:
    """Give the namespaces a loopback interface, a process table and their own host names."""
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    _call("mount", b"proc", b"/proc", b"proc", 0, None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        request = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(loopback, _SIOCGIFFLAGS, request + bytes(22))[:18])[1]
        fcntl.ioctl(loopback, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP) + bytes(22))
    # Programs that open ports to other machines, such as a cluster's scheduler, look up the name of their own machine.
    lines = [f"127.0.0.1 localhost {socket.gethostname()}", f"127.0.0.1 {' '.join((*TLS_HOSTS, METADATA_HOST))}"]
    lines += [f"{address} {' '.join(names)}" for address, names in hosts.items()]
    _replace_file("/etc/hosts", "".join(f"{line}\n" for line in lines))
    _replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")


def _replace_file(target: str, text: str) -> None:
    """Mount a file with ``text`` over ``target``, in this mount namespace only."""
    with tempfile.NamedTemporaryFile() as source:
        source.write(text.encode())
        source.flush()
        os.chmod(source.name, 0o644)
        _call("mount", source.name.encode(), os.path.realpath(target).encode(), None, _MS_BIND, None)
