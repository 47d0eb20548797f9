"""The whole guide as one PDF: its pages in order, in one document that a browser prints."""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pikepdf
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright

from guide.browser.launch import launch
from guide.browser.static_server import serve
from guide.facts import load
from guide.pages.toc import Toc, book_toc
from guide.site.optimize.policy import policy
from guide.site.publish.git_history import facts_date, last_commit
from guide.site.settings import settings

_ELEMENT = re.compile(rb"\(node(\d{8})\)")
# What is of no use on paper.
_SCREEN_ONLY = "a.headerlink, button, .d-print-none, .toctree-wrapper, script, dialog, details.names-settings"
_FOOT = (
    '<div style="font: 8px sans-serif; width: 100%; text-align: center; color: #555">'
    '{title} · <span class="pageNumber"></span></div>'
)
_DOCUMENT = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>{sheets}</head>
<body class="guide-book"><main>
<section class="guide-cover"><h1>{title}</h1><p>{about}</p><p><a href="{base}">{base}</a></p></section>
<nav aria-label="Contents"><p class="guide-contents">Contents</p>{contents}</nav>
{pages}
</main></body></html>"""


@dataclass(frozen=True)
class Chapter:
    """A page of the guide: its name, and the part of the book that it is in."""

    name: str
    part: str


@dataclass(frozen=True)
class Cover:
    """What stands on the first page: the title, who wrote it, how old it is, and where the site is."""

    title: str
    author: str
    date: datetime
    about: str
    base: str


def print_book(browser: Browser, site: Path, chapters: list[Chapter], cover: Cover) -> bytes:
    """The ``chapters`` of the built ``site`` as one PDF, dated as the cover says and not by the clock."""
    text = _document(site, chapters, cover)
    with serve(site) as address:
        page = browser.new_page(reduced_motion="reduce")
        page.route("**/print.html", lambda route: route.fulfill(body=text, content_type="text/html"))
        page.goto(f"{address}/print.html")
        page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
        foot = _FOOT.format(title=html.escape(cover.title))
        printed = page.pdf(
            format="A4",
            tagged=True,
            outline=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=foot,
            margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
        )
        page.close()
    return _dated(printed, cover)


def _dated(printed: bytes, cover: Cover) -> bytes:
    """The PDF packed, with the cover's data; a browser writes the time of printing, and its own name."""
    with pikepdf.open(io.BytesIO(_renumbered(printed))) as pdf:
        day = cover.date.strftime("D:%Y%m%d%H%M%S+00'00'")
        del pdf.docinfo
        pdf.docinfo = pdf.make_indirect(pikepdf.Dictionary(Title=cover.title, Author=cover.author))
        pdf.docinfo.CreationDate = pdf.docinfo.ModDate = pikepdf.String(day)
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def _renumbered(printed: bytes) -> bytes:
    """The PDF with its elements numbered from 1; a browser goes on counting from what it drew before."""
    numbers = sorted(set(_ELEMENT.findall(printed)))
    new = {old: b"(node%08d)" % number for number, old in enumerate(numbers, start=1)}
    return _ELEMENT.sub(lambda found: new[found[1]], printed)


def _document(site: Path, chapters: list[Chapter], cover: Cover) -> str:
    known = {f"/{chapter.name}.html": _slug(chapter.name) for chapter in chapters}
    sheets: dict[str, None] = {}
    contents, pages, part = [], [], ""
    for chapter in chapters:
        soup = BeautifulSoup((site / f"{chapter.name}.html").read_text(encoding="utf-8"), "html.parser")
        where = f"/{chapter.name}.html"
        sheets |= dict.fromkeys(urljoin(where, link["href"]) for link in soup.select('link[rel~="stylesheet"]'))
        article = _for_paper(soup.select_one("article"), where, known, cover.base)
        title = html.escape(article.find(re.compile("h[1-6]")).get_text(" ", strip=True))
        if chapter.part != part:
            part = chapter.part
            contents.append(f"<p>{html.escape(part)}</p>")
            pages.append(f'<h1 class="guide-part">{html.escape(part)}</h1>')
        contents.append(f'<a href="#{_slug(chapter.name)}">{title}</a>')
        pages.append(str(article))
    links = "".join(f'<link rel="stylesheet" href="{html.escape(sheet)}">' for sheet in sheets)
    return _DOCUMENT.format(
        policy=policy([]),
        title=html.escape(cover.title),
        about=html.escape(cover.about),
        base=html.escape(cover.base),
        sheets=links,
        contents="\n".join(contents),
        pages="\n".join(pages),
    )


def _for_paper(article: Tag, where: str, known: dict[str, str], base: str) -> Tag:
    """A page's text with headings a level deeper, and anchors and links that hold in a document of all pages."""
    own = known[where]
    for tag in article.select(_SCREEN_ONLY):
        tag.decompose()
    for name in ("id", "for", "aria-labelledby", "aria-describedby"):
        for tag in article.find_all(attrs={name: True}):
            tag[name] = f"{own}--{tag[name]}"
    article["id"] = own
    for tag in article.find_all("a", href=True):
        tag["href"] = _target(urljoin(where, tag["href"]), known, base)
    for name in ("src", "srcset"):
        for tag in article.find_all(attrs={name: True}):
            tag[name] = urljoin(where, tag[name])
            del tag["loading"]
    for tag in article.find_all(attrs={"marker-end": True}):
        tag["marker-end"] = tag["marker-end"].replace("url(#", f"url(#{own}--")
    for tag in article.find_all(re.compile("^h[1-5]$")):
        tag["class"] = [*tag.get("class", []), f"guide-{tag.name}"]
        tag.name = f"h{int(tag.name[1]) + 1}"
    return article


def _target(link: str, known: dict[str, str], base: str) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link
    if parts.path not in known:
        return urljoin(base, link.removeprefix("/"))
    return f"#{known[parts.path]}--{parts.fragment}" if parts.fragment else f"#{known[parts.path]}"


def _slug(name: str) -> str:
    return name.replace("/", "-")


def write_pdf(site: Path, root: Path, out: Path) -> None:
    """Print the built ``site`` of the project at ``root`` into ``out``; raises ``NoBrowser``."""
    config, chapters = settings(load()), _chapters(book_toc())
    facts = facts_date(load())
    commit = last_commit(root)
    # Outside git, as old as the facts: the clock would make another file of the same pages.
    date = commit[1] if commit else datetime.fromisoformat(facts).replace(tzinfo=UTC)
    about = f"As of {date.date()}{f', commit {commit[0]}' if commit else ''}. Facts about the hub as of {facts}."
    cover = Cover(config["title"], config["author"], date, about, config["html"]["baseurl"])
    with sync_playwright() as playwright:
        browser = launch(playwright)
        out.write_bytes(print_book(browser, site, chapters, cover))
        browser.close()


def _chapters(toc: Toc) -> list[Chapter]:
    captions = toc.captions
    return [Chapter(name, captions.get(name, "")) for name in toc.pages]
