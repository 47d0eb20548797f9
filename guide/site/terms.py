"""Find the words of a text to link to the glossary: the first use of each term, but one in a paragraph.

Where a word has other meanings too, the glossary lists phrases in which it is the term: ``_`` stands for the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

# Links on a page, at most one in a paragraph; with more, a page is hard to read.
MOST_ON_PAGE = 8
# A word with a capital letter is a term only if it begins a sentence; otherwise it is part of a name.
_BEGINS = re.compile(r"(?:^|[.?!:])\s*$")
_APOSTROPHE = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]")


@dataclass(frozen=True)
class Term:
    """A term, the address of its entry below the root of the site, and phrases; without any, each use is linked."""

    name: str
    address: str
    phrases: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> str:
        """A regular expression for the term and its plural."""
        text = _pattern(self.name)
        if self.name[0].islower():
            text = f"[{self.name[0]}{self.name[0].upper()}]{text[1:]}"
        return f"{text[:-1]}(?:y|ies)" if self.name.endswith("y") else f"{text}(?:e?s)?"

    @cached_property
    def contexts(self) -> list[re.Pattern[str]]:
        """Regular expressions for the phrases, with the term as their group."""
        return [
            re.compile(rf"\b{_pattern(before)}({self.pattern}){_pattern(after)}\b")
            for before, _, after in (phrase.partition("_") for phrase in self.phrases)
        ]

    def is_meant(self, text: str, start: int) -> bool:
        """Return whether the word at ``start`` of ``text`` is used as this term."""
        if self.name[0].islower() and text[start].isupper() and not _BEGINS.search(text[:start]):
            return False
        return not self.phrases or any(use.start(1) == start for one in self.contexts for use in one.finditer(text))


def _pattern(text: str) -> str:
    """Return a regular expression for ``text``, with any space between words and both kinds of apostrophes."""
    return _APOSTROPHE.sub(_APOSTROPHE.pattern, re.escape(text)).replace(r"\ ", r"\s+")


@dataclass(frozen=True)
class Use:
    """A use of a term: its place in a text."""

    start: int
    end: int
    term: Term


class Terms:
    """The terms of a glossary."""

    def __init__(self, terms: Iterable[Term]) -> None:
        # At one place, the longest term: a virtual store is not only a store.
        self._terms = sorted(terms, key=lambda term: (-len(term.name), term.name))
        patterns = "|".join(f"({term.pattern})" for term in self._terms)
        self._pattern = re.compile(rf"(?<![\w/.-])(?:{patterns})(?![\w/-]|\.\w)")

    def __bool__(self) -> bool:
        return bool(self._terms)

    def uses(self, text: str) -> Iterator[Use]:
        """Yield the uses of all terms in ``text``, in order."""
        for match in self._pattern.finditer(text):
            term = self._terms[(match.lastindex or 1) - 1]
            if term.is_meant(text, match.start()):
                yield Use(match.start(), match.end(), term)


@dataclass
class PageLinks:
    """Chooses the uses to link on one page."""

    terms: Terms
    _linked: set[Term] = field(default_factory=set)

    def choose(self, text: str, after_link: bool = False, before_link: bool = False) -> Use | None:
        """Return the use in ``text`` to link, if there is one: not beside a link, as two in a row look like one."""
        for use in self.terms.uses(text):
            if use.term in self._linked or len(self._linked) == MOST_ON_PAGE:
                continue
            if (after_link and not text[: use.start].strip()) or (before_link and not text[use.end :].strip()):
                continue
            self._linked.add(use.term)
            return use
        return None


def terms_of(entries: Mapping[str, str], uses: Mapping[str, object]) -> list[Term]:
    """Return the terms of a glossary: ``entries`` are addresses by name, and ``uses`` the settings in its front matter.

    Raises ``ValueError`` if the settings of a term are not phrases.
    """
    terms = []
    for name, address in entries.items():
        phrases = uses.get(name, ())
        if not isinstance(phrases, list | tuple) or not all(str(phrase).count("_") == 1 for phrase in phrases):
            raise ValueError(f"the linked uses of {name!r} must be a list of phrases, each with one _ for the term")
        if name not in uses or phrases:
            terms.append(Term(name, address, tuple(map(str, phrases))))
    return terms
