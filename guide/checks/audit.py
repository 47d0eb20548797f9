"""``make audit``: asks whether a locked package has a known vulnerability, with ``pip-audit``.

The exit status is 1 when one has, and 2 when the service cannot be asked: an audit that was not run is not passed.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from guide.paths import ROOT

PROGRAM = ROOT / ".venv" / "audit" / "bin" / "pip-audit"
_LIMIT_S = 300


def audit(locks: list[Path], program: Path = PROGRAM) -> int:
    """Ask about the packages of each of ``locks`` and say what is known; the worst status."""
    return max(_one(lock, program) for lock in locks)


def _one(lock: Path, program: Path) -> int:
    report, said = _asked(lock, program)
    if report is None:
        print(f"{lock.stem}: not run: {said}")
        return 2
    found = [
        f"{package['name']} {package['version']}: {known['id']}; mended in {', '.join(known['fix_versions']) or 'none'}"
        for package in report["dependencies"]
        for known in package.get("vulns", [])
    ]
    for line in found:
        print(f"{lock.stem}: {line}")
    if not found:
        print(f"{lock.stem}: {len(report['dependencies'])} packages, no known vulnerability")
    return 1 if found else 0


def _asked(lock: Path, program: Path) -> tuple[dict | None, str]:
    """The report, or ``None`` and why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = [str(program), "--requirement", str(lock), "--require-hashes", "--disable-pip", "--no-deps"]
        command += ["--format", "json", "--output", str(out), "--progress-spinner", "off", "--timeout", "20"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S)
        except FileNotFoundError:
            return None, f"there is no {program.name}; run: make tools"
        except subprocess.TimeoutExpired:
            return None, f"no answer within {_LIMIT_S} s"
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        try:
            return json.loads(out.read_text(encoding="utf-8")), ""
        except (OSError, ValueError):
            return None, said[-1].strip() if said else "it said nothing"
