"""Build the site with plain Sphinx, without Jupyter Book, and list what breaks: ``python -m guide.site.canary OUT``.

Jupyter Book 1 keeps Sphinx at 7.4 and the theme below 1.4. ``make canary`` installs the newest versions and runs this
with them, so it shows early what leaving Jupyter Book takes. Pages do not run again: their outputs are in the records
of ``make book``, whose site is also the one to compare with.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import docutils_namespace, patch_docutils

from guide.pages.hub_variant import current_facts
from guide.pages.toc import pages_of_book
from guide.paths import BUILD, ROOT, display_path
from guide.site import extension
from guide.site.options import SiteOptions
from guide.site.settings import settings, write_settings

_EXTENSIONS = ("myst_nb", "sphinx_book_theme", "sphinx_external_toc")
_SHOWN_VERSIONS = ("sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "myst-nb", "myst-parser", "docutils")
# The lists of functions in `guide.site.extension`. One that fails must not hide failures of the next.
_STEPS = ("PREPARATIONS", "OUTDATED", "PAGE_CONTEXT", "STEPS_AFTER_BUILD")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_MESSAGE = re.compile(r"^(?:(?P<place>\S+?(?::\d+)?): )?(?:WARNING|ERROR|CRITICAL): (?P<text>.*)$")
_LOG = logging.getLogger(__name__)


def configuration(content: dict[str, Any], toc: Path) -> dict[str, Any]:
    """Translate the ``content`` of ``_config.yml`` into Sphinx configuration values, as Jupyter Book does."""
    repository, values = content["repository"], content["sphinx"]["config"]
    theme = {"path_to_docs": "", "repository_url": repository["url"], "repository_branch": repository["branch"]}
    theme |= {"launch_buttons": content["launch_buttons"], "home_page_in_toc": content["html"]["home_page_in_navbar"]}
    return values | {
        "extensions": [*_EXTENSIONS, *content["sphinx"]["extra_extensions"]],
        "html_title": content["title"],
        "author": content["author"],
        "copyright": content["copyright"],
        "exclude_patterns": content["exclude_patterns"],
        "html_theme": "sphinx_book_theme",
        "html_theme_options": theme | values["html_theme_options"],
        "html_favicon": content["html"]["favicon"],
        "html_baseurl": content["html"]["baseurl"],
        "html_sourcelink_suffix": "",
        "myst_enable_extensions": content["parse"]["myst_enable_extensions"],
        "nb_execution_mode": content["execute"]["execute_notebooks"],
        "external_toc_path": str(toc),
        "external_toc_exclude_missing": content["only_build_toc_files"],
        "nitpicky": True,
    }


def build(out: Path) -> list[str]:
    """Build the site into ``out / "html"`` from nothing; return a line for each kind of warning or error."""
    shutil.rmtree(out, ignore_errors=True)
    for name in _STEPS:
        setattr(extension, name, tuple(_reporting(step) for step in getattr(extension, name)))
    config = configuration(settings(current_facts()), write_settings()[1]) | SiteOptions().configuration()
    output = StringIO()
    lines = []
    try:
        with patch_docutils(), docutils_namespace():
            Sphinx(
                ROOT,
                None,
                out / "html",
                out / ".doctrees",
                "html",
                confoverrides=config,
                status=None,
                warning=output,
                freshenv=True,
                parallel=os.cpu_count() or 1,
            ).build()
    except Exception as error:  # whatever a newer version raises belongs in the list
        lines.append(f"the build stops: {_description(error)}")
    return lines + grouped(output.getvalue())


def _reporting(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``step`` as a function that reports an exception as a warning, so that the build continues."""

    def run(*arguments: Any) -> Any:
        try:
            return step(*arguments)
        except Exception as error:  # whatever a newer version raises belongs in the list
            _LOG.warning("%s.%s fails: %s", step.__module__, step.__name__, _description(error))
            return []

    return run


def _description(error: Exception) -> str:
    """Return the type and message of an error, and the last line of this project in its traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(ROOT))]
    place = f" ({display_path(Path(frames[-1].filename))}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def grouped(output: str) -> list[str]:
    """Return a line for each different message in Sphinx's ``output``, with its first place and how often it occurs."""
    places = defaultdict(list)
    for line in output.splitlines():
        if match := _MESSAGE.match(_ANSI.sub("", line)):
            places[match["text"]].append((match["place"] or "").removeprefix(f"{ROOT}/"))
    return [_counted(text, where) for text, where in places.items()]


def _counted(text: str, places: list[str]) -> str:
    """Return ``text`` with the first of ``places`` and their number."""
    first = f" ({places[0]})" if places[0] else ""
    return f"{text}{first}{f', {len(places)} times' if len(places) > 1 else ''}"


def differences(html: Path, reference: Path, pages: Iterable[Path]) -> list[str]:
    """Return a line for each kind of difference between the ``pages`` (relative paths) of two sites.

    Compares what a reader or a link uses: the text, the ids and classes of the reference, and how many style sheets and
    scripts a page loads. The rest of the markup may differ.
    """
    places = defaultdict(list)
    for page in pages:
        if not (html / page).is_file():
            places["a page is missing"].append(str(page))
            continue
        new, old = (
            BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser") for site in (html, reference)
        )
        if _text(new) != _text(old):
            places["a page has another text"].append(str(page))
        for kind in ("id", "class"):
            for name in sorted(_names(old, kind) - _names(new, kind)):
                places[f"a page lacks the {kind} {name!r}"].append(str(page))
        for kind, selector in (("style sheets", "link[rel=stylesheet]"), ("scripts", "script[src]")):
            counts = len(new.select(selector)), len(old.select(selector))
            if counts[0] != counts[1]:
                places[f"a page loads {counts[0]} {kind}, and {counts[1]} in the site of `make book`"].append(str(page))
    return [_counted(text, where) for text, where in places.items()]


def _text(page: BeautifulSoup) -> str:
    return " ".join((page.select_one("article") or page).get_text(" ").split())


def _names(page: BeautifulSoup, kind: str) -> set[str]:
    """Return the ids or the classes of a page."""
    return {name for element in page.select(f"[{kind}]") for name in " ".join(element.get_attribute_list(kind)).split()}


def main(arguments: list[str]) -> int:
    """Build the site into the folder named and print what breaks; return 0 if nothing does, else 1."""
    out = Path(arguments[0]).resolve()
    lines = build(out)
    pages = [path.relative_to(ROOT).with_suffix(".html") for path in pages_of_book()]
    lines += differences(out / "html", BUILD / "html", pages)
    print("built with " + ", ".join(f"{name} {version(name)}" for name in _SHOWN_VERSIONS))
    print("\n".join(f"- {line}" for line in lines) or "nothing breaks")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
