"""The whole guide of the hub with the fewest features: every page runs, and the site is built without a warning.

It takes minutes, so ``make test`` leaves it out. It checks every page of that hub without outputs (``test_other_hub``).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HUB = "examples/small-hub/hub.yml"


@pytest.mark.skipif("HUBS" not in os.environ, reason="takes minutes: set HUBS")
def test_every_page_runs_and_the_site_has_no_warning(root: Path, stack: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "guide", "build", "--stack", stack, "--out", str(tmp_path)]
    env = os.environ | {"FAKEHUB_HUB_YML": str(root / HUB)}

    built = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=3000)

    if built.returncode:
        pytest.fail(f"make book HUB={HUB} fails:\n{built.stdout}\n{built.stderr}", pytrace=False)
    assert built.stdout.splitlines()[-1].endswith("with 0 warnings")
    assert "Small River" in (tmp_path / "html" / "book" / "index.html").read_text(encoding="utf-8")
