"""The stand-in with the least facts: storage works, and a part without facts is refused in one line."""

import subprocess
import sys

import pytest

from fakehub.osn import may_write
from hubfacts.load import load

LEAST = "examples/minimal/hub.yml"
WRITE = """
import os, gcsfs
files = gcsfs.GCSFileSystem()
files.pipe(os.environ["SCRATCH_BUCKET"] + "/a", b"1")
print(os.environ["SCRATCH_BUCKET"], files.cat("my-scratch/funky-user/a"), "JUPYTER_IMAGE_SPEC" in os.environ)
try:
    files.pipe("my-archive/a", b"1")
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("persona", ["hub", "hpc-member", "service-account", "anonymous"])
def test_every_persona_has_a_machine(fakehub, persona):
    result = fakehub("--hub-yml", LEAST, "--persona", persona, "--", "true")

    assert (result.returncode, result.stderr) == (0, "")


def test_a_program_writes_to_the_bucket_that_the_variable_names(fakehub):
    result = fakehub("--hub-yml", LEAST, "--", "python", "-c", WRITE)

    assert result.stdout.startswith("gs://my-scratch/funky-user b'1' False\n")
    assert "hub-user@my-project.iam.gserviceaccount.com does not have storage.objects.create" in result.stdout


def test_jupyterhub_names_the_facts_it_lacks(root):
    command = [sys.executable, "-m", "fakehub", "hub", "--hub-yml", LEAST, "--", "true"]

    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "fakehub: JupyterHub needs more facts than the rest of the stand-in: "
        f"{root / LEAST}: access, node_shares, images: missing\n"
    )


@pytest.mark.parametrize(("write", "writable"), [("", False), ("write: false, ", False), ("write: true, ", True)])
def test_only_a_field_opens_a_bucket_of_the_pod(root, tmp_path, write, writable):
    pod = f"""
osn:
  endpoint: https://osn.example.org
  buckets:
    inbox: {{{write}rule: nobody has write access}}
"""
    (tmp_path / "hub.yml").write_text((root / LEAST).read_text() + pod)

    assert may_write(load(tmp_path / "hub.yml").osn) == {"inbox": writable}
