"""Measure how much of a network's bandwidth the guide's upload script uses, and how slow a plain ``to_zarr`` is.

This module measures inside a stand-in (``fakehub run``) whose network simulates three lines; ``measured_rates`` starts
the stand-in.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.load import LoadError
from bench.samples import Plan, Sampler
from bench.servers import OURS
from fakehub.control.client import Control
from fakehub.network.shaping import NetworkSettings
from guide.paths import ROOT

SCRIPT = ROOT / "book" / "uploads" / "upload_store.py"
LIMIT, NAIVE = "the line's limit", "naive Zarr"
VERSUS = "upload vs naive slow connection"


@dataclass(frozen=True)
class Line:
    """A network line between a user and the cloud, with its latency in seconds and its rate in bytes per second."""

    name: str
    latency_s: float
    rate: float

    @property
    def row(self) -> str:
        """The name of its row in the results."""
        return f"upload share of line {self.name}"


LINES = (
    Line("10 ms 1 Gbit", 0.010, 125e6),
    Line("80 ms 100 Mbit", 0.080, 12.5e6),
    Line("200 ms 20 Mbit", 0.200, 2.5e6),
)
# One step of the source is one chunk of the store: 8 MB of 200 MB.
_STEPS, _STEPS_PER_FILE, _WIDTH = 25, 5, 2000
# A plain ``to_zarr`` takes the chunks of the NetCDF files as they are, and in many files they are as small as 20 KB. It
# is so slow that a few steps are enough to know its rate.
_TILE, _NAIVE_STEPS = (50, 100), 2

_MAKE = """
import sys
import numpy as np, xarray as xr
folder, steps, steps_per_file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
shape, tile = SHAPE, TILE
random = np.random.default_rng(0)
for start in range(0, steps, steps_per_file):
    time = np.arange(start, min(start + steps_per_file, steps))
    values = random.random((len(time), *shape), dtype="f4")
    coordinates = {"time": ("time", time, {"units": "days since 2000-01-01"})}
    dataset = xr.Dataset({"values": (("time", "y", "x"), values)}, coordinates)
    encoding = {"values": {"chunksizes": (1, *tile)}} if tile else {}
    dataset.to_netcdf(f"{folder}/{start:05d}.nc", engine="h5netcdf", encoding=encoding)
"""
_TO_ZARR = """
import sys, warnings
warnings.simplefilter("ignore")
import xarray as xr
xr.open_mfdataset(sys.argv[1] + "/*.nc", chunks={}, engine="h5netcdf").to_zarr(sys.argv[2], mode="w")
"""


def shares(sampler: Sampler, plan: Plan) -> None:
    """Compare the rate of an upload with that of each connection, and over the slowest one with ``to_zarr``'s."""
    rates: dict[str, float] = {}
    failure = None
    try:
        rates = measured_rates(plan.upload_bytes)
    except LoadError as error:
        failure = error

    def rate(row: str) -> float:
        if failure:
            raise failure
        return rates[row] / 1e6

    for line in LINES:
        sampler.take(line.row, "MB/s", OURS, partial(rate, line.row))
        sampler.take(line.row, "MB/s", LIMIT, partial(float, line.rate / 1e6))
    sampler.take(VERSUS, "MB/s", OURS, partial(rate, LINES[-1].row))
    sampler.take(VERSUS, "MB/s", NAIVE, partial(rate, VERSUS))


def measured_rates(size: int) -> dict[str, float]:
    """Start a stand-in, upload ``size`` bytes over each line and return the bytes per second by row.

    ``VERSUS`` has the rate of a plain ``to_zarr``. Raises ``LoadError`` if an upload fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rates.json"
        inside = [sys.executable, "-m", "bench.uploads", "--bytes", str(size), "--out", str(out)]
        command = [sys.executable, "-m", "fakehub", "run", "--hub-yml", str(ROOT / "hub.yml"), "--", *inside]
        process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if process.returncode or not out.is_file():
            raise LoadError((process.stderr.strip().splitlines() or ["no upload was measured"])[-1])
        rates: dict[str, float] = json.loads(out.read_text(encoding="utf-8"))
        return rates


def _rates(size: int, folder: Path) -> dict[str, float]:
    """Make the source files in ``folder`` and return the rate of each upload."""
    control = Control(Path(os.environ["FAKEHUB_SESSION"]))
    rates = {}
    source, tiles = folder / "source", folder / "tiles"
    height = max(1, round(size / _STEPS / _WIDTH / 4))
    _make_files(source, _STEPS, (height, _WIDTH), None)
    _make_files(tiles, _NAIVE_STEPS, (max(_TILE[0], height // 2), _WIDTH // 2), _TILE)
    for line in LINES:
        store = f"{os.environ['SCRATCH_BUCKET']}/{line.name.replace(' ', '-')}.zarr"
        command = [str(SCRIPT), *map(str, sorted(source.glob("*.nc"))), store, "--chunks", "time=1"]
        rates[line.row] = _upload_rate(control, line, store, command, folder)
    store = f"{os.environ['SCRATCH_BUCKET']}/naive.zarr"
    rates[VERSUS] = _upload_rate(control, LINES[-1], store, ["-c", _TO_ZARR, str(tiles), store], folder)
    return rates


def _make_files(folder: Path, steps: int, shape: tuple[int, int], tile: tuple[int, int] | None) -> None:
    folder.mkdir()
    program = _MAKE.replace("SHAPE", repr(shape)).replace("TILE", repr(tile))
    subprocess.run([sys.executable, "-c", program, str(folder), str(steps), str(_STEPS_PER_FILE)], check=True)


def _upload_rate(control: Control, line: Line, store: str, command: list[str], folder: Path) -> float:
    """Return the bytes per second from the first request for ``store`` until its last object is written."""
    control.set_network(NetworkSettings(latency_s=line.latency_s, total_bandwidth=line.rate))
    before = len(control.log())
    try:
        subprocess.run([sys.executable, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    finally:
        control.set_network(NetworkSettings())
    name = store.rpartition("/")[2]
    rows = [row for row in control.log()[before:] if name in row["path"] or "multipart" in row["path"]]
    began = min(row["time"] - row["seconds"] for row in rows)
    ended = max(row["time"] for row in rows if row["method"] in ("PUT", "POST"))
    uploaded: int = sum(row["bytes_in"] for row in rows if row["method"] in ("PUT", "POST"))
    return uploaded / (ended - began)


def main() -> int:
    """Measure inside a stand-in and write the rates to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options.out.write_text(json.dumps(_rates(options.bytes, Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
