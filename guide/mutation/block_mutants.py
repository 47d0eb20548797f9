"""Typing mistakes that an author could make in a block: find those a block can have, and apply one.

Python is parsed with ``ast``; shell commands and other text are split into words by a small lexer.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from guide.pages.blocks import Block

KINDS = ("name", "flag", "path", "argument")


@dataclass(frozen=True)
class Mutant:
    """A mistake of one ``kind``: ``replacement`` for the characters from ``start`` to ``end``."""

    kind: str
    start: int
    end: int
    replacement: str

    def apply(self, source: str) -> str:
        """Return ``source`` with the mistake."""
        return source[: self.start] + self.replacement + source[self.end :]

    def describe(self, source: str) -> str:
        """Return the changed line of ``source`` before and after, as ``before → after``."""
        first = source.rfind("\n", 0, self.start) + 1
        before, after = (text[first:].partition("\n")[0].strip() for text in (source, self.apply(source)))
        return f"{before} → {after}"


def pick_mutant(block: Block, seed: str) -> Mutant | None:
    """Return a mistake for ``block``, always the same for a ``seed``; ``None`` if there is no word to break."""
    chance = random.Random(f"{seed}:{block.kind}:{block.source}")  # noqa: S311 - reproducible, not secret
    mutants = [mutant for mutant in _candidates(block, chance) if mutant.apply(block.source) != block.source]
    kinds = [kind for kind in KINDS if any(mutant.kind == kind for mutant in mutants)]
    if not kinds:
        return None
    kind = chance.choice(kinds)
    return chance.choice([mutant for mutant in mutants if mutant.kind == kind])


def _candidates(block: Block, chance: random.Random) -> Iterator[Mutant]:
    source = block.source
    if block.language == "python":
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a line for IPython, such as %reset
            yield from _words(source, 0, chance)
            return
        for mutant in _PythonMutants(source, chance).of_tree(tree):
            try:
                ast.parse(mutant.apply(source))
            except SyntaxError:
                continue
            yield mutant
    elif block.language == "console":
        for line in re.finditer(r"^[$>] (.*)$", source, re.MULTILINE):
            yield from _words(line[1], line.start(1), chance)
    else:
        yield from _words(source, 0, chance)


def _typo(text: str, chance: random.Random) -> str:
    """Return ``text`` with one letter or digit replaced by the next one of the alphabet."""
    positions = [match.start() for match in re.finditer(r"(?<!\\)[A-Za-z0-9]", text)]
    if not positions:
        return text
    at = chance.choice(positions)
    old = text[at]
    last = {"z": "y", "Z": "Y", "9": "8"}
    return text[:at] + last.get(old, chr(ord(old) + 1)) + text[at + 1 :]


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "in": "not in", "not in": "in"}
# Nodes that have a place in the source.
_Located = ast.expr | ast.alias | ast.keyword


class _PythonMutants:
    """The mistakes that Python source can have."""

    def __init__(self, source: str, chance: random.Random) -> None:
        self._source, self._chance = source, chance
        self._lines = source.splitlines(keepends=True)
        self._starts = list(accumulate(map(len, self._lines), initial=0))

    def of_tree(self, tree: ast.AST) -> Iterator[Mutant]:
        """Yield mistakes in the order of ``ast.walk``.

        Parts of f-strings are skipped because their columns are unreliable, and docstrings because nothing reads them.
        """
        skipped: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                skipped.update(inner for inner in ast.walk(node) if inner is not node)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                skipped.add(node.value)
        for node in ast.walk(tree):
            if node not in skipped:
                yield from self._of_node(node)

    def _span(self, node: _Located) -> tuple[int, int]:
        """Return the first character of ``node``, and the one after its last."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._offset(node.lineno, node.col_offset), self._offset(end_line, end_column)

    def _offset(self, line: int, column: int) -> int:
        """Convert a line and a column in UTF-8 bytes, as ``ast`` counts them, to an offset in characters."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _of_node(self, node: ast.AST) -> Iterator[Mutant]:
        match node:
            case ast.Name():
                yield Mutant("name", *self._span(node), _typo(node.id, self._chance))
            case ast.Attribute():
                end = self._span(node)[1]
                yield Mutant("name", end - len(node.attr), end, _typo(node.attr, self._chance))
            case ast.alias():
                start = self._span(node)[0]
                yield Mutant("name", start, start + len(node.name), _typo(node.name, self._chance))
            case ast.Constant(value=bool()):
                yield Mutant("flag", *self._span(node), str(not node.value))
            case ast.UnaryOp(op=ast.Not()):
                yield Mutant("flag", self._span(node)[0], self._span(node.operand)[0], "")
            case ast.Compare(ops=[_]):
                start, end = self._span(node.left)[1], self._span(node.comparators[0])[0]
                sign = self._source[start:end].strip()
                if sign in _OPPOSITE:
                    yield Mutant("flag", start, end, f" {_OPPOSITE[sign]} ")
            case ast.Constant(value=int(number) | float(number)):
                yield Mutant("argument", *self._span(node), str(number + 1))
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
                yield from self._of_string(*self._span(node))
            case ast.Call():
                yield from self._without_an_argument(node)

    def _without_an_argument(self, call: ast.Call) -> Iterator[Mutant]:
        arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        for argument in arguments:
            start, end = self._span(argument)
            if comma_after := re.match(r"\s*,\s*", self._source[end:]):
                end += comma_after.end()
            elif comma_before := re.search(r",\s*$", self._source[:start]):
                start = comma_before.start()
            yield Mutant("argument", start, end, "")

    def _of_string(self, start: int, end: int) -> Iterator[Mutant]:
        """Yield typing errors in the text between the quotes, outside the braces of an f-string."""
        text = self._source[start:end]
        quotes = re.match(r"([A-Za-z]*)('''|\"\"\"|'|\")", text)
        if not quotes or len(text) < quotes.end() + len(quotes[2]):
            return
        inner = text[quotes.end() : len(text) - len(quotes[2])]
        kind = "path" if re.search(r"/|\w\.\w", inner) else "argument"
        parts = re.split(r"(\{[^{}]*\})", inner) if "f" in quotes[1].lower() else [inner]
        at = start + quotes.end()
        for number, part in enumerate(parts):
            if number % 2 == 0 and part:
                yield Mutant(kind, at, at + len(part), _typo(part, self._chance))
            at += len(part)


_WORD = re.compile(r"""(?:[^\s'"\\;|&<>()#]|(?<=\S)#|\\.|'[^']*'|"(?:\\.|[^"\\])*")+""")
_BETWEEN = re.compile(r"[ \t]*(?:\\\n[ \t]*|#[^\n]*|[;|&<>()\n]|[ \t])")
# Words after which a command begins.
_KEYWORDS = {"if", "then", "else", "elif", "do", "while", "until", "{", "!", "time"}
_CLOSING = {"fi", "done", "esac", "}"}


def _words(source: str, offset: int, chance: random.Random) -> Iterator[Mutant]:
    """Yield mistakes in the shell words of ``source``, which starts ``offset`` characters into its block."""
    at, command_begins = 0, True
    while at < len(source):
        if word := _WORD.match(source, at):
            is_keyword = word[0] in _CLOSING or (word[0] in _KEYWORDS and command_begins)
            if not is_keyword:
                yield from _word(source, word, command_begins, offset, chance)
                # A variable may precede its command.
                command_begins = bool(command_begins and re.match(r"\w+=", word[0]))
            at = word.end()
        elif between := _BETWEEN.match(source, at):
            ends_command = re.search(r"[;|&(\n]$", between[0]) and "\\\n" not in between[0]
            command_begins = command_begins or bool(ends_command)
            at = between.end()
        else:
            at += 1


def _word(
    source: str, word: re.Match[str], command_begins: bool, offset: int, chance: random.Random
) -> Iterator[Mutant]:
    text, start, end = word[0], offset + word.start(), offset + word.end()
    if text.startswith("-") and len(text) > 1:
        rest = source[word.end() :]
        blanks = len(rest) - len(rest.lstrip(" \t"))
        yield Mutant("flag", start, end + blanks, "")
        yield Mutant("flag", start, end, _typo(text, chance))
        return
    is_path = re.search(r"/|\w\.\w", text)
    kind = "name" if command_begins and "=" not in text else "path" if is_path else "argument"
    yield Mutant(kind, start, end, _typo(text, chance))
