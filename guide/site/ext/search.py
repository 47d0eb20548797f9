"""Sphinx extension: the site's own search in place of the stock one.

When the pages are written it makes the index in ``search/`` (see ``guide.site.search``), and it adds the two pages that
have a search field of their own: ``search.html`` and, for an address that leads nowhere, ``404.html``.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from guide.pages.toc import Toc, book_toc
from guide.site.search.index import Document, write_index
from guide.site.search.sections import Section, sections


def documents(site: Path, toc: Toc, names: Iterable[str], store: Path) -> list[Document]:
    """Return the built pages with these ``names``, in the order of the book; a page's topic is its part's caption.

    The file ``store`` keeps the sections of each page, so that a page is parsed again only when it changes.
    """
    order = {name: number for number, name in enumerate(toc.pages)}
    captions = toc.captions
    reader = hashlib.sha256(Path(inspect.getfile(sections)).read_bytes()).digest()
    before: dict[bytes, list[Section]] = pickle.loads(store.read_bytes()) if store.is_file() else {}  # noqa: S301 - ours
    now: dict[bytes, list[Section]] = {}
    pages = []
    for name in sorted(names, key=lambda name: (order.get(name, -1), name)):
        html = (site / f"{name}.html").read_bytes()
        key = hashlib.sha256(reader + html).digest()
        now[key] = read = before[key] if key in before else sections(html.decode())
        if read and read[0].heading:
            pages.append(Document(name, captions.get(name, ""), read))
    store.write_bytes(pickle.dumps(now))
    return pages


def _without_stock_index(app: Sphinx) -> None:
    app.builder.search = False  # type: ignore[attr-defined]


def _pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "search", {"title": "Search"}, "search.html"
    yield "404", {"title": "This page is not here"}, "404.html"


def _write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    site = Path(app.outdir)
    shutil.rmtree(site / "search", ignore_errors=True)
    names = (name for name in app.env.found_docs if (site / f"{name}.html").is_file())
    found = documents(site, book_toc(), names, Path(app.doctreedir) / "search.pickle")
    write_index(found, site / "search")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the pages and the index."""
    app.add_css_file("find.css")
    app.add_js_file("find.js", loading_method="defer")
    app.connect("builder-inited", _without_stock_index)
    app.connect("html-collect-pages", _pages)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
