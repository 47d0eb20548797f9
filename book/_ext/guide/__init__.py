"""Runs, proves and builds the guide: block runner, report and Sphinx extensions."""

import sys

# For addresses with letters of other scripts, of which a notebook has none, jsonschema reads a grammar when it is
# imported: more than a second, in every process that reads a notebook.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
