"""The index: which terms stand in which sections, cut into parts that a query needs one or two of.

A part is a script, not JSON: a page opened from disk may load scripts beside it, and nothing else. In a list of
postings each entry is a distance to the one before in base 36, and a capital letter for how much the term counts.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from guide.site.search.sections import WEIGHTS, Section
from guide.site.search.words import STOP, pieces, term, words

# Characters of postings in a part: about 4 KB when sent.
_PART = 8_000
# Characters of a list of all terms in a part, for words that stand nowhere.
_LIST = 12_000
# Postings kept of one term, those that count most: a term that stands everywhere tells no pages apart.
_MOST = 150
# Characters of a section that an excerpt is cut from.
_TEXT = 1_200
# Characters kept of an error's last line.
_MESSAGE = 300
# How much a word in the name of a page's file counts, beside those of `sections.WEIGHTS`: a file is named after its
# task, often in other words than the title.
_NAME = 8.0
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Document:
    """A page: its address without ``.html``, its topic and its sections (the first has the title)."""

    url: str
    topic: str
    sections: list[Section]


def write_index(documents: list[Document], out: Path) -> None:
    """Write the index of ``documents`` into the new folder ``out``."""
    titles, in_sections = _postings(documents)
    lines = [
        f"{name} {_coded(titles.get(name, []))} {_coded(_best(found))}" for name, found in sorted(in_sections.items())
    ]
    parts = list(_parts(lines, _PART))
    lists = list(_parts(sorted(in_sections), _LIST))
    pages = [_excerpts(document) for document in documents]
    topics = list(dict.fromkeys(document.topic for document in documents))
    version = hashlib.sha256(json.dumps([lines, pages, _errors(documents)]).encode()).hexdigest()[:10]
    head = {
        "version": version,
        "starts": [part[0].split(" ", 1)[0] for part in parts],
        "lists": [part[0] for part in lists],
        "topics": topics,
        "pages": [
            [document.url, document.sections[0].heading.strip(), topics.index(document.topic), len(document.sections)]
            for document in documents
        ],
    }
    out.mkdir(parents=True)
    _write(out / "index.js", "index", head)
    folder = out / version
    folder.mkdir()
    for number, part in enumerate(parts):
        _write(folder / f"t{number}.js", f"t{number}", "\n".join(part))
    for number, page in enumerate(pages):
        _write(folder / f"p{number}.js", f"p{number}", page)
    _write(folder / "e.js", "e", _errors(documents))
    for number, names in enumerate(lists):
        _write(folder / f"l{number}.js", f"l{number}", " ".join(names))


def _write(path: Path, name: str, content: object) -> None:
    said = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f'guideSearch("{name}",{said})', encoding="utf-8")


def _postings(documents: list[Document]) -> tuple[dict[str, list[tuple[int, int]]], dict[str, list[tuple[int, int]]]]:
    """By term: the pages whose title has it, and the sections that do; numbers with how much it counts, 1 to 26."""
    titles: dict[str, list[tuple[int, int]]] = defaultdict(list)
    in_sections: dict[str, list[tuple[int, int]]] = defaultdict(list)
    weighed = [[_weights(section) for section in document.sections] for document in documents]
    for document, (lead, *_) in zip(documents, weighed, strict=True):
        for name in set(_terms(document.url.rpartition("/")[2])) - set(_terms(document.sections[0].heading)):
            lead[name] = lead.get(name, 0.0) + _NAME
    lengths = [sum(found.values()) for page in weighed for found in page]
    usual = sum(lengths) / max(1, len(lengths))
    number = 0
    for page, (document, found) in enumerate(zip(documents, weighed, strict=True)):
        title = set(_terms(document.sections[0].heading))
        for name in title:
            titles[name].append((page, max(1, round(26 / math.sqrt(max(1, len(title)))))))
        for section in found:
            length = 0.6 + 0.4 * sum(section.values()) / usual
            for name, weight in section.items():
                counts = weight * 2.2 / (weight + 1.2 * length)
                in_sections[name].append((number, max(1, min(26, round(counts * 12)))))
            number += 1
    for name in titles:
        in_sections.setdefault(name, [])
    return titles, in_sections


def _weights(section: Section) -> dict[str, float]:
    """How often each term stands in a section, by the weight of its places."""
    found: dict[str, float] = defaultdict(float)
    for text, weight in [(section.heading, WEIGHTS["h2"]), *section.runs]:
        for word in words(text):
            name = term(word)
            if name not in STOP:
                found[name] += weight
            for piece in pieces(word):
                if len(piece) > 1 and piece.lower() not in STOP:
                    found[term(piece)] += weight / 2
    return found


def _terms(text: str) -> Iterable[str]:
    for word in words(text):
        for part in (word, *pieces(word)):
            if part.lower() not in STOP:
                yield term(part)


def _best(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(found) <= _MOST:
        return found
    return sorted(sorted(found, key=lambda entry: -entry[1])[:_MOST])


def _coded(found: list[tuple[int, int]]) -> str:
    texts, before = [], 0
    for number, counts in found:
        texts.append(_base36(number - before) + chr(64 + counts))
        before = number
    return "".join(texts)


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text


def _parts(lines: list[str], most: int) -> Iterable[list[str]]:
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) > most:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def _errors(documents: list[Document]) -> list[list[int | str]]:
    """Which section shows which error: its number, and the last line."""
    sections = (section for document in documents for section in document.sections)
    return [[number, line[:_MESSAGE]] for number, section in enumerate(sections) for line in section.errors]


def _excerpts(document: Document) -> list[list[str]]:
    return [[section.anchor, section.heading.strip(), section.text[:_TEXT]] for section in document.sections]
