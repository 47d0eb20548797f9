"""Publish for programs: lists of pages, the feed of changes, redirects, and a card for each page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from guide.pages.toc import source_of
from guide.paths import OWN_HUB, ROOT
from guide.site.publish import feed, redirects, social_cards
from guide.site.publish.page_lists import ListedPage, llms, robots, sitemap
from guide.site.state import state_of

_logger = logging.getLogger(__name__)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def add_metatags(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Name the feed and the page's card in the head of the page, and draw the card."""
    state = state_of(app)
    tags = []
    if state.last_changes:
        here = context["pathto"](feed.NAME, 1)
        context["guide_feed"] = here
        tags.append(f'<link rel="alternate" type="application/atom+xml" title="New and changed pages" href="{here}">')
    if doctree is not None:
        title, part, book = app.env.titles[page].astext(), state.toc.captions.get(page, ""), app.config.html_title
        card = social_cards.name(title, part, book)
        if not (Path(app.outdir) / card).is_file():
            social_cards.draw(title, part, book, Path(app.outdir) / card)
        first = doctree.next_node(nodes.paragraph)
        about = " ".join(first.astext().split()) if first else title
        tags.append(social_cards.tags(title, about, page, card, book, app.config.html_baseurl))
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(tags)


def write_lists_and_feed(app: Sphinx) -> None:
    """Write the lists of pages, the feed and the page at the site's address, and remove cards of former pages."""
    state, site = state_of(app), Path(app.outdir)
    base, book = app.config.html_baseurl, app.config.html_title
    pages = _listed_pages(app, site)
    (site / "sitemap.xml").write_bytes(sitemap(pages, base))
    (site / "robots.txt").write_text(robots(base), encoding="utf-8")
    (site / "llms.txt").write_text(llms(pages, book, base), encoding="utf-8")
    texts = [(site / f"{page.name}.md").read_text(encoding="utf-8") for page in pages]
    (site / "llms-full.txt").write_text("\n---\n\n".join(texts), encoding="utf-8")
    added = {page.name: state.first_changes.get(_source(page.name)) for page in pages}
    known = {name: date for name, date in added.items() if date}
    if state.last_changes:
        (site / feed.NAME).write_bytes(feed.atom(pages, known, book, app.config.author, base))
    else:
        (site / feed.NAME).unlink(missing_ok=True)
    for first in pages[:1]:  # there is none if it could not be written
        picture = social_cards.name(first.title, "", book)
        tags = social_cards.tags(first.title, first.about, first.name, picture, book, base)
        redirects.write_first(site, first.name, base, book, tags)
    captions = state.toc.captions
    in_use = {social_cards.name(page.title, captions.get(page.name, ""), book) for page in pages}
    for card in (site / "_cards").glob("*.png"):
        if str(card.relative_to(site)) not in in_use:
            card.unlink()


def _listed_pages(app: Sphinx, site: Path) -> list[ListedPage]:
    """Return the pages in the order of the book, each with the first paragraph of its Markdown."""
    state = state_of(app)
    captions = state.toc.captions
    pages = []
    for name in state.toc.pages:
        text = site / f"{name}.md"
        if not text.is_file():  # a page that could not be written, which a warning named
            continue
        paragraphs = text.read_text(encoding="utf-8").split("\n\n")
        about = _LINK.sub(r"\1", paragraphs[1]).strip() if len(paragraphs) > 1 else ""
        title, part = app.env.titles[name].astext(), captions.get(name) or "Start"
        changed = state.last_changes.get(_source(name))
        pages.append(ListedPage(name, part, title, about, changed))
    return pages


def _source(name: str) -> str:
    return str(source_of(name, ROOT).relative_to(ROOT))


def write_redirects(app: Sphinx) -> None:
    """Write a page at each old address that leads to the new one, and warn about those that lead to nothing."""
    site = Path(app.outdir)
    titles = {name: app.env.titles[name].astext() for name in state_of(app).toc.pages if name in app.env.titles}
    path = ROOT / "book" / "redirects.yml"  # addresses that the documentation of this project's hub once had
    try:
        moves = redirects.read(path) if path.is_file() and OWN_HUB else {}
    except redirects.RedirectError as error:
        _logger.warning("%s", error)
        return
    warnings = redirects.errors(moves, site)
    for warning in warnings:
        _logger.warning("%s", warning)
    if not warnings:
        redirects.write(moves, site, urljoin(app.config.html_baseurl, "."), titles)
