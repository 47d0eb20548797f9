"""The pytest plugin: tests of another project run inside a stand-in, or start programs in one."""

import os
import subprocess
import sys

import pytest

INSIDE = """
import os

import gcsfs
import google.auth
from google.cloud import storage

from fakehub.control.client import Control

URL = os.environ["SCRATCH_BUCKET"] + "/a.bin"


def test_clients_need_no_configuration():
    gcsfs.GCSFileSystem().pipe(URL, b"data")
    credentials, _ = google.auth.default()
    bucket, _, name = URL.removeprefix("gs://").partition("/")
    assert storage.Client(project="p", credentials=credentials).bucket(bucket).blob(name).download_as_bytes() == b"data"


def test_the_fixture_is_the_same_stand_in(fakehub_session):
    assert fakehub_session.environment["SCRATCH_BUCKET"] == os.environ["SCRATCH_BUCKET"]
    Control(fakehub_session.folder).advance(8 * 86400)
    assert gcsfs.GCSFileSystem(skip_instance_cache=True).ls("leap-scratch") == []
"""

BESIDE = """
import os
import subprocess
import sys


def test_a_program_reaches_the_stand_in(fakehub_session):
    program = "import gcsfs, os; gcsfs.GCSFileSystem().pipe(os.environ['SCRATCH_BUCKET'] + '/a', b'1')"
    subprocess.run([sys.executable, "-c", program], env=fakehub_session.environment, check=True)


def test_the_tests_environment_is_unchanged():
    assert "SCRATCH_BUCKET" not in os.environ
"""


@pytest.fixture
def project(root, tmp_path):
    """Run pytest on the tests of another project, which has a facts file."""
    (tmp_path / "hub.yml").write_text((root / "hub.yml").read_text())
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    def run(tests: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_project.py").write_text(tests)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)

    return run


@pytest.mark.parametrize(("tests", "options"), [(INSIDE, ["--fakehub"]), (BESIDE, [])], ids=["inside", "beside"])
def test_another_projects_tests_use_a_stand_in(project, tests, options):
    result = project(tests, *options)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout


def test_wrong_facts_are_reported_in_one_line(project, tmp_path):
    (tmp_path / "hub.yml").write_text("hub: 3\n")

    result = project(INSIDE, "--fakehub")

    assert result.returncode == 4
    assert f"ERROR: {tmp_path / 'hub.yml'}: " in result.stderr
    assert "Traceback" not in result.stderr
