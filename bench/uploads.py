"""How near the guide's upload script comes to what a line can carry, and how far the naive way stays behind.

Runs inside a stand-in (``fakehub run``), whose network is set to three lines; ``measured`` starts one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.load import LoadError
from bench.samples import Plan, Sampler
from bench.servers import OURS, ROOT
from fakehub.control.client import Control
from fakehub.network.shaping import NetworkSettings

SCRIPT = ROOT / "book" / "uploads" / "upload_store.py"
LIMIT, NAIVE = "the line's limit", "naive Zarr"
VERSUS = "upload vs naive slow line"


@dataclass(frozen=True)
class Line:
    """A line between a reader and the cloud: its name, seconds a request takes at least, and bytes a second."""

    name: str
    latency_s: float
    rate: float

    @property
    def row(self) -> str:
        """What its row is called."""
        return f"upload share of line {self.name}"


LINES = (
    Line("10 ms 1 Gbit", 0.010, 125e6),
    Line("80 ms 100 Mbit", 0.080, 12.5e6),
    Line("200 ms 20 Mbit", 0.200, 2.5e6),
)
# One step of the source is one chunk of the store: 8 MB of 200 MB.
_STEPS, _STEPS_A_FILE, _WIDTH = 25, 5, 2000
# The naive way takes the chunks of its NetCDF files as they come, and those of many files are small: 20 KB. It is
# timed over a part that is enough to know its pace.
_TILE, _NAIVE_STEPS = (50, 100), 2

_MAKE = """
import sys
import numpy as np, xarray as xr
folder, steps, a_file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
shape, tile = SHAPE, TILE
random = np.random.default_rng(0)
for start in range(0, steps, a_file):
    time = np.arange(start, min(start + a_file, steps))
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
    """Uploads over each line beside its limit, and over the slowest beside the naive way."""
    try:
        rates = measured(plan.upload_bytes)
    except LoadError as error:
        rates = dict.fromkeys((*(line.row for line in LINES), VERSUS), error)
    slow = LINES[-1]

    def take(name: str, server: str, rate: float | LoadError) -> None:
        def value() -> float:
            if isinstance(rate, LoadError):
                raise rate
            return rate / 1e6

        sampler.take(name, "MB/s", server, value)

    for line in LINES:
        take(line.row, OURS, rates[line.row])
        take(line.row, LIMIT, line.rate)
    take(VERSUS, OURS, rates[slow.row])
    take(VERSUS, NAIVE, rates[VERSUS])


def measured(size: int) -> dict[str, float]:
    """Bytes a second by row, with ``VERSUS`` the naive way's; each upload of about ``size`` bytes.

    Raises ``LoadError`` where an upload fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rates.json"
        inside = [sys.executable, "-m", "bench.uploads", "--bytes", str(size), "--out", str(out)]
        command = [sys.executable, "-m", "fakehub", "run", "--hub-yml", str(ROOT / "hub.yml"), "--", *inside]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode or not out.is_file():
            raise LoadError((done.stderr.strip().splitlines() or ["no upload was measured"])[-1])
        return json.loads(out.read_text(encoding="utf-8"))


def _all(size: int, folder: Path) -> dict[str, float]:
    control = Control(Path(os.environ["FAKEHUB_SESSION"]))
    rates = {}
    source, tiles = folder / "source", folder / "tiles"
    height = max(1, round(size / _STEPS / _WIDTH / 4))
    _make(source, _STEPS, (height, _WIDTH), None)
    _make(tiles, _NAIVE_STEPS, (max(_TILE[0], height // 2), _WIDTH // 2), _TILE)
    for line in LINES:
        store = f"{os.environ['SCRATCH_BUCKET']}/{line.name.replace(' ', '-')}.zarr"
        command = [str(SCRIPT), *map(str, sorted(source.glob("*.nc"))), store, "--chunks", "time=1"]
        rates[line.row] = _rate(control, line, store, command, folder)
    store = f"{os.environ['SCRATCH_BUCKET']}/naive.zarr"
    rates[VERSUS] = _rate(control, LINES[-1], store, ["-c", _TO_ZARR, str(tiles), store], folder)
    return rates


def _make(folder: Path, steps: int, shape: tuple[int, int], tile: tuple[int, int] | None) -> None:
    folder.mkdir()
    text = _MAKE.replace("SHAPE", repr(shape)).replace("TILE", repr(tile))
    subprocess.run([sys.executable, "-c", text, str(folder), str(steps), str(_STEPS_A_FILE)], check=True)


def _rate(control: Control, line: Line, store: str, command: list[str], folder: Path) -> float:
    """Bytes a second from the first request about ``store`` until its last object is written."""
    control.set_network(NetworkSettings(latency_s=line.latency_s, total_bandwidth=line.rate))
    before = len(control.log())
    try:
        subprocess.run([sys.executable, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    finally:
        control.set_network(NetworkSettings())
    name = store.rpartition("/")[2]
    rows = [row for row in control.log()[before:] if name in row["path"] or "multipart" in row["path"]]
    written = [row for row in rows if row["method"] in ("PUT", "POST")]
    began = min(row["time"] - row["seconds"] for row in rows)
    return sum(row["bytes_in"] for row in written) / (max(row["time"] for row in written) - began)


def main() -> int:
    """Measure inside of a stand-in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given.out.write_text(json.dumps(_all(given.bytes, Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
