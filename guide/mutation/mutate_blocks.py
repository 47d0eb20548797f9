"""``make mutate``: breaks one thing in each block of the book in turn; a page whose block is broken must fail.

A break that no check notices is told with its line: the page promises too little, or nothing could notice it here.
What is to stay so stands in ``tests/surviving-changes.yml``, with the reason. Each outcome is kept as soon as it is
there, so a run that was ended goes on where it was. A run of the whole book writes ``tests/mutations.md``.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from guide.mutation.block_mutants import KINDS, mutant
from guide.pages.blocks import read_page
from guide.paths import BUILD, ROOT
from guide.run.profile import RunProfile
from guide.run.records import RunRecord
from guide.run.runner import Run, run_pages, run_side_by_side

TABLE = ROOT / "tests" / "mutations.md"
SURVIVING = ROOT / "tests" / "surviving-changes.yml"
# Of the breaks of the whole book so many must turn their page red.
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


def mutate(paths: list[Path], profile: RunProfile, jobs: int, sample: int | None, seed: str) -> int:
    """Break the blocks of ``paths``, or a ``sample`` of them; 1 when breaks are not noticed (see ``verdict``).

    Only pages that pass unbroken say anything, so they run first, if their last run does not hold.
    """
    breaks = list(breaks_of(paths, seed))
    if sample:
        drawn = random.Random(seed).sample(breaks, min(sample, len(breaks)))  # noqa: S311 - drawn again, not secret
        breaks = sorted(drawn, key=lambda one: one.page)
    named = {one.page for one in breaks}
    records = run_pages([path for path in paths if _name(path) in named], profile, jobs)
    if failed := [record.page for record in records if not record.passed]:
        print(f"pages fail as they are: {', '.join(failed)}")
        return 1
    runs = {record.page: record for record in records}

    everything = sample is None and len(paths) > 1
    declared = surviving()
    outcomes: list[Outcome] = []
    try:
        for outcome in outcomes_of(breaks, profile, jobs, runs):
            outcomes.append(outcome)
            broken, said = outcome.broken, outcome.red or "NOT NOTICED"
            print(f"{len(outcomes)}/{len(breaks)} {broken.page}:{broken.line}: {broken.kind}: {broken.change}")
            print(f"    {said}", flush=True)
    finally:  # one that is ended leaves what it has
        outcomes.sort(key=lambda outcome: breaks.index(outcome.broken))
        if everything:
            TABLE.write_text(table(outcomes, declared, seed, len(breaks)), encoding="utf-8")
    return verdict(outcomes, declared, everything)


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


def outcomes_of(breaks: list[Break], profile: RunProfile, jobs: int, runs: dict[str, RunRecord]) -> Iterator[Outcome]:
    """What became of each of ``breaks``, as they end; those whose same run was made before come first."""
    stores = [_store(broken, runs[broken.page].key) for broken in breaks]
    todo = [number for number, store in enumerate(stores) if not store.is_file()]
    for number in sorted(set(range(len(breaks))) - set(todo)):
        yield Outcome(breaks[number], json.loads(stores[number].read_text(encoding="utf-8"))["red"])
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        mutants = [_run(breaks[number], Path(folder) / f"{number}.json", runs) for number in todo]
        for place, record in run_side_by_side(mutants, profile, jobs):
            number = todo[place]
            outcome = Outcome(breaks[number], record.error.partition("\n")[0])
            stores[number].parent.mkdir(parents=True, exist_ok=True)
            kept = asdict(outcome.broken) | {"red": outcome.red}
            stores[number].write_text(json.dumps(kept, indent=1), encoding="utf-8")
            yield outcome


def _store(broken: Break, key: str) -> Path:
    """Where the outcome of ``broken`` is kept, by all that its run is made from."""
    digest = hashlib.sha256(f"{key} {broken.number} {broken.source}".encode()).hexdigest()
    return BUILD / "mutants" / f"{digest[:32]}.json"


def _run(broken: Break, change: Path, runs: dict[str, RunRecord]) -> Run:
    """A run of the page with the break, which stands in the file ``change``."""
    change.write_text(json.dumps({"number": broken.number, "source": broken.source}), encoding="utf-8")
    limit_s = max(_LEAST_S, _SLOWER * int(runs[broken.page].seconds))
    return Run(ROOT / broken.page, ("--change", str(change), "--limit", str(limit_s)))


def surviving() -> dict[tuple[str, str], str]:
    """Declared survivors by page and change (see ``Break``), each with why."""
    declared = yaml.safe_load(SURVIVING.read_text(encoding="utf-8")) or []
    return {(entry["page"], entry["change"]): entry["why"] for entry in declared}


def verdict(outcomes: list[Outcome], declared: Mapping[tuple[str, str], str], everything: bool) -> int:
    """Say what was not noticed; 1 when it is too much, or is not what the list of survivors declares.

    Of a list that is longer than what was run, only a run of ``everything`` can say that it lists too much.
    """
    survived = {_declared_as(one): one.broken for one in outcomes if not one.red}
    unlisted = [broken for entry, broken in survived.items() if entry not in declared]
    for broken in unlisted:
        print(f"not noticed: {broken.page}:{broken.line}: {broken.change}")
    stale = [entry for entry in declared if entry not in survived] if everything else []
    for page, change in stale:
        print(f"{SURVIVING.name} lists what does not survive: {page}: {change}")
    share = _share(outcomes)
    red = sum(bool(one.red) for one in outcomes)
    print(
        f"{red} of {len(outcomes)} breaks noticed ({share:.1%}), {len(outcomes) - red - len(unlisted)} listed with why"
    )
    return 1 if unlisted or stale or (everything and share < SHARE) else 0


def _declared_as(outcome: Outcome) -> tuple[str, str]:
    return outcome.broken.page, outcome.broken.change


def _share(outcomes: list[Outcome]) -> float:
    return sum(bool(one.red) for one in outcomes) / max(1, len(outcomes))


def table(outcomes: list[Outcome], declared: Mapping[tuple[str, str], str], seed: str, blocks: int) -> str:
    """The result as the site shows it: counts by kind, then every change that its page survived, with why.

    A run that was ended has fewer outcomes than the book has ``blocks``, and the table says so.
    """
    red = [one.broken for one in outcomes if one.red]
    green = [one.broken for one in outcomes if not one.red]
    pages = len({one.broken.page for one in outcomes})
    lines = [
        f"{len(outcomes)} of {blocks} blocks, on {pages} pages, with one mistake in each (seed {seed}). {len(red)} of",
        f"them turned their page red: {_share(outcomes):.1%}.",
        "",
        "| What was broken | Page red | Page green |",
        "|---|---|---|",
    ]
    counts = [Counter(one.kind for one in group) for group in (red, green)]
    lines += [f"| {kind} | {' | '.join(str(count[kind]) for count in counts)} |" for kind in KINDS]
    if green:
        lines += ["", "| Block | What was changed | Why its page stayed green |", "|---|---|---|"]
    for one in green:
        why = declared.get((one.page, one.change), "not known; make the page show more")
        lines.append(f"| {one.page}:{one.line} | `` {one.change.replace('|', chr(92) + '|')} `` | {why} |")
    return "\n".join(lines) + "\n"
