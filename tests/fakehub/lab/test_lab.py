"""``fakehub lab``, with a program in JupyterLab's place: its options, its messages, and nothing left behind."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import psutil
import pytest
from lab_driver import assert_nothing_left, started
from waiting import until

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
LAB = [sys.executable, "-m", "fakehub", "lab"]


@pytest.fixture
def env(tmp_path) -> dict[str, str]:
    """The environment, with the stub as JupyterLab."""
    stub = tmp_path / "stub" / "jupyterlab"
    stub.mkdir(parents=True)
    (stub / "__init__.py").touch()
    shutil.copy(HERE / "stub_jupyterlab.py", stub / "__main__.py")
    return os.environ | {"PYTHONPATH": f"{stub.parent}{os.pathsep}{ROOT}", "HTTPS_PROXY": "http://127.0.0.1:1"}


@pytest.fixture
def start(env, tmp_path):
    """Return a function that starts the lab with arguments, and variables in addition to ``env``."""

    def start_with(*arguments, **variables):
        return started([*LAB, *arguments], tmp_path, env | variables)

    return start_with


@pytest.fixture
def fail(env, tmp_path):
    """Return a function that runs the lab with arguments, which must fail; it returns the status and the message."""

    def fail_with(*arguments, **variables):
        command = [*LAB, "--no-browser", *map(str, arguments)]
        ran = subprocess.run(command, cwd=tmp_path, env=env | variables, capture_output=True, text=True, timeout=60)
        (line,) = ran.stderr.splitlines()
        assert ran.returncode != 0 and line.startswith("fakehub: ")
        return ran.returncode, line.removeprefix("fakehub: ")

    return fail_with


def visit(address: str) -> None:
    """Request an address of this machine, without the proxy that the environment may name."""
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=10).close()


def environment_in(folder: Path) -> dict[str, str]:
    """Return the environment that JupyterLab had."""
    return json.loads((folder / "environment.json").read_text())


def test_the_address_answers_and_has_a_token(start):
    with start("--no-browser") as lab:
        parts = urlsplit(lab.address)
        visit(lab.address)

    assert parts.hostname == "127.0.0.1"
    assert parts.path == "/lab/tree/notebooks"
    assert len(parse_qs(parts.query)["token"][0]) >= 32


def test_a_notebook_has_the_hubs_variables_and_its_own_home(start, tmp_path):
    with start("--no-browser", "--user", "other-user", "here") as lab:
        seen = environment_in(tmp_path / "here")

    assert lab.folder == tmp_path / "here"
    assert seen["SCRATCH_BUCKET"] == "gs://leap-scratch/other-user"
    assert seen["DASK_GATEWAY__ADDRESS"].startswith("http://127.0.0.1:")
    assert all(Path(seen[name]).is_relative_to(tmp_path / "tmp") for name in ("HOME", "TMPDIR"))


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_everything(start, number, status):
    with start("--no-browser") as lab:
        processes = lab.processes()
        ended, output = lab.stop(number)

    assert ended == status
    assert ("Stopped. Your notebooks are in" in output) == (status == 0)
    assert len(processes) > 2
    assert_nothing_left(lab, processes)


def test_nothing_runs_after_it_was_killed(start):
    with start("--no-browser") as lab:
        processes = lab.processes()
        lab.process.kill()
        lab.process.wait(timeout=30)

    assert_nothing_left(lab, processes)


@pytest.mark.parametrize("status", [0, 3])
def test_the_end_of_jupyterlab_ends_everything(start, status):
    with start("--no-browser") as lab:
        processes = lab.processes()
        with contextlib.suppress(OSError):
            visit(urljoin(lab.address, f"/exit/{status}"))
        ended = lab.process.wait(timeout=60)

    assert ended == min(status, 1)
    assert_nothing_left(lab, processes)


def test_changed_notebooks_are_named_and_kept(start, tmp_path):
    with start("--no-browser", "here"):
        pass
    changed = tmp_path / "here/notebooks/first-zarr-store.ipynb"
    changed.write_text("mine")

    with start("--no-browser", "here") as lab:
        assert lab.said == (
            "Kept what you changed: notebooks/first-zarr-store.ipynb. "
            "To get a file's original, delete it and start again.\n"
        )
        assert changed.read_text() == "mine"


def test_a_taken_port_is_avoided_unless_it_was_asked_for(start, fail):
    with start("--no-browser") as first, start("--no-browser") as second:
        taken = urlsplit(first.address).port
        assert urlsplit(second.address).port != taken
        status, message = fail("--port", taken)

    assert status == 2
    assert message == f"--port {taken}: the port cannot be used; leave the option out to use any free port"


def test_a_port_can_be_chosen(start):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]

    with start("--no-browser", "--port", str(port)) as lab:
        assert urlsplit(lab.address).port == port


def test_buckets_are_kept_in_the_state_directory_only(start, tmp_path):
    writes = "import gcsfs; gcsfs.GCSFileSystem().pipe(os.environ['SCRATCH_BUCKET'] + '/a', b'kept')"
    reads = "import gcsfs; print(gcsfs.GCSFileSystem().cat(os.environ['SCRATCH_BUCKET'] + '/a'), file=open(OUT, 'w'))"
    out = tmp_path / "read"

    with start("--no-browser", "--state", "state", STUB_RUNS=writes):
        pass
    with start("--no-browser", "--state", "state", STUB_RUNS=reads.replace("OUT", repr(str(out)))):
        assert out.read_text() == "b'kept'\n"


def test_the_users_own_browser_is_opened_and_stays_open(start, tmp_path):
    opened = tmp_path / "opened.json"
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport json, os, pathlib, sys, time\n"
        "seen = {'address': sys.argv[1], 'pid': os.getpid(), 'env': dict(os.environ)}\n"
        f"part = pathlib.Path({str(opened)!r} + '.part')\n"
        "part.write_text(json.dumps(seen))\n"
        f"part.rename({str(opened)!r})\n"
        "time.sleep(600)\n"
    )
    browser.chmod(0o755)

    with start(BROWSER=f"{browser} %s &") as lab:
        until(opened.exists)
        seen = json.loads(opened.read_text())
        lab.stop()

    running = psutil.Process(seen["pid"])
    assert running.is_running()
    running.kill()
    assert seen["address"] == lab.address
    assert seen["env"]["HOME"] == os.environ["HOME"]
    assert seen["env"]["HTTPS_PROXY"] == "http://127.0.0.1:1"


def test_a_jupyterlab_that_does_not_start_is_one_line(fail):
    assert fail(STUB_RUNS="raise SystemExit('no such thing')") == (1, "JupyterLab did not start: no such thing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "many"], "argument --port: 'many' is not a port; use a number from 1 to 65535"),
        (["--port", "65536"], "argument --port: '65536' is not a port; use a number from 1 to 65535"),
        (["--user", "no_such/name"], "'no_such/name' is not a GitHub username"),
        (["--hub-yml", "no-such.yml"], "no-such.yml: cannot be read"),
        (["--state", "/proc/nowhere"], "--state /proc/nowhere: not writable"),
        (["stub/jupyterlab/__init__.py"], "stub/jupyterlab/__init__.py: cannot be written (File exists); name another"),
        (["one", "two"], "unrecognized arguments: two"),
    ],
)
def test_bad_input_is_one_clear_line(fail, arguments, message):
    status, line = fail(*arguments)

    assert status == 2
    assert message in line
