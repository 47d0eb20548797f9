"""Passages of code: docstrings, comments, and the texts that programs, templates and settings print."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from html.parser import HTMLParser

import yaml

from guide.language.passages import PLACEHOLDER, Builder, Passage, from_lines

# Comments that are meant for programs.
_FOR_PROGRAMS = re.compile(r"#\s*(?:noqa|type:|pragma|!|-\*-|fmt:|ruff:|SBATCH|PBS|%%|=+|-+$)")
# A text is prose if it has three words, each of letters.
_WORD = r"[(\"']?[A-Za-z][A-Za-z'-]*[.,:;!?)\"']*"
_PROSE = re.compile(rf"(?:^|\s){_WORD}(?:\s+(?:`[^`]*`\s+)?{_WORD}){{2,}}(?:\s|$)")
_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title"}
_BLOCKS = {"p", "h1", "h2", "h3", "li", "div", "form", "details", "summary", "button", "td", "th", "ul", "nav", "label"}
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_JS_TEXT = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`")


def is_prose(text: str) -> bool:
    """Return whether a text is a phrase or sentence for people, and not a pattern, a path, a command or a list."""
    if len(text.split()) > 25 and not re.search(r"[,.;:]", text):
        return False
    return bool(_PROSE.search(text)) and not re.search(r"[{}$\\<>^=|\[]|::|/\w+/", re.sub(r"`[^`]*`", "", text))


def python_passages(text: str, name: str, printed: bool = True) -> list[Passage]:
    """Return the docstrings and comments of a Python module and, if they are ``printed``, its texts."""
    tree = ast.parse(text)
    documented = [node for node in ast.walk(tree) if isinstance(node, _DOCUMENTED) and ast.get_docstring(node)]
    docstrings = {id(node.body[0].value): node for node in documented if isinstance(node.body[0], ast.Expr)}
    passages = [passage for node in docstrings.values() for passage in _docstring(node, name)]
    passages += _strings(tree, set(docstrings), name) if printed else ()
    passages += _comments(_python_comments(text), name)
    return sorted(passages, key=lambda passage: passage.line(0))


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _docstring(node: ast.AST, name: str) -> Iterator[Passage]:
    """Yield the paragraphs and list items of a docstring."""
    value = node.body[0].value  # type: ignore[attr-defined]
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(inspect.cleandoc(value.value).splitlines(), start=value.lineno):
        text = line.replace("``", "`")
        if lines and (not text.strip() or re.match(r"\s*(?:[-*]|\d+\.) ", text)):
            yield from_lines(name, "docstring", lines)
            lines = []
        # An indented paragraph is an example, unless it continues a list item.
        if text.strip() and (lines or not text.startswith("    ")):
            lines.append((number, re.sub(r"^\s*(?:[-*]|\d+\.) ", "", text)))
    if lines:
        yield from_lines(name, "docstring", lines)


def _strings(tree: ast.AST, skipped: set[int], name: str) -> Iterator[Passage]:
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            text = node.value
        else:
            continue
        if "\n" not in text.strip() and is_prose(text):
            yield from_lines(name, "string", [(node.lineno, text)])


def _python_comments(text: str) -> Iterator[tuple[int, bool, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], not token.line[: token.start[1]].strip(), token.string


def _comments(comments: Iterator[tuple[int, bool, str]], name: str) -> Iterator[Passage]:
    """Yield comments, which come with their line and whether they stand alone; adjacent lines are one passage."""
    lines: list[tuple[int, str]] = []
    last = 0  # the number of the last line that stands alone
    for number, alone, text in comments:
        if lines and not (alone and last == number - 1):
            yield from_lines(name, "comment", lines)
            lines = []
        last = number if alone else 0
        if not _FOR_PROGRAMS.match(text):
            lines.append((number, text.lstrip("#/* ").rstrip("*/ ")))
    if lines:
        yield from_lines(name, "comment", lines)


def settings_passages(text: str, name: str, printed: bool) -> list[Passage]:
    """Return the comments after ``#`` in a file and, if it is ``printed``, the texts of its YAML."""
    found = ((number, match) for number, line in enumerate(text.splitlines(), start=1) if (match := _HASH.match(line)))
    comments = ((number, not match[1].strip(), match[2]) for number, match in found)
    passages = list(_comments(comments, name))
    if printed:
        passages += _yaml_texts(yaml.compose(text), name)
    return passages


_HASH = re.compile(r"((?:[^#\"']|\"[^\"]*\"|'[^']*'|(?<=\w)')*?)(?<!\S)(#+ .*)$")


def _yaml_texts(node: yaml.Node | None, name: str) -> Iterator[Passage]:
    if isinstance(node, yaml.ScalarNode) and is_prose(node.value):
        yield from_lines(name, "string", [(node.start_mark.line + 1, node.value)])
    elif isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _yaml_texts(inner, name)
    elif isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            yield from _yaml_texts(key, name)
            yield from _yaml_texts(inner, name)


def script_passages(text: str, name: str) -> list[Passage]:
    """Return comments and printed texts of a JavaScript file."""
    comments, passages = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        comment = re.search(r"(?:^|\s)(//.*|/\*.*|^ \* .*)$", line)
        code = line[: comment.start()] if comment else line
        if comment:
            comments.append((number, not code.strip(), comment[1]))
        for match in _JS_TEXT.finditer(code):
            words = re.sub(r"\$\{[^}]*\}", PLACEHOLDER, match[1] or match[2] or "")
            if is_prose(words):
                passages.append(from_lines(name, "string", [(number, words)]))
    return passages + list(_comments(iter(comments), name))


def template_passages(text: str, name: str) -> list[Passage]:
    """Return the texts of an HTML template; an expression of Jinja becomes a placeholder."""
    return _Template(name).read(text)


class _Template(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._passages, self._builder = name, [], Builder()

    _passages: list[Passage]

    def read(self, text: str) -> list[Passage]:
        def blank(match: re.Match[str]) -> str:
            shown = PLACEHOLDER if match[0].startswith("{{") else " / " if " else " in match[0] else ""
            return shown + "\n" * match[0].count("\n")

        self.feed(_JINJA.sub(blank, text))
        self.close()
        self._end()
        return self._passages

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._end()
        for key, value in attrs:
            if key in _ATTRIBUTES and value and " " in value:
                self._passages.append(from_lines(self._name, "string", [(self.getpos()[0], value)]))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end()

    def handle_data(self, data: str) -> None:
        for number, text in enumerate(data.splitlines(keepends=True), start=self.getpos()[0]):
            words = re.sub(r"\s+", " ", text)
            self._builder.add(words.lstrip() if self._builder.text[-1:] in {"", " "} else words, number)

    def _end(self) -> None:
        passage = self._builder.passage(self._name, "string")
        if " " in passage.text.strip():
            self._passages.append(passage)
        self._builder = Builder()
