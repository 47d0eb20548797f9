"""Rules that need no other program: banned phrases and long sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from guide.language.passages import Kind, Passage, without_code

_PHRASES = Path(__file__).with_name("phrases.yml")
# A sentence of more words has to be read twice. Code counts as one word.
MOST_WORDS = 30
# Of a match that is longer, as of a whole clause, the report shows the beginning.
_SHOWN_WORDS = 5
_RUNNING_TEXT: set[Kind] = {"text", "docstring"}


@dataclass(frozen=True)
class Finding:
    """A sentence that breaks a rule, with its place, what is wrong and what to do about it."""

    file: str
    place: str
    sentence: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}\n    {self.problem}: {self.fix}"


def finding(passage: Passage, offset: int, problem: str, fix: str) -> Finding:
    """Return a finding about the sentence at ``offset`` of a passage."""
    file, _, _ = passage.name.partition(", cell ")
    return Finding(file, f"{passage.name}:{passage.line(offset)}", passage.sentence(offset), problem, fix)


@dataclass(frozen=True)
class Phrase:
    """An entry of ``phrases.yml``: a pattern with its fix, and a text that matches it and one that does not."""

    pattern: str
    fix: str
    wrong: str
    right: str
    kinds: list[Kind] = field(default_factory=list)

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """Yield each place where the pattern matches ``text``, outside code."""
        return re.compile(self.pattern, re.IGNORECASE).finditer(without_code(text))


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return the entries of ``phrases.yml``."""
    return tuple(Phrase(**entry) for entry in yaml.safe_load(_PHRASES.read_text(encoding="utf-8")))


def broken_rules(passage: Passage) -> Iterator[Finding]:
    """Yield each banned phrase and each long sentence of a passage."""
    for phrase in phrases():
        if not phrase.kinds or passage.kind in phrase.kinds:
            for match in phrase.find(passage.text):
                words = passage.text[match.start() : match.end()].split()
                shown = " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
                yield finding(passage, match.start(), repr(shown), phrase.fix)
    if passage.kind in _RUNNING_TEXT:
        for start, sentence in passage.sentences():
            count = word_count(sentence)
            if count > MOST_WORDS:
                yield finding(passage, start, f"{count} words, at most {MOST_WORDS}", "divide the sentence")


def word_count(sentence: str) -> int:
    """Return the number of words of a sentence; code is one word."""
    return len(re.findall(r"\S*\w\S*", re.sub(r"`[^`]*`", "code", sentence)))
