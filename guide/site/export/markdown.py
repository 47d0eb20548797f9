"""Write a page as plain Markdown, with facts filled in, absolute links, and its blocks in their places."""

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
from guide.site.doctree import parents
from guide.site.notebook_cards import card_list

Piece: TypeAlias = "str | Block"

_SPECIAL = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)")
_STARTS = re.compile(r"^(#|[-+>] |\d+[.)] )")
_OMITTED = (
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
_CONTAINERS = (nodes.document, nodes.compound, nodes.container, nodes.figure, addnodes.only, addnodes.glossary)


class MarkdownError(Exception):
    """An element that this module cannot write, or a block that the page's source does not have."""


class Writer:
    """Writes one resolved page, whose HTML is at ``address``, with the ``blocks`` of its source in order."""

    def __init__(self, address: str, blocks: Iterable[Block]) -> None:
        self._address = address
        self._blocks: Iterator[Block] = iter(blocks)
        self._writers: dict[type[nodes.Node], Callable[..., list[Piece]]] = {
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
            card_list: lambda node, level: ["\n".join(one["about"].markdown(self._address) for one in node)],
            nodes.raw: self._raw,
        }

    def pieces(self, document: nodes.document) -> list[Piece]:
        """Return the paragraphs of ``document``, with its blocks between them. Raises ``MarkdownError``."""
        pieces = self._all(document, 0)
        left = next(self._blocks, None)
        if left is not None:
            raise MarkdownError(f"the page does not show the block at line {left.line}")
        return pieces

    def _all(self, node: nodes.Element, level: int) -> list[Piece]:
        return [piece for child in node.children for piece in self._one(child, level)]

    def _one(self, node: nodes.Node, level: int) -> list[Piece]:
        if isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code":
            return self._take("cell", node)
        if isinstance(node, nodes.section):
            return self._all(node, level + 1)
        if isinstance(node, nodes.Element) and (node.get("continues") or "unsearched" in node.get("classes", [])):
            return []  # the rest of a block, or what the site says about one
        if isinstance(node, nodes.title):
            return [f"{'#' * max(1, level)} {self._inline(node)}"]
        if isinstance(node, nodes.Element) and isinstance(node, nodes.Admonition):
            return self._admonition(node, level)
        if isinstance(node, nodes.Element) and node.get("design_component") == "card":
            return self._card(node, level)
        if isinstance(node, nodes.Element) and node.get("design_component") == "grid-row":
            return _tight(self._all(node, level))
        for kind, write in self._writers.items():
            if isinstance(node, kind):
                return write(node, level)
        if isinstance(node, _OMITTED) or not isinstance(node, nodes.Element):
            return []
        if isinstance(node, _CONTAINERS):
            return self._all(node, level)
        raise MarkdownError(f"there is no Markdown for <{node.tagname}>: {node.astext()[:60]!r}")

    def _take(self, kind: str, node: nodes.Element) -> list[Piece]:
        block = next(self._blocks, None)
        if block is None or (block.kind == "cell") != (kind == "cell"):
            raise MarkdownError(f"the page shows a block that its source does not have: {node.astext()[:60]!r}")
        return [block]

    def _code(self, node: nodes.Element, level: int) -> list[Piece]:
        if node.get("source"):  # part of a file that the page offers to readers
            return [f"```{node.get('language', '')}\n{node.astext().rstrip()}\n```"]
        return self._take("fence", node)

    def _lines(self, text: str) -> list[Piece]:
        return [_STARTS.sub(lambda start: f"\\{start[0]}", text)] if text else []

    def _list(self, node: nodes.Element, level: int) -> list[Piece]:
        numbers = isinstance(node, nodes.enumerated_list)
        pieces: list[Piece] = []
        for number, item in enumerate(_elements(node), start=node.get("start", 1)):
            mark = f"{number}. " if numbers else "- "
            pieces += _indented(self._all(item, level), mark)
        return _tight(pieces)

    def _definitions(self, node: nodes.Element, level: int) -> list[Piece]:
        pieces: list[Piece] = []
        for item in _elements(node):
            terms = ", ".join(self._inline(child) for child in item.children if isinstance(child, nodes.term))
            inside = [piece for child in item.findall(nodes.definition) for piece in self._all(child, level)]
            first = inside[0] if inside and isinstance(inside[0], str) else ""
            pieces += _indented([f"**{terms}**: {first}", *inside[1 if first else 0 :]], "- ")
        return _tight(pieces)

    def _admonition(self, node: nodes.Element, level: int) -> list[Piece]:
        title = node.next_node(nodes.title)
        name = self._inline(title) if title is not None and title.parent is node else node.tagname.capitalize()
        inside = [piece for child in node.children if child is not title for piece in self._one(child, level)]
        return _quoted([f"**{name}.**", *inside])

    def _card(self, node: nodes.Element, level: int) -> list[Piece]:
        """Return a card as one item of a list: its title, with the card's link if it has one, and its text."""
        title = next(node.findall(lambda n: isinstance(n, nodes.Element) and n.get("design_component") == "card-title"))
        link = next(node.findall(nodes.reference), None)
        name = self._inline(title)
        texts = [
            self._inline(n) for n in node.findall(nodes.paragraph) if all(parent is not title for parent in parents(n))
        ]
        head = f"[{name}]({self._address_of(link)})" if link is not None else f"**{name}**"
        return [f"- {head}: {' '.join(text for text in texts if text and text != name)}"]

    def _table(self, node: nodes.Element, level: int) -> list[Piece]:
        caption = [f"**{self._inline(title)}**" for title in node.children if isinstance(title, nodes.title)]
        rows = [[self._cell(entry) for entry in _elements(row)] for row in node.findall(nodes.row)]
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
        return f"![{node.get('alt', '')}]({self._address_of(node)})"

    def _raw(self, node: nodes.Element, level: int) -> list[Piece]:
        """Return the description of a drawing, which it has for readers who do not see it; nothing for other HTML."""
        drawing = BeautifulSoup(node.astext(), "html.parser").find("figure")
        if drawing is None:
            return []
        description = drawing.find("desc")
        words = description.get_text(" ", strip=True) if description else ""
        return [f"*{drawing.get('aria-label', 'A drawing')}.* {_escaped(words)}".strip()]

    def _address_of(self, node: nodes.Element) -> str:
        """Return the absolute address of a link or a picture."""
        where = node.get("refuri") or (f"#{node['refid']}" if node.get("refid") else node.get("uri", ""))
        return urljoin(self._address, where).replace(" ", "%20").replace(")", "%29")

    def _inline(self, node: nodes.Node) -> str:
        return " ".join("".join(self._word(child) for child in node.children).split())

    def _word(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return _escaped(node.astext())
        if isinstance(node, _OMITTED):
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
            return f"[{inside}]({self._address_of(node)})"
        mark = "**" if type(node) is nodes.strong else "*" if type(node) is nodes.emphasis else ""
        return f"{mark}{inside}{mark}" if inside else ""

    def _words(self, node: nodes.Node) -> str:
        return "".join(self._word(child) for child in node.children)


def _elements(node: nodes.Element) -> list[nodes.Element]:
    return [child for child in node.children if isinstance(child, nodes.Element)]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda character: f"\\{character[0]}", text)


def _quoted(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces as a quotation, which ends at each block and continues after it."""
    quoted = [_with_prefix(piece, "> ", "> ") if isinstance(piece, str) else piece for piece in pieces]
    return _joined(quoted, "\n>\n")


def _indented(pieces: list[Piece], mark: str) -> list[Piece]:
    space = " " * len(mark)
    return [
        _with_prefix(piece, space if index else mark, space) if isinstance(piece, str) else piece
        for index, piece in enumerate(pieces)
    ]


def _with_prefix(text: str, first: str, others: str) -> str:
    lines = [f"{others}{line}".rstrip() for line in text.split("\n")]
    return f"{first}{lines[0][len(others) :]}" + "".join(f"\n{line}" for line in lines[1:])


def _tight(pieces: list[Piece]) -> list[Piece]:
    """Return the items of a list without blank lines between them, except around a block."""
    return _joined(pieces, "\n")


def _joined(pieces: list[Piece], separator: str) -> list[Piece]:
    """Return the pieces with texts that follow one another merged into one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] = f"{joined[-1]}{separator}{piece}"
        else:
            joined.append(piece)
    return joined
