"""The whole guides of other hubs: every page runs, and the site is built without a warning.

One is the hub with the fewest features, the others are drafts of hubs from 2i2c's files. Each takes minutes, so
``make test`` leaves them out, and checks their pages without outputs (``test_other_hub``, ``test_drafted_hubs``).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = "examples/small-hub/hub.yml"
CHECKOUT = "examples/from-2i2c"


def build(root: Path, stack: str, hub: Path, folder: Path) -> str:
    """Build the guide of a hub; return its first page."""
    command = [sys.executable, "-m", "guide", "build", "--stack", stack, "--out", str(folder)]
    env = os.environ | {"FAKEHUB_HUB_YML": str(hub)}
    built = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=3000)
    if built.returncode:
        pytest.fail(f"make book HUB={hub} fails:\n{built.stdout}\n{built.stderr}", pytrace=False)
    assert built.stdout.splitlines()[-1].endswith("with 0 warnings")
    return (folder / "html" / "book" / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif("HUBS" not in os.environ, reason="takes minutes: set HUBS")
def test_the_smallest_hub_has_a_guide(root: Path, stack: str, tmp_path: Path) -> None:
    assert "Small River" in build(root, stack, root / SMALL, tmp_path)


@pytest.mark.skipif("HUBS" not in os.environ, reason="takes minutes: set HUBS")
@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("ocean", "Example Ocean"),
        ("glacier", "Example Glacier"),
        ("meadow", "Example Meadow College"),
        ("reef", "Example Reef"),
        ("island", "Example Island"),
    ],
)
def test_a_draft_has_a_guide(root: Path, stack: str, tmp_path: Path, cluster: str, name: str) -> None:
    command = [sys.executable, "-m", "fakehub.from_2i2c", str(root / CHECKOUT), cluster, "prod"]
    drafted = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    (tmp_path / "hub.yml").write_text(drafted.stdout, encoding="utf-8")

    assert name in build(root, stack, tmp_path / "hub.yml", tmp_path / "guide")
