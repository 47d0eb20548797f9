"""Sphinx extension: what the theme brings and this site does not use, or would have made anew each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from sphinx.application import Sphinx


def _without_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop Thebe, which runs cells in the browser through other hosts; its script also fails, declared twice."""
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if not _is_thebe(script)]


def _is_thebe(script: Any) -> bool:
    body = getattr(script, "attributes", {}).get("body") or ""
    return "THEBE_JS_URL" in body or "thebe" in str(getattr(script, "filename", ""))


def _read_on_all_cores(app: Sphinx) -> None:
    """Vouch for an extension that numbers parts, of which there are none: it says nothing of parallel reading."""
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def _keep_templates(app: Sphinx) -> None:
    """Keep what the theme's templates were compiled to for the next build."""
    if app.builder.name == "html":
        folder = Path(app.doctreedir).with_name(".templates")
        folder.mkdir(exist_ok=True)
        app.builder.templates.environment.bytecode_cache = FileSystemBytecodeCache(str(folder))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("builder-inited", _read_on_all_cores)
    app.connect("builder-inited", _keep_templates)
    app.connect("html-page-context", _without_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
