"""A large upload in short jobs ends: scaled down, chunks stand for 100 MB and a few of them for four hours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

from comparing import assert_same
from source_files import months
from upload_world import BUCKET, SCRIPT, USER

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


def test_a_job_in_the_background_of_a_shell_stops_too(tmp_path):
    """Such a job ignores SIGINT, but a batch system stops it with SIGTERM."""
    months(tmp_path / "source", count=6)
    (tmp_path / "printed").touch()
    upload = f"{sys.executable} {SCRIPT} source ./months.zarr --chunks time=1 --workers 1"
    job = f"{upload} > printed & echo $!; wait $!; echo $?"
    with subprocess.Popen(["sh", "-c", job], cwd=tmp_path, text=True, stdout=PIPE, stderr=PIPE) as shell:
        number = int(shell.stdout.readline())
        while "to send" not in (tmp_path / "printed").read_text():
            time.sleep(0.01)
        os.kill(number, signal.SIGTERM)
        printed, error = shell.communicate(timeout=60)

    assert (printed, error) == ("1\n", "upload_store.py: stopped: run the same command again\n")
