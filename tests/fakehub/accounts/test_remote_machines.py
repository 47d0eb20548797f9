"""Several machines in one session: each with what is its own, and the buckets, clock and network of all."""

import json

import pytest

# Starts programs on another machine of the session, as the runner of pages does.
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
    """Run a script after the driver, on the hub; its lines, each a JSON value."""

    def call(script: str, *options: str) -> list:
        ran = fakehub(*options, "--", "python", "-W", "ignore", "-c", f"{DRIVER}\nimport json\n{script}")
        assert ran.returncode == 0, ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return call


def test_each_machine_has_what_is_its_own(lines, mode):
    found = lines(
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
    assert found == ["||another-user|", "token.txt 600 ||another-user|", f"{login} 600 ||another-user|"]


def test_all_machines_share_the_buckets_and_each_has_its_rights(lines, mode):
    found = lines(
        f"""
for persona in ("laptop", "hpc-member", "hpc-outsider"):
    print(json.dumps(on(persona, sys.executable, "-W", "ignore", "-c", {WRITES!r})))
import gcsfs
print(json.dumps(gcsfs.GCSFileSystem().ls("gs://leap-persistent/funky-user")))
""",
        "--mode",
        mode,
    )

    assert found == ["yes yes", "OSError yes", "OSError OSError", ["leap-persistent/funky-user/leap-persistent"]]


def test_elsewhere_the_question_for_a_metadata_server_is_refused_at_once(lines, mode):
    found = lines(
        """
import time
started = time.monotonic()
said = on("anonymous", sys.executable, "-W", "ignore", "-c", "import google.auth; google.auth.default()")
print(json.dumps([said.split(":")[0], time.monotonic() - started < 20]))
""",
        "--mode",
        mode,
    )

    assert found == [["google.auth.exceptions.DefaultCredentialsError", True]]


def test_the_hub_has_no_second_machine(lines):
    (said,) = lines(
        """
from fakehub.control.client import ControlError
try:
    control.new_machine("hub")
except ControlError as error:
    print(json.dumps(str(error)))
"""
    )

    assert said.startswith("'hub' has no machine outside the hub; there are anonymous, hpc-member")
