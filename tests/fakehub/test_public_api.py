"""The public interface in Python: a program that uses it is sound with ``mypy --strict``, and no name is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fakehub

PROGRAM = """
from pathlib import Path
from typing import assert_type

from fakehub import Control, ControlError, NetworkSettings, Server, Session, SessionError, __version__


def test_upload(fakehub_server: Server, fakehub_session: Session) -> None:
    assert_type(fakehub_server.url, str)
    assert_type(fakehub_server.environment, dict[str, str])
    assert_type(fakehub_server.control, Control)
    assert_type(fakehub_session.folder, Path)
    assert_type(fakehub_session.environment, dict[str, str])
    Control(fakehub_session.folder).set_network(NetworkSettings(latency_s=0.05))


try:
    with Server(port=0, hub_yml="hub.yml", persona="hub", state=Path("state"), accept_hosts=["gcs"]) as server:
        assert_type(server, Server)
        server.control.advance(3600)
except (SessionError, ControlError) as error:
    print(error, __version__)
"""


def checked(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Check a program of another project as strictly as possible.

    mypy does not look into an editable installation, so it gets the package's folder, and reports only the program.
    """
    (folder / "program.py").write_text(program)
    options = ["--strict", "--config-file", "/dev/null", "--follow-imports", "silent"]
    command = [Path(sys.executable).with_name("mypy"), *options, "program.py"]
    env = os.environ | {"MYPYPATH": str(Path(fakehub.__file__).parents[1])}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def test_a_program_that_uses_it_is_sound(tmp_path):
    done = checked(tmp_path, PROGRAM)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_in_a_program_is_found(tmp_path):
    done = checked(tmp_path, PROGRAM.replace("port=0", "port='0'"))

    assert 'Argument "port" to "Server" has incompatible type "str"' in done.stdout


@pytest.mark.parametrize("name", fakehub.__all__)
def test_every_public_name_exists_and_says_what_it_is(name):
    value = getattr(fakehub, name)

    assert isinstance(value, str) if name == "__version__" else value.__doc__


def test_other_names_do_not_exist():
    with pytest.raises(AttributeError, match="module 'fakehub' has no attribute 'Servers'"):
        print(fakehub.Servers)


def test_the_changelog_begins_with_the_version(root):
    newest = re.search(r"^## (\S+)", (root / "fakehub/CHANGELOG.md").read_text(), re.MULTILINE)[1]

    # The environment of the tests may have been made before the version changed.
    assert newest == tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", newest)
