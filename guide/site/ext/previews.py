"""Link terms to the glossary, and write what cards show: definitions of terms, and titles and first sentences of pages.

``book/_static/previews.js`` shows the cards. A link to a term is only in the HTML of a page: to its exports, the search
and programs, the term is plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from guide.pages.hub_variant import front_matter_value
from guide.site.doctree import parents
from guide.site.optimize.site import PREVIEWS
from guide.site.state import built_from, state_of
from guide.site.terms import PageLinks, Terms, terms_of

_logger = logging.getLogger(__name__)
# In the metadata of a page: its lead, and the terms that it defines, by their ids.
_LEAD, _DEFINES = "lead", "defines"
# The entry of a glossary's front matter that says which uses of its terms are linked.
_SETTINGS = "linked-uses"
# Paragraphs inside these are not running text.
_NOT_TEXT = (nodes.table, nodes.figure, nodes.topic, nodes.sidebar, addnodes.glossary, addnodes.toctree)
_MOST_LETTERS = 240
_SENTENCE_ENDS = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")


class term_link(nodes.inline):
    """A term that is linked to its entry in the glossary."""


def visit_term_link(translator: HTML5Translator, node: term_link) -> None:
    """Open the link."""
    translator.body.append(translator.starttag(node, "a", "", CLASS="guide-term", HREF=node["address"]))


def depart_term_link(translator: HTML5Translator, node: term_link) -> None:
    """Close the link."""
    translator.body.append("</a>")


@dataclass(frozen=True)
class Definition:
    """A term and its definition."""

    term: str
    text: str


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Note in the metadata of the page being read what cards say about it and its terms.

    Its lead is the paragraph below the title, or the first one in a section.
    """
    metadata = app.env.metadata[app.env.docname]
    section = next(iter(doctree.findall(nodes.section)), doctree)
    leads = (node for node in section.children if isinstance(node, nodes.paragraph))
    first = next(leads, doctree.next_node(nodes.paragraph))
    metadata[_LEAD] = first_sentences(first.astext()) if first is not None else ""
    metadata[_DEFINES] = {
        term["ids"][0]: Definition(" ".join(term.astext().split()), _text(item))
        for glossary in doctree.findall(addnodes.glossary)
        for item in glossary.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        if term["ids"]
    }


def _text(item: nodes.Element) -> str:
    return " ".join(" ".join(node.astext() for node in item.findall(nodes.definition)).split())


def first_sentences(text: str) -> str:
    """Return the first sentence of ``text``, and those after it that fit on a card."""
    first, *others = _SENTENCE_ENDS.split(" ".join(text.split()))
    for sentence in others:
        if len(first) + len(sentence) >= _MOST_LETTERS:
            break
        first = f"{first} {sentence}"
    return first


def pages_with_other_terms(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Read the glossary; return all pages if their links to it have changed, so that they are written again."""
    terms = []
    for name in sorted(name for name in env.found_docs if env.metadata[name].get(_DEFINES)):
        try:
            terms += terms_of(_entries(app, name), _settings(app, name))
        except ValueError as error:
            _logger.warning("%s", error, location=name)
    state_of(app).terms = Terms(terms)
    built, before = built_from(env), built_from(env).terms
    built.terms = repr(terms)
    return sorted(env.found_docs) if built.terms != before else []


def _entries(app: Sphinx, name: str) -> dict[str, str]:
    defined: dict[str, Definition] = app.env.metadata[name][_DEFINES]
    return {one.term: f"{name}.html#{identity}" for identity, one in defined.items()}


def _settings(app: Sphinx, name: str) -> dict[str, object]:
    settings = front_matter_value(Path(app.env.doc2path(name)), _SETTINGS)
    return settings if isinstance(settings, dict) else {}


def link_terms(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Link terms in the resolved ``doctree`` of a page, unless it is the glossary."""
    terms = state_of(app).terms
    if app.builder.format != "html" or not terms or app.env.metadata[name].get(_DEFINES):
        return
    add_links(doctree, terms, "../" * name.count("/"))


def add_links(doctree: nodes.document, terms: Terms, to_root: str) -> None:
    """Link the terms in the running text of ``doctree``; ``to_root`` leads to the root of the site."""
    links = PageLinks(terms)
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if not paragraph["classes"] and not any(map(_is_not_text, parents(paragraph))):
            _link_inside(paragraph, links, to_root)


def _is_not_text(node: nodes.Element) -> bool:
    outside = {"nb_element", "design_component"} & node.attributes.keys() or "unsearched" in node["classes"]
    return bool(outside) or isinstance(node, _NOT_TEXT)


def _link_inside(parent: nodes.Element, links: PageLinks, to_root: str) -> bool:
    """Link a term in the texts of ``parent``, but not in links, code and bold words; return whether there is one."""
    for run in _runs(parent):
        if isinstance(run, nodes.emphasis):
            if _link_inside(run, links, to_root):
                return True
            continue
        # By identity: two texts are equal if they have the same characters, such as a line break.
        start = next(number for number, child in enumerate(parent.children) if child is run[0])
        text = "".join(node.astext() for node in run)
        before, after = parent.children[:start], parent.children[start + len(run) :]
        use = links.choose(text, bool(before) and _is_link(before[-1]), bool(after) and _is_link(after[0]))
        if use is not None:
            link = term_link("", text[use.start : use.end], address=to_root + use.term.address)
            parent.children = []
            parent.extend([*before, nodes.Text(text[: use.start]), link, nodes.Text(text[use.end :]), *after])
            return True
    return False


def _runs(parent: nodes.Element) -> Iterator[list[nodes.Text] | nodes.emphasis]:
    """Yield texts that follow one another, such as the lines of a paragraph, as one run, and emphasized words."""
    run: list[nodes.Text] = []
    for child in parent.children:
        if isinstance(child, nodes.Text):
            run.append(child)
            continue
        if run:
            yield run
        run = []
        if isinstance(child, nodes.emphasis):
            yield child
    if run:
        yield run


def _is_link(node: nodes.Node) -> bool:
    return isinstance(node, nodes.reference)


def write_previews(app: Sphinx) -> None:
    """Write what cards show, by the address of a page or a term."""
    cards: dict[str, tuple[str, str]] = {}
    for name in sorted(app.env.found_docs):
        metadata = app.env.metadata[name]
        if metadata.get(_LEAD):
            cards[f"{name}.html"] = (app.env.titles[name].astext(), metadata[_LEAD])
        for identity, one in metadata.get(_DEFINES, {}).items():
            cards[f"{name}.html#{identity}"] = (one.term, one.text)
    text = json.dumps(cards, ensure_ascii=False, separators=(",", ":"))
    (Path(app.outdir) / PREVIEWS).write_text(text, encoding="utf-8")
