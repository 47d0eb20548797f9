"""Learning paths: ticks for their steps, which stay in the reader's browser, and a line at the end of each step.

A page is a path if its front matter names one, as in ``learning_path: First day on the hub``. Its steps are the items
of numbered lists that begin with a link to a page. ``book/_static/paths.js`` stores ticks by the names of pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.writers.html5 import HTML5Translator

from guide.site.state import built_from, state_of

# In the metadata of a page: the name of its path, and the pages that are its steps.
_NAME, _STEPS = "learning_path", "learning steps"


class tick(nodes.Inline, nodes.Element):
    """A checkbox for the step ``page``, which a link with the text ``title`` follows."""


class count(nodes.Inline, nodes.Element):
    """How many of ``steps`` are done. If ``clears``, it has a button to remove the ticks."""


def visit_tick(translator: HTML5Translator, node: tick) -> None:
    """Write the checkbox; without scripts, the style sheet hides it."""
    box = f'<input type="checkbox" value="{escape(node["page"])}" autocomplete="off">'
    name = f'<span class="visually-hidden">Done: {escape(node["title"])}</span>'
    translator.body.append(f'<label class="guide-tick unsearched">{box}{name}</label>')


def visit_count(translator: HTML5Translator, node: count) -> None:
    """Write the number of steps, which a script replaces when one is done."""
    steps = f'<span class="guide-count unsearched" data-steps="{escape(" ".join(node["steps"]))}"'
    number = f"{len(node['steps'])} steps</span>"
    if node["clears"]:
        button = '<button type="button" disabled>Clear ticks</button>'
        line = f'{steps} role="status">{number}<span>Ticks are stored only in this browser.</span>{button}'
        translator.body.append(f'<div class="guide-progress unsearched">{line}</div>\n')
    else:
        translator.body.append(f"{steps}>{number}")


def depart(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write nothing: the elements have no content."""


def add_ticks(app: Sphinx, doctree: nodes.document) -> None:
    """Add ticks to a page that is a path, number its steps through all of its lists, and note which pages they are."""
    metadata = app.env.metadata[app.env.docname]
    if _NAME not in metadata:
        return
    steps: list[str] = []
    first: nodes.Element | None = None
    for numbered in list(doctree.findall(nodes.enumerated_list)):
        links = list(_links(numbered))
        if links and steps:
            numbered["start"] = len(steps) + 1
        first = first or (numbered if links else None)
        for link in links:
            link.parent.insert(0, tick(page=link["reftarget"], title=link.astext()))
            steps.append(link["reftarget"])
    metadata[_STEPS] = steps
    if first is not None and first.parent is not None:
        first.parent.insert(first.parent.index(first), count(steps=steps, clears=True, classes=["unsearched"]))


def _links(numbered: nodes.enumerated_list) -> Iterator[pending_xref]:
    """Yield the links to pages at the beginning of list items."""
    for item in numbered.children:
        text = item.next_node(nodes.TextElement)
        link = text.children[0] if text is not None else None
        if isinstance(link, pending_xref) and link["refdomain"] == "doc":
            yield link


def add_counts(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Add to each path in a table of the first page how many steps it has, and later how many of them are done."""
    if page != app.config.root_doc or app.builder.format != "html":
        return
    steps = {app.builder.get_relative_uri(page, path): steps for path, (_, steps) in _paths(app).items()}
    for row in doctree.findall(nodes.row):
        link = row.next_node(nodes.reference)
        path = steps.get(str(link.get("refuri", "")).partition("#")[0]) if link is not None else None
        if path and link is not None and link.parent is not None:
            link.parent.append(count(steps=path, clears=False))


def _paths(app: Sphinx) -> dict[str, tuple[str, list[str]]]:
    """Return the name and the steps of each path by its page, in the order of the book."""
    known = {page: app.env.metadata[page] for page in state_of(app).toc.pages}
    return {page: (values[_NAME], values[_STEPS]) for page, values in known.items() if values.get(_STEPS)}


@dataclass(frozen=True)
class Place:
    """The place of a page in a path: the page and the name of the path, and the next step, empty after the last one."""

    path: str
    name: str
    number: int
    steps: int
    following: str


def _places(app: Sphinx) -> dict[str, list[Place]]:
    """Return for each page that is a step where it is in its paths."""
    places: dict[str, list[Place]] = {}
    for path, (name, steps) in _paths(app).items():
        for number, (page, following) in enumerate(zip(steps, [*steps[1:], ""], strict=True), start=1):
            places.setdefault(page, []).append(Place(path, name, number, len(steps), following))
    return places


def add_place(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add to the context of a page's template its places in paths, each with the title of the next step."""
    places = _places(app).get(page, ())
    titles = app.env.titles
    context["guide_places"] = [(p, titles[p.following].astext() if p.following in titles else "") for p in places]


def pages_with_new_steps(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages whose places in paths have changed since they were written."""
    built, places = built_from(env), _places(app)
    before = dict(built.steps)
    built.steps = tuple((page, tuple(found)) for page, found in places.items())
    pages = {*before, *places} & env.found_docs
    return sorted(page for page in pages if before.get(page) != tuple(places.get(page, ())))
