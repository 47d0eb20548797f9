"""Start the script quickly: import what it needs once, and fork a process for each run.

The argument is the path of a Unix socket. Each connection sends one JSON line: arguments, folder, environment, the
limit for the size of files, whether permissions count for root as well, and the files for its output. It receives the
process's id, then its exit status.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import runpy
import signal
import socket
import sys
import warnings
from typing import Any

SLOW = ("google.auth.compute_engine", "google.auth.transport.requests", "google.oauth2.credentials", "h5netcdf")
SLOW += ("numpy", "pandas", "requests", "xarray", "zarr", "zarr.codecs", "h5py", "netCDF4", "concurrent.futures")


def become(asked: dict[str, Any]) -> None:
    """Turn this process into the script, as if it had been started normally."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, number)
    if asked["most_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most_bytes"], asked["most_bytes"]))
    if asked["unprivileged"]:
        give_up_privileges()
    sys.argv = asked["arguments"]
    status = 1
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        # Writing buffered output may fail because the disk is full.
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                status = status or 120
        os._exit(status)


def give_up_privileges() -> None:
    """Give up what lets root read and write any file on Linux; the user remains the same."""
    version, every_thread, none = 0x20080522, 0, (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset((ctypes.c_uint32 * 2)(version, every_thread), none):
        raise OSError(ctypes.get_errno(), "capset failed")


def serve(connection: socket.socket) -> None:
    """Start the run that a connection asks for, and send its id and exit status."""
    asked = json.loads(connection.makefile().readline())
    child = os.fork()
    if child == 0:
        connection.close()
        become(asked)
    connection.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def main() -> None:
    """Serve until stdin is closed, because the process that started this one has ended."""
    warnings.simplefilter("ignore")
    for name in SLOW:
        importlib.import_module(name)
    importlib.import_module("xarray.backends.plugins").list_engines()  # imports what every program has to find once
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    print("ready", flush=True)
    if os.fork() == 0:
        # End the whole process group together with the process that started it.
        sys.stdin.read()
        os.killpg(0, signal.SIGKILL)
    while True:
        connection, _ = listener.accept()
        supervisor = os.fork()
        if supervisor == 0:
            listener.close()
            serve(connection)
            os._exit(0)
        connection.close()
        # Reap the supervisors that have ended.
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break


if __name__ == "__main__":
    main()
