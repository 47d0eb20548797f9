"""Small mistakes, as a hand makes them: which ones a block of a page could have, and the block with one of them.

Python is read with ``ast``; what stands in a terminal, and any other text, word by word with a small lexer.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from guide.pages.blocks import Block

KINDS = ("name", "flag", "path", "argument")


@dataclass(frozen=True)
class Mutant:
    """One mistake: its ``kind``, and the text that stands ``instead`` of the one from ``start`` to ``end``."""

    kind: str
    start: int
    end: int
    instead: str

    def of(self, source: str) -> str:
        """``source`` with the mistake."""
        return source[: self.start] + self.instead + source[self.end :]

    def told(self, source: str) -> str:
        """The line of ``source`` that it breaks and what becomes of it, in one line."""
        changed = self.of(source)
        first = source.rfind("\n", 0, self.start) + 1
        was = source[first:].partition("\n")[0].strip()
        return f"{was} → {changed[first:].partition(chr(10))[0].strip()}"


def mutant(block: Block, seed: str) -> Mutant | None:
    """One mistake in ``block``, by ``seed`` always the same one; ``None`` when it has no word that can be broken."""
    chance = random.Random(f"{seed}:{block.kind}:{block.source}")  # noqa: S311 - drawn again, not secret
    found = [one for one in _all(block, chance) if one.of(block.source) != block.source]
    kinds = [kind for kind in KINDS if any(one.kind == kind for one in found)]
    if not kinds:
        return None
    kind = chance.choice(kinds)
    return chance.choice([one for one in found if one.kind == kind])


def _all(block: Block, chance: random.Random) -> Iterator[Mutant]:
    source = block.source
    if block.language == "python":
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a line for IPython, such as %reset
            yield from _words(source, 0, chance)
            return
        for one in _python(source, tree, chance):
            try:
                ast.parse(one.of(source))
            except SyntaxError:
                continue
            yield one
    elif block.language == "console":
        for line in re.finditer(r"^[$>] (.*)$", source, re.MULTILINE):
            yield from _words(line[1], line.start(1), chance)
    else:
        yield from _words(source, 0, chance)


def _typo(text: str, chance: random.Random) -> str:
    """``text`` with one letter or digit replaced by its neighbour."""
    places = [found.start() for found in re.finditer(r"(?<!\\)[A-Za-z0-9]", text)]
    if not places:
        return text
    at = chance.choice(places)
    old = text[at]
    last = {"z": "y", "Z": "Y", "9": "8"}
    return text[:at] + last.get(old, chr(ord(old) + 1)) + text[at + 1 :]


def _python(source: str, tree: ast.AST, chance: random.Random) -> Iterator[Mutant]:
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def place(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    def span(node: ast.AST) -> tuple[int, int]:
        return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)

    unread = set()  # what stands in formatted text, where columns are not to be trusted, and what nothing reads
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            unread.update(inner for inner in ast.walk(node) if inner is not node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            unread.add(node.value)
    for node in ast.walk(tree):
        if node not in unread:
            yield from _node(source, node, span, chance)


_Span = Callable[[ast.AST], tuple[int, int]]
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "in": "not in", "not in": "in"}


def _node(source: str, node: ast.AST, span: _Span, chance: random.Random) -> Iterator[Mutant]:
    match node:
        case ast.Name():
            start, end = span(node)
            yield Mutant("name", start, end, _typo(node.id, chance))
        case ast.Attribute():
            end = span(node)[1]
            yield Mutant("name", end - len(node.attr), end, _typo(node.attr, chance))
        case ast.alias():
            start = span(node)[0]
            yield Mutant("name", start, start + len(node.name), _typo(node.name, chance))
        case ast.Constant(value=bool()):
            yield Mutant("flag", *span(node), str(not node.value))
        case ast.UnaryOp(op=ast.Not()):
            yield Mutant("flag", span(node)[0], span(node.operand)[0], "")
        case ast.Compare(ops=[_]):
            start, end = span(node.left)[1], span(node.comparators[0])[0]
            sign = source[start:end].strip()
            if sign in _OPPOSITE:
                yield Mutant("flag", start, end, f" {_OPPOSITE[sign]} ")
        case ast.Constant(value=int() | float()):
            yield Mutant("argument", *span(node), str(node.value + 1))
        case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
            yield from _string(source, *span(node), chance)
        case ast.Call():
            yield from _arguments(source, node, span)


def _arguments(source: str, call: ast.Call, span: _Span) -> Iterator[Mutant]:
    """The call without one of its arguments."""
    for argument in [*call.args, *call.keywords]:
        start, end = span(argument)
        if after := re.match(r"\s*,\s*", source[end:]):
            end += after.end()
        elif before := re.search(r",\s*$", source[:start]):
            start = before.start()
        yield Mutant("argument", start, end, "")


def _string(source: str, start: int, end: int, chance: random.Random) -> Iterator[Mutant]:
    """A typing error in the text between the quotes, outside the braces of formatted text."""
    text = source[start:end]
    quotes = re.match(r"([A-Za-z]*)('''|\"\"\"|'|\")", text)
    if not quotes or len(text) < quotes.end() + len(quotes[2]):
        return
    inner = text[quotes.end() : len(text) - len(quotes[2])]
    kind = "path" if re.search(r"/|\w\.\w", inner) else "argument"
    parts = re.split(r"(\{[^{}]*\})", inner) if "f" in quotes[1].lower() else [inner]
    at = start + quotes.end()
    for number, part in enumerate(parts):
        if number % 2 == 0 and part:
            yield Mutant(kind, at, at + len(part), _typo(part, chance))
        at += len(part)


_WORD = re.compile(r"""(?:[^\s'"\\;|&<>()#]|(?<=\S)#|\\.|'[^']*'|"(?:\\.|[^"\\])*")+""")
_BETWEEN = re.compile(r"[ \t]*(?:\\\n[ \t]*|#[^\n]*|[;|&<>()\n]|[ \t])")
# Words after which a command begins.
_KEYWORDS = {"if", "then", "else", "elif", "do", "while", "until", "{", "!", "time"}
_CLOSING = {"fi", "done", "esac", "}"}


def _words(source: str, offset: int, chance: random.Random) -> Iterator[Mutant]:
    """Mistakes in the words of ``source``, which stands ``offset`` characters behind the beginning of its block."""
    at, begins = 0, True
    while at < len(source):
        if word := _WORD.match(source, at):
            if word[0] in _CLOSING or (word[0] in _KEYWORDS and begins):
                pass
            else:
                yield from _word(source, word, begins, offset, chance)
                begins = bool(begins and re.match(r"\w+=", word[0]))  # a variable before its command
            at = word.end()
        elif between := _BETWEEN.match(source, at):
            begins = begins or bool(re.search(r"[;|&(\n]$", between[0]) and "\\\n" not in between[0])
            at = between.end()
        else:
            at += 1


def _word(source: str, word: re.Match[str], begins: bool, offset: int, chance: random.Random) -> Iterator[Mutant]:
    text, start, end = word[0], offset + word.start(), offset + word.end()
    if text.startswith("-") and len(text) > 1:
        rest = re.match(r"[ \t]*", source[word.end() :]).end()
        yield Mutant("flag", start, end + rest, "")
        yield Mutant("flag", start, end, _typo(text, chance))
        return
    kind = "name" if begins and "=" not in text else "path" if re.search(r"/|\w\.\w", text) else "argument"
    yield Mutant(kind, start, end, _typo(text, chance))
