"""Directives that list what was tested besides the blocks of pages.

``{report-clients}`` lists client programs, ``{report-faults}`` injected faults, ``{report-pictures}`` the pictures
that are compared with recorded ones.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import fakehub
from fakehub.network.faults import EFFECTS
from guide.browser.visual_regression import PAGES, THEMES, WIDTHS
from guide.site.ext.report import shown_report
from guide.site.facts.tables import table

# Results of the tests with client programs of others.
CLIENTS = Path(fakehub.__file__).with_name("CLIENTS.md")
# Injected faults, and what gcsfs and google-cloud-storage do then: tests/fakehub/network/test_faults_clients.py.
_AGAIN = "both retry"
FAULTS = {
    "status": ("An answer like 429 or 503", _AGAIN),
    "stall": ("No answer for a while", "a client that waits receives it"),
    "reset": ("The connection breaks in the middle of an answer", _AGAIN),
    "reset-upload": ("The connection breaks in the middle of an upload", "both resume where it broke"),
    "truncate": ("The answer ends too early", _AGAIN),
    "corrupt": ("One byte is changed", "google-cloud-storage detects it, gcsfs does not"),
    "drop-upload": ("A multipart upload is lost", "both fail, and the old object is kept"),
}


class ReportClients(SphinxDirective):
    """A table of the client programs that were tested, with their versions and settings."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(CLIENTS))
        lines = CLIENTS.read_text(encoding="utf-8").partition("| client | version | settings |")[2].splitlines()[2:]
        rows = itertools.takewhile(str.strip, lines)
        cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in rows]
        return [table("Clients", ["Client", "Version", "Settings"], cells)]


class ReportFaults(SphinxDirective):
    """A table of the injected faults, with what clients do."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        rows = [list(FAULTS[effect]) for effect in EFFECTS]
        return [table("Simulated faults", ["Fault", "How the clients react"], rows)]


class ReportPictures(SphinxDirective):
    """The numbers of pictures that are compared: those that cells drew, and screenshots of pages."""

    def run(self) -> list[nodes.Node]:
        """Return a table of the former and a paragraph about the latter."""
        drawn = [page for page in shown_report(self.env).pages if page.pictures]
        rows = [[page.page, str(page.pictures), str(page.pictures_compared)] for page in drawn]
        head = ["Page", "Pictures", "Compared with a recorded picture"]
        text = (
            f"{len(PAGES)} pages of this site, {WIDTHS[0]} and {WIDTHS[1]} pixels wide, {' and '.join(THEMES)}, are "
            f"compared with {len(PAGES) * len(WIDTHS) * len(THEMES)} screenshots that were reviewed by eye."
        )
        return [*([table("Pictures that cells drew", head, rows)] if rows else []), nodes.paragraph(text=text)]
