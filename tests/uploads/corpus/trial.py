"""Run the script on a source and judge the result: a store that equals it, or a refusal in one line."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests
from upload_world import BUCKET, USER, Cloud, Running

from corpus.arrays import joined
from corpus.model import Made
from corpus.oracle import check_same


class Bucket:
    """The bucket as another program sees it, over one connection."""

    def __init__(self, cloud: Cloud) -> None:
        way = cloud.running.environment
        self._calls = requests.Session()
        self._calls.trust_env = False
        self._calls.proxies, self._calls.verify = {"https": way["HTTPS_PROXY"]}, way["REQUESTS_CA_BUNDLE"]
        self._calls.headers["Authorization"] = f"Bearer {cloud.log_in()['access_token']}"

    def names(self, prefix: str) -> list[str]:
        """Return the names of all objects under a prefix."""
        names, page = [], ""
        while True:
            answer = self._get(f"/storage/v1/b/{BUCKET}/o?prefix={quote(prefix, safe='')}&pageToken={page}").json()
            names += [item["name"] for item in answer.get("items", [])]
            page = answer.get("nextPageToken", "")
            if not page:
                return names

    def download(self, prefix: str, folder: Path) -> Path:
        """Write all objects under a prefix into a folder and return it."""
        for name in self.names(prefix):
            path = folder / name.removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._get(f"/{BUCKET}/{quote(name)}").content)
        return folder

    def _get(self, path: str) -> requests.Response:
        answer = self._calls.get(f"https://storage.googleapis.com{path}", timeout=30)
        answer.raise_for_status()
        return answer


@dataclass
class Trial:
    """One source and one target: a new store in ``folder``, or in the bucket if ``remote``."""

    cloud: Cloud
    folder: Path
    name: str
    remote: bool
    made: Made

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir(parents=True)
        self.prefix = f"{USER}/corpus/{zlib.crc32(self.name.encode()):08x}/data.zarr"
        self.target = f"gs://{BUCKET}/{self.prefix}" if self.remote else "./data.zarr"

    def run(self, *options: str) -> tuple[int | None, str, str]:
        """Run the script; returns exit status, stdout and stderr."""
        running = self.start(*options)
        status = running.wait(60)
        if status is None:
            running.kill()
        return status, running.printed, running.error

    def start(self, *options: str, most_bytes: int | None = None) -> Running:
        """Start the script with the files in an order that says nothing."""
        given = self.made.given or random.Random(self.name).sample(self.made.files, len(self.made.files))  # noqa: S311
        variables = {}
        if self.remote:
            self.cloud.credentials(self.home)
            variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(self.home / "credentials.json")
        self.before = self.files()
        arguments = (*given, self.target, *self.made.options, *options)
        return self.cloud.start(
            self.home, *arguments, most_bytes=most_bytes, unprivileged=self.made.unprivileged, **variables
        )

    def files(self) -> dict[str, int]:
        """Return what is in the folder, with the times of the last changes."""
        paths = [path for path in self.folder.rglob("*") if not path.name.startswith(("stdout-", "stderr-"))]
        return {str(path): path.lstat().st_mtime_ns for path in paths if path != self.home}

    def store(self) -> Path:
        """Return the store, which is on this disk afterwards."""
        return (
            Bucket(self.cloud).download(f"{self.prefix}/", self.folder / "back")
            if self.remote
            else self.home / "data.zarr"
        )

    def check_copied(self) -> None:
        """Check that the script succeeded and the store is the source."""
        status, printed, error = self.run()
        assert (status, error) == (0, ""), f"status {status}: {error}"
        self.check_same()
        unsaid = [name for name in self.made.differing if name not in printed]
        assert not unsaid, f"the files differ in {unsaid}, of which nothing was said: {printed}"

    def check_same(self) -> None:
        """Check that the store is the source."""
        check_same(joined(self.made.files, self.made.along), self.store(), self.made.differing)

    def check_line(self) -> None:
        """Check that the script failed with one line, which names the file and the variable."""
        said = assert_line(*self.run()).removeprefix("upload_store.py: ")
        files = [str(path) for path in self.made.wrong]
        assert any(path in said or Path(path).name in said for path in files), f"names none of {files}: {said}"
        rest = said
        for path in sorted(
            (str(path) for path in [*self.made.files, *self.made.wrong, self.folder]), key=len, reverse=True
        ):
            rest = rest.replace(path, "")
        named = [name for name in self.made.variables if name in rest]
        assert named or not self.made.variables, f"names none of {self.made.variables}: {said}"

    def check_refused(self) -> None:
        """Check that the script failed with one line and wrote nothing."""
        self.check_line()
        assert self.files() == self.before
        assert not self.remote or Bucket(self.cloud).names(self.prefix) == []


def assert_line(status: int | None, printed: str, error: str) -> str:
    """Check that the script ended with one line, and return it."""
    assert status == 1, f"status {status}: {error or printed}"
    assert "Traceback" not in printed + error, error
    (line,) = error.splitlines()
    assert line.startswith("upload_store.py: "), line
    return line
