"""The memory of an upload is limited by chunks and workers, whatever the size of the data."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from upload_world import BUCKET, SCRIPT, USER

WORKERS = 4
# Bytes of a chunk, which is one step.
CHUNK = 4 * 1000 * 2000


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Make files of four chunks with consecutive times and values that do not compress; returns their paths."""
    folder = tmp_path_factory.mktemp("large")
    values = np.random.default_rng(1).random((4, 1000, 2000), dtype="f4")

    def make(count: int) -> list[Path]:
        paths = [folder / f"{number:03d}.nc" for number in range(count)]
        for number, path in enumerate(paths):
            if not path.exists():
                time = ("time", np.arange(4) + 4 * number, {"units": "days since 2000-01-01"})
                dataset = xr.Dataset({"values": (("time", "y", "x"), values)}, {"time": time})
                dataset.to_netcdf(path, engine="h5netcdf")
        return paths

    return make


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the memory of a process from /proc")
@pytest.mark.parametrize("times", [1, 4, 16])
def test_memory_stays_below_two_chunks_a_worker_whatever_the_size(cloud, files, tmp_path, times):
    cloud.control.clear_faults()
    cloud.credentials(tmp_path)
    environment = cloud.running.environment | {
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json"),
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, str(Path(__file__).with_name("memory_peak.py")), str(tmp_path / "peak"), str(SCRIPT)]
    command += [*map(str, files(times)), f"gs://{BUCKET}/{USER}/memory-{times}.zarr"]
    command += ["--chunks", "time=1", "--workers", str(WORKERS)]

    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stderr
    peak = int((tmp_path / "peak").read_text())
    print(f"{times}x: {peak / 1e6:.0f} MB, {peak / (WORKERS * CHUNK):.2f} chunks a worker")
    assert peak < 2 * WORKERS * CHUNK
