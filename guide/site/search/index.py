"""Write the index: which terms are in which sections, in parts of which a query needs one or two.

A part is a script, not JSON, because a page opened from disk may load only scripts beside it. In a list of postings,
each entry is the distance to the previous one in base 36, then a capital letter for the weight of the term. All terms
with synonyms are also together in one part, because a query for one of them needs the others. The parts of a guide of
about 100 pages are all requested when the search opens; a larger guide's when a query needs them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from guide.site.search.sections import WEIGHTS, Section
from guide.site.search.words import ENDINGS, STOP, STOP_WORDS, pieces, term, words

# Characters of postings in a part: about 4 KB when compressed.
_PART = 8_000
# Characters in a part of the list of all terms, in which similar terms are looked up for an unknown word.
_LIST = 12_000
# Postings kept for one term, those with the largest weights: a term in every section distinguishes none.
_MOST = 150
# Characters of a section's text, from which excerpts are made.
_TEXT = 1_200
# Characters of an error's last line.
_MESSAGE = 300
# The weight of a word in the name of a page's file, besides `sections.WEIGHTS`: a file is named after its task, often
# in other words than the title.
_NAME = 8.0
# Sections that no reader looks for: their words count less.
_ENDS = {"Clean up", "Next", "What next"}
_ABOUT_THE_GUIDE = {"book/reference/what-was-tested"}
_SELDOM_WANTED = 0.4
# The weight of a question of one word; that of a title is 26.
_QUESTION = 24
_SYNONYMS = Path(__file__).with_name("synonyms.yml")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

# The number of a page or a section, and the weight of a term there, from 1 to 26.
Posting: TypeAlias = tuple[int, int]
Postings: TypeAlias = dict[str, list[Posting]]


@dataclass(frozen=True)
class Document:
    """A page: its address without ``.html``, its topic, its sections, and questions that it answers.

    The first section has the title. The page comes nearest to what is ``absent`` from the guide.
    """

    url: str
    topic: str
    sections: list[Section]
    asked: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def write_index(documents: list[Document], out: Path) -> None:
    """Write the index of ``documents`` into the new folder ``out``."""
    titles, in_sections = _postings(documents)
    lines = [
        f"{name} {_encoded(titles.get(name, []))} {_encoded(_heaviest(postings))}"
        for name, postings in sorted(in_sections.items())
    ]
    parts = list(_parts(lines, _PART))
    lists = list(_parts(sorted(in_sections), _LIST))
    pages = [_excerpts(document) for document in documents]
    topics = list(dict.fromkeys(document.topic for document in documents))
    same = same_terms()
    version = hashlib.sha256(json.dumps([lines, same, pages, _errors(documents)]).encode()).hexdigest()[:10]
    head = {
        "version": version,
        "starts": [part[0].split(" ", 1)[0] for part in parts],
        "lists": [part[0] for part in lists],
        "topics": topics,
        "same": same,
        "stop": STOP_WORDS,
        "endings": ENDINGS,
        "absent": [[word, page] for page, document in enumerate(documents) for word in document.absent],
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
    _write(folder / "s.js", "s", "\n".join(line for line in lines if line.split(" ", 1)[0] in same))
    for number, page in enumerate(pages):
        _write(folder / f"p{number}.js", f"p{number}", page)
    _write(folder / "e.js", "e", _errors(documents))
    for number, names in enumerate(lists):
        _write(folder / f"l{number}.js", f"l{number}", " ".join(names))


def _write(path: Path, name: str, content: object) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f'guideSearch("{name}",{text})', encoding="utf-8")


def _postings(documents: list[Document]) -> tuple[Postings, Postings]:
    """Return, by term, the pages with it in their titles, and the sections with it."""
    titles: Postings = defaultdict(list)
    in_sections: Postings = defaultdict(list)
    weighed = [[_weights(section) for section in document.sections] for document in documents]
    for document, (lead, *_) in zip(documents, weighed, strict=True):
        for name in set(_terms(document.url.rpartition("/")[2])) - set(_terms(document.sections[0].heading)):
            lead[name] = lead.get(name, 0.0) + _NAME
    lengths = [sum(section.values()) for page in weighed for section in page]
    usual = sum(lengths) / max(1, len(lengths))
    number = 0
    for page, (document, weights) in enumerate(zip(documents, weighed, strict=True)):
        for name, in_title in _title_weights(document).items():
            titles[name].append((page, in_title))
        for section, text in zip(weights, document.sections, strict=True):
            factor = _SELDOM_WANTED if document.url in _ABOUT_THE_GUIDE or text.heading.strip() in _ENDS else 1.0
            length = 0.6 + 0.4 * sum(section.values()) / usual
            for name, weight in section.items():
                score = weight * 2.2 / (weight + 1.2 * length) * factor
                in_sections[name].append((number, max(1, min(26, round(score * 12)))))
            number += 1
    for name in titles:
        in_sections.setdefault(name, [])
    return titles, in_sections


def _title_weights(document: Document) -> dict[str, int]:
    """Return the weight of each term in the page's title and in the questions that it answers."""
    weights: dict[str, int] = {}
    for text, most in [(document.sections[0].heading, 26), *((question, _QUESTION) for question in document.asked)]:
        names = set(_terms(text))
        for name in names:
            weights[name] = max(weights.get(name, 1), round(most / math.sqrt(len(names))))
    return weights


def same_terms() -> dict[str, list[str]]:
    """Return, for each term with synonyms, the other terms of its groups."""
    same: dict[str, set[str]] = defaultdict(set)
    for group in yaml.safe_load(_SYNONYMS.read_text(encoding="utf-8")):
        names = {term(word) for word in group}
        for name in names:
            same[name] |= names - {name}
    return {name: sorted(others) for name, others in sorted(same.items())}


def _weights(section: Section) -> dict[str, float]:
    """Return the sum of weights of each term in a section."""
    weights: dict[str, float] = defaultdict(float)
    for text, weight in [(section.heading, WEIGHTS["h2"]), *section.runs]:
        for word in words(text):
            name = term(word)
            if name not in STOP:
                weights[name] += weight
            for piece in pieces(word):
                if len(piece) > 1 and piece.lower() not in STOP:
                    weights[term(piece)] += weight / 2
    return weights


def _terms(text: str) -> Iterable[str]:
    for word in words(text):
        for part in (word, *pieces(word)):
            if part.lower() not in STOP:
                yield term(part)


def _heaviest(postings: list[Posting]) -> list[Posting]:
    if len(postings) <= _MOST:
        return postings
    return sorted(sorted(postings, key=lambda entry: -entry[1])[:_MOST])


def _encoded(postings: list[Posting]) -> str:
    texts, before = [], 0
    for number, weight in postings:
        texts.append(_base36(number - before) + chr(64 + weight))
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
    """Return the number of each section that shows a message, with the message, and 1 if it is only in bold."""
    sections = [section for document in documents for section in document.sections]
    raised: list[list[int | str]] = [
        [number, line[:_MESSAGE]] for number, section in enumerate(sections) for line in section.errors
    ]
    bold: list[list[int | str]] = [
        [number, line[:_MESSAGE], 1] for number, section in enumerate(sections) for line in section.bold
    ]
    return [*raised, *bold]


def _excerpts(document: Document) -> list[list[str]]:
    return [[section.anchor, section.heading.strip(), section.text[:_TEXT]] for section in document.sections]
