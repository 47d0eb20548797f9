"""Parse a style sheet into rules, as far as pages may need them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import tinycss2
from tinycss2.ast import AtRule, FunctionBlock, HashToken, IdentToken, LiteralToken, Node, QualifiedRule

# At-rules that contain other rules.
_GROUPS = {"media", "supports", "layer", "container"}
_GROUP_HEADS = tuple(f"@{name}" for name in _GROUPS)
# Braces and semicolons; comments, strings and escaped characters, which may contain some.
_TOKEN = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[{};]""", re.DOTALL)
_BESIDES_NAMES = re.compile(r"""/\*.*?\*/|\([^()"']*\)|\[[^\]"']*(?:"[^"]*")?\]""", re.DOTALL)
_PLAIN, _CLASS = re.compile(r"[\w\s.#,:>+~*-]*"), re.compile(r"\.([\w-]+)")


@dataclass(frozen=True)
class Selector:
    """A selector, and what a page ``needs`` to match it: all of them.

    A need is the name of an element, ``.name`` for a class or an id, or a tuple of selectors: any of them.
    """

    text: str
    needs: tuple[str | tuple[Selector, ...], ...]


@dataclass(frozen=True)
class Declaration:
    """A declaration, with the name of its property; a rule inside another has no name."""

    name: str
    text: str


@dataclass(frozen=True)
class Rule:
    """A rule: its selectors and its declarations."""

    selectors: tuple[Selector, ...]
    declarations: tuple[Declaration, ...]


@dataclass(frozen=True)
class Group:
    """An at-rule that contains others, such as ``@media print``."""

    head: str
    rules: tuple[AnyRule, ...]


@dataclass(frozen=True)
class OtherRule:
    """Any other at-rule; ``keyframes`` is the name of an animation, empty for the rest."""

    text: str
    keyframes: str


AnyRule: TypeAlias = Rule | Group | OtherRule


def plausible(sheet: str, words: set[str]) -> str:
    """Return the ``sheet`` without most rules for classes that are not in ``words``.

    A theme's style sheet has thousands of rules, a site uses a tenth of them, and parsing is slow. So this only looks
    for braces, and does not look for classes in parentheses or in a selector that is not a list of names without them.
    """
    texts = []
    for head, body in _split(sheet):
        if body is None or not _has_only_classes_in(words, head):
            texts.append(head if body is None else "")
        elif head.lstrip().lower().startswith(_GROUP_HEADS):
            texts.append(f"{head}{{{plausible(body, words)}}}")
        else:
            texts.append(f"{head}{{{body}}}")
    return "".join(texts)


def _split(sheet: str) -> Iterator[tuple[str, str | None]]:
    """Yield what is before the braces of each rule, and inside; ``None`` for what has no braces, such as an import."""
    depth = start = brace = 0
    for token in _TOKEN.finditer(sheet):
        if token[0] == "{":
            brace = brace if depth else token.start()
            depth += 1
        elif token[0] == "}" and depth:
            depth -= 1
            if not depth:
                yield sheet[start:brace], sheet[brace + 1 : token.start()]
                start = token.end()
        elif token[0] == ";" and not depth:
            yield sheet[start : token.end()], None
            start = token.end()
    yield sheet[start:], None


def _has_only_classes_in(words: set[str], head: str) -> bool:
    """Return whether one of the selectors in ``head`` has no other classes than these, as far as can be seen."""
    names = _BESIDES_NAMES.sub("", head)
    if not _PLAIN.fullmatch(names):
        return True
    return any(words.issuperset(_CLASS.findall(selector)) for selector in names.split(","))


def rules_of(text: str) -> tuple[AnyRule, ...]:
    """Return the rules of a style sheet; imports are left out."""
    return tuple(_rules(tinycss2.parse_stylesheet(text, True, True)))


def _rules(nodes: Iterable[Node]) -> Iterator[AnyRule]:
    for node in nodes:
        if isinstance(node, QualifiedRule):
            yield Rule(tuple(_selectors(node.prelude)), tuple(_declarations(node.content)))
        elif isinstance(node, AtRule) and node.content is not None and node.lower_at_keyword != "charset":
            name = tinycss2.serialize(node.prelude).strip()
            head = f"@{node.at_keyword} {name}"
            if node.lower_at_keyword in _GROUPS:
                yield Group(head, tuple(_rules(tinycss2.parse_rule_list(node.content, True, True))))
            else:
                keyframes = name if "keyframes" in node.lower_at_keyword else ""
                yield OtherRule(f"{head}{{{_compact(node.content)}}}", keyframes)


def _selectors(prelude: Iterable[Node]) -> Iterator[Selector]:
    """Yield the selectors that commas separate."""
    one: list[Node] = []
    for node in [*prelude, None]:
        if node is None or (isinstance(node, LiteralToken) and node.value == ","):
            if one:
                yield Selector(tinycss2.serialize(one).strip(), tuple(_needs(one)))
            one = []
        else:
            one.append(node)


def _needs(selector: Iterable[Node]) -> Iterator[str | tuple[Selector, ...]]:
    before = ""
    for node in selector:
        if isinstance(node, HashToken):
            yield f".{node.value}"
        elif isinstance(node, IdentToken):
            if before == ".":
                yield f".{node.value}"
            elif before != ":":
                yield str(node.lower_value)
        elif isinstance(node, FunctionBlock) and node.lower_name in {"is", "where"}:
            yield tuple(_selectors(node.arguments))
        before = node.value if isinstance(node, LiteralToken) else ""


def _declarations(content: Iterable[Node]) -> Iterator[Declaration]:
    """Yield the declarations of a rule, without the space between and inside them."""
    for item in tinycss2.parse_blocks_contents(content, True, True):
        if item.type == "declaration":
            important = "!important" if item.important else ""
            yield Declaration(item.name, f"{item.name}:{_value(item.value)}{important}")
        elif item.type == "qualified-rule":
            yield Declaration("", f"{tinycss2.serialize(item.prelude).strip()}{{{_compact(item.content)}}}")


def _compact(content: Iterable[Node]) -> str:
    return ";".join(declaration.text for declaration in _declarations(content))


def _value(nodes: Iterable[Node]) -> str:
    # A string may contain any space; outside strings, each run of it becomes one.
    return "".join(" " if node.type == "whitespace" else node.serialize() for node in nodes).strip()
