"""Change what Sphinx and the theme do: no unused scripts, no work done twice, and error messages as they are typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from jinja2 import FileSystemBytecodeCache
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.transforms import SphinxTransform

from guide.site.options import options_of

# Quotation marks that are not apostrophes, and options such as --copy-links.
_TYPED = re.compile(r"""(?<!\w)['"]|['"](?!\w)|--""")


class KeepTypedQuotes(SphinxTransform):
    """Keep the quotation marks of error messages in titles and bold text, as readers compare and search for them."""

    default_priority = 740  # just before Sphinx makes them typographic

    def apply(self, **kwargs: Any) -> None:
        """Mark the titles and bold texts."""
        for kind in (nodes.title, nodes.strong):
            for node in self.document.findall(kind):
                if _TYPED.search(node.astext()):
                    node["support_smartquotes"] = False


def read_in_parallel(app: Sphinx) -> None:
    """Mark sphinx_multitoc_numbering as parallel-safe: the extension does not declare it."""
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def keep_templates(app: Sphinx) -> None:
    """Keep the compiled templates of the theme for the next build."""
    if isinstance(app.builder, StandaloneHTMLBuilder):
        folder = Path(app.doctreedir).with_name(".templates")
        folder.mkdir(exist_ok=True)
        app.builder.templates.environment.bytecode_cache = FileSystemBytecodeCache(str(folder))


def remove_scripts(app: Sphinx, page: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Remove Thebe, which would run cells through other hosts, and whose script fails: it declares a name twice.

    The page gets a new list of scripts, so it lacks what the theme adds to Sphinx's list later: settings of its search.
    """
    if options_of(app.config).optimize:
        context["script_files"] = [script for script in context.get("script_files", []) if not _is_thebe(script)]


def _is_thebe(script: Any) -> bool:
    body = getattr(script, "attributes", {}).get("body") or ""
    return "THEBE_JS_URL" in body or "thebe" in str(getattr(script, "filename", ""))
