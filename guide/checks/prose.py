"""Rules for the text of pages and notebooks, checked without running them."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Words from which a reader, or a snippet, could tell that it does not run on the hub.
_STAND_IN = re.compile(
    r"fakehub|emulator|localhost|127\.0\.0\.1|\[::1\]|stand-?in\b|pytest|GCE_METADATA|STORAGE_EMULATOR|trustme|tests/",
    re.IGNORECASE,
)
# The page that explains how the guide is tested, and the one on which readers start the stand-in themselves.
SPEAK_OF_IT = ("book/reference/what-was-tested.md", "book/hub/try-without-account.md")


def stand_in_words(text: str) -> list[tuple[int, str]]:
    """Return lines of ``text`` (numbered from 1) that name the stand-in, an endpoint of it or a test, and the word."""
    lines = enumerate(text.splitlines(), start=1)
    return [(number, match.group()) for number, line in lines for match in _STAND_IN.finditer(line)]


_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})(.*)$")


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines of ``text`` outside code and front matter, numbered from 1; directives contain prose too."""
    code: str | None = None  # the fence that opened the current code block
    directives: list[str] = []  # the fences of the directives around the current line
    front = text.startswith("---\n")
    for number, line in enumerate(text.splitlines(), start=1):
        if front:
            front = number == 1 or line != "---"
            continue
        fence = _FENCE.match(line)
        if code:
            code = None if fence and fence[2].startswith(code) and not fence[3].strip() else code
        elif fence and re.match(r"\{(?!code-cell)", fence[3].strip()):
            directives.append(fence[2])
        elif fence and directives and not fence[3].strip() and fence[2].startswith(directives[-1]):
            directives.pop()
        elif fence:
            code = fence[2]
        else:
            yield number, line


# Words that talk down to a reader who finds the task hard, and decoration.
_UNWANTED = re.compile(
    r"\b(?:simply|just|easily|obviously|of course|please note|trivial(?:ly)?)\b|[\u2600-\u27bf\U0001f300-\U0001faff]",
    re.IGNORECASE,
)
# A longer page covers more than one task.
MOST_WORDS = 800


def unwanted_words(text: str) -> list[tuple[int, str]]:
    """Return lines of the prose of ``text`` (numbered from 1) with a word that the style rules out, and the word."""
    return [(number, match.group()) for number, line in prose_lines(text) for match in _UNWANTED.finditer(line)]


def sentences(text: str) -> str:
    """Return the running text of a page: paragraphs and lists, without headings, tables, directives and markup."""
    lines = []
    for _, line in prose_lines(text):
        bare = line.strip()
        if not bare:
            lines.append("")
        if not bare or re.match(r"#|\||:{3}|`{3}|:\w[\w-]*:", bare):
            continue
        item = re.match(r"(?:[-*]|\d+\.) +(.*)", bare)
        lines.append(f"\n{item[1]}" if item else bare)
    paragraphs = re.split(r"\n\s*\n|\n(?=\n)", "\n".join(lines))
    plain = [_plain(" ".join(paragraph.split())) for paragraph in paragraphs if paragraph.strip()]
    return "\n".join(text if text.endswith((".", "?", "!")) else text.rstrip(":,;") + "." for text in plain if text)


def _plain(text: str) -> str:
    """Return text as it is read aloud: roles and code as one word, links as their text."""
    text = re.sub(r"\{[\w-]+\}`([^`<]*?)\s*(?:<[^>]*>)?`", lambda role: "it" if "." in role[1] else role[1], text)
    text = re.sub(r"`[^`]*`", "it", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[*_]{1,2}(\S[^*_]*)[*_]{1,2}", r"\1", text)
