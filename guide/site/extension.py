"""The Sphinx extension of the site: which parts it has, and in which order they run.

``_config.yml`` lists this module. Each part is a module of ``guide.site.ext``, or behind one.

1. Start early: read the settings, then wait until the pages have run.
2. Read pages, adapted to the hub, with recorded outputs instead of execution.
3. Name the pages to build again although their source is the same.
4. Write pages, each with the context that templates need.
5. After all pages are written, run the steps that work on the whole site.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, TypeAlias

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole

from guide.site.export import run_here
from guide.site.ext import (
    cell_pictures,
    early_start,
    exports,
    facts,
    frames,
    hub_pictures,
    hub_variant,
    learning_paths,
    mathml,
    notebook_gallery,
    optimize,
    previews,
    publish,
    recorded_cells,
    report,
    search,
    sidebar_menu,
    theme_fixes,
    trials,
    whole_words,
)
from guide.site.notebook_cards import card, card_list
from guide.site.options import config_values
from guide.site.state import create_state, state_of

Preparation: TypeAlias = Callable[[Sphinx], None]
Outdated: TypeAlias = Callable[[Sphinx, BuildEnvironment, set[str]], list[str]]
Updated: TypeAlias = Callable[[Sphinx, BuildEnvironment], list[str]]
AddToContext: TypeAlias = Callable[[Sphinx, str, dict[str, Any], "nodes.document | None"], None]
StepAfterBuild: TypeAlias = Callable[[Sphinx], None]

ROLES: dict[str, SphinxRole] = {
    "fact": facts.FactRole(),
    "fact-link": facts.FactLinkRole(),
    "fact-button": facts.FactButtonRole(),
    "fact-film": facts.FactFilmRole(),
}
DIRECTIVES: dict[str, type[Directive]] = {
    "fact-table": facts.FactTable,
    "fact-diagram": facts.FactDiagram,
    "tier-tabs": facts.TierTabs,
    "hub-picture": hub_pictures.HubPicture,
    "notebook-gallery": notebook_gallery.NotebookGallery,
    "search-box": search.SearchBox,
    "report-line": report.ReportLine,
    "report-summary": report.ReportSummary,
    "report-download": report.ReportDownload,
    "report-clients": trials.ReportClients,
    "report-faults": trials.ReportFaults,
}
STYLE_SHEETS = (
    "blocks.css",
    "find.css",
    "gallery.css",
    "helped.css",
    "menu.css",
    "names.css",
    "paths.css",
    "previews.css",
)
SCRIPTS = ("find.js", "names.js", "blocks.js", "helped.js", "shortcuts.js", "previews.js", "paths.js")

# Before pages are read.
PREPARATIONS: tuple[Preparation, ...] = (
    create_state,
    recorded_cells.replace_client,
    search.leave_out_stock_index,
    theme_fixes.read_in_parallel,
    theme_fixes.keep_templates,
)
# Pages to build again besides those whose source changed.
OUTDATED: tuple[Outdated, ...] = (
    exports.pages_with_new_dates,
    report.pages_with_new_runs,
    run_here.pages_with_new_verdicts,
    optimize.remove_old_pages,
    optimize.first_page,
)
# Pages to write again when all are read.
UPDATED: tuple[Updated, ...] = (
    previews.pages_with_other_terms,
    learning_paths.pages_with_new_steps,
)
# What a page's template needs. These run after MyST-NB, which adds scripts to single pages, and before the theme, which
# decides by trying its templates which of them are empty: Sphinx loads a theme last, so that is the order of loading.
PAGE_CONTEXT: tuple[AddToContext, ...] = (
    sidebar_menu.add_menu,
    learning_paths.add_place,
    theme_fixes.remove_scripts,
    search.add_contacts,
    exports.add_exports,
    publish.add_metatags,
)
# On the whole site, when every page is written.
STEPS_AFTER_BUILD: tuple[StepAfterBuild, ...] = (
    search.write_search_index,
    previews.write_previews,
    run_here.publish_files,
    optimize.optimize_pages,
    exports.write_launch_branch,
    report.write_table,
    publish.write_lists_and_feed,
    publish.write_redirects,
)

# Priorities of Sphinx's events: handlers run by them, from low to high, and those of other extensions have 500.
_FIRST, _AFTER_OTHERS = 0, 900
# So many pages are written sooner than copies of this process start.
_FEW = 4


def setup(app: Sphinx) -> dict[str, int]:
    """Register the extension with Sphinx."""
    for value in config_values():
        app.add_config_value(value.name, value.default, value.rebuild, type(value.default))
    app.add_config_value("guide_launch", {"branch": "launch", "folder": "guide-pages"}, "html", dict)
    for name, role in ROLES.items():
        app.add_role(name, role)
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    for sheet in STYLE_SHEETS:
        app.add_css_file(sheet)
    for script in SCRIPTS:
        app.add_js_file(script, loading_method="defer")
    app.add_transform(theme_fixes.KeepTypedQuotes)
    app.add_transform(whole_words.KeepWordsWhole)
    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    app.connect("builder-inited", early_start.wait_for_pages, _FIRST)
    app.connect("builder-inited", _prepare)
    app.connect("source-read", hub_variant.adapt)
    app.connect("doctree-read", previews.collect)
    app.connect("doctree-read", cell_pictures.add_versions, _FIRST)  # before Sphinx collects the pictures of a page
    app.connect("env-get-outdated", _outdated)
    app.connect("env-updated", _updated)
    app.add_node(frames.frame, html=(frames.visit_frame, frames.depart_frame))
    app.add_node(card_list, html=(notebook_gallery.visit_cards, notebook_gallery.depart_cards))
    app.add_node(card, html=(notebook_gallery.visit_card, notebook_gallery.depart_card))
    app.connect("doctree-resolved", frames.add_to_page)
    app.add_node(previews.term_link, html=(previews.visit_term_link, previews.depart_term_link))
    app.connect("doctree-resolved", previews.link_terms)
    app.add_node(learning_paths.tick, html=(learning_paths.visit_tick, learning_paths.depart))
    app.add_node(learning_paths.count, html=(learning_paths.visit_count, learning_paths.depart))
    app.connect("doctree-read", learning_paths.add_ticks)
    app.connect("doctree-resolved", learning_paths.add_counts)
    app.connect("html-collect-pages", search.pages_with_a_search_field)
    app.connect("html-page-context", _add_to_context)
    app.connect("build-finished", _finish, _AFTER_OTHERS)
    # The version changes with what parts note about pages, so that a build folder with other notes is read again.
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 3}


def _prepare(app: Sphinx) -> None:
    for prepare in PREPARATIONS:
        prepare(app)


def _outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    pages = [page for pages in OUTDATED for page in pages(app, env, removed)]
    state_of(app).read = added | changed | set(pages)
    return pages


def _updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    pages = [page for pages in UPDATED for page in pages(app, env)]
    if len(state_of(app).read | set(pages)) <= _FEW:
        app.parallel = 1
    return pages


def _add_to_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    for add in PAGE_CONTEXT:
        add(app, page, context, doctree)


def _finish(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        gc.freeze()  # the doctrees stay until the end, and every copy of this process would search them
        for step in STEPS_AFTER_BUILD:
            step(app)
