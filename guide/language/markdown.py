"""Passages of Markdown: pages, notebooks and the project's own documents.

Read as on the site: a fact is its value, a link is its text, and lines for other hubs are left out. Code keeps its
backticks; formulas, and links whose text Sphinx fills in, become a placeholder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from guide.language.passages import PLACEHOLDER, Builder, Kind, Passage, from_lines, introducing

# Directives without prose, and those whose argument is not a title.
_WITHOUT_PROSE = {"math", "bibliography", "toctree", "include", "literalinclude", "image"}
_MADE_BY_BUILD = ("fact-", "report-", "tier-", "hub-picture", "notebook-gallery")
_WITHOUT_TITLE = {"grid", "glossary", "figure", "if-hub", "if-not-hub", "list-table"}
_OPTION = re.compile(r":([\w-]+):(?: (.*))?$")
_SPOKEN_OPTIONS = {"alt", "caption"}
_SKIP_REASON = re.compile(r'skip="([^"]*)"')
_COMMENT = re.compile(r"(?:^|\s)# (\w.*)$")

FactText = Callable[[str], str]


def page_passages(path: Path, name: str, hub_text: Callable[[str], str], fact: FactText) -> list[Passage]:
    """Return the passages of a page or notebook as the hub's guide shows them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return _notebook_passages(json.loads(text), name, fact)
    return markdown_passages(hub_text(text), name, fact)


def markdown_passages(text: str, name: str, fact: FactText = str) -> list[Passage]:
    """Return the passages of a document."""
    return _Reader(name, fact).read(text)


def _notebook_passages(notebook: dict[str, list[dict[str, object]]], name: str, fact: FactText) -> list[Passage]:
    passages: list[Passage] = []
    open_end = False  # whether a block that follows now is introduced by the last passage
    for number, cell in enumerate(notebook["cells"], start=1):
        lines = cell["source"]
        source = "".join(lines) if isinstance(lines, list) else str(lines)
        reader = _Reader(f"{name}, cell {number}", fact)
        if cell["cell_type"] == "markdown":
            passages += reader.read(source)
            open_end = bool(passages) and reader.open_end
        else:
            if open_end:
                passages[-1] = introducing(passages[-1])
            open_end = False
            passages += reader.comments(source, 0)
    return passages


class _Reader:
    def __init__(self, name: str, fact: FactText) -> None:
        self._name, self._fact = name, fact
        self._passages: list[Passage] = []
        self.open_end = False
        parser = MarkdownIt("commonmark").enable("table")
        for plugin in (front_matter_plugin, colon_fence_plugin, deflist_plugin, myst_role_plugin):
            parser.use(plugin)
        self._parser = parser

    def read(self, text: str, offset: int = 0) -> list[Passage]:
        """Return the passages of ``text``, which follows ``offset`` lines of its file."""
        kind: Kind = "text"
        line = offset + 1
        for token in self._parser.parse(text):
            line = offset + token.map[0] + 1 if token.map else line
            if token.type in {"heading_open", "paragraph_open", "th_open", "td_open"}:
                kind = {"heading_open": "heading", "paragraph_open": "text"}.get(token.type, "cell")  # type: ignore[assignment]
            elif token.type == "inline":
                self._add(_inline(token, line, self._fact).passage(self._name, kind))
            elif token.type in {"fence", "colon_fence"}:
                self._fence(token, line)
        return self._passages

    def comments(self, source: str, line: int) -> list[Passage]:
        """Return the comments in code whose first line follows ``line``."""
        numbered = enumerate(source.splitlines(), start=line + 1)
        found = [(number, match[1]) for number, text in numbered if (match := _COMMENT.search(text))]
        return [from_lines(self._name, "comment", [comment]) for comment in found]

    def _add(self, passage: Passage) -> None:
        if passage.text.strip():
            self._passages.append(passage)
            self.open_end = passage.kind != "cell"

    def _fence(self, token: Token, line: int) -> None:
        info = token.info.strip()
        directive = re.match(r"\{([\w-]+)\}\s*(.*)", info)
        if directive and directive[1] != "code-cell":
            self._directive(directive[1], directive[2], token.content, line)
            return
        if self.open_end:
            self._passages[-1] = introducing(self._passages[-1])
            self.open_end = False
        reason = _SKIP_REASON.search(info)
        if reason:
            self._passages.append(from_lines(self._name, "string", [(line, reason[1])]))
        self._passages += self.comments(token.content, line)

    def _directive(self, name: str, argument: str, content: str, line: int) -> None:
        content = self._options(content, line)
        if name in _WITHOUT_PROSE or name.startswith(_MADE_BY_BUILD):
            self.open_end = False
            return
        if argument and name not in _WITHOUT_TITLE:
            self._add(from_lines(self._name, "heading", [(line, argument)]))
        if name == "glossary":
            self._glossary(content, line)
        else:
            self.read(content, line)

    def _options(self, content: str, line: int) -> str:
        """Return the content of a directive without its options, after reading those that are shown or read aloud."""
        lines = content.split("\n")
        for index, text in enumerate(lines):
            option = _OPTION.match(text)
            if not option:
                break
            if option[1] in _SPOKEN_OPTIONS:
                self._add(from_lines(self._name, "string", [(line + index + 1, option[2] or "")]))
            lines[index] = ""
        return "\n".join(lines)

    def _glossary(self, content: str, line: int) -> None:
        for number, text in enumerate(content.splitlines(), start=line + 1):
            if text.startswith(" "):
                self.read("\n" * (number - 1) + text.strip())


def _inline(token: Token, line: int, fact: FactText) -> Builder:
    builder = Builder()
    for part in _parts(token.children or []):
        if part.type in {"softbreak", "hardbreak"}:
            builder.add(" ", line)
            line += 1
        elif part.type == "text":
            builder.add(part.content, line)
        elif part.type == "code_inline":
            builder.add(f"`{part.content}`", line)
        elif part.type == "myst_role":
            builder.add(_role(part.meta["name"], part.content, fact), line)
        elif part.type == "link_title":
            builder.add(PLACEHOLDER, line)
    return builder


def _parts(children: list[Token]) -> Iterator[Token]:
    """Yield the parts of a paragraph, with an extra one for a link without a text.

    Bold words that begin a paragraph become code: they are a name, or an error message in somebody else's words.
    """
    first = next((part for part in children if part.type != "text" or part.content), None)
    if first is not None and first.type == "strong_open":
        end = next(index for index, part in enumerate(children) if part.type == "strong_close")
        bold = [part for part in children[:end] if part.type in {"text", "code_inline", "softbreak", "myst_role"}]
        words = " ".join(part.content for part in bold if part.content).replace("`", "").strip()
        yield Token("code_inline", "", 0, content=words)
        yield from (part for part in bold if part.type == "softbreak")
        # A full stop after the words ends a sentence, also within the bold words.
        yield Token("text", "", 0, content="." if words.endswith((".", "!", "?")) else "")
        children = children[end + 1 :]
    for before, part in zip([None, *children], children, strict=False):
        if part.type == "text" and before is not None and before.type == "em_open" and part.content[:1].isupper():
            yield Token("code_inline", "", 0, content=part.content)  # the title of a page, or words on the screen
        elif part.type == "image":
            yield from _parts(part.children or [])
        elif part.type == "link_close" and before is not None and before.type == "link_open":
            yield Token("link_title", "", 0)
        else:
            yield part


def _role(name: str, content: str, fact: FactText) -> str:
    if name == "fact":
        value = fact(content)
        return value if re.fullmatch(r"[A-Za-z .,'()]*|\d+(?: \w+)?", value) else f"`{value}`"
    if name == "math":
        return PLACEHOLDER
    titled = re.match(r"(.*?)\s*<[^>]*>$", content)
    if titled:
        return titled[1]
    return content if name in {"term", "abbr", "topic", "label", "column", "where", "number"} else f"`{content}`"
