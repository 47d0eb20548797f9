"""*Back up your work and restore deleted data*: its commands bring back what was lost, and replace nothing else.

The page does not run them, because nobody has tested whether the hub's buckets keep deleted objects. The stand-in's do.
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from guide.pages.reader import read_page

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="not run: gcloud is not on this machine")
PAGE = "book/buckets/backups.md"
PREAMBLE = """
import gcsfs, json, os, subprocess, sys
from pathlib import Path
from fakehub.control.client import Control

fs = gcsfs.GCSFileSystem(use_listings_cache=False)
store = os.environ["PERSISTENT_BUCKET"] + "/my-project/run42.zarr/"
control = Control(Path(os.environ["FAKEHUB_SESSION"]))

def write(version, *names):
    for name in names:
        fs.pipe_file(store + name, version.encode())

def contents():
    return {path.partition("run42.zarr/")[2]: fs.cat_file(path).decode() for path in fs.find(store)}

def time_passes():
    control.advance(60)
    between = control.clock()["now"][:19] + "Z"
    control.advance(60)
    return between

def type_in(block):
    done = subprocess.run(["bash", "-c", block], capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(block + done.stdout + done.stderr)
"""


@pytest.fixture
def type_in(root, tmp_path):
    """Run a program that has the page's commands as ``blocks``; return the last line that it prints, as JSON."""
    page = read_page(root / PAGE, root)
    commands = [block.source for block in page.blocks if block.kind == "skip"]
    blocks = [text.replace("/tmp/", f"{tmp_path}/").replace("less ", "cat ") for text in commands if "gcloud" in text]

    def run(program):
        text = f"{PREAMBLE}\nblocks = {blocks!r}\n{textwrap.dedent(program)}"
        command = [sys.executable, "-m", "fakehub", "run", "--", "python", "-W", "ignore", "-c", text]
        done = subprocess.run(command, cwd=root, env=os.environ, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_lost_objects_come_back_and_those_that_exist_stay(type_in):
    now = type_in("""
        write("old", "zarr.json", "c/0", "c/1", "sea ice/c/2")
        time_passes()
        write("new", "zarr.json", "c/0", "c/1")
        fs.rm([store + "c/0", store + "c/1", store + "sea ice/c/2"])
        write("newest", "c/0")
        for block in blocks[:2]:
            type_in(block)
        print(json.dumps(contents()))
        """)

    assert now == {"zarr.json": "new", "c/0": "newest", "c/1": "new", "sea ice/c/2": "old"}


def test_an_object_that_is_written_while_others_are_restored_is_not_replaced(type_in):
    now = type_in("""
        write("old", "c/0", "c/1")
        fs.rm([store + "c/0", store + "c/1"])
        type_in(blocks[0])
        write("new", "c/0")
        subprocess.run(["bash", "-c", blocks[1]])
        print(json.dumps(contents()))
        """)

    assert now == {"c/0": "new", "c/1": "old"}


def test_everything_under_a_path_comes_back(type_in):
    now = type_in("""
        write("old", "zarr.json", "c/0")
        write("new", "c/0")
        fs.rm(store, recursive=True)
        for block in blocks[:2]:
            type_in(block)
        print(json.dumps(contents()))
        """)

    assert now == {"zarr.json": "old", "c/0": "new"}


def test_a_wrong_write_is_undone_where_nobody_has_written_since(type_in):
    now = type_in("""
        write("draft", "c/2")
        write("right", "zarr.json", "c/0", "c/1", "c/2")
        start = time_passes()
        write("half wrong", "c/0")
        write("wrong", "c/0", "c/1")
        write("appended", "c/3")
        end = time_passes()
        write("corrected", "c/1")
        times = {"2026-05-12T09:00:00Z": start, "2026-05-12T10:30:00Z": end}
        for old, new in times.items():
            blocks[2] = blocks[2].replace(old, new)
        assert start in blocks[2] and end in blocks[2]
        for block in blocks[2:]:
            type_in(block)
        print(json.dumps(contents()))
        """)

    assert now == {"zarr.json": "right", "c/0": "right", "c/1": "corrected", "c/2": "right", "c/3": "appended"}
