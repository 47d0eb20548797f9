"""Find mistakes in the site's own style sheets, scripts and templates that a build would publish silently.

A browser skips what it cannot read, so a missing brace hides the rest of a style sheet, and one in a script stops the
search. What a rule does to the look of a page is left to the tests, which compare screenshots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import tinycss2
import tree_sitter
import tree_sitter_javascript
from tinycss2.ast import AtRule, Node, QualifiedRule

_HIDING = {("display", "none"), ("visibility", "hidden"), ("opacity", "0"), ("font-size", "0")}
# What a part of the site that is not text, such as a button, has in its selector.
_NOT_TEXT = re.compile(r"\.[\w-]+|#[\w-]+|\[|\b(?:button|dialog|progress|summary)\b|::")
# The classes of text that readers must see.
_TEXT_CLASSES = re.compile(
    r"\.(?:admonition|note|tip|hint|important|warning|caution|danger|attention|seealso|highlight|literal-block|output"
    r"|cell|cell_input|cell_output|bd-article|sd-tab-content|sd-card)\b"
)
_GROUPS = {"media", "supports", "layer", "container"}
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
# What a page offers through a template: a reader would miss it, and no other check would.
_OFFERS = {
    "page-foot.html": ("exports.edit", "exports.downloads", "exports.launch"),
    "article-header-buttons.html": ("exports.edit", "exports.downloads", "exports.launch"),
    "layout.html": ("find-form.html", "helped.html", "block body"),
}
_JAVASCRIPT = tree_sitter.Language(tree_sitter_javascript.language())


def site_file_problems(root: Path) -> list[str]:
    """Return one line for each problem, with its place, of the files in ``book/_static`` and ``book/_templates``."""
    problems: list[str] = []
    checks = (("_static", "*.css", _in_sheet), ("_static", "*.js", _in_script), ("_templates", "*.html", _in_template))
    for folder, pattern, check in checks:
        for path in sorted((root / "book" / folder).glob(pattern)):
            name, text = path.relative_to(root), path.read_text(encoding="utf-8")
            problems += [f"{name}:{line}: {problem}" for line, problem in check(text)]
            problems += [f"{name}:1: {part} is missing" for part in _OFFERS.get(path.name, ()) if part not in text]
    return problems


def _in_sheet(text: str) -> Iterator[tuple[int, str]]:
    yield from _in_rules(tinycss2.parse_stylesheet(text, True, True), "")


def _in_rules(nodes: Iterable[Node], around: str) -> Iterator[tuple[int, str]]:
    """Yield the problems of rules inside the at-rule ``around``."""
    for node in nodes:
        if node.type == "error":
            yield node.source_line, f"a browser cannot read this rule: {node.message}"
        elif isinstance(node, AtRule) and node.content is not None and node.lower_at_keyword in _GROUPS:
            head = f"{around} @{node.lower_at_keyword}{tinycss2.serialize(node.prelude)}"
            yield from _in_rules(tinycss2.parse_rule_list(node.content, True, True), head)
        elif isinstance(node, QualifiedRule):
            yield from _in_rule(node, around)


def _in_rule(rule: QualifiedRule, around: str) -> Iterator[tuple[int, str]]:
    hides = False
    for item in tinycss2.parse_blocks_contents(rule.content, True, True):
        if item.type == "error":
            yield item.source_line, f"a browser cannot read this declaration: {item.message}"
        elif item.type == "declaration":
            hides |= (item.lower_name, tinycss2.serialize(item.value).strip()) in _HIDING
    # On paper and on phones, some text has another place.
    if hides and "@media" not in around:
        for selector in _selectors(rule):
            subject = re.split(r"[\s>+~]+", selector)[-1]
            if not _NOT_TEXT.search(subject) or _TEXT_CLASSES.search(subject):
                yield rule.source_line, f"{selector!r} hides text from readers"


def _selectors(rule: QualifiedRule) -> list[str]:
    """Return the selectors that commas separate, other than those inside ``:is()`` and the like."""
    texts = [""]
    for node in rule.prelude:
        if node == ",":
            texts.append("")
        else:
            texts[-1] += node.serialize()
    return [text.strip() for text in texts]


def _in_script(text: str) -> Iterator[tuple[int, str]]:
    root = tree_sitter.Parser(_JAVASCRIPT).parse(text.encode()).root_node
    if root.has_error:
        yield _first_error(root).start_point.row + 1, "a browser cannot read this script: its syntax is wrong here"


def _first_error(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return the first node below ``node`` that is wrong or missing."""
    for child in node.children:
        if child.is_error or child.is_missing:
            return child
        if child.has_error:
            return _first_error(child)
    return node


def _in_template(text: str) -> Iterator[tuple[int, str]]:
    tags = _Tags()
    tags.feed(_JINJA.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text))
    yield from tags.problems
    yield from ((line, f"<{tag}> is never closed") for tag, line in tags.open)


class _Tags(HTMLParser):
    """Follows the tags of a template, without its code."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, int]] = []
        self.problems: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; a script has to be in a file, because the policy refuses others."""
        line = self.getpos()[0]
        if tag == "script" and "src" not in dict(attrs) and "json" not in (dict(attrs).get("type") or ""):
            self.problems.append((line, "the site's policy refuses a script inside a page: write it to book/_static"))
        if tag not in _VOID:
            self.open.append((tag, line))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Ignore an element that has no content, such as a path of a drawing."""

    def handle_endtag(self, tag: str) -> None:
        """Close the last element, which has to be of this kind."""
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        else:
            last = f"<{self.open[-1][0]}> of line {self.open[-1][1]}" if self.open else "nothing"
            self.problems.append((self.getpos()[0], f"</{tag}> closes {last}"))
