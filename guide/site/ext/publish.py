"""Sphinx extension: what the site tells programs: its pages, its changes, old addresses, and a card for each page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from guide.pages.toc import book_toc, pages_of_book
from guide.paths import OWN_HUB, ROOT
from guide.site.publish import feed, redirects, social_cards
from guide.site.publish.git_history import last_changes, line_dates
from guide.site.publish.page_lists import Listed, llms, robots, sitemap

_logger = logging.getLogger(__name__)
_LOG = "CHANGELOG.md"
_LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def _prepare(app: Sphinx) -> None:
    log = ROOT / _LOG
    dates = line_dates(ROOT, _LOG) if log.is_file() else []
    app.guide_changes = feed.changes(log.read_text(encoding="utf-8"), dates) if dates else []
    app.guide_parts = book_toc().captions


def _tell(app: Sphinx, name: str, template: str, context: dict[str, Any], document: Any) -> None:
    """Name the feed and the page's card in its head, and draw the card."""
    told = []
    if app.guide_changes:
        here = context["pathto"](feed.NAME, 1)
        context["guide_feed"] = here
        told.append(f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{here}">')
    if document is not None:
        title, part, book = app.env.titles[name].astext(), app.guide_parts.get(name, ""), app.config.html_title
        card = social_cards.name(title, part, book)
        if not (Path(app.outdir) / card).is_file():
            social_cards.draw(title, part, book, Path(app.outdir) / card)
        first = document.next_node(nodes.paragraph)
        about = " ".join(first.astext().split()) if first else title
        told.append(social_cards.tags(title, about, name, card, book, app.config.html_baseurl))
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(told)


def _finish(app: Sphinx, error: Exception | None) -> None:
    """Write the lists, the feed and the pages at old addresses."""
    if error is not None or app.builder.name != "html":
        return
    site, base, book = Path(app.outdir), app.config.html_baseurl, app.config.html_title
    pages = _listed(app, site)
    (site / "sitemap.xml").write_bytes(sitemap(pages, base))
    (site / "robots.txt").write_text(robots(base), encoding="utf-8")
    (site / "llms.txt").write_text(llms(pages, book, base), encoding="utf-8")
    texts = [(site / f"{page.name}.md").read_text(encoding="utf-8") for page in pages]
    (site / "llms-full.txt").write_text("\n---\n\n".join(texts), encoding="utf-8")
    (site / feed.NAME).unlink(missing_ok=True)
    if app.guide_changes:
        theme = app.config.html_theme_options
        log = f"{theme.get('repository_url', '')}/blob/{theme.get('repository_branch', 'main')}/{_LOG}"
        (site / feed.NAME).write_bytes(feed.atom(app.guide_changes, book, app.config.author, base, log))
    wanted = {social_cards.name(page.title, app.guide_parts.get(page.name, ""), book) for page in pages}
    for card in (site / "_cards").glob("*.png"):
        if str(card.relative_to(site)) not in wanted:
            card.unlink()
    _lead_on(app, site, {page.name: page.title for page in pages})


def _listed(app: Sphinx, site: Path) -> list[Listed]:
    """The pages in the book's order; what each is about is the first paragraph of its Markdown."""
    changed = last_changes(ROOT)
    found = []
    for path in (source.relative_to(ROOT) for source in pages_of_book()):
        name = str(path.with_suffix(""))
        text = site / f"{name}.md"
        if not text.is_file():  # a page that could not be written was complained of
            continue
        blocks = text.read_text(encoding="utf-8").split("\n\n")
        about = _LINKED.sub(r"\1", blocks[1]).strip() if len(blocks) > 1 else ""
        title, part = app.env.titles[name].astext(), app.guide_parts.get(name) or "Start"
        found.append(Listed(name, part, title, about, changed.get(str(path))))
    return found


def _lead_on(app: Sphinx, site: Path, titles: dict[str, str]) -> None:
    path = ROOT / "book" / "redirects.yml"  # addresses that this hub's documentation once had
    try:
        moves = redirects.read(path) if path.is_file() and OWN_HUB else {}
    except redirects.MovedError as error:
        _logger.warning("%s", error)
        return
    complaints = redirects.wrong(moves, site)
    for complaint in complaints:
        _logger.warning("%s", complaint)
    if not complaints:
        redirects.write(moves, site, urljoin(app.config.html_baseurl, "."), titles)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks, behind those that write pages and make them lean."""
    app.connect("builder-inited", _prepare)
    app.connect("html-page-context", _tell, priority=610)
    app.connect("build-finished", _finish, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
