"""A large upload in short jobs ends: scaled down, chunks stand for 100 MB and a few of them for four hours."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from comparing import assert_same
from source_files import months
from upload_world import BUCKET, USER

CHUNKS_A_JOB = 12


def test_an_upload_in_short_jobs_ends_and_sends_nothing_twice(cloud, tmp_path):
    files = months(tmp_path / "source", count=6)
    cloud.control.clear_faults()
    cloud.credentials(tmp_path)
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")}
    prefix, manifest = f"{USER}/jobs/months.zarr/", tmp_path / "months.zarr.manifest"
    options = ("--chunks", "time=1", "--workers", "1", "--user", USER)
    cloud.writes(prefix)

    status, jobs = None, 0
    while status != 0:
        jobs += 1
        before = noted(manifest)
        job = cloud.start(tmp_path, *files, f"gs://{BUCKET}/{prefix.rstrip('/')}", *options, **variables)
        while job.wait(0.01) is None and noted(manifest) < before + CHUNKS_A_JOB:
            continue
        if job.wait(0) is None:
            os.kill(job.pid, signal.SIGTERM)  # as the batch system does a minute before the time is over
        status = job.wait()
        assert status == 0 or job.error == "upload_store.py: stopped: run the same command again\n"
        assert noted(manifest) >= before

    stored = cloud.stored(prefix)
    chunks = [name for name in stored if not name.endswith("zarr.json")]
    assert 2 < jobs <= len(chunks) / CHUNKS_A_JOB + 2
    assert cloud.writes(prefix) == dict.fromkeys(stored, 1)
    assert_same(stored, files)


def noted(manifest: Path) -> int:
    """Return the number of chunks in a manifest."""
    return manifest.read_text().count('"object"') if manifest.exists() else 0
