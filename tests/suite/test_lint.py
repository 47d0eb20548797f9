"""``make lint``: style, format, types and imports of the code, in the versions and with the settings of the hooks."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PROGRAMS = ("ruff check", "ruff format", "mypy", "lint-imports")
SETTINGS = (
    *("disallow_untyped_defs", "disallow_incomplete_defs", "disallow_any_generics", "check_untyped_defs"),
    *("no_implicit_reexport", "warn_redundant_casts", "warn_unused_ignores", "strict_equality"),
)


@pytest.fixture
def commands(root):
    """The commands of ``make lint``, as lists of words."""
    recipe = (root / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    return [
        line.strip().removeprefix("@").replace("$(STACK)", Path(sys.prefix).name).split()
        for line in recipe.splitlines()[1:]
    ]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_code_passes(root, commands, program):
    (command,) = (words for words in commands if " ".join(words).partition("/bin/")[2].startswith(program))

    done = subprocess.run(command, cwd=root, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_hooks_run_the_same_programs(root, commands):
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = " ".join(hook["entry"] for hook in hooks)

    assert len(commands) == len(PROGRAMS)
    assert [program for program in PROGRAMS if program not in entries] == []


def test_types_are_required_everywhere(root):
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["mypy"]

    assert settings["packages"] == ["hubfacts", "fakehub", "guide", "bench", "uploader", "hubcheck"]
    assert [name for name in SETTINGS if not settings[name]] == []
    assert not {"exclude", "ignore_errors", "disable_error_code"} & set(settings)
    # Libraries may be untyped, the project's own modules may not; the scripts for readers are checked as with --strict.
    strict, libraries = settings["overrides"]
    assert strict.pop("module") == ["uploader.*", "hubcheck.*"]
    assert set(strict.values()) == {True}
    for override in (libraries,):
        assert set(override) == {"module", "ignore_missing_imports"}
        assert not [name for name in override["module"] if name.partition(".")[0] in settings["packages"]]


@pytest.mark.parametrize(
    ("name", "message"),
    [("untyped", "Function is missing a type annotation"), ("none", 'Item "None" of')],
)
def test_a_module_without_sound_types_is_reported(root, tmp_path, name, message):
    shutil.copytree(root / "hubfacts", tmp_path / "hubfacts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copy(root / f"tests/broken/types/{name}.py", tmp_path / "hubfacts")

    program = Path(sys.executable).with_name("mypy")
    done = subprocess.run([program, "--package", "hubfacts"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 1, done.stderr
    (error,) = (line for line in done.stdout.splitlines() if ": error: " in line)
    assert error.startswith(f"hubfacts/{name}.py:")
    assert message in error
