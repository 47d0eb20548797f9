"""Lists of all pages: for search engines, and for programs that read text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import urljoin
from xml.etree import ElementTree as Xml

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class ListedPage:
    """A page: its name, its part of the book, its title, its first paragraph and the date of its last change."""

    name: str
    part: str
    title: str
    about: str
    changed: datetime | None


def sitemap(pages: Iterable[ListedPage], base: str) -> bytes:
    """Return the site map: every page, with its date if that is known."""
    Xml.register_namespace("", _SITEMAP)
    urls = Xml.Element(f"{{{_SITEMAP}}}urlset")
    for page in pages:
        url = Xml.SubElement(urls, f"{{{_SITEMAP}}}url")
        Xml.SubElement(url, f"{{{_SITEMAP}}}loc").text = urljoin(base, f"{page.name}.html")
        if page.changed:
            Xml.SubElement(url, f"{{{_SITEMAP}}}lastmod").text = page.changed.date().isoformat()
    Xml.indent(urls)
    return Xml.tostring(urls, encoding="utf-8", xml_declaration=True) + b"\n"


def robots(base: str) -> str:
    """Return the rules for crawlers: they may read everything, and where the site map is."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {urljoin(base, 'sitemap.xml')}\n"


def llms(pages: Iterable[ListedPage], title: str, base: str) -> str:
    """Return the pages by part, each with the address of its Markdown and its first paragraph (llmstxt.org)."""
    first, *rest = pages
    lines = [f"# {title}", "", f"> {first.about}", ""]
    lines += ["Every block of code on these pages ran before they were published, and shows what it printed.", ""]
    lines += [f"All of it in one file: {urljoin(base, 'llms-full.txt')}"]
    for part, inside in groupby([first, *rest], key=lambda page: page.part):
        lines += ["", f"## {part}", ""]
        lines += [f"- [{page.title}]({urljoin(base, f'{page.name}.md')}): {page.about}" for page in inside]
    return "\n".join(lines) + "\n"
