"""Sphinx extension: each page can be opened on the hub, taken away, corrected; and says when it was last changed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from guide.facts import Facts, load
from guide.pages.reader import read_page
from guide.paths import ROOT
from guide.run.records import read_record
from guide.site.export import PDF_NAME
from guide.site.export.formats import Taken, texts_of
from guide.site.export.launch_links import Places, missing, write_made
from guide.site.export.markdown import NoMarkdown, Writer
from guide.site.ext.recorded_cells import name_ids
from guide.site.publish.git_history import facts_date, last_changes

_logger = logging.getLogger(__name__)


@dataclass
class Book:
    """What holds for all pages: places, when files changed, facts."""

    places: Places
    changes: dict[str, datetime]
    facts: Facts


def _prepare(app: Sphinx) -> None:
    theme = app.config.html_theme_options
    made = app.config.guide_made_notebooks
    hub = theme.get("launch_buttons", {}).get("jupyterhub_url", "")
    repository, branch = theme.get("repository_url", ""), theme.get("repository_branch", "main")
    places = Places(hub, repository, branch, made["branch"], made["folder"])
    app.guide_book = Book(places, last_changes(ROOT), load())


def _outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Pages that were committed since their HTML was made, for it says when; all, where the PDF came or went."""
    now = {name: app.guide_book.changes.get(_source(app, name)) for name in env.found_docs}
    before = getattr(env, "guide_changes", {})
    env.guide_changes = now
    with_pdf, had_pdf = _with_pdf(), getattr(env, "guide_pdf", False)
    env.guide_pdf = with_pdf
    return [name for name in env.found_docs if now[name] != before.get(name) or with_pdf != had_pdf]


def _with_pdf() -> bool:
    """Whether this build makes the whole guide as a PDF."""
    return bool(os.environ.get("GUIDE_PDF"))


def _source(app: Sphinx, name: str) -> str:
    return str(Path(app.env.doc2path(name)).relative_to(ROOT))


def _offer(app: Sphinx, name: str, template: str, context: dict[str, Any], document: Any) -> None:
    """Write what the page can be taken away as, and tell its template about it."""
    book: Book = app.guide_book
    context["guide_facts"] = facts_date(book.facts)
    if _with_pdf():
        context["guide_pdf"] = context["pathto"](PDF_NAME, 1)
    if document is None:
        return
    path = _source(app, name)
    try:
        taken = _taken(app, name, ROOT / path, document)
    except NoMarkdown as error:
        _logger.warning("%s", error, location=name)
        return
    beside = Path(app.outdir) / name
    beside.parent.mkdir(parents=True, exist_ok=True)
    texts = texts_of(taken)
    for suffix, text in texts.items():
        beside.with_name(beside.name + suffix).write_text(text, encoding="utf-8")
    is_notebook = path.endswith(".ipynb")
    if is_notebook:
        shutil.copyfile(ROOT / path, beside.with_name(beside.name + ".ipynb"))
    repository = book.places.repository
    asks = quote(f"On the page {name}")
    context["takeaway"] = {
        "launch": book.places.link(f"{name}.ipynb", made=not is_notebook) if taken.runs else None,
        "files": {suffix: beside.name + suffix for suffix in texts},
        "edit": f"{repository}/edit/{book.places.branch}/{path}",
        "ask": f"{repository}/issues/new?title={asks}",
        "changed": book.changes.get(path),
    }


def _taken(app: Sphinx, name: str, path: Path, document: Any) -> Taken:
    address = f"{app.config.html_baseurl.rstrip('/')}/{name}.html"
    page = read_page(path, ROOT)
    record = read_record(path, os.environ.get("GUIDE_PROFILE", "hub")) if page.notebook else None
    ran = (record and record.notebook) or page.notebook
    pieces = Writer(address, page.blocks).pieces(document)
    cells = ran.cells if ran else []
    name_ids([cell for cell in cells if cell.cell_type == "code"], path.name)
    return Taken(address, pieces, cells, page.leaves, more=path.suffix == ".md" and not page.on_the_hub_alone)


def _finish(app: Sphinx, error: Exception | None) -> None:
    """Make the branch of made notebooks, and see that every launch link leads to something."""
    if error is not None or app.builder.name != "html":
        return
    site, book = Path(app.outdir), app.guide_book
    names = [n for n in sorted(app.env.found_docs) if _source(app, n).endswith(".md")]
    (site / PDF_NAME).unlink(missing_ok=True)  # of an older site
    made = site.with_name(book.places.made_branch)
    write_made(site, made, [n for n in names if (site / f"{n}.ipynb").is_file()], app.config.html_baseurl)
    for complaint in missing(site, book.places, ROOT, made):
        _logger.warning(complaint)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks: behind the theme's for pages, and when the site is as it will be."""
    app.add_config_value("guide_made_notebooks", {"branch": "launch", "folder": "guide-pages"}, "html")
    app.connect("builder-inited", _prepare)
    app.connect("env-get-outdated", _outdated)
    app.connect("html-page-context", _offer, priority=600)
    app.connect("build-finished", _finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
