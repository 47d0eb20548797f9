"""The controls of a running stand-in: who can reach them, who cannot, and the errors for bad input."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fakehub.control.client import SOCKET, Control, ControlError
from fakehub.network.shaping import NetworkSettings

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def command(server):
    """Run ``python -m fakehub`` on the server's session and return the completed process."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"FAKEHUB_SESSION": str(server.folder)}
        line = [sys.executable, "-m", "fakehub", *arguments]
        return subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)

    return call


def test_only_the_owner_may_open_the_socket(server):
    mode = (server.folder / SOCKET).stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_the_tokens_that_are_valid_are_listed(server):
    assert server.token() in Control(server.folder).tokens()


@pytest.mark.parametrize("path", ["/clock", "/faults", "/network", "/tokens"])
def test_no_port_reaches_the_controls(server, path):
    assert server.call("GET", path).status_code in {400, 401, 403, 404}
    assert server.call("POST", path, data=b'{"advance_s": 60}').status_code in {400, 401, 403, 404, 405, 501}
    assert Control(server.folder).clock()["offset_s"] == 0


def test_the_process_that_started_the_session_can_steer_it(mode):
    arguments = ["run", "--mode", mode, "--", "sh", "-c", 'echo "$FAKEHUB_SESSION"; read -r end']
    line = [sys.executable, "-m", "fakehub", *arguments]
    with subprocess.Popen(line, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        control = Control(Path(session.stdout.readline().strip()))
        try:
            assert control.advance(60)["offset_s"] == 60
        finally:
            session.communicate("\n", timeout=60)

    with pytest.raises(ControlError, match="no stand-in runs in"):
        control.clock()


def test_a_command_without_the_session_variable_cannot_steer_it(fakehub):
    ran = fakehub("--", "env", "-u", "FAKEHUB_SESSION", "python", "-m", "fakehub", "clock", "advance", "8d")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(r"fakehub: no session: .*\n", ran.stderr)


def test_the_network_is_set_shown_and_cleared(command):
    command("network", "set", "--latency", "50ms", "--bandwidth", "10MB/s")
    shown = command("network", "show").stdout
    command("network", "clear")

    assert shown == "latency_s=0.05 jitter_s=0.0 bandwidth=10000000.0 total_bandwidth=unlimited seed=0\n"
    assert command("network", "show").stdout.startswith("latency_s=0.0 ")


def test_faults_are_added_listed_and_cleared(command):
    command("faults", "add", "503", "--retry-after", "2", "--path", "alt=media", "--method", "get", "--times", "2")
    command("faults", "add", "reset", "--at", "64KB", "--every", "3")
    listed = command("faults", "list").stdout
    command("faults", "clear")

    assert listed.splitlines() == [
        "effect=status code=503 retry_after=2 method=GET path=alt=media times=2 matched=0 struck=0",
        "effect=reset at=64000 every=3 matched=0 struck=0",
    ]
    assert command("faults", "list").stdout == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("clock advance 8x", "'8x' is not a duration"),
        ("clock advance 99999d", "at most"),
        ("clock wind", "invalid choice"),
        ("network set --bandwidth 10MB", "'10MB' is not a rate"),
        ("network set --latency fast", "'fast' is not a duration"),
        ("faults add explode", "'explode' is not an effect; choose from status, stall"),
        ("faults add 200", "the code of status must be one of 408, 429"),
        ("faults add stall", "stall needs seconds"),
        ("faults add stall --seconds 1 --at 5B", "stall does not take at"),
        ("faults add 503 --nth 0", "nth must be at least 1"),
        ("faults add 503 --from-nth 0", "from_nth must be at least 1"),
        ("faults add 503 --nth 1 --every 2", "only one of nth, from_nth, every and probability"),
        ("faults add 503 --nth 1 --from-nth 2", "only one of nth, from_nth, every and probability"),
        ("faults add 503 --probability 2", "between 0 and 1"),
        ("faults add 503 --path (", "'(' is not a regular expression"),
        ("faults add 503 --persona nobody", "'nobody' is not a persona; choose from anonymous"),
        ("faults add reset --at 5", "'5' is not a size"),
        ("clock show --session /nowhere", "no stand-in runs in /nowhere"),
        ("log --session /nowhere", "no stand-in runs in /nowhere"),
    ],
)
def test_bad_input_is_one_clear_line(command, line, message):
    ran = command(*line.split())

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert message in ran.stderr and ran.stderr.count("\n") == 1


def test_a_rule_from_python_is_checked_too(server):
    control = Control(server.folder)

    for rule, message in [
        ({"effect": "reset", "at": "5"}, "at cannot be '5'"),
        ({"effect": "reset", "on": 1}, "no setting on"),
    ]:
        with pytest.raises(ControlError, match=message):
            control.add_fault(**rule)
    with pytest.raises(ControlError, match="must name its effect"):
        control.add_fault(code=503)
    with pytest.raises(ValueError, match="cannot be negative"):
        NetworkSettings(latency_s=-1)
    assert control.faults() == []
