"""``--once``: tests that passed are not run again as long as nothing they depend on has changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
import kept_results, pytest

def pytest_addoption(parser):
    parser.addoption("--once", action="store_true")
    parser.addoption("--stack", default="hub")

def pytest_configure(config):
    config.pluginmanager.register(kept_results.NoPage(config.rootpath), "no-page")
    if config.getoption("--once"):
        config.pluginmanager.register(kept_results.KeptResults(config), "kept-results")

@pytest.fixture
def site():
    return "all pages"
"""
PAGE = "book/a-page.md"
READS = f"""
from pathlib import Path

def test_of_a_page():
    assert Path({PAGE!r}).read_text() != "wrong"
"""
PAGELESS = "def test_of_the_stand_in():\n    import code_of_it\n    assert code_of_it.SOUND\n"


@pytest.fixture
def checkout(tmp_path, root):
    """A checkout with a page, some code, a test of each, and the plugin."""
    files = {"tests/conftest.py": CONFTEST, "tests/site/test_a.py": READS, "tests/clients/test_b.py": PAGELESS}
    files |= {PAGE: "right", "code_of_it.py": "SOUND = True\n", "apt.txt": "", ".gitignore": "_build\n__pycache__\n"}
    files |= {"pytest.ini": "[pytest]\ntestpaths = tests\npythonpath = . tests\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copy(root / "tests" / "kept_results.py", tmp_path / "tests")
    who = ["-c", "user.name=funky-user", "-c", "user.email=funky-user@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def run(checkout: Path, *arguments: str, workers: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the tests of ``checkout`` in so many parallel ``workers``."""
    # Of the installed plugins, load only pytest-xdist.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["-p", "xdist.plugin", "-n", str(workers)] if workers else []
    command += arguments or ["--once"]
    return subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True)


def summary(finished: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of a run that passed."""
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout.splitlines()[-1]


@pytest.mark.parametrize("workers", [0, 2])
def test_tests_that_passed_are_not_run_again(checkout, workers):
    assert "2 passed" in summary(run(checkout, workers=workers))
    again = run(checkout, workers=workers)
    assert "passed" not in summary(again)
    assert "2 tests of 2 files passed before, and nothing they depend on has changed" in again.stdout
    assert "2 passed" in summary(run(checkout, "tests"))


@pytest.mark.parametrize(
    ("changed", "text", "expected"),
    [
        (PAGE, "another", "1 passed"),
        ("code_of_it.py", "SOUND = 1\n", "2 passed"),
        ("tests/site/test_a.py", READS + "\n", "2 passed"),
        ("a-new-file.py", "", "2 passed"),
    ],
)
def test_tests_that_a_change_can_affect_run_again(checkout, changed, text, expected):
    run(checkout)
    (checkout / changed).write_text(text)
    assert expected in summary(run(checkout))


def test_tests_that_read_pages_run_again_after_a_commit(checkout):
    run(checkout)
    who = ["-c", "user.name=funky-user", "-c", "user.email=funky-user@example.org"]
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "later"], cwd=checkout, check=True)
    assert "1 passed" in summary(run(checkout))


def test_failed_and_skipped_tests_run_again(checkout):
    skipped = "import pytest\n\ndef test_of_gcloud():\n    pytest.skip('not on this machine')\n"
    (checkout / "tests/clients/test_c.py").write_text(skipped)
    (checkout / PAGE).write_text("wrong")
    for _ in range(2):
        ran = run(checkout)
        assert ran.returncode == 1
        assert "1 failed" in ran.stdout.splitlines()[-1]
        assert "1 skipped" in ran.stdout.splitlines()[-1]
    (checkout / PAGE).write_text("right")
    assert "1 passed, 1 skipped" in summary(run(checkout))


@pytest.mark.parametrize(
    "test",
    [
        f"def test_b():\n    assert open({PAGE!r}).read()\n",
        f"TEXT = open({PAGE!r}).read()\n\ndef test_b():\n    assert TEXT\n",
        "def test_b(site):\n    assert site\n",
    ],
    ids=["in-a-test", "on-import", "by-a-fixture"],
)
def test_a_file_listed_as_pageless_fails_if_it_reads_a_page(checkout, test):
    (checkout / "tests/clients/test_b.py").write_text(test)
    ran = run(checkout)
    assert ran.returncode
    assert "tests/clients/test_b.py" in ran.stdout + ran.stderr
    assert "but tests/kept_results.py lists it as pageless" in ran.stdout + ran.stderr


def test_nothing_is_kept_without_git(checkout):
    shutil.rmtree(checkout / ".git")
    for _ in range(2):
        assert "2 passed" in summary(run(checkout))
