"""Remove the rules, variables and animations of style sheets that no page of the site can use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import tinycss2
from tinycss2.ast import AtRule, FunctionBlock, HashToken, IdentToken, LiteralToken, Node, QualifiedRule

# At-rules that contain other rules.
_GROUPS = {"media", "supports", "layer", "container"}
_NAME = re.compile(r"[\w-]+")
_USE = re.compile(r"var\(\s*(--[\w-]+)")


@dataclass
class Used:
    """The names that pages and scripts use: elements, and words, among them all classes and ids."""

    tags: set[str] = field(default_factory=lambda: {"html", "body"})
    words: set[str] = field(default_factory=set)

    def add_script(self, text: str) -> None:
        """Add every word of a script: it may be a class that the script sets, or an element that it creates."""
        words = re.findall(r"[A-Za-z_][\w-]*", text)
        self.words.update(words)
        self.tags.update(words)

    def add_sheet(self, text: str) -> None:
        """Add the variables that a style sheet reads which is not reduced itself."""
        self.words.update(_USE.findall(text))


def names_in_use(used: Used, sheets: Iterable[str]) -> list[str]:
    """Return the names of ``used`` that occur in ``sheets``: with the same names, the result is the same."""
    named = {name for sheet in sheets for name in _NAME.findall(sheet.replace("\\", ""))}
    named |= {name.lstrip("-") for name in named}
    # Names with other characters are escaped in a style sheet, so they are always included.
    plain = re.compile(r"[A-Za-z_-][\w-]*")
    names = used.tags | used.words
    return sorted(f"{name} {name in used.tags}" for name in names if name in named or not plain.fullmatch(name))


def trimmed(sheets: Iterable[str], used: Used) -> str:
    """Return the ``sheets`` as one, with only what ``used`` can match."""
    rules = [_rules(tinycss2.parse_stylesheet(sheet, True, True), used) for sheet in sheets]
    return _without_unused_names("".join(text for texts in rules for text in texts), used)


def _rules(nodes: list[Node], used: Used) -> list[str]:
    texts: list[str] = []
    for node in nodes:
        if isinstance(node, QualifiedRule):
            selectors = [text for text in _selectors(node.prelude, used) if text]
            body = _compact(node.content)
            texts += [f"{','.join(selectors)}{{{body}}}"] if selectors and body else []
        elif isinstance(node, AtRule) and node.lower_at_keyword in _GROUPS and node.content is not None:
            inner = _rules(tinycss2.parse_rule_list(node.content, True, True), used)
            head = tinycss2.serialize(node.prelude).strip()
            texts += [f"@{node.at_keyword} {head}{{{''.join(inner)}}}"] if inner else []
        elif isinstance(node, AtRule) and node.lower_at_keyword != "charset" and node.content is not None:
            head = tinycss2.serialize(node.prelude).strip()
            texts.append(f"@{node.at_keyword} {head}{{{_compact(node.content)}}}")
    return texts


def _selectors(prelude: list[Node], used: Used) -> Iterable[str]:
    """Yield the selectors of a rule that some page could match."""
    one: list[Node] = []
    for node in [*prelude, None]:
        if node is None or (isinstance(node, LiteralToken) and node.value == ","):
            if one and _possible(one, used):
                yield tinycss2.serialize(one).strip()
            one = []
        else:
            one.append(node)


def _possible(selector: list[Node], used: Used) -> bool:
    before = ""
    for node in selector:
        if isinstance(node, HashToken) and node.value not in used.words:
            return False
        if isinstance(node, IdentToken):
            if before == "." and node.value not in used.words:
                return False
            if before not in {".", ":"} and node.lower_value not in used.tags:
                return False
        if isinstance(node, FunctionBlock) and node.lower_name in {"is", "where"} and not _any_of(node, used):
            return False
        before = node.value if isinstance(node, LiteralToken) else ""
    return True


def _any_of(function: FunctionBlock, used: Used) -> bool:
    return any(True for _ in _selectors(function.arguments, used))


def _compact(content: list[Node]) -> str:
    """Return declarations without the space between them."""
    texts = []
    for item in tinycss2.parse_blocks_contents(content, True, True):
        if item.type == "declaration":
            value = _value(item.value)
            texts.append(f"{item.name}:{value}{'!important' if item.important else ''}")
        elif item.type == "qualified-rule":
            inner = _compact(item.content)
            texts.append(f"{tinycss2.serialize(item.prelude).strip()}{{{inner}}}")
    return ";".join(texts)


def _value(nodes: list[Node]) -> str:
    # A string may contain any space; outside strings, each run of it becomes one.
    return "".join(" " if node.type == "whitespace" else node.serialize() for node in nodes).strip()


def _without_unused_names(sheet: str, used: Used) -> str:
    """Remove variables that nothing reads, or only removed ones, and animations that nothing runs."""
    rules = tinycss2.parse_stylesheet(sheet, True, True)
    read = used.words | {f"--{word}" for word in used.words}
    reads: dict[str, set[str]] = {}
    for name, text in _declarations(rules):
        names = set(_USE.findall(text))
        if name.startswith("--"):
            reads.setdefault(name, set()).update(names)
        else:
            read |= names
    todo = list(read)
    while todo:
        more = reads.get(todo.pop(), set()) - read
        read |= more
        todo += more
    return "".join(_kept(rules, read, sheet))


def _declarations(rules: list[Node]) -> Iterable[tuple[str, str]]:
    """Yield name and text of every declaration, also in nested rules; for other at-rules, no name and their text."""
    for rule in rules:
        if isinstance(rule, AtRule) and rule.lower_at_keyword in _GROUPS:
            yield from _declarations(tinycss2.parse_rule_list(rule.content, True, True))
        elif isinstance(rule, AtRule):
            yield "", rule.serialize()
        else:
            for item in tinycss2.parse_blocks_contents(rule.content, True, True):
                yield (item.name if item.type == "declaration" else ""), item.serialize()


def _kept(rules: list[Node], read: set[str], sheet: str) -> Iterable[str]:
    for rule in rules:
        if isinstance(rule, AtRule) and rule.lower_at_keyword in _GROUPS:
            inner = "".join(_kept(tinycss2.parse_rule_list(rule.content, True, True), read, sheet))
            if inner:
                yield f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}{{{inner}}}"
        elif isinstance(rule, AtRule):
            name = tinycss2.serialize(rule.prelude).strip()
            if "keyframes" not in rule.lower_at_keyword or re.search(
                rf"animation[^;}}]*[ :]{re.escape(name)}\b", sheet
            ):
                yield rule.serialize()
        else:
            declared = [
                item.serialize()
                for item in tinycss2.parse_blocks_contents(rule.content, True, True)
                if item.type != "declaration" or not item.name.startswith("--") or item.name in read
            ]
            if declared:
                yield f"{tinycss2.serialize(rule.prelude)}{{{';'.join(declared)}}}"
