"""Setting up: what is missing is one clear line, and nothing half made is taken for ready."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml


@pytest.fixture
def project(root, tmp_path):
    """A copy of what the set-up reads, without an environment."""
    for name in ("lock", "pyproject.toml", "apt.txt"):
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, tmp_path / name)
    (tmp_path / "scripts").mkdir()
    shutil.copy(root / "scripts/setup_env.py", tmp_path / "scripts")
    return tmp_path


def set_up(project, *names, **variables):
    """Call the set-up as the Makefile does."""
    command = [sys.executable, "scripts/setup_env.py", *names]
    env = os.environ | variables
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=300)


def test_without_a_network_it_says_so_and_leaves_nothing_that_looks_ready(project):
    nobody = "http://127.0.0.1:9/"
    offline = {"PIP_INDEX_URL": nobody, "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    offline |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "UV_NO_CACHE": "1", "UV_INDEX_URL": nobody}

    done = set_up(project, "hub", **offline)

    assert done.returncode == 1
    assert done.stderr.startswith("setup: uv was not installed: ")
    assert "is the network up? then run the same command again" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / ".venv/hub/.ready").exists()


def test_an_unknown_stack_is_one_clear_line(project):
    done = set_up(project, "newest")

    assert (done.returncode, done.stderr) == (1, "setup: there is no lock/newest.txt; STACK is hub or latest\n")


def test_hooks_and_lint_take_the_same_ruff(root):
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    wanted = {name for hook in hooks for name in hook["additional_dependencies"] if name.startswith("ruff")}

    assert wanted == set(re.findall(r"^ruff==[^ ]+", (root / "lock/hub.txt").read_text(), re.MULTILINE))


def test_workflows_may_only_read_and_take_actions_by_digest(root):
    for path in (root / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

        assert workflow["permissions"] == {"contents": "read"}, path.name
        assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step), path.name
