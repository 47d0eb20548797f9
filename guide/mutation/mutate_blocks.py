"""``make mutate``: make one mistake in each block of the book in turn; the page with the mistake must fail.

If no check notices a mistake, the page shows too little, or nothing can notice it on this machine. Mistakes that may
survive are listed in ``tests/surviving-changes.yml``, each with the reason. Each outcome is stored immediately, so an
interrupted run can be continued. A run of the whole book writes ``tests/mutations.md``.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from guide.mutation.block_mutants import KINDS, pick_mutant
from guide.pages.reader import read_page
from guide.paths import BUILD, ROOT
from guide.run.profile import RunProfile
from guide.run.records import RunRecord
from guide.run.runner import Run, run_pages, run_side_by_side

TABLE = ROOT / "tests" / "mutations.md"
SURVIVING = ROOT / "tests" / "surviving-changes.yml"
# The least share of the mistakes in the whole book that must make their page fail.
SHARE = 0.98
# A page that hangs has failed as well. It is ended after this many times its usual duration, but not before this many
# seconds.
_TIMES_LONGER, _LEAST_S = 6, 90


@dataclass(frozen=True)
class BrokenBlock:
    """A block with a mistake: ``change`` is the line before and after it, ``source`` the whole block."""

    page: str
    line: int
    number: int
    kind: str
    change: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """The result of running a page with a mistake: ``failure`` is the error's first line, empty if the page passed."""

    block: BrokenBlock
    failure: str

    @property
    def key(self) -> tuple[str, str]:
        """The page and the change, by which ``surviving-changes.yml`` lists it."""
        return self.block.page, self.block.change


def mutate_blocks(paths: list[Path], profile: RunProfile, jobs: int, sample: int | None, seed: str) -> int:
    """Make a mistake in each block of ``paths``, or in a ``sample`` of them; return the status of ``verdict``.

    The pages run without mistakes first, because a page that fails anyway shows nothing.
    """
    blocks = list(broken_blocks(paths, seed))
    if sample:
        drawn = random.Random(seed).sample(blocks, min(sample, len(blocks)))  # noqa: S311 - reproducible, not secret
        blocks = sorted(drawn, key=lambda block: block.page)
    pages = {block.page for block in blocks}
    records = run_pages([path for path in paths if str(path.relative_to(ROOT)) in pages], profile, jobs)
    if failed := [record.page for record in records if not record.passed]:
        print(f"these pages fail without any mistake: {', '.join(failed)}")
        return 1

    whole_book = sample is None and len(paths) > 1
    declared = surviving()
    outcomes: list[Outcome] = []
    try:
        for outcome in outcomes_of(blocks, profile, jobs, {record.page: record for record in records}):
            outcomes.append(outcome)
            block = outcome.block
            print(f"{len(outcomes)}/{len(blocks)} {block.page}:{block.line}: {block.kind}: {block.change}")
            print(f"    {outcome.failure or 'NOT NOTICED'}", flush=True)
    finally:  # an interrupted run writes the outcomes it has
        outcomes.sort(key=lambda outcome: blocks.index(outcome.block))
        if whole_book:
            TABLE.write_text(table(outcomes, declared, seed, len(blocks)), encoding="utf-8")
    return verdict(outcomes, declared, whole_book)


def broken_blocks(paths: list[Path], seed: str) -> Iterator[BrokenBlock]:
    """Yield each block of ``paths`` that is run or written to a file, with the mistake that ``seed`` picks."""
    for path in paths:
        page = read_page(path, ROOT)
        for number, block in enumerate(page.blocks):
            mutant = pick_mutant(block, seed) if block.kind != "skip" else None
            if mutant:
                change, source = mutant.describe(block.source), mutant.apply(block.source)
                yield BrokenBlock(str(page.path), block.line, number, mutant.kind, change, source)


def outcomes_of(
    blocks: list[BrokenBlock], profile: RunProfile, jobs: int, records: Mapping[str, RunRecord]
) -> Iterator[Outcome]:
    """Yield the outcome of each of ``blocks`` as it is known, stored ones first.

    ``records`` are the runs of the pages without mistakes, by page.
    """
    stores = [_store(block, records[block.page].key) for block in blocks]
    todo = [number for number, store in enumerate(stores) if not store.is_file()]
    for number in sorted(set(range(len(blocks))) - set(todo)):
        yield Outcome(blocks[number], json.loads(stores[number].read_text(encoding="utf-8"))["failure"])
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        runs = [_run(blocks[number], Path(folder) / f"{number}.json", records) for number in todo]
        for place, record in run_side_by_side(runs, profile, jobs):
            number = todo[place]
            outcome = Outcome(blocks[number], record.error.partition("\n")[0])
            stores[number].parent.mkdir(parents=True, exist_ok=True)
            content = asdict(outcome.block) | {"failure": outcome.failure}
            stores[number].write_text(json.dumps(content, indent=1), encoding="utf-8")
            yield outcome


def _store(block: BrokenBlock, key: str) -> Path:
    """Return where the outcome is stored, under a key of everything that the run depends on."""
    digest = hashlib.sha256(f"{key} {block.number} {block.source}".encode()).hexdigest()
    return BUILD / "mutants" / f"{digest[:32]}.json"


def _run(block: BrokenBlock, change: Path, records: Mapping[str, RunRecord]) -> Run:
    """Return a run of the page with the mistake, which is written to the file ``change``."""
    change.write_text(json.dumps({"number": block.number, "source": block.source}), encoding="utf-8")
    limit_s = max(_LEAST_S, _TIMES_LONGER * int(records[block.page].seconds))
    return Run(ROOT / block.page, ("--change", str(change), "--limit", str(limit_s)))


def surviving() -> dict[tuple[str, str], str]:
    """Return the reason for each declared survivor, by page and change."""
    declared = yaml.safe_load(SURVIVING.read_text(encoding="utf-8")) or []
    return {(entry["page"], entry["change"]): entry["why"] for entry in declared}


def verdict(outcomes: list[Outcome], declared: Mapping[tuple[str, str], str], whole_book: bool) -> int:
    """Print what no check noticed; return 1 if too much survived, or not what ``declared`` lists.

    Only a run of the ``whole_book`` can show that ``declared`` lists too much.
    """
    survived = {outcome.key: outcome.block for outcome in outcomes if not outcome.failure}
    undeclared = [block for key, block in survived.items() if key not in declared]
    for block in undeclared:
        print(f"not noticed: {block.page}:{block.line}: {block.change}")
    noticed_by_now = [key for key in declared if key not in survived] if whole_book else []
    for page, change in noticed_by_now:
        print(f"{SURVIVING.name} lists a change that is noticed: {page}: {change}")
    share = _share_noticed(outcomes)
    noticed = sum(bool(outcome.failure) for outcome in outcomes)
    listed = len(outcomes) - noticed - len(undeclared)
    print(f"{noticed} of {len(outcomes)} mistakes noticed ({share:.1%}); {listed} others are listed with a reason")
    return 1 if undeclared or noticed_by_now or (whole_book and share < SHARE) else 0


def _share_noticed(outcomes: list[Outcome]) -> float:
    return sum(bool(outcome.failure) for outcome in outcomes) / max(1, len(outcomes))


def table(outcomes: list[Outcome], declared: Mapping[tuple[str, str], str], seed: str, blocks: int) -> str:
    """Return the result as Markdown for the site: counts by kind, and every change that its page survived.

    An interrupted run has fewer outcomes than the book has ``blocks``, and the table says so.
    """
    failed = [outcome.block for outcome in outcomes if outcome.failure]
    passed = [outcome.block for outcome in outcomes if not outcome.failure]
    pages = len({outcome.block.page for outcome in outcomes})
    lines = [
        f"{len(outcomes)} of {blocks} blocks, on {pages} pages, with one mistake in each (seed {seed}). "
        f"{len(failed)} of",
        f"them turned their page red: {_share_noticed(outcomes):.1%}.",
        "",
        "| What was broken | Page red | Page green |",
        "|---|---|---|",
    ]
    counts = [Counter(block.kind for block in group) for group in (failed, passed)]
    lines += [f"| {kind} | {' | '.join(str(count[kind]) for count in counts)} |" for kind in KINDS]
    if passed:
        lines += ["", "| Block | What was changed | Why its page stayed green |", "|---|---|---|"]
    for block in passed:
        why = declared.get((block.page, block.change), "not known; make the page show more")
        change = block.change.replace("|", "\\|")
        lines.append(f"| {block.page}:{block.line} | `` {change} `` | {why} |")
    return "\n".join(lines) + "\n"
