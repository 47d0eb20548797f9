"""Remove the links to pages that a hub's guide leaves out, and what only makes sense with them.

- A table row with such a link is left out.
- A sentence that begins with one is left out, because it says what that page is about. So is a heading with nothing
  left below it.
- Any other such link becomes plain text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s#]+)\.(?:md|ipynb)(?:#[^)\s]*)?\)")
# A sentence that begins with a link, after another sentence or at the start of a line; ``mark`` begins a list item.
_SENTENCE = re.compile(
    rf"(?:^ *(?P<mark>(?:[-*]|\d+\.) )?|(?<=[.?] )){_LINK.pattern}"
    r"(?:[^\n]|\n(?!\s*(?:\n|:::|```)))*?[.?](?=\s|\Z)(?P<space> ?)",
    re.MULTILINE,
)
# What precedes the first word of a sentence; a line may also begin in the middle of one.
_BEFORE = re.compile(r"(?:\A|[.?]\s+|\n\s*\n|:::[^\n]*\n)\Z")
_EMPTY = re.compile(r"^(#{2,6}) [^\n]+\n\s*(?:(?=^#{1,6} )|\Z)", re.MULTILINE)


def without_links(text: str, page: str, left_out: set[str]) -> str:
    """Return ``text`` without its links to pages in ``left_out``; ``page`` is its name, without suffix."""
    if not left_out:
        return text

    def is_dead(link: re.Match[str]) -> bool:
        return posixpath.normpath(posixpath.join(posixpath.dirname(page), link[2])) in left_out

    rows = [row for row in text.split("\n") if not (row.startswith("|") and any(map(is_dead, _LINK.finditer(row))))]
    kept = _without_sentences("\n".join(rows), is_dead)
    return _LINK.sub(lambda link: link[1] if is_dead(link) else link[0], kept)


def _without_sentences(text: str, is_dead: Callable[[re.Match[str]], bool]) -> str:
    """Return ``text`` without sentences that begin with a dead link, and without headings that this leaves empty."""

    def rest(found: re.Match[str]) -> str:
        link = _LINK.search(found[0])
        if link is None or not is_dead(link):
            return found[0]
        if not found["mark"] and not _BEFORE.search(found.string[max(found.start() - 200, 0) : found.start()]):
            return found[0]
        return (found["mark"] or "") if found["space"] else ""

    shorter = _SENTENCE.sub(rest, text)
    return text if shorter == text else _EMPTY.sub(_without_empty_heading, shorter)


def _without_empty_heading(found: re.Match[str]) -> str:
    """Return nothing for a heading that ends the text or is followed by one of its level or above, else the heading."""
    following = re.match(r"#+", found.string[found.end() :])
    return found[0] if following and len(following[0]) > len(found[1]) else ""
