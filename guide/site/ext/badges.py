"""Add a badge below each block: when it was tested, or why it was not.

The report identifies a block by the digest of its source. A block that is not in the report or
did not pass gets no badge, so no badge refers to another block or to an older version of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx

from guide.pages.blocks import digest
from guide.report.report import BlockReport, PageReport
from guide.site.ext.report import read_report

TESTED_PAGE = "book/reference/what-was-tested"


def blocks_shown(doctree: nodes.document) -> Iterator[tuple[nodes.Element, str]]:
    """Yield the blocks of a page in order, cells and fences, each with its source as the page shows it."""
    for node in doctree.findall(nodes.Element):
        if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
            code = next(iter(node.findall(nodes.literal_block)), None)
            if code is not None and code.parent.get("nb_element") == "cell_code_source":
                yield node, code.astext()
        elif isinstance(node, nodes.literal_block) and not _in_cell(node):
            yield node, node.astext()


def _in_cell(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
            return True
    return False


def add_badges(doctree: nodes.document, page: PageReport, blocks: list[BlockReport], to: str) -> None:
    """Add a badge below each block of ``doctree`` that is among ``blocks``; it links to the page ``to``."""
    known: dict[str, list[BlockReport]] = defaultdict(list)
    for block in blocks:
        known[block.digest].append(block)
    for node, source in list(blocks_shown(doctree)):
        same = known[digest(source)]
        if not same:
            continue
        block = same.pop(0)
        text = _text(block, page.date)
        if text:
            classes = ["tested" if block.status == "passed" else "not-tested", "unsearched"]
            link = nodes.reference("", text, refuri=to, internal=True)
            node.parent.insert(node.parent.index(node) + 1, nodes.paragraph("", "", link, classes=classes))


def _text(block: BlockReport, date: str) -> str:
    if block.status == "skipped" or block.lacks_program:
        return f"Not tested: {block.reason}"
    if block.status == "parsed":
        return f"Syntax checked {date[:10]}: {block.reason}"
    if block.status != "passed":
        return ""
    return f"{'File used in a test' if block.kind == 'file' else 'Tested'} {date[:10]}"


def add_to_page(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Add the badges of a page to its resolved ``doctree``."""
    report = read_report(app.config)
    if app.builder.format != "html" or TESTED_PAGE not in app.env.found_docs:
        return
    page = next((page for page in report.pages if page.page.rpartition(".")[0] == name), None)
    if page:
        add_badges(doctree, page, report.blocks_of(page), app.builder.get_relative_uri(name, TESTED_PAGE))
