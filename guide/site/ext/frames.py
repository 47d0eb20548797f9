"""Put each block into a frame that says where the block belongs, and what its copy button copies.

The text to copy is what the runner takes from the block (see ``guide.pages.transcripts``): never a prompt or an output,
and only the commands of one machine. A transcript of several machines becomes a frame for each part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from guide.pages.blocks import EXAMPLES, HUB, Block, digest
from guide.pages.reader import read_page
from guide.pages.transcripts import Part, parts_of
from guide.paths import ROOT
from guide.report.proof import Proof, proof_html, reason_of
from guide.report.report import BlockReport, PageReport
from guide.run.records import read_record
from guide.site.doctree import parents
from guide.site.export import bucket_panels, run_here
from guide.site.ext.report import read_report
from guide.site.options import options_of

TESTED_PAGE = "book/reference/what-was-tested"
_TERMINALS = {HUB: "Terminal on the hub", "laptop": "Your laptop", "hpc": "HPC system", "hpc-outsider": "HPC system"}
_PLACES = {"laptop": "on your laptop", "hpc": "on the HPC system", "hpc-outsider": "on the HPC system"}
_LANGUAGES = {"bibtex": "BibTeX", "json": "JSON"}
# An environment is made wherever conda is, on the hub or elsewhere.
_CONDA = re.compile(r"(conda|mamba) ")
# A block that is to be saved says so in its first line.
_FILE_COMMENT = re.compile(r"# ([\w-]+\.py)\b")


class frame(nodes.container):
    """A block with its label.

    ``part`` says what to copy, one that ``continues`` belongs to the block before, and ``bucket`` names the file that
    says what the block did to the buckets.
    """


def visit_frame(translator: HTML5Translator, node: frame) -> None:
    """Open the frame, and write the bar with the label; a script adds buttons to it."""
    part: Part | None = node.get("part")
    typed = "" if part is None or part.typed is None else f' data-typed="{" ".join(map(str, part.typed))}"'
    identity = f' id="{node["ids"][0]}"' if node["ids"] else ""
    bucket = f' data-bucket="{escape(node["bucket"])}"' if node.get("bucket") else ""
    translator.body.append(f'<div class="guide-block"{identity}{typed}{bucket}>')
    label = escape(node["label"])
    translator.body.append(f'<div class="guide-bar unsearched"><span class="guide-label">{label}</span></div>\n')


def depart_frame(translator: HTML5Translator, node: frame) -> None:
    """Close the frame."""
    translator.body.append("</div>\n")


@dataclass(frozen=True)
class Shown:
    """An element of a page that shows a block, with the block; ``None`` for a part of a file that the page offers."""

    node: nodes.Element
    block: Block | None


def label_of(block: Block, machine: str) -> str:
    """Return where a block, or its part for one ``machine``, belongs: a file, a notebook or a terminal."""
    place = _PLACES.get(machine, "")
    comment = _FILE_COMMENT.match(block.source)
    if block.target or (comment and block.kind == "skip"):
        name = block.target or (comment[1] if comment else "")
        at_home = PurePosixPath(name).parts[0] == EXAMPLES
        return f"{'~/' if at_home else ''}{name} {place}".rstrip()
    if block.language == "python" or block.source.startswith("%%"):
        return f"Python {place}" if place else "Notebook cell"
    if block.language in {"bash", "console"}:
        return "Terminal with conda" if machine == HUB and _CONDA.match(block.source) else _TERMINALS[machine]
    return _LANGUAGES.get(block.language, block.language.capitalize())


def blocks_shown(doctree: nodes.document, blocks: tuple[Block, ...]) -> Iterator[Shown]:
    """Yield what ``doctree`` shows of ``blocks``, in order; a block is known by its source."""
    left = list(blocks)
    for node in [node for node in doctree.findall(nodes.Element) if _shows_code(node)]:
        source = _source_of(node).strip("\n")
        block = next((block for block in left if block.source.strip("\n") == source), None)
        if block is not None:
            left.remove(block)
        yield Shown(node, block)


def _shows_code(node: nodes.Node) -> bool:
    if _is_cell(node):
        return True
    return isinstance(node, nodes.literal_block) and not any(map(_is_cell, parents(node)))


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _source_of(node: nodes.Element) -> str:
    code = next(iter(node.findall(nodes.literal_block)), None)
    return code.astext() if code is not None else ""


def add_frames(doctree: nodes.document, blocks: tuple[Block, ...], reports: list[BlockReport], to: str) -> list[Proof]:
    """Put a frame around each block of ``doctree``; return the blocks with their reports.

    A block that did not run has its reason below it, which links to ``to`` if that is not empty.
    """
    proofs: list[Proof] = []
    left = list(reports)
    for shown in list(blocks_shown(doctree, blocks)):
        if shown.block is None:
            _frame_file(shown.node)
            continue
        code = digest(shown.block.source)
        report = next((report for report in left if report.digest == code), None)
        if report is not None:
            left.remove(report)
        proofs.append(Proof(shown.block, label_of(shown.block, shown.block.on[0]), f"block-{len(proofs) + 1}", report))
        frames = _frames(shown.node, shown.block)
        frames[0]["ids"].append(proofs[-1].anchor)
        reason = reason_of(report) if report else ""
        if reason:
            link = nodes.reference("", reason, refuri=to, internal=True) if to else nodes.Text(reason)
            frames[-1] += nodes.paragraph("", "", link, classes=["not-tested", "unsearched"])
    return proofs


def _frame_file(node: nodes.Element) -> None:
    """Frame a part of a file that the page offers, which is not a block; other elements are not changed."""
    if node.get("source") and node.parent is not None:
        outer = frame(label=Path(node["source"]).name)
        node.parent.replace(node, outer)
        outer += node


def _frames(node: nodes.Element, block: Block) -> list[frame]:
    """Replace ``node`` by the frames of its block, and return them."""
    parts = parts_of(block)
    frames = [frame(label=label_of(block, part.machine), part=part, continues=i > 0) for i, part in enumerate(parts)]
    node.parent.replace(node, frames)
    frames[0] += node
    if len(parts) > 1:
        for outer, part in zip(frames, parts, strict=True):
            text = "\n".join(part.lines)
            outer.children = []
            outer += nodes.literal_block(text, text, language=node["language"], classes=node["classes"])
    return frames


def add_to_page(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Add the frames of a page, and the line about what ran, to its resolved ``doctree``."""
    if app.builder.format != "html":
        return
    source = Path(app.env.doc2path(name))
    page = read_page(source, ROOT)
    report = read_report(app.config)
    ran = next((known for known in report.pages if known.page == str(page.path)), None)
    to = app.builder.get_relative_uri(name, TESTED_PAGE) if TESTED_PAGE in app.env.found_docs else ""
    proofs = add_frames(doctree, page.blocks, report.blocks_of(ran) if ran else [], to)
    _add_buckets(app, doctree, name, proofs)
    _add_button(doctree, run_here.write_data(Path(app.outdir), name, page, proofs))
    if ran is not None and proofs:
        doctree += _proof(proofs, ran, to, "cell" if source.suffix == ".ipynb" else "line")


def _add_buckets(app: Sphinx, doctree: nodes.document, name: str, proofs: list[Proof]) -> None:
    """Write what the blocks of a page did to the buckets, and note the file in the frames of those that did."""
    record = read_record(Path(app.env.doc2path(name)), options_of(app.config).profile) if proofs else None
    found = bucket_panels.descriptions(proofs, record.blocks) if record else {}
    file = bucket_panels.write_descriptions(Path(app.outdir), name, found)
    for node in doctree.findall(frame):
        if found.keys() & set(node["ids"]):
            node["bucket"] = file


def _add_button(doctree: nodes.document, button: str) -> None:
    """Put the button that runs the page below its first paragraph."""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    if button and first is not None:
        first.parent.insert(first.parent.index(first) + 1, nodes.raw("", button, format="html"))


def _proof(proofs: list[Proof], page: PageReport, to: str, place: str) -> nodes.raw:
    return nodes.raw("", proof_html(proofs, page.date, to, place), format="html")
