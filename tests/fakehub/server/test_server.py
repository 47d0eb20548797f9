"""The server process reports the reason in one line when it cannot start."""

import json
import socket
import subprocess
import sys

import pytest


def start(folder, root, **config):
    """Start a server that is expected to fail, and return the completed process."""
    values = {"hub_yml": str(root / "hub.yml"), "workdir": str(folder)} | config
    (folder / "config.json").write_text(json.dumps(values))
    command = [sys.executable, "-m", "fakehub.server.process", str(folder / "config.json")]
    return subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, text=True, cwd=root, timeout=60)


@pytest.mark.parametrize("which", ["tls_port", "metadata_port"])
def test_a_port_in_use_is_one_line_with_the_port(tmp_path, root, which):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        ended = start(tmp_path, root, **{which: port})

    assert ended.returncode == 1
    assert f"port {port} is in use" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_facts_that_are_wrong_are_one_line(tmp_path, root):
    (tmp_path / "hub.yml").write_text("hub: 3\n")

    ended = start(tmp_path, root, hub_yml=str(tmp_path / "hub.yml"))

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
