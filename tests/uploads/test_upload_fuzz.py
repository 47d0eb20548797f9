"""Uploads that are killed, cut off, refused, stalled, logged out, started twice, out of disk or whose source changes.

``UPLOADS=200`` sets their number. Each uses its number as its seed, so a failure can be reproduced:
``UPLOADS=200 pytest -k 'upload_17-'``.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from comparing import assert_same
from upload_world import BUCKET, SECRETS, USER, Cloud, Running

HOW_MANY = int(os.environ.get("UPLOADS", "12"))
# The approximate number of requests of one upload.
REQUESTS = 70
# How many runs with a mishap ended with each exit status.
ENDS: Counter[tuple[str, int]] = Counter()


class Ordeal:
    """One upload; every mishap starts the script and makes something go wrong."""

    def __init__(self, cloud: Cloud, folder: Path, sources: list[Path], seed: int) -> None:
        self.cloud, self.folder, self.seed = cloud, folder, seed
        (folder / "source").mkdir()
        self.sources = [Path(shutil.copy(source, folder / "source")) for source in sources]
        self.source_changed = False
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.prefix = f"{USER}/ordeal-{seed}/months.zarr/"
        self.steps = self.random.choice([1, 2])
        self.tokens = cloud.credentials(folder)

    def start(self, *options: str | Path, most_bytes: int | None = None) -> Running:
        """Start the script with short timeouts."""
        url, workers = f"gs://{BUCKET}/{self.prefix.rstrip('/')}", self.random.choice([1, 2, 4])
        options = ("--chunks", f"time={self.steps}", "--workers", str(workers), "--timeout", "2", *options)
        options += ("--patience", "60", "--user", USER)
        variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(self.folder / "credentials.json")}
        return self.cloud.start(self.folder, *self.sources, url, *options, most_bytes=most_bytes, **variables)

    def fault(self, effect: str, **more) -> None:
        """Add a fault that affects only requests for this store."""
        rule = {"path": f"ordeal-{self.seed}(/|%2F)", "host": "storage.googleapis.com", "seed": self.seed} | more
        self.cloud.control.add_fault(effect=effect, **rule)

    def held_up(self, seconds: float, *options: str | Path) -> Running:
        """Start the script and stall one of its requests, chosen at random; return while that request waits."""
        self.fault("stall", seconds=seconds, nth=self.random.randrange(1, REQUESTS))
        running = self.start(*options)
        self.cloud.until_struck(running)
        return running

    # The mishaps. Each returns the runs of the script that it started.

    def killed_at_a_request(self) -> list[Running]:
        running = self.held_up(5)
        running.kill()
        return [running]

    def killed_at_any_time(self) -> list[Running]:
        running = self.start()
        running.wait(self.random.uniform(0.1, 1.5))
        running.kill()
        return [running]

    def cut_off(self) -> list[Running]:
        for effect in ("reset", "reset-upload", "truncate", "corrupt"):
            self.fault(effect, probability=0.2, times=4)
        return [self.start()]

    def stormed(self) -> list[Running]:
        for code in (429, 503):
            self.fault("status", code=code, probability=0.3, times=5, seed=self.seed + code)
        return [self.start()]

    def stalled(self) -> list[Running]:
        self.fault("stall", seconds=4, probability=0.1, times=2)
        return [self.start()]

    def expired(self) -> list[Running]:
        running = self.held_up(0.5)
        self.cloud.control.advance(3700)
        return [running]

    def revoked(self) -> list[Running]:
        running = self.held_up(0.5)
        self.cloud.revoke(self.tokens["refresh_token"])
        running.wait()
        self.tokens = self.cloud.credentials(self.folder)
        return [running]

    def token_ended(self) -> list[Running]:
        token = self.folder / "token.txt"
        token.write_text(self.cloud.log_in()["access_token"])
        token.chmod(0o600)
        running = self.held_up(0.5, "--token-file", token)
        self.cloud.control.advance(3700)
        return [running]

    def out_of_disk(self) -> list[Running]:
        return [self.start(most_bytes=self.random.choice([0, 50, 300, 1000, 2000]))]

    def twice(self) -> list[Running]:
        names = self.random.choice([("one", "one"), ("one", "other")])
        both = [self.start("--manifest", self.folder / name) for name in names]
        if self.random.random() < 0.5:
            both[0].wait(self.random.uniform(0.1, 1.0))
            both[0].kill()
        return both

    def source_changes(self) -> list[Running]:
        """Change a value while a request waits, and end the run; then restore the file, as from an archive."""
        file = self.random.choice(self.sources)
        original, self.source_changed = file.read_bytes(), True
        running = self.held_up(0.5)
        with h5py.File(file, "r+", locking=False) as content:
            content["air"][self.random.randrange(4), 3, 4] += 1
        again = [] if running.wait() == 0 else [self.start()]
        for run in again:
            run.wait()
        file.write_bytes(original)
        return [running, *again]


MISHAPS: list[Callable[[Ordeal], list[Running]]] = [
    Ordeal.killed_at_a_request,
    Ordeal.killed_at_any_time,
    Ordeal.cut_off,
    Ordeal.stormed,
    Ordeal.stalled,
    Ordeal.expired,
    Ordeal.revoked,
    Ordeal.token_ended,
    Ordeal.out_of_disk,
    Ordeal.twice,
    Ordeal.source_changes,
]


def mishaps(seed: int) -> list[Callable[[Ordeal], list[Running]]]:
    """Return one to three mishaps; a few consecutive seeds have every kind."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [MISHAPS[seed % len(MISHAPS)], *chance.choices(MISHAPS, k=chance.randrange(3))]


@pytest.mark.parametrize("seed", range(HOW_MANY), ids=lambda seed: f"upload_{seed}-")
def test_after_the_last_start_the_store_is_the_source(cloud, tmp_path, sources, seed):
    ordeal = Ordeal(cloud, tmp_path, sources, seed)
    cloud.writes("")

    for mishap in mishaps(seed):
        for running in mishap(ordeal):
            status, error = running.wait(), running.error
            assert status in (0, 1, -9), f"{mishap.__name__}: {status}: {error}"
            ENDS[mishap.__name__, status] += 1
            assert len(error.splitlines()) <= 1 and "Traceback" not in error, f"{mishap.__name__}: {error}"
        cloud.control.clear_faults()
    last = ordeal.start()

    assert (last.wait(), last.error) == (0, "")
    assert last.printed.splitlines()[-1].startswith("verified: ")
    stored, writes = cloud.stored(ordeal.prefix), cloud.writes(ordeal.prefix)
    assert_same(stored, sources)
    # Chunks of a source that has changed may be written again, but no other.
    assert writes == dict.fromkeys(stored, 1) or ordeal.source_changed
    secret = {"credentials.json", "token.txt"}
    written = [file for file in tmp_path.iterdir() if file.is_file() and file.name not in secret]
    assert not [file for file in written for word in SECRETS if word in file.read_text()]


@pytest.mark.skipif(len(MISHAPS) > HOW_MANY, reason="so few uploads do not meet every mishap")
def test_the_mishaps_were_real(cloud):
    ends = {status for _, status in ENDS}
    stopped = {name for name, status in ENDS if status == 1}

    print(sorted(ENDS.items()))
    assert (cloud.running.folder / "server.log").read_text() == ""
    assert ends == {0, 1, -9}
    assert {"revoked", "token_ended"} & stopped
