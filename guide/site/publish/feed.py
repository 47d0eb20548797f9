"""The change log as an Atom feed: each item is an entry, with the date of its last commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as Xml

from markdown_it import MarkdownIt

LOG, NAME = "CHANGELOG.md", "changes.xml"
_ATOM = "http://www.w3.org/2005/Atom"
_SENTENCE = re.compile(r"(?<=[.:;])\s")
_MARKS = re.compile(r"[`*]")


@dataclass(frozen=True)
class Change:
    """An item of the change log: its Markdown, and the dates of its first and its last commit."""

    text: str
    published: datetime
    updated: datetime

    @property
    def title(self) -> str:
        """The first sentence or clause."""
        return _MARKS.sub("", _SENTENCE.split(self.text, maxsplit=1)[0]).rstrip(".:;")


def changes(log: str, dates: list[datetime | None]) -> list[Change]:
    """Return the items of the change log that have a date, newest first; ``dates`` has one for each line."""
    dated = []
    for first, lines in _items(log):
        known = [date for date in dates[first : first + len(lines)] if date is not None]
        if len(known) == len(lines):
            text = " ".join(line.strip() for line in lines).removeprefix("- ")
            dated.append(Change(text, min(known), max(known)))
    return sorted(dated, key=lambda change: change.updated, reverse=True)


def _items(log: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of each item, and the number of its first line, counted from 0."""
    item: list[str] = []
    for number, line in enumerate([*log.splitlines(), ""]):
        goes_on = bool(item) and line.startswith("  ")
        if item and not goes_on:
            yield number - len(item), item
            item = []
        if goes_on or line.startswith("- "):
            item.append(line)


def atom(items: list[Change], title: str, author: str, base: str, log: str) -> bytes:
    """Return the feed of the ``items``, for a site at ``base`` whose change log is at ``log``."""
    Xml.register_namespace("", _ATOM)
    feed = Xml.Element(f"{{{_ATOM}}}feed")
    here = urljoin(base, NAME)
    _add(feed, "id", here)
    _add(feed, "title", f"{title}: changes")
    _add(feed, "updated", _date(items[0].updated))
    _add(feed, "link", rel="self", href=here, type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=base, type="text/html")
    _add(_add(feed, "author"), "name", author)
    for change in items:
        entry = _add(feed, "entry")
        # The id depends on the first words only, so that an item stays the same entry when text is added to it.
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
