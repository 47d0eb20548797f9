"""Setting up: a missing precondition is one clear line, and nothing incomplete counts as ready."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from guide.checks.sbom import ENVIRONMENTS

NO_SERVER = "http://127.0.0.1:9/"
OFFLINE = {
    **{"PIP_INDEX_URL": NO_SERVER, "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull},
    **{"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""},
    **{"UV_NO_CACHE": "1", "UV_OFFLINE": "1", "ALL_PROXY": NO_SERVER},
}


@pytest.fixture
def project(root, tmp_path):
    """A copy of what the set-up reads, without an environment."""
    for name in ("lock", "pyproject.toml", "uv.lock", "apt.txt"):
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


def module(root):
    spec = importlib.util.spec_from_file_location("setup_env", root / "scripts/setup_env.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_without_a_network_uv_is_missing_and_nothing_counts_as_ready(project):
    done = set_up(project, "hub", **OFFLINE)

    assert done.returncode == 1
    assert done.stderr.startswith("setup: uv was not installed: ")
    assert "is the network up? then run the same command again" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / ".venv/uv/.ready").exists()
    assert not (project / ".venv/hub/.ready").exists()


def test_without_a_network_packages_are_missing_and_nothing_counts_as_ready(root, project, monkeypatch, capsys):
    if not (root / ".venv/uv/bin/uv").exists():
        pytest.skip("there is no .venv/uv; run: make setup")
    setup_env = module(project)
    monkeypatch.setattr(setup_env, "_uv", lambda: root / ".venv/uv/bin/uv")
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)

    assert setup_env.main(["tools"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("setup: .venv/tools was not made: ")
    assert line.endswith("(is the network up? then run the same command again)")
    assert not (project / ".venv/tools/.ready").exists()


def test_an_unknown_stack_is_one_clear_line(project):
    done = set_up(project, "newest", **OFFLINE)

    assert (done.returncode, done.stderr) == (1, "setup: there is no environment newest; STACK is hub or latest\n")


def test_an_old_python_is_one_clear_line(root, monkeypatch, capsys):
    setup_env = module(root)
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))

    assert setup_env.main(["hub"]) == 1

    line = "setup: Python 3.10 is too old; use 3.11 or newer: make PYTHON=python3.12 ...\n"
    assert capsys.readouterr().err == line


def test_nothing_is_run_if_everything_is_in_place(project, monkeypatch, capsys):
    setup_env = module(project)
    calls = []
    monkeypatch.setattr(setup_env, "_run", lambda command, *_: calls.append(command))
    monkeypatch.setattr(setup_env, "_debian", lambda: None)
    for name in ("uv", "hub"):
        (project / ".venv" / name).mkdir(parents=True)

    assert setup_env.main(["hub"]) == 0
    first = len(calls)
    assert setup_env.main(["hub"]) == 0
    assert 0 < first == len(calls)

    (project / "uv.lock").write_text("version = 1\n")
    assert setup_env.main(["hub"]) == 0
    assert len(calls) > first


def test_each_environment_has_a_dependency_group_and_a_bill(root):
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    setup_env = module(root)

    assert set(setup_env.ENVIRONMENTS.values()) <= set(groups)
    expected = {
        name: f"{'--only-group' if name in setup_env.WITHOUT_PROJECT else '--group'}={group}"
        for name, group in setup_env.ENVIRONMENTS.items()
    }
    assert expected == ENVIRONMENTS


def test_no_pin_is_resolved_before_the_newest_stack(root):
    """Keep ``make lock`` from holding the newest stack back.

    uv resolves conflicting groups in reverse alphabetical order, and prefers versions that it has already chosen.
    """
    (stacks, *others) = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["uv"]["conflicts"]
    pinned = {entry["group"] for entry in stacks}

    assert {"stack-hub", "stack-latest"} < pinned
    assert max(pinned) == "stack-latest"
    assert all({entry["group"] for entry in one[1:]} < pinned for one in others)


def test_hooks_and_lint_use_the_same_versions(root):
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    wanted = {
        name for hook in hooks for name in hook.get("additional_dependencies", []) if not name.startswith("pre-commit")
    }
    locked = tomllib.loads((root / "uv.lock").read_text())["package"]

    assert wanted
    assert wanted <= {f"{package['name']}=={package.get('version')}" for package in locked}


def test_workflows_may_only_read_and_take_actions_by_digest(root):
    for path in (root / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

        assert workflow["permissions"] == {"contents": "read"}, path.name
        assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step), path.name


def test_debian_packages_that_this_system_does_not_have_are_named_and_the_others_installed(root, monkeypatch, capsys):
    setup_env = module(root)
    (known, *more), calls = [line.split()[0] for line in (root / "apt.txt").read_text().splitlines()[1:]], []

    def run(command, **_):
        calls.append(command)
        return subprocess.CompletedProcess(
            command, 100 if command[:2] == ["apt-cache", "show"] and command[2] in more else 0
        )

    monkeypatch.setattr(setup_env.shutil, "which", lambda command: command if command == "apt-get" else None)
    monkeypatch.setattr(setup_env.os, "geteuid", lambda: 0)
    monkeypatch.setattr(setup_env.subprocess, "run", run)
    setup_env._debian()

    assert capsys.readouterr().out.splitlines() == [
        f"setup: not installed on this machine: {', '.join(more)}; tests that need them will say so",
        f"setup: installing {known}",
    ]
    assert calls[-1][-2:] == ["--no-install-recommends", known]
