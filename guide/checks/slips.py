"""Slips that a built page hides or shows as text: unfinished parts, marks of a merge, links that the site refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from guide.checks.prose import prose_lines, sentences

_SLIPS = (
    (re.compile(r"\b(?:TODO|FIXME|TBD|XXX)\b"), "is a note to the author: finish the text"),
    (re.compile(r"\blorem ipsum\b", re.IGNORECASE), "is filler text: write what the reader needs"),
    (re.compile(r"^(?:<{7} .*|={7}$|>{7} .*)"), "is the mark of a merge: keep one of the two versions"),
    (
        re.compile(r"!\[[^\]]*\]\(\s*<?https?://[^)]*\)"),
        "is on another site, which a page may not load: save it here",
    ),
    (re.compile(r"!\[\s*\]\([^)]*\)"), "has no description: say between [ and ] what the picture shows"),
    (re.compile(r"\]\(\s*<?javascript:[^\s]*\)"), "is a script, which a page may not run: link to a page"),
    (re.compile(r"\]\(\s*<?http://(?!localhost|127\.)[^)]*\)"), "is not encrypted: write https://"),
)
# Words that nearly every English sentence has one of.
_ENGLISH = re.compile(
    r"\b(?:the|an?|and|of|to|is|are|it|its|you|your|that|this|these|with|for|on|not|no|be|by|from|or|as|if|at|has|have"
    r"|can|one|all|each|when|than|then|into|do|does|which|only|after|before|there|they|will|how|what|who|where)\b",
    re.IGNORECASE,
)
# Words of nearly every sentence in other languages of science, which English does not have.
_FOREIGN = re.compile(
    r"\b(?:der|das|und|ist|nicht|eine?|mit|auf|le|la|les|des|est|et|une?|dans|pour|el|los|las|que|una|para|il|di|che"
    r"|het|een|van|voor|não|uma|com)\b",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"^\s*(:{3,})(.*)$")
# Tags of cells that say how they run, and those that hide something from readers.
_HIDING = re.compile(r"^(?:remove|hide)-(?!stderr$)")
_MEASURED = "measured"


def slips(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each slip in the Markdown of a page, with the words and what to do."""
    for number, line in prose_lines(text):
        for pattern, problem in _SLIPS:
            for match in pattern.finditer(line):
                yield number, f"{_shown(match.group())!r} {problem}"
    yield from _unclosed(text)
    yield from _in_another_language(text)


def _shown(found: str) -> str:
    """Return what was found; of a link, its address."""
    return found.removeprefix("](").removesuffix(")") if found.startswith("](") else found


def _unclosed(text: str) -> Iterator[tuple[int, str]]:
    """Yield the directives that no line closes; Markdown closes them at the end of the page without a warning."""
    opened: list[tuple[int, str, str]] = []
    for number, line in prose_lines(text):
        if not (match := _DIRECTIVE.match(line)):
            continue
        colons, name = match[1], match[2].strip()
        if name:
            opened.append((number, colons, name))
        else:
            while opened and len(opened[-1][1]) < len(colons):
                opened.pop()  # a longer line closes what is inside too
            del opened[-1:]
    for number, colons, name in opened:
        yield number, f"{colons}{name} is never closed: add a line with {colons}"


def _in_another_language(text: str) -> Iterator[tuple[int, str]]:
    for sentence in re.split(r"(?<=[.?!])\s+", sentences(text)):
        if len(_FOREIGN.findall(sentence)) > 1 and not _ENGLISH.search(sentence):
            start = " ".join(sentence.split()[:4])
            yield _line_of(text, start), f"{start!r} begins a sentence that is not English"


def _line_of(text: str, start: str) -> int:
    first = start.split()[0]
    return next((number for number, line in prose_lines(text) if first in line), 1)


def line_ends(path: Path) -> str:
    """Return the problem with a file whose lines end as on Windows; an empty text for other files."""
    return "lines end as on Windows (CRLF): save the file with LF" if b"\r\n" in path.read_bytes() else ""


def cell_slips(cells: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield the number of each cell that has the id of another one, or that hides something from readers."""
    seen: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        name = cell.get("id", "")
        if name in seen:
            yield number, f"has the id of cell {seen[name]}, {name!r}: give it another one"
        seen |= {name: number} if name else {}
        tags = cell.get("metadata", {}).get("tags", [])
        for tag in tags:
            if _HIDING.match(tag) and not (tag == "remove-output" and _MEASURED in tags):
                yield number, f"is hidden from readers by the tag {tag}: remove the tag, or the cell"
