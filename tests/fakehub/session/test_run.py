"""``fakehub run``: exit status, environment, unmodified clients, and nothing left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from isolation_modes import both_modes
from waiting import until

ROOT = Path(__file__).resolve().parents[3]


@both_modes
def test_the_exit_status_is_that_of_the_command(fakehub, mode):
    assert fakehub("--mode", mode, "--", "sh", "-c", "exit 7").returncode == 7


@both_modes
def test_the_hubs_variables_are_those_of_the_user(fakehub, mode):
    names = "$JUPYTERHUB_USER $SCRATCH_BUCKET $PERSISTENT_BUCKET $PANGEO_SCRATCH $JUPYTER_IMAGE_SPEC"

    ran = fakehub("--mode", mode, "--user", "other-user", "--", "sh", "-c", f'echo "{names}"; ls -A "$HOME"')

    buckets = "gs://leap-scratch/other-user gs://leap-persistent/other-user gs://leap-scratch/other-user"
    assert ran.stdout == f"other-user {buckets} pangeo/pangeo-notebook:2026.06.04\n"


CLIENTS = """
import os, gcsfs, google.auth
from google.cloud import storage
url = os.environ["SCRATCH_BUCKET"] + "/a.bin"
data = bytes(range(256)) * 5000 + b"\\r"
fs = gcsfs.GCSFileSystem()
fs.pipe(url, data)
bucket, _, name = url.removeprefix("gs://").partition("/")
blob = storage.Client(project="p").bucket(bucket).blob(name)
assert blob.download_as_bytes() == data
blob.upload_from_string(b"from another client", if_generation_match=fs.info(url)["generation"])
assert fs.cat(url) == b"from another client"
assert google.auth.default()[0].requires_scopes in (True, False)
fs.rm(url)
try:
    fs.cat(url)
except FileNotFoundError:
    print("all is well")
"""


@both_modes
def test_unmodified_clients_need_no_settings(fakehub, mode):
    ran = fakehub("--mode", mode, "--", "python", "-c", CLIENTS)

    assert ran.stdout == "all is well\n", ran.stderr


@both_modes
def test_errors_of_the_server_never_block_it(fakehub, mode):
    # Makes the server write more to its standard error than a pipe can hold.
    ran = fakehub("--mode", mode, "--", "true", env=os.environ | {"PYTHONVERBOSE": "1"})

    assert ran.returncode == 0
    assert len(ran.stderr) > 2**16  # only from the parent, which prints less than its server


@both_modes
def test_curl_gets_googles_error(fakehub, mode):
    ran = fakehub("--mode", mode, "--", "curl", "-s", "https://storage.googleapis.com/storage/v1/b/leap-scratch/o")

    assert "Anonymous caller does not have storage.objects.list access" in ran.stdout


@both_modes
def test_other_hosts_are_unreachable(fakehub, mode):
    ran = fakehub("--mode", mode, "--", "curl", "-s", "--max-time", "20", "https://example.org/")

    assert ran.returncode in {6, 7, 56}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "no_such/name", "--", "true"], "is not a GitHub username"),
        (["--hub-yml", "no-such.yml", "--", "true"], "cannot be read"),
        (["--"], "no command to run"),
        (["--", "no-such-command"], "no-such-command: no such file or directory"),
        (["--state", "/proc/nowhere", "--", "true"], "not writable"),
    ],
)
def test_bad_input_is_one_clear_line(fakehub, arguments, message):
    ran = fakehub(*arguments)

    assert ran.returncode != 0
    assert message in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@both_modes
def test_a_killed_command_is_one_line_with_the_signal(fakehub, mode):
    ran = fakehub("--mode", mode, "--", "sh", "-c", "kill -KILL $$")

    assert (ran.returncode, ran.stderr) == (128 + signal.SIGKILL, "fakehub: sh was ended by SIGKILL\n")


# In a new user namespace, a process can forbid itself network namespaces, as some systems do for all processes.
WITHOUT = ["unshare", "--user", "--map-root-user", "sh", "-c", 'echo 0 > /proc/sys/user/max_net_namespaces; "$@"', "sh"]


@pytest.mark.parametrize(("mode", "status"), [("names", 2), ("auto", 0)])
def test_without_namespaces_names_is_an_error_and_auto_uses_the_proxy(mode, status):
    if subprocess.run([*WITHOUT, "true"], capture_output=True).returncode:
        pytest.skip("this system does not allow the user namespaces that this test needs")

    command = [*WITHOUT, sys.executable, "-m", "fakehub", "run", "--mode", mode, "--", "true"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)

    messages = ran.stderr.splitlines()
    assert ran.returncode == status
    assert len(messages) == (1 if mode == "names" else 0)
    for line in messages:
        assert line.startswith("fakehub: --mode names is not allowed here (")
        assert line.endswith("use --mode proxy")


@both_modes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_stopped(mode, number, tmp_path):
    marker, temporary = tmp_path / "started", tmp_path / "tmp"
    temporary.mkdir()
    env = os.environ | {"TMPDIR": str(temporary)}
    command = f"import time, pathlib; pathlib.Path({str(marker)!r}).touch(); time.sleep(1234.5)"
    started = subprocess.Popen(
        [sys.executable, "-m", "fakehub", "run", "--mode", mode, "--", "python", "-c", command],
        cwd=ROOT,
        env=env,
    )
    until(marker.exists)
    tree = psutil.Process(started.pid).children(recursive=True)

    os.kill(started.pid, number)
    started.wait(timeout=30)

    assert started.returncode != 0
    until(lambda: not any(process.is_running() and process.status() != "zombie" for process in tree))
    # A killed run cannot remove its folder; the next run does.
    again = [sys.executable, "-m", "fakehub", "run", "--mode", "proxy", "--", "true"]
    subprocess.run(again, cwd=ROOT, env=env, check=True)
    until(lambda: not list(temporary.iterdir()))


@both_modes
def test_an_orphan_without_the_sessions_variable_ends_with_the_run(fakehub, mode, tmp_path):
    number = tmp_path / "number"
    # Like the shell of a page: without the session's variable, and its parent is killed.
    orphan = f"env -u FAKEHUB_SESSION setsid sleep 1234.5 & echo $! > {number}; kill -KILL $$"

    ran = fakehub("--mode", mode, "--", "bash", "-c", orphan)

    assert ran.returncode == 128 + signal.SIGKILL
    left = [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] == ["sleep", "1234.5"]]
    assert number.read_text() and not left
