"""``fakehub serve``: what it prints, how it ends, and that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from waiting import until

LINE = re.compile(r"export STORAGE_EMULATOR_HOST=(http://127\.0\.0\.1:(\d+))\n")


@contextlib.contextmanager
def served(*options: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command on a free port; yields its process and the address that it printed."""
    command = [sys.executable, "-m", "fakehub", "serve", "--port", "0", *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            match = LINE.fullmatch(process.stdout.readline())
            assert match, process.stderr.read()
            yield process, match[1]
        finally:
            process.kill()


def folder_of(process: subprocess.Popen[str]) -> Path:
    """Return the server's folder, which the command printed."""
    while "--session" not in (line := process.stderr.readline()):
        assert line
    return Path(line.split()[-1])


def refuses(url: str) -> bool:
    """Return whether nothing listens at the address."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0


def ended(*options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command, which is expected to fail."""
    command = [sys.executable, "-m", "fakehub", "serve", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_nothing_is_left(number):
    with served() as (process, url):
        folder, (child,) = folder_of(process), psutil.Process(process.pid).children()
        process.send_signal(number)
        rest = process.communicate(timeout=30)

    assert process.returncode == 0
    assert rest == ("", "")
    assert not folder.exists() and not child.is_running() and refuses(url)


def test_ctrl_c_in_a_terminal_reaches_both_processes_and_ends_it_cleanly():
    with served() as (process, url):
        folder, (child,) = folder_of(process), psutil.Process(process.pid).children()
        child.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=30)

    assert (process.returncode, rest) == (0, ("", ""))
    assert not folder.exists() and refuses(url)


def test_a_killed_command_leaves_no_server():
    with served() as (process, url):
        folder = folder_of(process)
        process.kill()
        process.wait()

        until(lambda: refuses(url))
        until(lambda: not folder.exists())


def test_the_end_of_the_server_ends_the_command_with_one_line():
    with served() as (process, _):
        folder_of(process)
        (child,) = psutil.Process(process.pid).children()
        child.kill()
        _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (1, "fakehub: the server ended: its process was ended\n")


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = ended("--port", port)

    advice = "stop the process that listens there, or use port 0 for any free port"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"fakehub: the stand-in did not start: port {port} is in use; {advice}\n"


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--port", "70000"], 2, "'70000' is not a port; use a number from 1 to 65535"),
        (["--port", "-1"], 2, "use a number from 1 to 65535"),
        (["--persona", "nobody"], 2, "'nobody'"),
        (["--hub-yml", "no-such.yml"], 1, "no-such.yml: cannot be read"),
        (["--state", "/proc/no"], 1, "--state /proc/no: not writable"),
        (["--bind", "no such address"], 1, "the stand-in did not start: "),
    ],
)
def test_a_wrong_option_is_one_line(options, status, words):
    done = ended("--port", "0", *options)

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("fakehub: ") and words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_state_directory_keeps_buckets_and_objects(tmp_path):
    with served("--state", tmp_path / "state") as (process, url):
        requests.post(f"{url}/storage/v1/b?project=any", json={"name": "kept"}, timeout=20)
        requests.post(f"{url}/upload/storage/v1/b/kept/o?uploadType=media&name=a", data=b"1", timeout=20)
        process.terminate()
        process.wait()

    with served("--state", tmp_path / "state") as (_, url):
        assert requests.get(f"{url}/kept/a", timeout=20).content == b"1"


def test_the_commands_of_control_steer_it():
    with served() as (process, url):
        session = ["--session", folder_of(process)]
        rule = ["faults", "add", "503", "--times", "1"]
        for command in (rule, ["clock", "advance", "8d"]):
            subprocess.run([sys.executable, "-m", "fakehub", *command, *session], check=True, capture_output=True)

        statuses = [requests.get(f"{url}/storage/v1/b?project=any", timeout=20).status_code for _ in range(2)]

    assert statuses == [503, 200]
