"""The wheel: built from a clean copy and installed with what it requires, it works without this checkout."""

import subprocess
import zipfile
from pathlib import Path

import pytest
from wheels import build_wheel, clean_environment, install, locked_versions, succeed

from fakehub.lab.material import hub_yml, material

FACTS = """
hub: {project: my-project}
buckets:
  options:
    my-scratch: {variable: SCRATCH_BUCKET, delete_after_days: 7}
"""
# A program that needs the standard library alone: writes an object and reads it again.
CLIENT = """
import json
import os
import urllib.request

STORAGE = "https://storage.googleapis.com"


def request(url, data=None, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as response:
        return response.read()


def write_and_read(name):
    metadata = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/token"
    token = json.loads(request(metadata, **{"Metadata-Flavor": "Google"}))["access_token"]
    bucket, _, prefix = os.environ["SCRATCH_BUCKET"].removeprefix("gs://").partition("/")
    headers = {"Authorization": f"Bearer {token}"}
    request(f"{STORAGE}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={prefix}/{name}", b"data", **headers)
    return request(f"{STORAGE}/storage/v1/b/{bucket}/o/{prefix}%2F{name}?alt=media", **headers)


if __name__ == "__main__":
    import fakehub
    import hubfacts

    print(write_and_read("a"), fakehub.__file__, hubfacts.__file__, sep="\\n")
"""
INSIDE = """
import os

from client import write_and_read


def test_a_client_reaches_the_stand_in():
    assert write_and_read("inside") == b"data"


def test_the_fixture_is_the_same_stand_in(fakehub_session):
    assert fakehub_session.environment["SCRATCH_BUCKET"] == os.environ["SCRATCH_BUCKET"]
"""
BESIDE = """
import os
import subprocess
import sys


def test_a_program_reaches_the_stand_in(fakehub_session):
    program = "from client import write_and_read; print(write_and_read('beside'))"
    ran = subprocess.run([sys.executable, "-c", program], env=fakehub_session.environment, capture_output=True)
    assert ran.stdout == b"b'data'\\n", ran.stderr


def test_the_tests_environment_is_unchanged():
    assert "SCRATCH_BUCKET" not in os.environ
"""


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    """The wheel, built from its source distribution."""
    return build_wheel(root, tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def programs(root, wheel, tmp_path_factory) -> Path:
    """The programs of a new environment that has the wheel, in the versions of this one for what it requires."""
    folder = tmp_path_factory.mktemp("environment")
    return install(root, wheel, "pytest,from-2i2c", locked_versions(root, folder), folder)


@pytest.fixture
def project(tmp_path) -> Path:
    """The folder of another project, with the least facts and a client."""
    (tmp_path / "hub.yml").write_text(FACTS)
    (tmp_path / "client.py").write_text(CLIENT)
    return tmp_path


def test_the_wheel_has_two_packages_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert {name.partition("/")[0].partition("-")[0] for name in archive.namelist()} == {"fakehub", "hubfacts"}


def test_the_wheel_has_the_notebooks_of_this_checkout(wheel):
    inside = "fakehub/lab/data/"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(inside)]
        packed = {name.removeprefix(inside): archive.read(name) for name in names}

    assert packed.pop("hub.yml") == hub_yml().read_bytes()
    assert packed == material()


@pytest.mark.parametrize("mode", ["proxy", "auto"])
@pytest.mark.parametrize("command", [("fakehub",), ("python", "-m", "fakehub")], ids=" ".join)
def test_a_program_runs_in_the_installed_stand_in(programs, project, command, mode):
    program, *arguments = command

    output = succeed(
        programs / program, *arguments, "run", "--mode", mode, "--", programs / "python", "client.py", cwd=project
    )

    data, *packages = output.splitlines()
    assert data == "b'data'"
    assert all(Path(path).is_relative_to(programs.parent) for path in packages)


@pytest.mark.parametrize(("tests", "options"), [(INSIDE, ["--fakehub"]), (BESIDE, [])], ids=["inside", "beside"])
def test_the_installed_plugin_serves_a_projects_tests(programs, project, tests, options):
    (project / "test_project.py").write_text(tests)

    output = succeed(programs / "python", "-m", "pytest", "-q", *options, cwd=project)

    assert "2 passed" in output


def test_the_installed_draft_reads_facts(root, programs, tmp_path):
    arguments = [root / "examples/from-2i2c", "ocean", "prod"]

    assert "ocean-scratch:" in succeed(programs / "python", "-m", "fakehub.from_2i2c", *arguments, cwd=tmp_path)


def test_without_its_extra_the_lab_says_what_to_install(programs, tmp_path):
    command = [programs / "fakehub", "lab"]

    result = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == 'fakehub: jupyterlab is not installed; run: pip install "fakehub[lab]"\n'
    assert not any(tmp_path.iterdir())


def test_a_folder_without_facts_is_reported_in_one_line(programs, tmp_path):
    command = [programs / "fakehub", "run", "--", "true"]

    result = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60)

    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr == (
        f"fakehub: {tmp_path / 'hub.yml'}: cannot be read (No such file or directory); "
        "name another with --hub-yml FILE\n"
    )
