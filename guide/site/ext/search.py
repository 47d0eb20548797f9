"""Sphinx extension: the site's own search in place of the stock one.

When the pages are written it makes the index in ``search/`` (see ``guide.site.search``), and it adds the two pages that
have a search field of their own: ``search.html`` and, for an address that leads nowhere, ``404.html``.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx

from guide.site.search.index import Document, write_index
from guide.site.search.sections import Section, sections


def topics(srcdir: Path) -> dict[str, str]:
    """The topic of each page, by its name: the caption of its part of ``_toc.yml``."""
    toc = yaml.safe_load((srcdir / "_toc.yml").read_text(encoding="utf-8"))
    parts = toc.get("parts", [])
    return {chapter["file"]: part.get("caption", "") for part in parts for chapter in part.get("chapters", [])}


def documents(site: Path, topic_of: dict[str, str], names: Iterator[str], store: Path) -> list[Document]:
    """The built pages of these ``names``, in the order of the book; ``store`` keeps what was read of each."""
    order = {name: number for number, name in enumerate(topic_of)}
    reader = hashlib.sha256(Path(inspect.getfile(sections)).read_bytes()).digest()
    before: dict[bytes, list[Section]] = pickle.loads(store.read_bytes()) if store.is_file() else {}  # noqa: S301 - ours
    now, found = {}, []
    for name in sorted(names, key=lambda name: (order.get(name, -1), name)):
        html = (site / f"{name}.html").read_bytes()
        key = hashlib.sha256(reader + html).digest()
        now[key] = read = before[key] if key in before else sections(html.decode())
        if read and read[0].heading:
            found.append(Document(name, topic_of.get(name, ""), read))
    store.write_bytes(pickle.dumps(now))
    return found


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
    found = documents(site, topics(Path(app.srcdir)), names, Path(app.doctreedir) / "search.pickle")
    write_index(found, site / "search")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the pages and the index."""
    app.add_css_file("find.css")
    app.add_js_file("find.js", loading_method="defer")
    app.connect("builder-inited", _without_stock_index)
    app.connect("html-collect-pages", _pages)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
