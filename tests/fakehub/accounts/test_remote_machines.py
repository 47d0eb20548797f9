"""Several machines in one session: each has its own files and permissions, and all share the buckets."""

import json

import pytest

# Starts programs on another machine of the session, as the page runner does.
DRIVER = """
import os, subprocess, sys
from pathlib import Path
from fakehub.control.client import Control
from fakehub.session.environment import environment_of
from hubfacts.load import load

control = Control(Path(os.environ["FAKEHUB_SESSION"]))

def on(persona, *command, browser=False):
    machine = control.new_machine(persona)
    env = environment_of(machine, os.environ, load(), browser)
    ran = subprocess.run(command, env=env, cwd=machine["home"], capture_output=True, text=True, timeout=60)
    return ran.stdout.strip() or ran.stderr.strip().splitlines()[-1]
"""
SEES = 'find . -type f -printf "%P %m "; echo "${SCRATCH_BUCKET-}|${DASK_GATEWAY__ADDRESS-}|$USER|${DISPLAY-}"'
WRITES = """
import gcsfs, pathlib
from google.oauth2.credentials import Credentials
file = pathlib.Path("token.txt")
fs = gcsfs.GCSFileSystem(**({"token": Credentials(file.read_text().strip())} if file.exists() else {}))
for bucket in ("leap-scratch", "leap-persistent"):
    try:
        fs.pipe(f"gs://{bucket}/funky-user/{bucket}", b"data")
        print("yes", end=" ")
    except Exception as error:
        print(type(error).__name__, end=" ")
"""


@pytest.fixture
def lines(fakehub):
    """Return a function that runs a script after the driver on the hub and parses its output lines as JSON."""

    def call(script: str, *options: str) -> list:
        ran = fakehub(*options, "--", "python", "-W", "ignore", "-c", f"{DRIVER}\nimport json\n{script}")
        assert ran.returncode == 0, ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return call


def test_each_machine_has_its_own_files_and_variables(lines, mode):
    output = lines(
        f"""
for persona in ("anonymous", "laptop", "hpc-outsider"):
    print(json.dumps(on(persona, "sh", "-c", {SEES!r})))
""",
        "--mode",
        mode,
        "--user",
        "another-user",
    )

    login = ".config/gcloud/application_default_credentials.json"
    assert output == ["||another-user|", "token.txt 600 ||another-user|", f"{login} 600 ||another-user|"]


def test_all_machines_share_the_buckets_and_each_has_its_rights(lines, mode):
    output = lines(
        f"""
for persona in ("laptop", "hpc-member", "hpc-outsider"):
    print(json.dumps(on(persona, sys.executable, "-W", "ignore", "-c", {WRITES!r})))
import gcsfs
print(json.dumps(gcsfs.GCSFileSystem().ls("gs://leap-persistent/funky-user")))
""",
        "--mode",
        mode,
    )

    assert output == ["yes yes", "OSError yes", "OSError OSError", ["leap-persistent/funky-user/leap-persistent"]]


def test_outside_the_hub_the_metadata_address_refuses_connections_at_once(lines, mode):
    output = lines(
        """
import time
started = time.monotonic()
error = on("anonymous", sys.executable, "-W", "ignore", "-c", "import google.auth; google.auth.default()")
print(json.dumps([error.split(":")[0], time.monotonic() - started < 20]))
""",
        "--mode",
        mode,
    )

    assert output == [["google.auth.exceptions.DefaultCredentialsError", True]]


def test_the_hub_cannot_have_a_second_machine(lines):
    (message,) = lines(
        """
from fakehub.control.client import ControlError
try:
    control.new_machine("hub")
except ControlError as error:
    print(json.dumps(str(error)))
"""
    )

    assert message.startswith("'hub' has no machine outside the hub; choose from anonymous, hpc-member")
