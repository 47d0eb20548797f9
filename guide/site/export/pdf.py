"""The whole guide as one PDF: a browser prints one document with all pages in order."""

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
from guide.paths import HUB_YML
from guide.site.html import classes_of, set_classes, text_of, with_attribute
from guide.site.optimize.policy import policy
from guide.site.publish.git_history import facts_date, last_commit
from guide.site.settings import settings
from guide.upstream.record import read_record

_ELEMENT = re.compile(rb"\(node(\d{8})\)")
# Elements that have no use on paper.
_SCREEN_ONLY = (
    "a.headerlink, button, .d-print-none, .only-dark, .toctree-wrapper, script, dialog, details.names-settings"
)
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
    """A page of the guide: its name, and its part of the book, empty for none."""

    name: str
    part: str


@dataclass(frozen=True)
class Cover:
    """The data of the first page: title, author, date, a line about the version, and the address of the site."""

    title: str
    author: str
    date: datetime
    about: str
    base: str


def print_book(browser: Browser, site: Path, chapters: list[Chapter], cover: Cover) -> bytes:
    """Return the ``chapters`` of the built ``site`` as one PDF, with the cover's date, not the date of printing."""
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
    """Return the PDF compressed, with the cover's data instead of the browser's: the time of printing, and its name."""
    with pikepdf.open(io.BytesIO(_renumbered(printed))) as pdf:
        day = cover.date.strftime("D:%Y%m%d%H%M%S+00'00'")
        del pdf.docinfo
        pdf.docinfo = pdf.make_indirect(pikepdf.Dictionary(Title=cover.title, Author=cover.author))
        pdf.docinfo.CreationDate = pdf.docinfo.ModDate = pikepdf.String(day)
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def _renumbered(printed: bytes) -> bytes:
    """Return the PDF with its elements numbered from 1; a browser continues from those that it drew before."""
    numbers = sorted(set(_ELEMENT.findall(printed)))
    new = {old: b"(node%08d)" % number for number, old in enumerate(numbers, start=1)}
    return _ELEMENT.sub(lambda match: new[match[1]], printed)


def _document(site: Path, chapters: list[Chapter], cover: Cover) -> str:
    known = {f"/{chapter.name}.html": _slug(chapter.name) for chapter in chapters}
    sheets: dict[str, None] = {}
    contents, pages, part = [], [], ""
    for chapter in chapters:
        soup = BeautifulSoup((site / f"{chapter.name}.html").read_text(encoding="utf-8"), "html.parser")
        where = f"/{chapter.name}.html"
        sheets |= dict.fromkeys(
            urljoin(where, text_of(link, "href")) for link in soup.select('link[rel~="stylesheet"]')
        )
        article = _for_paper(_first(soup, "article"), where, known, cover.base)
        title = html.escape(_first(article, "h1, h2, h3, h4, h5, h6").get_text(" ", strip=True))
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


def _first(tag: Tag, selector: str) -> Tag:
    """Return the first element that ``selector`` matches. Raises ``ValueError`` if there is none."""
    match = tag.select_one(selector)
    if match is None:
        raise ValueError(f"a page has no {selector}")
    return match


def _for_paper(article: Tag, where: str, known: dict[str, str], base: str) -> Tag:
    """Return a page's article with headings one level deeper, and ids and links that are unique among all pages."""
    own = known[where]
    for tag in article.select(_SCREEN_ONLY):
        tag.decompose()
    for name in ("id", "for", "aria-labelledby", "aria-describedby"):
        for tag in with_attribute(article, name):
            tag[name] = f"{own}--{text_of(tag, name)}"
    article["id"] = own
    for tag in article.find_all("a", href=True):
        tag["href"] = _target(urljoin(where, text_of(tag, "href")), known, base)
    for name in ("src", "srcset"):
        for tag in with_attribute(article, name):
            tag[name] = urljoin(where, text_of(tag, name))
            del tag["loading"]
    for tag in with_attribute(article, "marker-end"):
        tag["marker-end"] = text_of(tag, "marker-end").replace("url(#", f"url(#{own}--")
    for tag in article.find_all(re.compile("^h[1-5]$")):
        set_classes(tag, [*classes_of(tag), f"guide-{tag.name}"])
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
    """Print the built ``site`` of the checkout ``root`` into the file ``out``. Raises ``NoBrowser``."""
    config, chapters = settings(load()), _chapters(book_toc())
    facts = facts_date(load())
    commit = last_commit(root)
    # Outside git, use the date of the facts: with the current time, the same pages would make another file.
    date = commit[1] if commit else datetime.fromisoformat(facts).replace(tzinfo=UTC)
    record = read_record(HUB_YML)
    checked = f", facts checked on {record.checked}" if record else ""
    about = f"As of {date.date()}{f', commit {commit[0]}' if commit else ''}. Hub configuration as of {facts}{checked}."
    cover = Cover(config["title"], config["author"], date, about, config["html"]["baseurl"])
    with sync_playwright() as playwright:
        browser = launch(playwright)
        out.write_bytes(print_book(browser, site, chapters, cover))
        browser.close()


def _chapters(toc: Toc) -> list[Chapter]:
    captions = toc.captions
    return [Chapter(name, captions.get(name, "")) for name in toc.pages]
