"""A page as plain Markdown, with its facts filled in and its links whole, and its blocks in their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx import addnodes
from sphinx_design.tabs import sd_tab_input, sd_tab_label

from guide.pages.blocks import Block

Piece: TypeAlias = "str | Block"

_SPECIAL = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)")
_STARTS = re.compile(r"^(#|[-+>] |\d+[.)] )")
_SILENT = (
    nodes.comment,
    nodes.target,
    nodes.meta,
    nodes.system_message,
    nodes.substitution_definition,
    addnodes.index,
    addnodes.toctree,
    addnodes.tabular_col_spec,
    sd_tab_input,
)
_PASSED = (nodes.document, nodes.compound, nodes.container, nodes.figure, addnodes.only, addnodes.glossary)


class NoMarkdown(Exception):
    """An element of a page that this module cannot write, or a block that its page does not have."""


class Writer:
    """Writes one resolved page, whose HTML is at ``address``."""

    def __init__(self, address: str, blocks: Iterable[Block]) -> None:
        self._address = address
        self._blocks: Iterator[Block] = iter(blocks)
        self._ways: dict[type[nodes.Node], Callable[..., list[Piece]]] = {
            nodes.paragraph: lambda node, level: self._lines(self._inline(node)),
            nodes.rubric: lambda node, level: [f"**{self._inline(node)}**"],
            sd_tab_label: lambda node, level: [f"**{self._inline(node)}**"],
            nodes.caption: lambda node, level: self._lines(self._inline(node)),
            nodes.transition: lambda node, level: ["---"],
            nodes.literal_block: self._code,
            nodes.doctest_block: self._code,
            nodes.math_block: lambda node, level: [f"$$\n{node.astext()}\n$$"],
            nodes.bullet_list: self._list,
            nodes.enumerated_list: self._list,
            nodes.definition_list: self._definitions,
            nodes.table: self._table,
            nodes.block_quote: lambda node, level: _quoted(self._all(node, level)),
            nodes.image: self._image,
            nodes.raw: self._raw,
        }

    def pieces(self, document: nodes.document) -> list[Piece]:
        """The text of ``document``, in paragraphs, with its blocks between them; raises ``NoMarkdown``."""
        found = self._all(document, 0)
        left = next(self._blocks, None)
        if left is not None:
            raise NoMarkdown(f"the block at {left.line} was not found among what the page shows")
        return found

    def _all(self, node: nodes.Element, level: int) -> list[Piece]:
        return [piece for child in node.children for piece in self._one(child, level)]

    def _one(self, node: nodes.Node, level: int) -> list[Piece]:
        if isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code":
            return self._take("cell", node)
        if isinstance(node, nodes.section):
            return self._all(node, level + 1)
        if isinstance(node, nodes.Element) and "unsearched" in node.get("classes", []):  # what says how a block ran
            return []
        if isinstance(node, nodes.title):
            return [f"{'#' * max(1, level)} {self._inline(node)}"]
        if isinstance(node, nodes.Admonition):
            return self._admonition(node, level)
        if isinstance(node, nodes.Element) and node.get("design_component") == "card":
            return self._card(node, level)
        if isinstance(node, nodes.Element) and node.get("design_component") == "grid-row":
            return _tight(self._all(node, level))
        for kind, way in self._ways.items():
            if isinstance(node, kind):
                return way(node, level)
        if isinstance(node, _SILENT) or not isinstance(node, nodes.Element):
            return []
        if isinstance(node, _PASSED):
            return self._all(node, level)
        raise NoMarkdown(f"there is no Markdown for <{node.tagname}>: {node.astext()[:60]!r}")

    def _take(self, kind: str, node: nodes.Element) -> list[Piece]:
        block = next(self._blocks, None)
        if block is None or (block.kind == "cell") != (kind == "cell"):
            raise NoMarkdown(f"the page shows a block that is not among its own: {node.astext()[:60]!r}")
        return [block]

    def _code(self, node: nodes.Element, level: int) -> list[Piece]:
        if node.get("source"):  # part of a file that the page hands to its reader
            return [f"```{node.get('language', '')}\n{node.astext().rstrip()}\n```"]
        return self._take("fence", node)

    def _lines(self, text: str) -> list[Piece]:
        return [_STARTS.sub(lambda found: f"\\{found[0]}", text)] if text else []

    def _list(self, node: nodes.Element, level: int) -> list[Piece]:
        numbers = isinstance(node, nodes.enumerated_list)
        found: list[Piece] = []
        for number, item in enumerate(node.children, start=node.get("start", 1)):
            mark = f"{number}. " if numbers else "- "
            found += _indented(self._all(item, level), mark)
        return _tight(found)

    def _definitions(self, node: nodes.Element, level: int) -> list[Piece]:
        found: list[Piece] = []
        for item in node.children:
            terms = ", ".join(self._inline(child) for child in item.children if isinstance(child, nodes.term))
            inside = [piece for child in item.findall(nodes.definition) for piece in self._all(child, level)]
            first = inside[0] if inside and isinstance(inside[0], str) else ""
            found += _indented([f"**{terms}**: {first}", *inside[1 if first else 0 :]], "- ")
        return _tight(found)

    def _admonition(self, node: nodes.Element, level: int) -> list[Piece]:
        title = node.next_node(nodes.title)
        name = self._inline(title) if title is not None and title.parent is node else node.tagname.capitalize()
        inside = [piece for child in node.children if child is not title for piece in self._one(child, level)]
        return _quoted([f"**{name}.**", *inside])

    def _card(self, node: nodes.Element, level: int) -> list[Piece]:
        """A card is one item of a list: its title, which is a link where the card is one, and its text."""
        title = next(node.findall(lambda n: isinstance(n, nodes.Element) and n.get("design_component") == "card-title"))
        link = next(node.findall(nodes.reference), None)
        name = self._inline(title)
        texts = [self._inline(n) for n in node.findall(nodes.paragraph) if title not in _above(n)]
        head = f"[{name}]({self._whole(link)})" if link is not None else f"**{name}**"
        return [f"- {head}: {' '.join(text for text in texts if text and text != name)}"]

    def _table(self, node: nodes.Element, level: int) -> list[Piece]:
        caption = [f"**{self._inline(title)}**" for title in node.children if isinstance(title, nodes.title)]
        rows = [[self._cell(entry) for entry in row.children] for row in node.findall(nodes.row)]
        has_head = any(True for _ in node.findall(nodes.thead))
        head, body = (rows[0], rows[1:]) if has_head else ([""] * len(rows[0]), rows)
        lines = [head, ["---"] * len(head), *body]
        return [*caption, "\n".join(f"| {' | '.join(cells)} |" for cells in lines)]

    def _cell(self, entry: nodes.Element) -> str:
        texts = []
        for paragraph in entry.findall(lambda n: isinstance(n, nodes.paragraph | nodes.literal_block)):
            texts.append(self._inline(paragraph).replace("|", "\\|"))
        return "<br>".join(texts)

    def _image(self, node: nodes.Element, level: int) -> list[Piece]:
        return [self._picture(node)]

    def _picture(self, node: nodes.Element) -> str:
        return f"![{node.get('alt', '')}]({self._whole(node)})"

    def _raw(self, node: nodes.Element, level: int) -> list[Piece]:
        """Of a drawing, what it says to those who do not see it; of other HTML, nothing."""
        drawing = BeautifulSoup(node.astext(), "html.parser").find("figure")
        if drawing is None:
            return []
        told = drawing.find("desc")
        words = told.get_text(" ", strip=True) if told else ""
        return [f"*{drawing.get('aria-label', 'A drawing')}.* {_escaped(words)}".strip()]

    def _whole(self, node: nodes.Element) -> str:
        """Where a link or a picture leads, as a whole address."""
        where = node.get("refuri") or (f"#{node['refid']}" if node.get("refid") else node.get("uri", ""))
        return urljoin(self._address, where).replace(" ", "%20").replace(")", "%29")

    def _inline(self, node: nodes.Node) -> str:
        return " ".join("".join(self._word(child) for child in node.children).split())

    def _word(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return _escaped(node.astext())
        if isinstance(node, _SILENT):
            return ""
        if isinstance(node, nodes.literal):
            text = " ".join(node.astext().split())
            fence = "``" if "`" in text else "`"
            return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"
        if isinstance(node, nodes.math):
            return f"${node.astext()}$"
        if isinstance(node, nodes.image):
            return self._picture(node)
        inside = self._words(node)
        if isinstance(node, nodes.reference) and inside:
            return f"[{inside}]({self._whole(node)})"
        mark = {nodes.strong: "**", nodes.emphasis: "*"}.get(type(node), "")
        return f"{mark}{inside}{mark}" if inside else ""

    def _words(self, node: nodes.Node) -> str:
        return "".join(self._word(child) for child in node.children)


def _above(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)


def _quoted(pieces: list[Piece]) -> list[Piece]:
    """Text behind a quotation's mark; a block stands between two of them."""
    texts = [_with_prefix(piece, "> ", "> ") if isinstance(piece, str) else piece for piece in pieces]
    found: list[Piece] = []
    for piece in texts:
        if found and isinstance(piece, str) and isinstance(found[-1], str):
            found[-1] = f"{found[-1]}\n>\n{piece}"
        else:
            found.append(piece)
    return found


def _indented(pieces: list[Piece], mark: str) -> list[Piece]:
    found: list[Piece] = []
    for index, piece in enumerate(pieces):
        space = " " * len(mark)
        found.append(_with_prefix(piece, mark if index == 0 else space, space) if isinstance(piece, str) else piece)
    return found


def _with_prefix(text: str, first: str, others: str) -> str:
    lines = [f"{others}{line}".rstrip() for line in text.split("\n")]
    return f"{first}{lines[0][len(others) :]}" + "".join(f"\n{line}" for line in lines[1:])


def _tight(pieces: list[Piece]) -> list[Piece]:
    """Items of a list without empty lines between them, as far as no block stands there."""
    found: list[Piece] = []
    for piece in pieces:
        if found and isinstance(piece, str) and isinstance(found[-1], str):
            found[-1] = f"{found[-1]}\n{piece}"
        else:
            found.append(piece)
    return found
