"""The wheel on other Pythons and in a workflow of GitHub Actions: its documentation runs without a checkout."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from documents import blocks_of, run_document
from wheels import build_wheel, clean_environment, find_python, find_uv, install, locked_versions, succeed

from fakehub.ports import free_port

CLIENTS = ("gcsfs", "google-cloud-storage")


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(root, tmp_path_factory.mktemp("build"))


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_readme_runs_outside_of_the_checkout(root, wheel, tmp_path, version):
    if "STRESS" not in os.environ and version != "3.12":  # the hub's version
        pytest.skip("runs at night: set STRESS")
    interpreter = find_python(root, version)
    if interpreter is None:
        pytest.skip(f"not run: there is no Python {version} on this machine")
    versions = locked_versions(root, tmp_path)
    programs = install(root, wheel, "pytest", versions, tmp_path / "environment", CLIENTS, interpreter)
    place = succeed(programs / "python", "-c", "import fakehub; print(fakehub.__file__)", cwd=tmp_path).strip()
    (installed,) = programs.parent.glob("lib/python*/site-packages/fakehub")
    (tmp_path / "elsewhere").mkdir()

    run_document(installed / "README.md", programs, tmp_path / "elsewhere")

    assert Path(place).is_relative_to(programs.parent)
    assert f"python{version}" in place


def test_without_extras_it_needs_no_package_of_the_guide(root, wheel, tmp_path):
    programs = install(root, wheel, "", locked_versions(root, tmp_path), tmp_path / "environment")
    listed = succeed(find_uv(root), "pip", "list", "--format", "freeze", "--python", programs / "python", cwd=tmp_path)
    names = {line.partition("==")[0] for line in listed.splitlines()}

    assert "Without extras, fakehub needs twelve packages" in (root / "fakehub/README.md").read_text()
    assert len(tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]) == 12
    assert not names & {"numpy", "pytest", "sphinx", "jupyterlab", "gcsfs", "dask", "ipykernel", "setuptools"}
    assert len(names) < 32, names


class Project:
    """Another project with the workflow of the documentation, whose steps run in a new environment with pip."""

    def __init__(self, root: Path, wheel: Path, folder: Path) -> None:
        documents = [root / "fakehub/docs" / name for name in ("pytest.md", "github-actions.md")]
        for block in (block for document in documents for block in blocks_of(document.read_text())):
            if block.file and block.file.endswith(("test_upload.py", ".yml")) and block.file != "hub.yml":
                (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.file).write_text(block.text)
        shutil.copy(wheel, folder)
        uv = find_uv(root)
        succeed(uv, "venv", "--quiet", "--seed", "--python", sys.executable, folder / "environment", cwd=folder)
        self.folder, self._port = folder, str(free_port())

    def run(self, workflow: str) -> list[subprocess.CompletedProcess[str]]:
        """Run the steps of a workflow's job until one fails, as a runner does, and end what they started."""
        job = yaml.safe_load((self.folder / ".github/workflows" / workflow).read_text())["jobs"]["tests"]
        programs = f"{self.folder / 'environment/bin'}{os.pathsep}{os.environ['PATH']}"
        variables = {name: value.replace("4443", self._port) for name, value in job.get("env", {}).items()}
        environment = clean_environment() | {"PATH": programs} | variables
        done: list[subprocess.CompletedProcess[str]] = []
        started: list[int] = []
        try:
            for step in (step["run"] for step in job["steps"] if "run" in step):
                script = step.replace("fakehub serve", f"fakehub serve --port {self._port}")
                command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
                with (self.folder / "output.txt").open("w+") as output:  # the server keeps it open
                    process = subprocess.Popen(
                        command, cwd=self.folder, env=environment, stdout=output, stderr=output, start_new_session=True
                    )
                    started.append(process.pid)
                    status = process.wait(timeout=300)
                text = (self.folder / "output.txt").read_text()
                done.append(subprocess.CompletedProcess(command, status, text))
                if status:
                    break
        finally:
            for group in started:
                _end(group)
        return done


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)


@pytest.fixture(scope="module")
def project(root, wheel, tmp_path_factory) -> Project:
    """The other project."""
    return Project(root, wheel, tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize(
    ("workflow", "words"), [("tests.yml", "2 passed"), ("other.yml", '{"kind": "storage#objects"}')]
)
def test_a_workflow_of_the_documentation_succeeds(project, workflow, words):
    done = project.run(workflow)

    assert [step.returncode for step in done] == [0] * len(done), done[-1].stdout
    assert len(done) >= 2 and words in done[-1].stdout


def test_a_workflow_whose_tests_fail_fails(project):
    wrong = project.folder / "test_wrong.py"
    wrong.write_text("def test_wrong(fakehub_server):\n    assert fakehub_server.url == 0\n")
    try:
        done = project.run("tests.yml")
    finally:
        wrong.unlink()

    assert done[-1].returncode != 0 and "1 failed, 2 passed" in done[-1].stdout
