"""Roles and directives that show facts of ``hub.yml``.

- ``{fact}`hub.region` `` prints a value, ``{fact}`hub.timeouts.server_max_age_s|days` `` in another unit.
- ``{fact-link}`the forum <help.forum>` `` is a link; an e-mail address is one too.
- ``{fact-button}`Start <hub.url>` `` is a link that looks like a button.
- ``{fact-film}`the film <hub.intro_video>` `` is a link to a film's page.
- ``{fact-table} NAME`` is a table (see ``guide.site.facts.tables``).
- ``{fact-diagram} NAME`` is a drawing (see ``guide.site.facts.diagrams``).
- ``{tier-tabs}`` shows what the form offers, a tab for each tier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from guide.facts import Facts, load
from guide.pages.fact_values import FactError, fact
from guide.site.facts.columns import misplaced
from guide.site.facts.diagrams import DIAGRAMS
from guide.site.facts.drawing import svg
from guide.site.facts.tables import TABLES, table
from guide.site.facts.tier_tabs import tabs
from hubfacts.location import default_path


class FactRole(SphinxRole):
    """The value of a fact in the text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text, or a warning."""
        self.env.note_dependency(str(default_path()))
        try:
            return [nodes.Text(fact(load(), self.text))], []
        except FactError as error:
            return [], [self.inliner.reporter.warning(str(error), line=self.lineno)]


class FactLinkRole(SphinxRole):
    """A link whose address is a fact."""

    classes: tuple[str, ...] = ()

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or a warning. The link's text is its address unless one is given."""
        self.env.note_dependency(str(default_path()))
        named = re.fullmatch(r"(.+?)\s*<([^>]+)>", self.text, re.DOTALL)
        text, key = named.groups() if named else (None, self.text)
        try:
            url = self.address(load(), key)
        except FactError as error:
            return [], [self.inliner.reporter.warning(str(error), line=self.lineno)]
        link = nodes.reference("", text or url.removeprefix("mailto:"), refuri=url)
        link["classes"] += self.classes
        return [link], []

    def address(self, facts: Facts, key: str) -> str:
        """Return the address in the fact at ``key``. Raises ``FactError``."""
        url = fact(facts, key)
        return url if url.startswith("https://") else f"mailto:{url}"


class FactButtonRole(FactLinkRole):
    """A link that looks like a button."""

    classes = ("guide-button",)


class FactFilmRole(FactLinkRole):
    """A link to a film on YouTube, whose number is a fact.

    The style sheet draws it as a still image, so that nothing is loaded from YouTube before a click.
    """

    classes = ("film",)

    def address(self, facts: Facts, key: str) -> str:
        """Return the address of the page of the film at ``key``. Raises ``FactError``."""
        return f"https://www.youtube.com/watch?v={fact(facts, f'{key}.youtube')}"


class FactTable(SphinxDirective):
    """A table made of facts."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, or a warning."""
        self.env.note_dependency(str(default_path()))
        name = self.arguments[0]
        if name not in TABLES:
            return [_unknown(self, "fact table", name, TABLES)]
        try:
            caption, head, rows = TABLES[name](load())
            for line in misplaced(load(), head, rows):
                raise FactError(f"fact table {name!r}: {line}")
            return [table(caption, head, rows)]
        except FactError as error:
            return [self.state.document.reporter.warning(str(error), line=self.lineno)]


class FactDiagram(SphinxDirective):
    """A drawing made of facts, which says the same in words to readers who do not see it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the drawing, or a warning."""
        self.env.note_dependency(str(default_path()))
        name = self.arguments[0]
        if name not in DIAGRAMS:
            return [_unknown(self, "fact diagram", name, DIAGRAMS)]
        drawing = DIAGRAMS[name](load())
        frame = f'<figure class="guide-diagram" tabindex="0" aria-label="{drawing.title}">'
        return [nodes.raw("", f"{frame}{svg(drawing, name)}</figure>", format="html")]


class TierTabs(SphinxDirective):
    """Tabs of all tiers. A reader's choice applies to all such tabs, on this page and the others."""

    def run(self) -> list[nodes.Node]:
        """Return the tabs."""
        self.env.note_dependency(str(default_path()))
        return self.parse_text_to_nodes(tabs(load()))


def _unknown(directive: SphinxDirective, kind: str, name: str, known: Iterable[str]) -> nodes.system_message:
    text = f"there is no {kind} {name!r}; known are {', '.join(sorted(known))}"
    return directive.state.document.reporter.warning(text, line=directive.lineno)
