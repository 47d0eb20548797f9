"""``make mutate``: breaks one thing in each block of the book in turn; a page whose block is broken must fail.

A break that no check notices is told with its line: the page promises too little, or nothing could notice it here, or
it is no break. ``tests/surviving-changes.yml`` says which, with the reason. A run of the whole book writes
``tests/mutations.md``.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from guide.blocks import read_page
from guide.mutants import KINDS, mutant
from guide.runner import BUILD, ROOT, Lane, in_stand_in, run_pages

TABLE = ROOT / "tests" / "mutations.md"
SURVIVING = ROOT / "tests" / "surviving-changes.yml"
# Of the breaks that change what a reader gets, so many must turn their page red.
SHARE = 0.98
# A page that hangs is red as well; its cells may each wait for minutes, so it is ended.
_SLOWER, _LEAST_S = 6, 90


@dataclass(frozen=True)
class Break:
    """A block with one mistake in it: ``change`` is its line before and after."""

    page: str
    line: int
    number: int
    kind: str
    change: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What became of a page with a ``Break``: ``red`` is the line by which it failed, empty when it passed."""

    broken: Break
    red: str


def mutate(paths: list[Path], lane: Lane, jobs: int, sample: int | None, seed: str) -> int:
    """Break the blocks of ``paths``, or a ``sample`` of them; 1 when too few of the breaks are noticed.

    Only pages that pass unbroken say anything, so they run first, if their last run does not hold.
    """
    breaks = list(breaks_of(paths, seed))
    if sample:
        drawn = random.Random(seed).sample(breaks, min(sample, len(breaks)))  # noqa: S311 - drawn again, not secret
        breaks = sorted(drawn, key=lambda one: one.page)
    named = {one.page for one in breaks}
    records = run_pages([path for path in paths if _name(path) in named], lane, jobs)
    if failed := [record["page"] for record in records if record["status"] != "passed"]:
        print(f"pages fail as they are: {', '.join(failed)}")
        return 1
    runs = {record["page"]: record for record in records}

    def one(broken: Break) -> Outcome:
        outcome = _outcome(broken, lane, runs[broken.page])
        said = outcome.red or "NOT NOTICED"
        print(f"{broken.page}:{broken.line}: {broken.kind}: {broken.change}\n    {said}", flush=True)
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        outcomes = list(pool.map(one, breaks))
    if sample is None and len(paths) > 1:
        TABLE.write_text(table(outcomes, seed), encoding="utf-8")
    return _verdict(outcomes)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def breaks_of(paths: Iterable[Path], seed: str) -> Iterable[Break]:
    """One break for each block of ``paths`` that runs or is written, by ``seed``."""
    for path in paths:
        page = read_page(path, ROOT)
        for number, block in enumerate(page.blocks):
            found = mutant(block, seed) if block.kind != "skip" else None
            if found:
                source = found.of(block.source)
                yield Break(str(page.path), block.line, number, found.kind, found.told(block.source), source)


def _outcome(broken: Break, lane: Lane, record: dict) -> Outcome:
    """Run the page with the break, unless the same run was made before."""
    digest = hashlib.sha256(f"{record['key']} {broken.number} {broken.source}".encode()).hexdigest()
    store = BUILD / "mutants" / f"{digest[:32]}.json"
    if store.is_file():
        return Outcome(broken, json.loads(store.read_text(encoding="utf-8"))["red"])
    outcome = Outcome(broken, _run(broken, lane, max(_LEAST_S, _SLOWER * record["seconds"])))
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(json.dumps(asdict(outcome.broken) | {"red": outcome.red}, indent=1), encoding="utf-8")
    return outcome


def _run(broken: Break, lane: Lane, limit_s: float) -> str:
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        change, out = Path(folder) / "change.json", Path(folder) / "record.json"
        change.write_text(json.dumps({"number": broken.number, "source": broken.source}), encoding="utf-8")
        how = ["--change", str(change)]
        command, env = in_stand_in(ROOT / broken.page, lane, out, Path(folder), how)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with subprocess.Popen(command, cwd=ROOT, env=env, **quiet) as process:
            try:
                said, _ = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired:
                process.terminate()  # the stand-in then ends all it started
                process.communicate()
                return f"did not end within {limit_s:.0f} s"
    passed = process.returncode == 0
    return "" if passed else next(iter(said.strip().splitlines()), f"ended with exit status {process.returncode}")


def surviving() -> dict[str, dict[tuple[str, str], str]]:
    """Declared survivors by page and change (see ``Break``), with why: the ``harmless``, and the ``unnoticed``."""
    declared = yaml.safe_load(SURVIVING.read_text(encoding="utf-8"))
    return {
        kind: {(entry["page"], entry["change"]): entry["why"] for entry in declared[kind]}
        for kind in ("harmless", "unnoticed")
    }


@dataclass(frozen=True)
class Groups:
    """Outcomes by what they say of the pages."""

    red: list[Outcome]
    missed: list[Outcome]
    harmless: list[Outcome]

    @property
    def share(self) -> float:
        """The part of all breaks that turned their page red."""
        return len(self.red) / max(1, len(self.red) + len(self.missed))


def _grouped(outcomes: list[Outcome], harmless: Iterable[tuple[str, str]]) -> Groups:
    green = [one for one in outcomes if not one.red]
    return Groups(
        [one for one in outcomes if one.red],
        [one for one in green if (one.broken.page, one.broken.change) not in harmless],
        [one for one in green if (one.broken.page, one.broken.change) in harmless],
    )


def _verdict(outcomes: list[Outcome]) -> int:
    groups = _grouped(outcomes, surviving()["harmless"])
    for one in groups.missed:
        print(f"not noticed: {one.broken.page}:{one.broken.line}: {one.broken.change}")
    breaks = len(groups.red) + len(groups.missed)
    print(f"{len(groups.red)} of {breaks} breaks noticed ({groups.share:.1%}); {len(groups.harmless)} changes harmless")
    return 0 if groups.share >= SHARE else 1


def table(outcomes: list[Outcome], seed: str) -> str:
    """The result as the site shows it: counts by kind, then every change that its page survived, with why."""
    declared = surviving()
    groups = _grouped(outcomes, declared["harmless"])
    pages = len({one.broken.page for one in outcomes})
    lines = [
        f"{len(outcomes)} blocks on {pages} pages, one mistake in each (seed {seed}): {len(groups.red)} turned their",
        f"page red, {len(groups.missed)} did not, {len(groups.harmless)} made no difference to a reader. Noticed:",
        f"{groups.share:.1%}.",
        "",
        "| What was broken | Noticed | Not noticed | No difference |",
        "|---|---|---|---|",
    ]
    counts = [Counter(one.broken.kind for one in group) for group in (groups.red, groups.missed, groups.harmless)]
    lines += [f"| {kind} | {' | '.join(str(count[kind]) for count in counts)} |" for kind in KINDS]
    reasons = declared["harmless"] | declared["unnoticed"]
    survived = [one.broken for one in [*groups.missed, *groups.harmless]]
    if survived:
        lines += ["", "| Block | What was changed | Why its page stayed green |", "|---|---|---|"]
    for one in survived:
        why = reasons.get((one.page, one.change), "nothing on the page depends on it")
        lines.append(f"| {one.page}:{one.line} | `` {one.change.replace('|', chr(92) + '|')} `` | {why} |")
    return "\n".join(lines) + "\n"
