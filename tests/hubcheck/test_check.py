"""The check in the stand-in: everything agrees, nothing is left, and nobody's name or token is in the output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from check_world import ROOT, SCRIPT, Ran, run_check

from fakehub.control.client import Control
from fakehub.session.session import Session, SessionOptions, start_session
from hubcheck.command import SUBJECTS
from hubcheck.facts import GUIDE, as_part
from hubcheck.join import FOLDER, PARTS, joined
from hubfacts.load import load

HUB_YML = ROOT / "hub.yml"
USER = "ada-lovelace"
FAST = [name for name in SUBJECTS if name not in {"worker", "archives"}]
# Every object is at the same depth as those of the check, or beside its folder.
THEIRS = ("guide-examples/check-the-guide.txt", "guide-examples/look/a.txt", "data.zarr/zarr.json")
WRITE = """
import gcsfs, os, sys
files = gcsfs.GCSFileSystem()
for path in sys.argv[1:]:
    files.pipe(f"{os.environ['SCRATCH_BUCKET']}/{path}", b"mine")
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A stand-in of the hub for a user whose name is in no recorded output, and who has objects."""
    with start_session(SessionOptions(load(HUB_YML), HUB_YML, USER)) as running:
        subprocess.run([sys.executable, "-c", WRITE, *THEIRS], env=running.environment, check=True)
        yield running


def run(session: Session, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    env = session.environment | variables
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def objects(session: Session) -> dict[str, list[int]]:
    """Return the version of each object, by its address."""
    return {address: one["version"] for address, one in Control(session.folder).objects().items()}


@dataclass(frozen=True)
class Checked:
    """A whole check: what it printed and wrote, its requests, and the objects before and after it."""

    output: str
    files: dict[str, str]
    requests: list[dict[str, Any]]
    before: dict[str, list[int]]
    after: dict[str, list[int]]


@pytest.fixture(scope="module")
def checked(session: Session, tmp_path_factory) -> Checked:
    """One check, whose results several tests look at."""
    folder, control = tmp_path_factory.mktemp("check"), Control(session.folder)
    before, earlier = objects(session), len(control.log())
    done = run(session, folder)
    assert done.returncode == 0, done.stderr
    files = {path.name: path.read_text() for path in folder.iterdir()}
    return Checked(done.stdout + done.stderr, files, control.log()[earlier:], before, objects(session))


def test_everything_that_can_be_observed_agrees(tmp_path, stack):
    done: Ran = run_check(tmp_path)

    assert (done.status, done.error) == (0, "")
    if stack == "hub":
        assert done.differs == set()
    assert {name.partition(".")[0] for name in done.differs} <= {"package"}
    assert {name.partition(".")[0] for name in done.unseen} == {"machine"}
    assert len(done.agrees | done.differs) >= 60


def test_nothing_is_left(checked):
    assert len(checked.before) >= len(THEIRS)
    assert checked.after == checked.before
    assert list(checked.files) == ["result.json"]


def test_only_the_folder_of_the_check_was_written_to(checked):
    written = [one for one in checked.requests if one["method"] != "GET" and one["status"] < 400]
    paths = [unquote(one["path"]) for one in written if "/storage/v1/" in one["path"]]
    folder = f"{USER}/guide-examples/check-the-guide/"

    assert len(paths) >= 8
    assert [path for path in paths if folder not in path] == []


def test_no_name_and_no_token_is_in_the_output(session, checked):
    text = checked.output + checked.files["result.json"]

    assert USER not in text and "funky-user" in text
    assert "ya29" not in text and "@" not in text
    assert session.environment["JUPYTERHUB_API_TOKEN"] not in text


def test_the_issue_has_the_result(checked):
    address = checked.output.strip().splitlines()[-1]

    assert address.startswith(f"{GUIDE['repository']}/issues/new?title=Check%20of%20the%20guide")
    assert "storage.precondition" in address and len(address) < 8000


def test_what_an_interrupted_check_left_is_not_overwritten(session, tmp_path):
    left = "guide-examples/check-the-guide/small"
    subprocess.run([sys.executable, "-c", WRITE, left], env=session.environment, check=True)
    try:
        before = objects(session)
        done = run(session, tmp_path, "--only", "storage")

        assert (done.returncode, done.stdout) == (1, "")
        assert (
            done.stderr == f"check_hub.py: gs://leap-scratch/{USER}/{left} exists, of an interrupted check: "
            "delete it, then run this again\n"
        )
        assert objects(session) == before
    finally:
        remove = "import gcsfs, os, sys; gcsfs.GCSFileSystem().rm(f\"{os.environ['SCRATCH_BUCKET']}/{sys.argv[1]}\")"
        subprocess.run([sys.executable, "-c", remove, left], env=session.environment, check=True)


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "message"),
    [
        ((), {"JUPYTERHUB_USER": ""}, 1, "JUPYTERHUB_USER is not set: run this on a server of the hub"),
        (("--only", "packages", "--out", "none/result.json"), {}, 1, "No such file or directory: 'none/result.json'"),
        (("--only", "nothing"), {}, 2, "argument --only: invalid choice: 'nothing'"),
    ],
)
def test_bad_input_gets_one_line(session, tmp_path, arguments, variables, status, message):
    done = run(session, tmp_path, *arguments, **variables)

    assert done.returncode == status
    assert message in done.stderr and done.stderr.startswith("check_hub.py: ") and done.stderr.count("\n") == 1


def test_without_servers_nothing_agrees_that_needs_one(session, tmp_path):
    nowhere = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "GCE_METADATA_HOST": "127.0.0.1:9",
    }
    done = run(session, tmp_path, "--only", "account", "buckets", "storage", **nowhere)

    assert done.returncode == 0
    assert " agrees " not in done.stdout


BROKEN = """
import check_hub

def broken(hub):
    yield from check_hub.packages(hub)
    {}["an answer of another form"]

check_hub.SUBJECTS["storage"] = broken
print(check_hub.check(["storage", "variables"]).text())
"""


def test_an_unforeseen_answer_costs_only_the_rest_of_its_subject(session):
    env = session.environment | {"PYTHONPATH": str(SCRIPT.parent)}
    done = subprocess.run([sys.executable, "-c", BROKEN], env=env, capture_output=True, text=True)
    names = [line.split()[0] for line in done.stdout.strip().splitlines()]

    assert "storage  " in done.stdout and "; here: KeyError" in done.stdout, done.stderr
    assert "package.zarr" in names and "variable.USER" in names


def test_the_script_is_the_parts_joined():
    assert SCRIPT.read_text(encoding="utf-8") == joined(HUB_YML), "run: make script"
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "join"} == set(PARTS)
    namespace: dict = {}
    exec(as_part(GUIDE), namespace)
    assert namespace["GUIDE"] == GUIDE


def test_the_script_of_another_hub_agrees_with_it(tmp_path):
    hub_yml = ROOT / "examples/other-hub/hub.yml"
    script = tmp_path / "check_hub.py"
    script.write_text(joined(hub_yml))
    done = run_check(tmp_path, [name for name in FAST if name != "packages"], hub_yml, script=script)

    assert (done.status, done.differs) == (0, set())
    assert "bucket.ocean-tmp.lifecycle" in done.agrees
