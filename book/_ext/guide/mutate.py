"""``make mutate``: breaks one thing in each block of the book in turn; a page whose block is broken must fail.

A break that no check notices is told with its line: either the page promises too little, or the break is none, which
``tests/harmless-changes.yml`` says with the reason. A run of the whole book writes ``tests/mutations.md``.
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
HARMLESS = ROOT / "tests" / "harmless-changes.yml"
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


def harmless() -> list[dict[str, str]]:
    """Changes that are no break, as declared: page, change (see ``Break``) and why."""
    return yaml.safe_load(HARMLESS.read_text(encoding="utf-8")) or []


def _sorted_out(outcomes: list[Outcome]) -> tuple[list[Outcome], list[Outcome], list[tuple[Outcome, str]]]:
    """Outcomes that are red, those that should be, and those that are declared harmless with the reason."""
    reasons = {(entry["page"], entry["change"]): entry["why"] for entry in harmless()}
    red = [one for one in outcomes if one.red]
    green = [one for one in outcomes if not one.red]
    excused = [(one, reasons[key]) for one in green if (key := (one.broken.page, one.broken.change)) in reasons]
    return red, [one for one in green if (one.broken.page, one.broken.change) not in reasons], excused


def _verdict(outcomes: list[Outcome]) -> int:
    red, missed, excused = _sorted_out(outcomes)
    for one in missed:
        print(f"not noticed: {one.broken.page}:{one.broken.line}: {one.broken.change}")
    share = len(red) / max(1, len(red) + len(missed))
    print(
        f"{len(red)} of {len(red) + len(missed)} breaks were noticed ({share:.1%}), {len(excused)} changes are harmless"
    )
    return 0 if share >= SHARE else 1


def table(outcomes: list[Outcome], seed: str) -> str:
    """The result as the site shows it: counts by kind, then every break that was not noticed."""
    red, missed, excused = _sorted_out(outcomes)
    share = len(red) / max(1, len(red) + len(missed))
    pages = len({one.broken.page for one in outcomes})
    lines = [
        f"{len(outcomes)} blocks on {pages} pages, one mistake in each (seed {seed}): {len(red)} turned their page",
        f"red, {len(missed)} did not, {len(excused)} changed nothing for the reader. Noticed: {share:.1%}.",
        "",
        "| What was broken | Noticed | Not noticed | Harmless |",
        "|---|---|---|---|",
    ]
    groups = [Counter(one.broken.kind for one in group) for group in (red, missed, [one for one, _ in excused])]
    lines += [f"| {kind} | {' | '.join(str(group[kind]) for group in groups)} |" for kind in KINDS]
    rest = [(one.broken, "nothing on the page depends on it") for one in missed]
    rest += [(one.broken, why) for one, why in excused]
    if rest:
        lines += ["", "| Page | What was changed | Why its page stays green |", "|---|---|---|"]
        lines += [f"| {one.page}:{one.line} | `` {_cell(one.change)} `` | {why} |" for one, why in rest]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
