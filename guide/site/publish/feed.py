"""New and changed pages as an Atom feed: an entry for each page, with the dates of its first and its last commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urljoin
from xml.etree import ElementTree as Xml

from guide.site.publish.page_lists import ListedPage

NAME = "changes.xml"
_ATOM = "http://www.w3.org/2005/Atom"
# The newest changes; a reader of feeds keeps the older ones.
_ENTRIES = 30


def atom(pages: Iterable[ListedPage], added: Mapping[str, datetime], title: str, author: str, base: str) -> bytes:
    """Return the feed of the ``pages`` with a known date, newest first, for a site at ``base``.

    ``added`` has the dates of the pages' first commits, by name. Empty if no date is known.
    """
    dated = [(page.changed, page) for page in pages if page.changed]
    newest = sorted(dated, key=lambda pair: (pair[0], pair[1].name), reverse=True)[:_ENTRIES]
    if not newest:
        return b""
    Xml.register_namespace("", _ATOM)
    feed = Xml.Element(f"{{{_ATOM}}}feed")
    here = urljoin(base, NAME)
    _add(feed, "id", here)
    _add(feed, "title", f"{title}: new and changed pages")
    _add(feed, "updated", _date(newest[0][0]))
    _add(feed, "link", rel="self", href=here, type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=base, type="text/html")
    _add(_add(feed, "author"), "name", author)
    for changed, page in newest:
        entry, address = _add(feed, "entry"), urljoin(base, f"{page.name}.html")
        first = added.get(page.name, changed)
        _add(entry, "id", address)
        _add(entry, "title", f"New page: {page.title}" if first == changed else page.title)
        _add(entry, "published", _date(first))
        _add(entry, "updated", _date(changed))
        _add(entry, "link", rel="alternate", href=address, type="text/html")
        _add(entry, "summary", page.about)
    Xml.indent(feed)
    return Xml.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n"


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    child.text = text
    return child


def _date(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")
