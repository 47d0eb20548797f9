"""Find numbers and error messages in prose that no block shows.

A number has to be in the code or an output of its page, and a bold error message in those of any page. All others are
listed in ``stated.yml`` too, so that somebody who mistypes or changes one on the page hears of it. This does not notice
a wrong number that a block of the page happens to show, or that is written as a word.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from guide.checks.prose import prose_lines
from guide.pages.blocks import BlockError, Page
from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.paths import ROOT

_FILE = Path(__file__).with_name("stated.yml")
_NAME = "guide/checks/stated.yml"
# A number or a version; no part of a word or a date, and no status of HTTP.
_NUMBER = re.compile(r"(?<![\w.,/#-])(?!(?:302|4\d\d|50\d)\b)\d+(?:[.,]\d+)*(?!\w|-\d)")
# The number of an item in a list, and the minutes that a page takes.
_OTHERS = re.compile(r"^\s*\d+\. |\(\d+ min\)|\*\*Time:\*\* \d+")
_NUMBER_SHOWN = re.compile(r"\d[\d_]*(?:[.,]\d+)*")
# Code, roles, addresses, and the targets of links.
_NOT_READ = re.compile(r"\{[\w-]+\}`[^`]*`|\]\([^)]*\)|https?://\S+|`[^`]*`")
_BOLD = re.compile(r"\*\*(?P<words>[^*]+(?:\*(?!\*)[^*]+)*)\*\*")
# What makes bold words an error: the name of an exception, or a status of HTTP.
_ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning)\b|\b[45]\d\d\b")
_ELIDED = re.compile(r"\.\.\.|…")


def unshown(page: Page, texts: list[tuple[str, str]]) -> Iterator[str]:
    """Yield one line for each number and error in ``texts`` (place and text) that neither a block nor the list has."""
    listed = set(_listed().get(str(page.path), ()))
    used: set[str] = set()
    shown = _shown(page)
    numbers = {_plain_number(found) for found in _NUMBER_SHOWN.findall(shown)}
    for place, text in texts:
        for line, what, words in _statements(text):
            if words in listed:
                used.add(words)
            elif what == "number" and _plain_number(words) not in numbers:
                yield f"{place}:{line}: no block shows the number {words}: correct it, or add it to {_NAME}"
            elif what == "error" and not (_says(shown, words) or _says(_shown_anywhere(), words)):
                yield f"{place}:{line}: no block shows the error {words!r}: copy it again, or add it to {_NAME}"
    for words in sorted(listed - used):
        yield f"{page.path}: {_NAME} lists {words!r}, which the page does not state: remove it there"


@functools.cache
def _listed() -> dict[str, list[str]]:
    content: dict[str, list[str]] = yaml.load(_FILE.read_text(encoding="utf-8"), yaml.BaseLoader)
    return content


def _statements(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, kind (``number`` or ``error``) and words of each statement in the prose of ``text``."""
    lines = [(number, line) for number, line in prose_lines(text) if not line.lstrip().startswith(("#", ":"))]
    if not lines:
        return
    joined = "\n".join(line for _, line in lines)
    errors = [found for found in _BOLD.finditer(joined) if _ERROR.search(found["words"])]
    for found in errors:
        yield lines[joined.count("\n", 0, found.start())][0], "error", _one_line(found["words"])
    for found in reversed(errors):
        joined = joined[: found.start()] + re.sub(r"\S", " ", found[0]) + joined[found.end() :]
    for (number, _), line in zip(lines, joined.split("\n"), strict=True):
        for match in _NUMBER.finditer(_NOT_READ.sub(" ", _OTHERS.sub(" ", line))):
            yield number, "number", match[0]


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _plain_number(text: str) -> str:
    """Return a number without the separators of thousands."""
    return re.sub(r"[_,](?=\d{3})", "", text)


def _says(shown: str, error: str) -> bool:
    parts = [_comparable(part) for part in _ELIDED.split(error)]
    return all(part in shown for part in parts)


def _comparable(text: str) -> str:
    return re.sub(r"[\s`\\*]+", " ", text).strip(" .").lower()


def _shown(page: Page) -> str:
    """Return the code of a page, the errors that it requires, and its recorded outputs."""
    texts = [part for block in page.blocks for part in (block.source, block.raises, block.fails) if part]
    return _comparable("\n".join([*texts, *_printed(page)]))


def _printed(page: Page) -> Iterator[str]:
    """Yield the recorded outputs of a page: those of its cells, or of the file beside it."""
    for cell in page.notebook.cells if page.notebook else ():
        for output in cell.get("outputs", ()):
            yield output.get("text", "")
            yield f"{output.get('ename', '')}: {output.get('evalue', '')}"
            yield str(output.get("data", {}).get("text/plain", ""))
    file = (ROOT / page.path).parent / "_outputs" / f"{page.path.stem}.yml"
    if file.is_file():
        for items in yaml.safe_load(file.read_text(encoding="utf-8")).values():
            yield from (text for item in items for kind, text in item.items() if kind != "picture")


@functools.cache
def _shown_anywhere() -> str:
    """Return what ``_shown`` returns for each page of the book that can be read."""
    texts = []
    for path in pages_of_book():
        try:
            texts.append(_shown(read_page(path, ROOT)))
        except BlockError:
            continue
    return " ".join(texts)
