"""Passages: pieces of text as a reader sees them, with the lines that they came from."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

# `text` is a paragraph or a list item, `cell` a cell of a table, `string` a text that a program prints.
Kind: TypeAlias = Literal["text", "heading", "cell", "string", "docstring", "comment"]
# What stands in for an expression, a formula or the title of a linked page.
PLACEHOLDER = "`…`"
_CODE = re.compile(r"`[^`]*`")
# A sentence ends at a stop, a question mark or an exclamation mark. The next may begin with a small letter: gcsfs.
_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!vs\.)(?<!etc\.)(?<!cf\.)[\"')\]]*\s+(?=[\"'(\[]*[A-Za-z`\d])")


@dataclass(frozen=True)
class Passage:
    """A piece of text, with code between backticks; ``starts`` holds offset and line of each of its lines."""

    name: str  # the file, and the cell of a notebook
    kind: Kind
    text: str
    starts: tuple[tuple[int, int], ...]
    introduces: bool = False  # a block of code follows directly

    def line(self, offset: int) -> int:
        """Return the line of the character at ``offset``."""
        index = bisect.bisect_right(self.starts, (offset, 1 << 30)) - 1
        return self.starts[max(index, 0)][1]

    def sentences(self) -> list[tuple[int, str]]:
        """Return each sentence with its offset."""
        ends = [match.end() for match in _END.finditer(without_code(self.text))]
        bounds = [0, *ends, len(self.text)]
        parts = [(start, self.text[start:end].strip()) for start, end in itertools.pairwise(bounds)]
        return [(start, part) for start, part in parts if part]

    def sentence(self, offset: int) -> str:
        """Return the sentence around ``offset``."""
        return [part for start, part in self.sentences() if start <= offset or start == 0][-1]


def without_code(text: str) -> str:
    """Return ``text`` with code blanked out, so that offsets stay the same."""
    return _CODE.sub(lambda code: "`" + "x" * (len(code[0]) - 2) + "`", text)


@dataclass
class Builder:
    """Collects the text of a passage, line by line."""

    text: str = ""
    starts: list[tuple[int, int]] = field(default_factory=list)

    def add(self, text: str, line: int) -> None:
        """Append ``text``, which is on ``line``."""
        if not self.starts or self.starts[-1][1] != line:
            self.starts.append((len(self.text), line))
        self.text += text

    def passage(self, name: str, kind: Kind) -> Passage:
        """Return the passage."""
        return Passage(name, kind, self.text, tuple(self.starts) or ((0, 1),))


def from_lines(name: str, kind: Kind, lines: Iterable[tuple[int, str]]) -> Passage:
    """Return numbered lines as one passage."""
    builder = Builder()
    for number, line in lines:
        builder.add((" " if builder.text else "") + line.strip(), number)
    return builder.passage(name, kind)


def introducing(passage: Passage) -> Passage:
    """Return the passage as one that a block of code follows."""
    return replace(passage, introduces=True)
