"""Measure how the guide's upload script grows with the variables of its source and with the number of workers."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from bench.load import LoadError
from bench.samples import Sampler
from bench.servers import OURS
from guide.paths import ROOT

SCRIPT = ROOT / "book" / "uploads" / "upload_store.py"
SLOPE = "slope of an upload over its variables"
WORKERS = "encoding with 2 workers"
ONE_WORKER = "1 worker"
COUNTS = (50, 100, 200, 400, 800)

_MAKE = """
import sys
import h5netcdf, numpy as np
folder, count = sys.argv[1], int(sys.argv[2])
for number in range(2):
    with h5netcdf.File(f"{folder}/{number}.nc", "w") as file:
        file.dimensions = {"time": 4, "x": 50}
        time = file.create_variable("time", ("time",), data=np.arange(4) + 4 * number)
        time.attrs["units"] = "days since 2000-01-01"
        for variable in range(count):
            made = file.create_variable(f"v{variable}", ("time", "x"), data=np.full((4, 50), variable, "f4"))
            made.attrs["units"] = "K"
"""
# Values as smooth as those of a model, compressed in the file as most are.
_ENCODE = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
import h5netcdf, numpy as np
sys.path.insert(0, sys.argv[1])
from upload_store import Encoder, Layout, OpenFiles, Request, Source, md5
values = np.cumsum(np.random.default_rng(0).normal(size=(12, 1000, 2000)), axis=2).astype("f4")
with h5netcdf.File(sys.argv[2], "w") as file:
    file.dimensions = {"time": 12, "y": 1000, "x": 2000}
    options = {"chunks": (1, 250, 500), "compression": "gzip", "compression_opts": 1, "shuffle": True}
    file.create_variable("values", ("time", "y", "x"), data=values, **options)
files = OpenFiles()
each = lambda read, paths, *arguments: (read(path, *arguments) for path in paths)
layout = Layout(Source(files, [sys.argv[2]], Request(), False, each), {"time": 1}, 10**8)
rates = []
for workers in (1, 2) * 5:  # in turn, so that a busy moment of the machine affects both
    encoder = Encoder(layout, files, workers)
    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda chunk: md5(encoder.encode(chunk)), layout.chunks()))
    rates.append(values.nbytes / 1e6 / (time.perf_counter() - started))
print(json.dumps([max(rates[0::2]), max(rates[1::2])]))
"""


def growth(sampler: Sampler) -> None:
    """Compute the log-log slope over the variables, and the rate of encoding with two workers beside that with one."""
    sampler.take(SLOPE, "log-log", OURS, slope)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-c", _ENCODE, str(SCRIPT.parent), f"{folder}/values.nc"]
        done = subprocess.run(command, capture_output=True, text=True)
    rates: list[float] = json.loads(done.stdout) if done.returncode == 0 else []

    def rate(index: int) -> float:
        if not rates:
            raise LoadError((done.stderr.strip().splitlines() or ["nothing was encoded"])[-1])
        return rates[index]

    sampler.take(WORKERS, "MB/s", OURS, partial(rate, 1))
    sampler.take(WORKERS, "MB/s", ONE_WORKER, partial(rate, 0))


def slope() -> float:
    """Return the slope of the CPU time of uploads to a disk, beyond that of one variable, over ``COUNTS``."""
    least = min(processor_seconds(1) for _ in range(3))  # a busy machine only adds to it
    seconds = [processor_seconds(count) - least for count in COUNTS]
    if min(seconds) <= 0:
        raise LoadError("an upload of 50 variables takes no longer than one of a single variable")
    return float(np.polyfit(np.log(COUNTS), np.log(seconds), 1)[0])


def processor_seconds(variables: int) -> float:
    """Return the CPU time of one upload of two files with so many variables to a disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "source").mkdir()
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _MAKE, str(folder / "source"), str(variables)], check=True
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, str(SCRIPT), str(folder / "source"), f"{folder}/store.zarr"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=dict(os.environ))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise LoadError(done.stderr.strip())
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
