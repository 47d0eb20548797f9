"""Fixtures of the tests of uploads: one cloud for all of them, and source files that are made once."""

from __future__ import annotations

from pathlib import Path

import pytest
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
