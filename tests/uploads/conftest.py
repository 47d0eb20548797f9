"""Fixtures of the tests of uploads: one cloud for all of them, and source files that are made once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from corpus.model import Made
from corpus.trial import Trial
from source_files import months
from upload_world import Cloud, start_cloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """The stand-in and the starter of the script, on the machine of a member of the writers' group."""
    with start_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def uploader(cloud: Cloud, tmp_path: Path):
    """Run the script in a new folder, logged in; returns its exit status, its stdout and its stderr."""
    cloud.control.clear_faults()
    cloud.credentials(tmp_path)
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")}

    def call(*arguments: str | Path, **options) -> tuple[int | None, str, str]:
        running = cloud.start(tmp_path, *arguments, "--user", "funky-user", **(variables | options))
        return running.wait(), running.printed, running.error

    yield call
    cloud.control.clear_faults()


@pytest.fixture(scope="session")
def sources(tmp_path_factory) -> list[Path]:
    """The files of three months."""
    return months(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def folder():
    """A folder that is gone after the test: those of hundreds of sources would fill a disk."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as path:
        yield Path(path)


@pytest.fixture
def trial(cloud: Cloud, folder: Path, request: pytest.FixtureRequest):
    """Make a trial of files, which are copied to this disk, or to the bucket if ``remote``."""
    cloud.control.clear_faults()

    def make(files: list[Path], remote: bool = False, **more) -> Trial:
        return Trial(cloud, folder, request.node.name, remote, Made(files, **more))

    yield make
    cloud.control.clear_faults()
