"""The guides of other hubs, rendered without outputs, which needs no stand-in."""

import os
import re
import shutil
import subprocess
import sys

import yaml

from guide.facts import load
from guide.paths import build_folder


def render(root, content, folder):
    """Build the guide of the hub with the facts ``content`` from runs that printed nothing; return its HTML folder."""
    hub_yml = folder / "hub.yml"
    hub_yml.write_text(yaml.safe_dump(content, sort_keys=False))
    env = os.environ | {"PYTHONPATH": str(root), "FAKEHUB_HUB_YML": str(hub_yml)}
    recorded = subprocess.run([sys.executable, __file__], cwd=root, env=env, capture_output=True, text=True)
    assert recorded.returncode == 0, recorded.stderr
    env |= {"PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "guide.site.sphinx_process", "html", str(folder / "site")]
    command += ["--report", str(folder / "report.json")]
    built = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=600)
    shutil.rmtree(build_folder(hub_yml))
    warnings = [line for line in (built.stdout + built.stderr).splitlines() if "WARNING" in line or "ERROR" in line]
    assert built.returncode == 0, "\n".join(warnings) or built.stderr[-3000:]
    return folder / "site/html"


def names_of_own_hub(root):
    """Return a pattern for the names of the project's own hub, its owner and its buckets."""
    facts = load(root / "hub.yml")
    names = [*facts.buckets.names, *(facts.osn.buckets if facts.osn else ())]
    names += [facts.hub.project, facts.access.organization or "", facts.hub.url.split("/")[2]]
    return re.compile(rf"(?i:{'|'.join(map(re.escape, filter(None, names)))})|\b{facts.hub.community}\b")


def _write_records() -> None:
    """Write a record of a run that printed nothing for each page."""
    from guide.pages.reader import read_page
    from guide.pages.toc import pages_of_book
    from guide.paths import ROOT, display_path
    from guide.run.records import RunRecord, keep, record_path

    for path in pages_of_book():
        notebook = read_page(path, ROOT).notebook
        for cell in notebook.cells if notebook else ():
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        keep(RunRecord(display_path(path), "hub", "passed", 0.0, notebook=notebook), record_path(path, "hub"))


if __name__ == "__main__":
    _write_records()
