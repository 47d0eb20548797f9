"""The change log as an Atom feed: a line of it is an entry, as old as its last commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as Xml

from markdown_it import MarkdownIt

NAME = "changes.xml"
_ATOM = "http://www.w3.org/2005/Atom"
_SENTENCE = re.compile(r"(?<=[.:;])\s")
_MARKS = re.compile(r"[`*]")


@dataclass(frozen=True)
class Change:
    """An item of the change log: its Markdown, and when it was first and last written."""

    text: str
    published: datetime
    updated: datetime

    @property
    def title(self) -> str:
        """Its first sentence, or clause."""
        return _MARKS.sub("", _SENTENCE.split(self.text, maxsplit=1)[0]).rstrip(".:;")


def changes(log: str, dates: list[datetime | None]) -> list[Change]:
    """The items of the change log, newest first; ``dates`` has one for each line. Those without a date are left out."""
    found = []
    for first, lines in _items(log):
        known = [date for date in dates[first : first + len(lines)] if date is not None]
        if len(known) == len(lines):
            text = " ".join(line.strip() for line in lines).removeprefix("- ")
            found.append(Change(text, min(known), max(known)))
    return sorted(found, key=lambda change: change.updated, reverse=True)


def _items(log: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of each item, and the number of its first, from 0."""
    item: list[str] = []
    for number, line in enumerate([*log.splitlines(), ""]):
        goes_on = bool(item) and line.startswith("  ")
        if item and not goes_on:
            yield number - len(item), item
            item = []
        if goes_on or line.startswith("- "):
            item.append(line)


def atom(found: list[Change], title: str, author: str, base: str, log: str) -> bytes:
    """The feed of ``found`` changes, of a site at ``base`` whose change log is at ``log``."""
    Xml.register_namespace("", _ATOM)
    feed = Xml.Element(f"{{{_ATOM}}}feed")
    here = urljoin(base, NAME)
    _add(feed, "id", here)
    _add(feed, "title", f"{title}: changes")
    _add(feed, "updated", _date(found[0].updated))
    _add(feed, "link", rel="self", href=here, type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=base, type="text/html")
    _add(_add(feed, "author"), "name", author)
    for change in found:
        entry = _add(feed, "entry")
        # By how it begins: it stays the same entry while more is added to it.
        digest = hashlib.sha256(change.text[:40].encode()).hexdigest()[:16]
        _add(entry, "id", f"tag:{urlsplit(base).hostname},2026:changes/{digest}")
        _add(entry, "title", change.title)
        _add(entry, "published", _date(change.published))
        _add(entry, "updated", _date(change.updated))
        _add(entry, "link", rel="alternate", href=log, type="text/html")
        _add(entry, "content", MarkdownIt().render(change.text), type="html")
    Xml.indent(feed)
    return Xml.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n"


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    child.text = text
    return child


def _date(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")
