"""Directives that list what was tested besides the blocks of pages.

``{report-clients}`` lists client programs and ``{report-faults}`` simulated faults.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import fakehub
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
        from fakehub.network.faults import EFFECTS  # its server takes long to import, for one table

        rows = [list(FAULTS[effect]) for effect in EFFECTS]
        return [table("Simulated faults", ["Fault", "How the clients react"], rows)]
