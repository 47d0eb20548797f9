"""The content of ``results.json``: the machine, the date, the commit and the rows of a run."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from guide.paths import ROOT

FILE = "results.json"


@dataclass(frozen=True)
class Row:
    """One figure and that of a ``peer``; ``ratio`` is ``value / peer_value``. ``None`` means not measured."""

    name: str
    value: float | None
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None


def make_row(
    name: str, unit: str, value: float | None, peer: str | None = None, peer_value: float | None = None
) -> Row:
    """Return a row with its ratio, all figures rounded."""
    ratio = value / peer_value if value is not None and peer_value else None
    return Row(name, _rounded(value), unit, peer, _rounded(peer_value), _rounded(ratio))


def _rounded(value: float | None) -> float | None:
    """Round to four significant digits."""
    return None if value is None else float(f"{value:.4g}")


@dataclass(frozen=True)
class Machine:
    """The machine that a run measured on."""

    cores: int
    cpu: str
    memory_gb: int
    system: str
    python: str


def this_machine() -> Machine:
    """Describe the machine that this process runs on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return Machine(
        cores=psutil.cpu_count(),
        cpu=models[0] if models else platform.processor(),
        memory_gb=round(psutil.virtual_memory().total / 1e9),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


@dataclass
class Results:
    """The results of the last whole run.

    ``again`` has the date and the commit of each part that was measured alone since then; ``failures`` say what could
    not be measured, and why.
    """

    machine: Machine
    date: str
    commit: str
    again: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def of_now(cls) -> Results:
        """Return results without rows, for this machine, today and the commit that is checked out."""
        return cls(this_machine(), datetime.now(UTC).date().isoformat(), _commit())

    @classmethod
    def read(cls, folder: Path) -> Results:
        """Return the results in ``folder``, or those ``of_now`` if it has none."""
        file = folder / FILE
        if not file.is_file():
            return cls.of_now()
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        content |= {"machine": Machine(**content["machine"]), "rows": [Row(**row) for row in content["rows"]]}
        return cls(**content)

    def write(self, folder: Path) -> None:
        """Write the results into ``folder``."""
        content = asdict(self)
        if not self.again:
            del content["again"]
        (folder / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _commit() -> str:
    """Return the short hash of the commit that is checked out, and whether files differ from it."""

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)

    try:
        head = git("rev-parse", "--short", "HEAD")
        changed = git("diff", "--quiet", "HEAD", "--", ".", ":!bench/results.json", ":!bench/README.md").returncode
    except FileNotFoundError:
        return "unknown"
    if head.returncode:
        return "unknown"
    return head.stdout.strip() + (" with changes" if changed else "")
