"""The site's own search instead of Sphinx's.

Its index in ``search/`` is made of the written pages (see ``guide.site.search``). ``{search-box}`` shows a field that
opens the search page. Two pages show results in their text: ``search.html`` and, for an unknown address, ``404.html``.
"""

from __future__ import annotations

import hashlib
import html
import inspect
import pickle
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.docutils import SphinxDirective

from guide.pages.toc import Toc
from guide.paths import ROOT
from guide.site.parallel import on_all_cores
from guide.site.search.index import Document, write_index
from guide.site.search.sections import Section, sections
from guide.site.state import state_of


class SearchBox(SphinxDirective):
    """A search field in the text; its argument is the placeholder. It opens the search page with the results."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the form, for HTML only."""
        action = "../" * self.env.docname.count("/") + "search.html"
        words = html.escape(self.arguments[0])
        form = (
            f'<form class="guide-search-box" role="search" action="{action}">'
            f'<input type="search" name="q" aria-label="{words}" placeholder="{words}" maxlength="600">'
            '<button type="submit">Search</button></form>'
        )
        return [nodes.raw("", form, format="html")]


def listed(name: str) -> dict[str, tuple[str, ...]]:
    """Return what ``book/asked.yml`` or ``book/absent.yml`` lists by page; nothing for a book without the file."""
    path = ROOT / "book" / name
    texts: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {page: tuple(lines) for page, lines in texts.items()}


def documents(site: Path, toc: Toc, names: Iterable[str], store: Path) -> list[Document]:
    """Return the built pages with these ``names``, in the order of the book; a page's topic is its part's caption.

    The file ``store`` keeps the sections of each page, so that a page is parsed again only when it changes.
    """
    order = {name: number for number, name in enumerate(toc.pages)}
    captions = toc.captions
    reader = hashlib.sha256(Path(inspect.getfile(sections)).read_bytes()).digest()
    before: dict[bytes, list[Section]] = pickle.loads(store.read_bytes()) if store.is_file() else {}  # noqa: S301 - ours
    now: dict[bytes, list[Section]] = {}
    pages, asked, absent = [], listed("asked.yml"), listed("absent.yml")
    texts = {name: (site / f"{name}.html").read_bytes() for name in names}
    keys = {name: hashlib.sha256(reader + text).digest() for name, text in texts.items()}
    changed = [name for name in texts if keys[name] not in before]
    read_now = on_all_cores(sections, [texts[name].decode() for name in changed])
    found = before | {keys[name]: read for name, read in zip(changed, read_now, strict=True)}
    for name in sorted(texts, key=lambda name: (order.get(name, -1), name)):
        now[keys[name]] = read = found[keys[name]]
        if read and read[0].heading:
            pages.append(Document(name, captions.get(name, ""), read, asked.get(name, ()), absent.get(name, ())))
    store.write_bytes(pickle.dumps(now))
    return pages


def leave_out_stock_index(app: Sphinx) -> None:
    """Keep Sphinx from making its own index."""
    if isinstance(app.builder, StandaloneHTMLBuilder):
        app.builder.search = False


def pages_with_a_search_field(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the pages without a source: name, context and template."""
    yield "search", {"title": "Search"}, "search.html"
    yield "404", {"title": "Page not found"}, "404.html"


def add_contacts(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add to a page's context where to ask, for messages that no page shows."""
    context["guide_help"] = state_of(app).facts.help


def write_search_index(app: Sphinx) -> None:
    """Write the index of the written pages, before they are optimized."""
    site = Path(app.outdir)
    shutil.rmtree(site / "search", ignore_errors=True)
    names = (name for name in app.env.found_docs if (site / f"{name}.html").is_file())
    pages = documents(site, state_of(app).toc, names, Path(app.doctreedir) / "search.pickle")
    write_index(pages, site / "search")
