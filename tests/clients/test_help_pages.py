"""What the help pages say about libraries beyond what a page can show: other versions, and a network behind a proxy."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from fakehub.isolation import namespace

ROOT = Path(__file__).resolve().parents[2]
WRITE_SHARDS = """
import os
import warnings

import numpy as np
import xarray as xr

warnings.simplefilter("ignore")
folder = os.environ["SCRATCH_BUCKET"]
t2m = np.arange(1, 24 * 36 * 48 + 1, dtype="float32").reshape(24, 36, 48)
ds = xr.Dataset({"t2m": (("time", "lat", "lon"), t2m)})
encoding = {"t2m": {"chunks": (6, 9, 12), "shards": (24, 18, 24)}}
shards = dict(zip(ds.t2m.dims, encoding["t2m"]["shards"]))


def write(ds, name, **options):
    try:
        ds.to_zarr(f"{folder}/{name}", mode="w", **options)
    except ValueError as error:
        return "refused" if "would overlap multiple Dask chunks" in str(error) else str(error)
    stored = xr.open_zarr(f"{folder}/{name}", chunks=None).t2m.values
    return "complete" if (stored == t2m).all() else "lost"


print(write(ds.chunk(shards), "whole", encoding=encoding))
print(write(ds.chunk(time=6, lat=9, lon=12), "small", encoding=encoding))
print(write(xr.open_zarr(f"{folder}/whole"), "copy"))
print(write(xr.open_zarr(f"{folder}/whole").chunk(shards), "copy-of-shards"))
"""
# Counts the connections to a proxy that answers none of them.
ASK_PROXY = """
import os
import socket
import threading

proxy = socket.create_server(("127.0.0.1", 0))
asked = []


def refuse():
    while True:
        connection, _ = proxy.accept()
        asked.append(connection.recv(100).split(b" ")[:2])
        connection.sendall(b"HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\n\\r\\n")
        connection.close()


threading.Thread(target=refuse, daemon=True).start()
for name in ("HTTPS_PROXY", "https_proxy"):
    os.environ[name] = f"http://127.0.0.1:{proxy.getsockname()[1]}"
import gcsfs
import gcsfs.retry
import requests

gcsfs.retry.is_retriable = lambda error: False  # repetitions would take a minute
target = [b"CONNECT", b"storage.googleapis.com:443"]


def through_proxy(call):
    asked.clear()
    try:
        call()
    except Exception as error:
        print(type(error).__name__, "403" in str(error), end=" ")
    return target in asked


def exists(**options):
    return gcsfs.GCSFileSystem(skip_instance_cache=True, **options).ls("leap-scratch")


print(through_proxy(exists))
print(through_proxy(lambda: exists(session_kwargs={"trust_env": True})))
print(through_proxy(lambda: requests.get("https://storage.googleapis.com/", timeout=10)))
"""
FORK = """
import multiprocessing
import os

import gcsfs

fs = gcsfs.GCSFileSystem()
fs.pipe(f"{os.environ['SCRATCH_BUCKET']}/object", b"data")


def read(open_again):
    reader = gcsfs.GCSFileSystem() if open_again else fs
    return reader.cat(f"{os.environ['SCRATCH_BUCKET']}/object")


def outcome(method, open_again):
    with multiprocessing.get_context(method).Pool(1) as pool:
        try:
            return pool.apply_async(read, (open_again,)).get(timeout=60)
        except Exception as error:
            return type(error).__name__


if __name__ == "__main__":
    print(outcome("fork", open_again=False))
    print(outcome("forkserver", open_again=True))
    print(outcome("spawn", open_again=True))
"""


def _run(program: str, path: Path, *options: str) -> list[str]:
    """Return the lines that a program prints in the stand-in."""
    path.write_text(program)
    command = [sys.executable, "-m", "fakehub", "run", *options, "--", sys.executable, str(path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_dask_chunks_smaller_than_a_shard_lose_values_and_whole_shards_do_not(tmp_path):
    """xarray 2026.02 was the first to refuse (pydata/xarray#11117)."""
    checked = tuple(map(int, version("xarray").split(".")[:2])) >= (2026, 2)
    outcome = "refused" if checked else "lost"

    assert _run(WRITE_SHARDS, tmp_path / "shards.py") == ["complete", outcome, outcome, "complete"]


def test_gcsfs_uses_a_proxy_only_when_told_to_and_requests_always(tmp_path):
    if not namespace.available():
        pytest.skip("without namespaces, the stand-in itself is reached through HTTPS_PROXY")

    ignored, told, always = _run(ASK_PROXY, tmp_path / "proxy.py", "--mode", "names")

    assert ignored == "False"
    assert told.endswith("True True")
    assert always.endswith("True True")


def test_a_file_system_does_not_survive_a_fork_and_is_opened_again_in_a_new_process(tmp_path):
    assert _run(FORK, tmp_path / "fork.py") == ["RuntimeError", "b'data'", "b'data'"]
