"""Text that Markdown takes for HTML, such as ``<image-name>``: a browser shows none of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

# A folded answer with its code, as Jupyter shows it too.
_MEANT = {"code", "details", "summary"}
_TAG = re.compile(r"</?([A-Za-z][\w-]*)[^>]*>")
_DIRECTIVE = re.compile(r"\{([\w-]+)\}")
# Their content is code.
_CODE = {"code-cell", "math"}


def lost_text(text: str, offset: int = 0) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each tag in a page's ``text`` that is not meant as HTML, outside of code."""
    parser = MarkdownIt("commonmark").use(front_matter_plugin).use(colon_fence_plugin)
    for token in parser.parse(text):
        line = offset + (token.map[0] if token.map else 0) + 1
        if token.type == "html_block":
            yield from _tags(token.content, line)
        for child in token.children or ():
            if child.type == "html_inline":
                yield from _tags(child.content, line)
            line += child.type in {"softbreak", "hardbreak"}
        directive = _DIRECTIVE.match(token.info.strip()) if token.type in {"fence", "colon_fence"} else None
        if directive and directive[1] not in _CODE:
            yield from lost_text(token.content, line)


def _tags(html: str, line: int) -> Iterator[tuple[int, str]]:
    for tag in _TAG.finditer(html):
        if tag[1].lower() not in _MEANT:
            yield line + html.count("\n", 0, tag.start()), tag[0]
