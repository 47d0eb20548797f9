"""The report of a build: every block with its result, and when and on which stack it ran (``_build/report.json``)."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from guide.pages.blocks import BlockKind
from guide.run.recorded_outputs import MEASURED
from guide.run.records import BlockResult, BlockStatus, RunRecord, RunStatus


@dataclass(frozen=True)
class PageReport:
    """The run of one page.

    ``key`` is that of the run, ``refused`` are hosts outside the hub that it tried to contact, and ``latency_ms`` is
    the latency of its requests. ``pictures`` counts the pictures that its cells drew, ``pictures_compared`` those that
    are compared with recorded ones. ``seconds`` is ``None`` in a reproducible report (see ``new_report``).
    """

    page: str
    status: RunStatus
    date: str
    seconds: float | None
    key: str
    error: str | None
    refused: tuple[str, ...]
    latency_ms: int
    pictures: int
    pictures_compared: int

    @classmethod
    def of(cls, record: RunRecord) -> PageReport:
        """Return the report of the run that ``record`` describes."""
        compared = _pictures_compared(record)
        return cls(
            record.page,
            record.status,
            record.date,
            record.seconds,
            record.key,
            record.error or None,
            record.refused,
            record.latency_ms,
            len(compared),
            sum(compared),
        )


@dataclass(frozen=True)
class BlockReport:
    """The result of one block (see ``BlockResult``), without what it printed."""

    page: str
    line: int
    kind: BlockKind
    language: str
    status: BlockStatus
    seconds: float | None
    reason: str | None
    digest: str
    checks: int

    @classmethod
    def of(cls, result: BlockResult) -> BlockReport:
        """Return the report of one block's ``result``."""
        return cls(
            result.page,
            result.line,
            result.kind,
            result.language,
            result.status,
            result.seconds,
            result.reason,
            result.digest,
            result.checks,
        )

    @property
    def lacks_program(self) -> bool:
        """Whether the block was not run because a program is not on this machine; its ``reason`` names it."""
        return self.status == "not run" and bool(self.reason)


@dataclass(frozen=True)
class Report:
    """The report of one build, with pages and blocks in the order of the book. Dates are in UTC."""

    date: str
    stack: str
    versions: dict[str, str]
    pages: tuple[PageReport, ...]
    blocks: tuple[BlockReport, ...]

    def blocks_of(self, page: PageReport) -> list[BlockReport]:
        """Return the blocks of one page, in order."""
        return [block for block in self.blocks if block.page == page.page]

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Report:
        """Return the report that ``write`` wrote to ``path``."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["pages"] = tuple(PageReport(**page | {"refused": tuple(page["refused"])}) for page in fields["pages"])
        fields["blocks"] = tuple(BlockReport(**block) for block in fields["blocks"])
        return cls(**fields)


NO_REPORT = Report(date="", stack="none", versions={}, pages=(), blocks=())


def new_report(records: Sequence[RunRecord], stack: str) -> Report:
    """Return the report of ``records``.

    If the environment has ``SOURCE_DATE_EPOCH``, the time of a commit, that is the date of everything and seconds are
    omitted, so two builds of one commit are the same.
    """
    report = Report(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        stack=stack,
        versions=next((record.versions for record in records if record.versions), {}),
        pages=tuple(PageReport.of(record) for record in records),
        blocks=tuple(BlockReport.of(block) for record in records for block in record.blocks),
    )
    if "SOURCE_DATE_EPOCH" not in os.environ:
        return report
    date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC).isoformat(timespec="seconds")
    return replace(
        report,
        date=date,
        pages=tuple(replace(page, date=date, seconds=None) for page in report.pages),
        blocks=tuple(replace(block, seconds=None) for block in report.blocks),
    )


def _pictures_compared(record: RunRecord) -> list[bool]:
    """Return, for each picture that the cells of a page drew, whether it is compared with a recorded one."""
    if record.notebook is None:
        return []
    return [
        MEASURED not in cell.metadata.get("tags", [])
        for cell in record.notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def seconds_text(seconds: float | None) -> str:
    """Return how long a run took, as text; a dash if that is left out."""
    return "-" if seconds is None else f"{seconds:.1f}"


def checks_text(checks: int) -> str:
    """Return the number of hidden checks as text."""
    return f"{checks} hidden check{'' if checks == 1 else 's'}"


def summary(report: Report) -> str:
    """Return the report in one line."""
    status = Counter(block.status for block in report.blocks)
    kinds = Counter(block.kind for block in report.blocks if block.status == "passed")
    checks = sum(block.checks for block in report.blocks)
    lacking = sum(block.lacks_program for block in report.blocks)
    parts = [
        f"{len(report.pages)} pages",
        f"{kinds['cell'] + kinds['run']} blocks ran",
        *([checks_text(checks)] if checks else []),
        f"{kinds['file']} files written",
        f"{status['skipped']} skipped",
        *([f"{status['parsed']} parsed"] if status["parsed"] else []),
        *([f"{lacking} not run because a program is missing"] if lacking else []),
        f"{sum(page.status != 'passed' for page in report.pages)} failed",
    ]
    return ", ".join(parts) + f" (stack {report.stack})"


def sentence(report: Report) -> str:
    """Return one sentence for readers: how many blocks ran on how many pages, and on which day."""
    ran = [block for block in report.blocks if block.status == "passed" and block.kind in {"cell", "run"}]
    pages = len({block.page for block in ran})
    day = f"{datetime.fromisoformat(report.date):%d %B %Y}".lstrip("0") if report.date else "an unknown day"
    return (
        f"The output below each code block is real: on {day}, {len(ran)} block{'s'[: len(ran) != 1]} on {pages} "
        f"page{'s'[: pages != 1]} ran in a small copy of the hub. A block that fails stops the publication."
    )


def failures(records: Sequence[RunRecord], stack: str) -> list[str]:
    """Return, for each page that failed, a line with page, line, block and error, and a command that runs the page."""
    lines = []
    for record in records:
        if not record.passed:
            option = "" if stack == "hub" else f" STACK={stack}"
            error = record.error.partition("\n")[0]
            lines += [f"failed: {error}", f"  again with: make page PAGE={record.page}{option}"]
    return lines
