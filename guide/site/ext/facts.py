"""Sphinx extension: facts of ``hub.yml`` in the text of pages.

``{fact}`hub.region` `` prints a value, ``{fact}`hub.timeouts.server_max_age_s|days` `` in another unit,
``{fact-link}`the forum <help.forum>` `` a link, ``{fact-film}`the film <hub.intro_video>` `` a link to a film's
page, and ``{fact-table}`` a table by name (see ``fact_tables``).
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from guide.facts import Facts, load
from guide.pages.fact_values import FactError, fact
from guide.site.facts.tables import TABLES, table
from hubfacts.location import default_path


class FactRole(SphinxRole):
    """A value in the text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text."""
        self.env.note_dependency(str(default_path()))
        try:
            return [nodes.Text(fact(load(), self.text))], []
        except FactError as error:
            return [], [self.inliner.reporter.warning(str(error), line=self.lineno)]


class FactLinkRole(SphinxRole):
    """A link whose address is a fact."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link; its text is the address unless one is given."""
        self.env.note_dependency(str(default_path()))
        named = re.fullmatch(r"(.+?)\s*<([^>]+)>", self.text, re.DOTALL)
        text, key = named.groups() if named else (None, self.text)
        try:
            url = self.address(load(), key)
        except FactError as error:
            return [], [self.inliner.reporter.warning(str(error), line=self.lineno)]
        return [nodes.reference("", text or url.removeprefix("mailto:"), refuri=url)], []

    def address(self, facts: Facts, key: str) -> str:
        """Where the fact at ``key`` leads; raises ``FactError``."""
        url = fact(facts, key)
        return url if url.startswith("https://") else f"mailto:{url}"


class FactFilmRole(FactLinkRole):
    """A link to a film, of which the fact has the number at YouTube: a still of our own, and nothing is loaded before
    a click.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, which the style sheet draws as a still."""
        found, said = super().run()
        for link in found:
            link["classes"].append("film")
        return found, said

    def address(self, facts: Facts, key: str) -> str:
        """The page of the film at ``key``; raises ``FactError``."""
        return f"https://www.youtube.com/watch?v={fact(facts, f'{key}.youtube')}"


class FactTable(SphinxDirective):
    """A table made of facts."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(default_path()))
        name = self.arguments[0]
        if name not in TABLES:
            text = f"there is no fact table {name!r}; known are {', '.join(sorted(TABLES))}"
            return [self.state.document.reporter.warning(text, line=self.lineno)]
        caption, head, rows = TABLES[name](load())
        return [table(caption, head, rows)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the roles and the directive."""
    app.add_role("fact", FactRole())
    app.add_role("fact-link", FactLinkRole())
    app.add_role("fact-film", FactFilmRole())
    app.add_directive("fact-table", FactTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
