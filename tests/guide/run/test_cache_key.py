"""The key of a page's run: it has everything that a run depends on, and nothing else."""

import os
import shutil
import subprocess
import sys

import pytest

from guide.run import cache_key
from guide.run.cache_key import code_of_a_run, page_key, shared_digest
from guide.run.profile import RunProfile

PROFILE = RunProfile()
# Code for every Python process of a run: it notes which modules of the project the process has imported when it ends.
# The file is opened at the start, because a page may not write there later.
NOTE_MODULES = """
import atexit, contextlib, os, sys
end = os._exit
modules = None
with contextlib.suppress(OSError):
    file = os.path.join(os.path.dirname(__file__), "modules.txt")
    modules = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def note():
    names = [name for name in sys.modules if name.partition(".")[0] in {"guide", "fakehub", "hubfacts"}]
    if modules is not None:
        os.write(modules, ("\\n".join(names) + "\\n").encode())
def note_and_end(status):
    note()
    end(status)
atexit.register(note)
os._exit = note_and_end
"""
# A process that starts runs, and imports nothing else of the guide.
RUN = """
import sys
from guide.run.runner import ROOT, Run, RunProfile, run_side_by_side
stack, mode, *pages = sys.argv[1:]
for _, record in run_side_by_side([Run(ROOT / page) for page in pages], RunProfile(stack, mode=mode), 2):
    print(record.status, record.error)
"""
PAGES = ["book/buckets/read-and-write.md", "book/uploads/publish-outside-osn.md", "book/hub/log-in.md"]


@pytest.fixture
def project(root, tmp_path, monkeypatch):
    """A copy of the code that the key is made from."""
    for name in ("fakehub", "guide", "hubfacts"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("uv.lock", "environment.yml"):
        shutil.copy(root / name, tmp_path)
    monkeypatch.setattr(cache_key, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "guide/run/runner.py",
        "guide/run/profile.py",
        "guide/run/compare_outputs.py",
        "guide/pages/reader.py",
        "guide/paths.py",
        "guide/facts/storage.py",
        "guide/compat.py",
        "hubfacts/schema.py",
        "fakehub/storage/service.py",
        "fakehub/gateway/dask_gateway_config.py",
        "uv.lock",
        "environment.yml",
    ],
)
def test_an_edit_of_what_a_run_uses_changes_the_key(project, name):
    before = shared_digest(PROFILE)
    with (project / name).open("a") as file:
        file.write("\n")

    assert shared_digest(PROFILE) != before


@pytest.mark.parametrize("name", ["guide/run/new.py", "guide/new.py", "fakehub/storage/new.py", "hubfacts/new.py"])
def test_a_new_module_changes_the_key(project, name):
    before = shared_digest(PROFILE)
    (project / name).write_text("")

    assert shared_digest(PROFILE) != before


@pytest.mark.parametrize(
    "name",
    [
        "fakehub/browser/wire.py",
        "fakehub/compare.py",
        "fakehub/from_2i2c/__main__.py",
        "fakehub/hub/spawner.py",
        "fakehub/pytest_plugin.py",
        "fakehub/README.md",
        "guide/__main__.py",
        "guide/pages/toc.py",
        "guide/report/report.py",
        "guide/site/build.py",
        "guide/terminal_progress.py",
    ],
)
def test_an_edit_of_what_no_run_uses_leaves_the_key(project, name):
    before = shared_digest(PROFILE)
    with (project / name).open("a") as file:
        file.write("\n")

    assert shared_digest(PROFILE) == before


@pytest.mark.parametrize("profile", [RunProfile("latest"), RunProfile(user="somebody"), RunProfile(mode="proxy")])
def test_each_run_profile_has_its_key(project, profile):
    assert shared_digest(profile) != shared_digest(PROFILE)


def test_the_key_of_a_page_has_its_text_its_files_and_its_recorded_outputs(tmp_path):
    page = tmp_path / "page.md"
    keys = []
    for name, text in {
        "page.md": "---\nfiles: [recipe.py]\n---\n",
        "recipe.py": "1\n",
        "_outputs/page.yml": "1:\n- text: one\n",
        "other.py": "2\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        keys.append(page_key(page, b"shared"))

    assert len(set(keys)) == 3 and keys[2] == keys[3]
    assert page_key(page, b"other") not in keys


@pytest.mark.parametrize(
    ("pages", "mode"), [(PAGES[:1], "proxy"), (PAGES, "auto")], ids=["a new process", "forks of one process"]
)
def test_every_module_that_a_run_imports_is_in_the_key(root, stack, tmp_path, pages, mode):
    (tmp_path / "sitecustomize.py").write_text(NOTE_MODULES)
    command = [sys.executable, "-c", RUN, stack, mode, *pages]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=400, check=False)
    imported = set((tmp_path / "modules.txt").read_text().split())
    keyed = {
        str(file.relative_to(root).with_suffix("")).removesuffix("/__init__").replace("/", ".")
        for file in code_of_a_run(root)
    }

    assert done.stdout.split() == ["passed"] * len(pages), done.stdout + done.stderr
    assert {"guide.run.page_session", "guide.facts", "fakehub.storage.service", "hubfacts.schema"} <= imported
    # The process that starts the runs shows their progress, which no result depends on.
    assert imported - keyed == {"guide.terminal_progress"}
