"""Offer each page for export: as a notebook on the hub, as files to download, for correction; and date it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from guide.pages.hidden_checks import notebook_without_checks
from guide.pages.links import without_links
from guide.pages.reader import read_page
from guide.paths import ROOT
from guide.run.records import read_record
from guide.site.export import PDF_NAME
from guide.site.export.formats import DOWNLOADS, ExportedPage, texts_of, with_links_to_pages
from guide.site.export.launch_links import missing_targets, write_branch
from guide.site.export.markdown import MarkdownError, Writer
from guide.site.ext.recorded_cells import replace_random_ids
from guide.site.options import options_of
from guide.site.publish.git_history import facts_date
from guide.site.state import built_from, state_of

_logger = logging.getLogger(__name__)


def pages_with_new_dates(app: Sphinx, env: BuildEnvironment, removed: set[str]) -> list[str]:
    """Return the pages whose HTML has an older date: of the page's last change, or of the last check of the facts."""
    dates = {name: state_of(app).last_changes.get(_source(app, name)) for name in env.found_docs}
    built = built_from(env)
    checked = state_of(app).checked
    outdated = [n for n in env.found_docs if dates[n] != built.last_changes.get(n) or checked != built.checked]
    built.last_changes, built.checked = dates, checked
    return outdated


def _source(app: Sphinx, name: str) -> str:
    return str(Path(app.env.doc2path(name)).relative_to(ROOT))


def add_exports(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Write the files that a page is exported to, and add their names and addresses to its context."""
    state = state_of(app)
    context["guide_facts"], context["guide_checked"] = facts_date(state.facts), state.checked
    if options_of(app.config).pdf:
        context["guide_pdf"] = context["pathto"](PDF_NAME, 1)
    if doctree is None:
        return
    path = _source(app, page)
    try:
        exported = _exported(app, page, ROOT / path, doctree)
    except MarkdownError as error:
        _logger.warning("%s", error, location=page)
        return
    beside = Path(app.outdir) / page
    beside.parent.mkdir(parents=True, exist_ok=True)
    texts = texts_of(exported)
    for suffix, text in texts.items():
        beside.with_name(beside.name + suffix).write_text(text, encoding="utf-8")
    if path.endswith(".ipynb"):
        text = notebook_without_checks((ROOT / path).read_text(encoding="utf-8"))
        text = with_links_to_pages(without_links(text, page, state.left_out), exported.address)
        beside.with_name(beside.name + ".ipynb").write_text(text, encoding="utf-8")
    places = state.places
    context["exports"] = {
        "launch": places.link(f"{page}.ipynb") if exported.runs else None,
        "downloads": [(kind, beside.name + kind.suffix) for kind in DOWNLOADS if kind.suffix in texts],
        "markdown": f"{beside.name}.md",
        "edit": f"{places.repository}/edit/{places.branch}/{path}",
        "report": places.issue(app.env.titles[page].astext(), exported.address, state.version),
        "changed": state.last_changes.get(path),
    }


def _exported(app: Sphinx, name: str, path: Path, doctree: nodes.document) -> ExportedPage:
    address = f"{app.config.html_baseurl.rstrip('/')}/{name}.html"
    page = read_page(path, ROOT)
    record = read_record(path, options_of(app.config).profile) if page.notebook else None
    executed = (record and record.notebook) or page.notebook
    pieces = Writer(address, page.blocks).pieces(doctree)
    cells = executed.cells if executed else []
    replace_random_ids([cell for cell in cells if cell.cell_type == "code"], path.name)
    more = path.suffix == ".md" and not page.on_the_hub_alone
    return ExportedPage(address, page.folder, pieces, cells, page.leaves, page.writes, more, page.between_writes_s)


def write_launch_branch(app: Sphinx) -> None:
    """Write the branch of notebooks, and warn about launch links that lead to nothing."""
    site, places = Path(app.outdir), state_of(app).places
    names = [name for name in sorted(app.env.found_docs) if (site / f"{name}.ipynb").is_file()]
    (site / PDF_NAME).unlink(missing_ok=True)  # of an earlier build
    branch = site.with_name(places.launch_branch)
    sources = (ROOT / source for name in names if (source := _source(app, name)).endswith(".ipynb"))
    files = {file.resolve() for source in sources for file in read_page(source, ROOT).files}
    needed = {str(file.relative_to(ROOT)): file for file in files}
    write_branch(site, branch, names, needed, app.config.html_baseurl)
    for warning in missing_targets(site, places, branch):
        _logger.warning(warning)
