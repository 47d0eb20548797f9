"""The rows of a run, the targets they are held against, and the files they are written to."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench import site
from bench.growth import FEW, FIRST_ANSWER, MEMORY, bucket_of, growth_names
from bench.samples import Plan, Sampler
from bench.servers import COMPILED, OURS, OURS_TLS, PEERS, PYTHON, ROOT
from bench.storage import CONNECTIONS, DOWN, LABELS, UP, small_name
from bench.through_gcsfs import CAT, PUT
from bench.uploads import LIMIT, LINES, NAIVE, VERSUS

# Everything in the README from this line on is written by a run.
MARK = "<!-- from here on written by `make bench` -->"
BOOKS_MARK = "<!-- from here on written by `python -m bench.building` -->"
# How rows begin that are written there.
BOOKS = ("build ", "memory, build ", "per-notebook ", "slope of clean builds ", "the edited notebook's code ")


@dataclass(frozen=True)
class Row:
    """One figure beside a peer's: ``ratio`` is ``value / peer_value``; ``None`` where it could not be measured."""

    name: str
    value: float | None
    unit: str
    peer: str | None
    peer_value: float | None
    ratio: float | None


@dataclass(frozen=True)
class Target:
    """What a row must show: of a ratio, or without a peer of its value, the least or the most."""

    name: str
    peer: str | None
    least: float | None = None
    most: float | None = None

    def verdict(self, rows: list[Row]) -> str:
        """One line: met, missed or not measured."""
        row = next(row for row in rows if row.name == self.name and self.peer in (None, row.peer))
        figure = row.ratio if self.peer else row.value
        unit = f"x {self.peer}" if self.peer else f" {row.unit}"
        wanted = f"at least {self.least}" if self.least is not None else f"at most {self.most}"
        if figure is None:
            return f"not measured: {self.name}, wanted {wanted}{unit}"
        met = figure >= self.least if self.least is not None else figure <= self.most
        return f"{'met' if met else 'MISSED'}: {self.name} is {figure:.2f}{unit}, wanted {wanted}"


def rows_of(sampler: Sampler, plan: Plan) -> list[Row]:
    """Every figure of ours beside each peer's, then over TLS beside plain, memory and growth, and uploads."""
    names = [small_name(operation, count) for count in CONNECTIONS for operation in LABELS]
    names += [UP, DOWN, PUT, CAT]
    rows = [_row(sampler, name, OURS, peer) for name in (*names, FIRST_ANSWER) for peer in PEERS]
    rows += [_row(sampler, name, OURS_TLS, OURS) for name in names]
    rows.append(_row(sampler, MEMORY, OURS, None))
    full, few = bucket_of(plan.objects), bucket_of(FEW)
    rows += [_row(sampler, name, full, few) for name in growth_names()]
    rows += [_row(sampler, line.row, OURS, LIMIT) for line in LINES]
    return list(filter(None, [*rows, _row(sampler, VERSUS, OURS, NAIVE)]))


def rows_of_site(sampler: Sampler) -> list[Row]:
    """Every figure of the site beside that of its stock twin."""
    names = [site.category_name(category, page) for category in site.CATEGORIES for page in site.PAGES]
    names += [site.weight_name(page) for page in site.PAGES]
    return list(filter(None, [_row(sampler, name, site.OURS, site.STOCK) for name in names]))


def _row(sampler: Sampler, name: str, server: str, peer: str | None) -> Row | None:
    if name not in sampler.units:  # no part of this run
        return None
    value, peer_value = sampler.median(name, server), sampler.median(name, peer) if peer else None
    ratio = value / peer_value if value is not None and peer_value else None
    shown = name if server in (OURS, site.OURS) else f"{name}, TLS" if server == OURS_TLS else f"{name} in {server}"
    return Row(shown, rounded(value), sampler.units[name], peer, rounded(peer_value), rounded(ratio))


def rounded(value: float | None) -> float | None:
    """To four figures."""
    return None if value is None else float(f"{value:.4g}")


def targets(plan: Plan) -> list[Target]:
    """What the stand-in must show beside its peers, over TLS and in a full bucket; and the guide's upload script."""
    small = [small_name(operation, max(CONNECTIONS)) for operation in ("put", "get", "list")]
    wanted = [Target(name, COMPILED, least=1.5) for name in (PUT, CAT)]
    wanted += [Target(name, COMPILED, least=1) for name in small]
    wanted += [Target(name, PYTHON, least=5) for name in small]
    wanted += [Target(name, peer, least=0.8) for name in (UP, DOWN) for peer in PEERS]
    wanted += [Target(f"{name}, TLS", OURS, least=0.6) for name in (*small, UP, DOWN, PUT, CAT)]
    wanted.append(Target(MEMORY, None, most=1.5))
    full, few = bucket_of(plan.objects), bucket_of(FEW)
    wanted += [Target(f"{name} in {full}", few, most=1.5) for name in growth_names()]
    wanted += [Target(line.row, LIMIT, least=0.85) for line in LINES]
    return [*wanted, Target(VERSUS, NAIVE, least=3)]


def targets_of_site() -> list[Target]:
    """What Lighthouse must say of the site, and how little its first views may take."""
    wanted = [
        Target(site.category_name(category, page), None, least=100)
        for category in site.CATEGORIES[1:]
        for page in site.PAGES
    ]
    wanted += [Target(site.category_name("performance", page), None, least=98) for page in site.TEXT]
    wanted.append(Target(site.category_name("performance", site.NOTEBOOK), None, least=95))
    return wanted + [Target(site.weight_name(page), None, most=120) for page in site.PAGES]


def about() -> dict[str, Any]:
    """The machine, the date and the commit."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    machine = {
        "cores": psutil.cpu_count(),
        "cpu": models[0] if models else platform.processor(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    return {"machine": machine, "date": datetime.now(UTC).date().isoformat(), "commit": _commit()}


def _commit() -> str:
    """The commit that was measured; it says so where files differ from it."""

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)

    try:
        found = git("rev-parse", "--short", "HEAD")
        changed = git("diff", "--quiet", "HEAD", "--", ".", ":!bench/results.json", ":!bench/README.md").returncode
    except FileNotFoundError:
        return "unknown"
    return found.stdout.strip() + (" with changes" if changed else "") if found.returncode == 0 else "unknown"


def write(folder: Path, rows: list[Row], targets: list[Target], failures: list[str], only: str | None) -> str:
    """Write ``results.json`` and the table of ``README.md`` into ``folder``; the table and the verdicts as text.

    Rows of books stay as they are, and with ``only`` all that this run did not measure. ``failures`` say why.
    """
    file, facts, again = folder / "results.json", about(), {}
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else facts | {"rows": []}
    if only:
        again = before.get("again", {}) | {only: {"date": facts["date"], "commit": facts["commit"]}}
        facts = {key: before[key] for key in ("machine", "date", "commit")}
        failures = [*before.get("failures", []), *failures]
    old = [Row(**row) for row in before["rows"]]
    books = [row for row in old if row.name.startswith(BOOKS)]
    rows = _merged([row for row in old if row not in books] if only else [], rows)
    results = facts | ({"again": again} if again else {}) | {"failures": failures}
    results["rows"] = [asdict(row) for row in [*rows, *books]]
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    names = {row.name for row in rows}
    verdicts = [target.verdict(rows) for target in targets if target.name in names]
    lines = ["", _when(facts), *map(_when_again, again.items()), "", *table(rows), "", "## Targets", ""]
    lines += [f"- {line}" for line in verdicts]
    if failures:
        lines += ["", "## Not measured", "", *(f"- {line}" for line in failures)]
    prose = (ROOT / "bench" / "README.md").read_text(encoding="utf-8").partition(MARK)[0]
    page = folder / "README.md"
    _, mark, built = page.read_text(encoding="utf-8").partition(BOOKS_MARK) if page.is_file() else ("", "", "")
    page.write_text("\n".join([prose + MARK, *lines, "", mark]).rstrip() + (built or "\n"), encoding="utf-8")
    return "\n".join([*table(rows), "", *verdicts])


def _merged(old: list[Row], new: list[Row]) -> list[Row]:
    """The ``old`` rows in their places, measured anew where they are among the ``new``."""
    found = {(row.name, row.peer): row for row in old}
    return list((found | {(row.name, row.peer): row for row in new}).values())


def _when(facts: dict[str, Any]) -> str:
    machine = facts["machine"]
    return (
        f"Measured on {facts['date']} at commit {facts['commit']}: {machine['cores']} cores, {machine['cpu']}, "
        f"{machine['memory_gb']} GB of memory, {machine['system']}, Python {machine['python']}."
    )


def _when_again(part: tuple[str, dict[str, str]]) -> str:
    return f"{part[0].capitalize()} alone again on {part[1]['date']} at commit {part[1]['commit']}."


def table(rows: list[Row]) -> list[str]:
    """The rows as a table in Markdown."""
    lines = ["| what | ours | unit | beside | its figure | ratio |", "|---|--:|---|---|--:|--:|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        peer_value = _shown(row.peer_value) if row.peer else ""
        lines.append(f"| {row.name} | {_shown(row.value)} | {row.unit} | {row.peer or ''} | {peer_value} | {ratio} |")
    return lines


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
