"""A page's session in the browser: files, cells, the clock, and what cells do to the buckets."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

from fakehub.control.client import Control
from fakehub.request_log import REQUESTS
from fakehub.storage.inspection import described
from tests.fakehub.browser import in_browser

# Cells that change buckets; each is described in the browser and in the stand-in.
CELLS = {
    "write": """
import gcsfs, os
fs = gcsfs.GCSFileSystem()
scratch = os.environ["SCRATCH_BUCKET"]
fs.pipe(f"{scratch}/notes.txt", "Südpol".encode())
fs.pipe(f"{scratch}/bytes", bytes(range(200)))
""",
    "read": "fs.cat(f'{scratch}/notes.txt')",
    "nothing": "1 + 1",
    "change": "fs.pipe(f'{scratch}/notes.txt', b'Arctic')",
    "refused": """
for name in ("gs://leap-persistent-ro/x", f"{scratch}/missing"):
    try:
        fs.pipe(name, b"x") if "ro" in name else fs.cat(name)
    except OSError:
        pass
""",
    "many": "fs.pipe({f'{scratch}/many/{number:03}': b'x' for number in range(250)})",
    "delete": "fs.rm(f'{scratch}/many', recursive=True)\nfs.rm(f'{scratch}/bytes')",
}
PROGRAM = f"""
page.seen()
results["seen"] = {{}}
for name, source in {CELLS!r}.items():
    page.watch()
    page.run(source)
    results["seen"][name] = json.loads(page.seen())

page.write("data/table.csv", "Größe\\n")
results["text"] = run("open('data/table.csv', encoding='utf-8').read()")
results["home"] = run("import os, pathlib\\nstr(pathlib.Path.home()), os.getcwd(), os.environ['JUPYTERHUB_USER']")
page.write("helpers.py", "depth = 1")
results["module"] = run("import helpers\\nhelpers.depth")
page.write("later.py", "depth = 2")
results["module written later"] = run("import later\\nlater.depth")

# The client's own clock stays, so it does not renew its token: a new one is needed.
new_client = "fs = gcsfs.GCSFileSystem(skip_instance_cache=True)\\nfs.exists(f'{{scratch}}/notes.txt')"
page.advance(6.9 * 86400)
results["kept"] = run(new_client)
page.advance(0.2 * 86400)
results["expired"] = run(new_client)

again = '''
from google.auth import default
from google.auth.transport.requests import AuthorizedSession
session = AuthorizedSession(default()[0])
upload = "https://storage.googleapis.com/upload/storage/v1/b/leap-scratch/o"
name = {{"uploadType": "media", "name": "funky-user/often"}}
[session.post(upload, params=name, data=b"x").status_code for _ in range(2)]
'''
results["without a limit"] = run(again)
page.limit_writes(1)
results["limited"] = run(again)
page.advance(2)
results["after a while"] = run("session.post(upload, params=name, data=b'x').status_code")
page.limit_writes(0)
results["no limit"] = run(again)
results["versions"] = json.loads(page.versions())
results["namespace"] = page.namespace["scratch"]
results["ended"] = [page.run("1"), page.run("1 / 0")]
"""
# The same cells in the stand-in, which stops before and after each one until the test has looked at the buckets.
CELLS_IN_THE_STAND_IN = """
import json, sys
for name in sys.stdin:
    exec(json.loads(name), globals())
    print(flush=True)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The results of the program."""
    return in_browser.run(PROGRAM, tmp_path_factory.mktemp("page"), in_browser.PAGE)


@pytest.fixture(scope="module")
def described_there(fakehub_session):
    """What the cells did to the buckets of the stand-in."""
    control, log = Control(fakehub_session.folder), fakehub_session.folder / REQUESTS
    before = others = control.objects()
    descriptions = {}
    command = [sys.executable, "-c", CELLS_IN_THE_STAND_IN]
    env = fakehub_session.environment
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for name, source in CELLS.items():
            place = os.stat(log).st_size
            process.stdin.write(json.dumps(source) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "\n"
            after = control.objects()
            rows = [json.loads(line) for line in log.read_text()[place:].splitlines()]
            descriptions[name] = described(before, after, others, rows)
            before = after
        process.stdin.close()
    return descriptions


def value(outputs):
    (output,) = outputs
    return output["data"]["text/plain"]


@pytest.mark.parametrize("name", [name for name in CELLS if name != "nothing"])
def test_the_description_is_that_of_the_stand_in(found, described_there, name):
    assert found["seen"][name] == described_there[name]
    assert found["seen"][name]["requests"]


def test_there_is_no_description_of_nothing(found):
    assert found["seen"]["nothing"] is None


def test_the_descriptions_say_what_the_cells_did(found):
    seen = {name: description or {"objects": []} for name, description in found["seen"].items()}
    states = {name: {entry["state"] for entry in description["objects"]} for name, description in seen.items()}

    assert states["write"] == {"new"}
    assert states["change"] == {"changed", "unchanged"}
    assert {"deleted"} <= states["delete"] <= {"deleted", "unchanged"}
    assert seen["many"]["more"]["count"] > 40
    assert sum(request["refused"] for request in seen["refused"]["requests"]) == 1


def test_files_are_in_the_home_directory(found):
    home, folder, user = ast.literal_eval(value(found["home"]))

    assert home == folder and home.endswith("/home")
    assert user == "funky-user"
    assert value(found["text"]) == "'Größe\\n'"
    assert (value(found["module"]), value(found["module written later"])) == ("1", "2")


def test_objects_expire_when_the_clock_moves(found):
    assert (value(found["kept"]), value(found["expired"])) == ("True", "False")


def test_writes_can_be_limited(found):
    limits = ("without a limit", "limited", "after a while", "no limit")

    assert [value(found[name]) for name in limits] == ["[200, 200]", "[200, 429]", "200", "[200, 200]"]


def test_the_page_knows_versions_and_variables(found):
    assert {"Python", "numpy", "xarray", "zarr"} <= set(found["versions"])
    assert found["namespace"] == "gs://leap-scratch/funky-user"
    assert found["ended"] == [True, False]
