"""Remove the rules, variables and animations of style sheets that no page of the site can use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from guide.site.optimize.sheet_rules import AnyRule, Group, OtherRule, Rule, Selector, rules_of

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


def trimmed(sheets: Iterable[str], used: Used) -> list[str]:
    """Return each of ``sheets`` with only what ``used`` can match."""
    possible = [list(_possible_rules(rules_of(sheet), used)) for sheet in sheets]
    read = _variables_read([rule for sheet in possible for rule in sheet], used)
    whole = "".join(text for sheet in possible for text in _texts(sheet))
    return ["".join(_texts(_needed_rules(sheet, read, whole))) for sheet in possible]


def _possible_rules(rules: Iterable[AnyRule], used: Used) -> Iterator[AnyRule]:
    """Yield the rules with the selectors that some page could match."""
    for rule in rules:
        if isinstance(rule, Rule):
            selectors = tuple(selector for selector in rule.selectors if _possible(selector, used))
            if selectors and rule.declarations:
                yield replace(rule, selectors=selectors)
        elif isinstance(rule, Group):
            inner = tuple(_possible_rules(rule.rules, used))
            if inner:
                yield replace(rule, rules=inner)
        else:
            yield rule


def _possible(selector: Selector, used: Used) -> bool:
    for need in selector.needs:
        if isinstance(need, tuple):
            met = any(_possible(alternative, used) for alternative in need)
        elif need.startswith("."):
            met = need[1:] in used.words
        else:
            met = need in used.tags
        if not met:
            return False
    return True


def _variables_read(rules: Iterable[AnyRule], used: Used) -> set[str]:
    """Return the variables that something reads, other than variables which nothing reads."""
    read = used.words | {f"--{word}" for word in used.words}
    reads: dict[str, set[str]] = {}
    for name, text in _declared(rules):
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
    return read


def _declared(rules: Iterable[AnyRule]) -> Iterator[tuple[str, str]]:
    """Yield name and text of every declaration; for other at-rules, no name and their text."""
    for rule in rules:
        if isinstance(rule, Group):
            yield from _declared(rule.rules)
        elif isinstance(rule, OtherRule):
            yield "", rule.text
        else:
            for declaration in rule.declarations:
                yield declaration.name, declaration.text


def _needed_rules(rules: Iterable[AnyRule], read: set[str], whole: str) -> Iterator[AnyRule]:
    """Yield the rules without variables that are not in ``read``, and without animations that nothing runs."""
    for rule in rules:
        if isinstance(rule, Group):
            inner = tuple(_needed_rules(rule.rules, read, whole))
            if inner:
                yield replace(rule, rules=inner)
        elif isinstance(rule, OtherRule):
            name = re.escape(rule.keyframes)
            if not name or re.search(rf"animation[^;}}]*[ :]{name}\b", whole):
                yield rule
        else:
            declared = tuple(
                declaration
                for declaration in rule.declarations
                if not declaration.name.startswith("--") or declaration.name in read
            )
            if declared:
                yield replace(rule, declarations=declared)


def _texts(rules: Iterable[AnyRule]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, Group):
            yield f"{rule.head}{{{''.join(_texts(rule.rules))}}}"
        elif isinstance(rule, OtherRule):
            yield rule.text
        else:
            selectors = ",".join(selector.text for selector in rule.selectors)
            yield f"{selectors}{{{';'.join(declaration.text for declaration in rule.declarations)}}}"
