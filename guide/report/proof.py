"""The line at the end of a page that says how many of its blocks ran, and when; a click shows each block.

The report identifies a block by the digest of its source, so no line refers to an older version of a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from guide.pages.blocks import Block
from guide.report.report import BlockReport, seconds_text


@dataclass(frozen=True)
class Proof:
    """A block of a page, with its label and anchor there; ``report`` is ``None`` if this block is not in the report."""

    block: Block
    label: str
    anchor: str
    report: BlockReport | None

    @property
    def passed(self) -> bool:
        """Whether the block ran, or was written to a file that ran."""
        return self.report is not None and self.report.status == "passed"


def reason_of(report: BlockReport) -> str:
    """Return what a reader must know about a block that did not run as the page shows; empty for all others."""
    if report.status == "skipped" or report.lacks_program:
        return f"Not tested: {report.reason}"
    if report.status == "parsed":
        return f"Only the syntax was checked: {report.reason}"
    return ""


def sentence(proofs: Sequence[Proof], date: str) -> str:
    """Return the number of blocks on a page that ran, and the day, as HTML."""
    passed, total = sum(proof.passed for proof in proofs), len(proofs)
    day = f'<time datetime="{date[:10]}">{date[:10]}</time>'
    if not passed:
        return f"None of the {total} blocks on this page ran" if total > 1 else "The block on this page did not run"
    if passed < total:
        return f"{passed} of {total} blocks ran on {day}"
    return f"All {total} blocks ran on {day}" if total > 1 else f"The block on this page ran on {day}"


def proof_html(proofs: Sequence[Proof], date: str, to: str, place: str) -> str:
    """Return the line of a page, with a list of its blocks; ``place`` is what the report numbers: line or cell."""
    items = "".join(f"<li>{_item(proof, place)}</li>" for proof in proofs)
    about = f'<p><a href="{escape(to)}">How this guide is tested</a></p>' if to else ""
    summary = f"<summary>{sentence(proofs, date)}</summary>"
    return f'<details class="guide-proof unsearched">{summary}<ul>{items}</ul>{about}</details>'


def _item(proof: Proof, place: str) -> str:
    where = f'<a href="#{proof.anchor}">{place.capitalize()} {proof.block.line}</a>'
    return f"{where}: {escape(proof.label)}, {escape(_result(proof))}"


def _result(proof: Proof) -> str:
    if proof.report is None or proof.report.status == "failed":
        return "not run as shown"
    if proof.passed:
        verb = "written" if proof.block.kind == "file" else "ran"
        seconds = proof.report.seconds
        return verb if seconds is None else f"{verb} in {seconds_text(seconds) if seconds >= 0.05 else '<0.1'} s"
    reason = reason_of(proof.report)
    return reason[0].lower() + reason[1:] if reason else "not run"
