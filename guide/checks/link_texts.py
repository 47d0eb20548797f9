"""Find links between pages whose words have nothing in common with their target, a page or a section.

Such a link either leads to the wrong page, or does not say what a reader will find there.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from guide.checks.prose import prose_lines

_LINK = re.compile(
    r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<target>(?!https?:|#)[^)#\s]+\.(?:md|ipynb))(?:#(?P<anchor>[\w-]+))?\)"
)
_CODE = re.compile(r"`[^`\n]*\]\([^`\n]*`")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# How much of a page's beginning says what it is about, in characters.
_LEAD = 400
_COMMON = (
    "a|an|and|are|as|at|by|can|do|does|for|from|get|has|have|how|if|in|into|is|it|its|more|not|of|on|one|only|or|other"
    "|page|see|than|that|the|their|them|then|these|they|this|to|use|used|uses|what|when|where|which|who|why|with|you"
    "|your"
)
_WORD = re.compile(rf"\b(?!(?:{_COMMON})\b)(?:[a-z]{{2,}}|\d+)")
# Words that begin alike count as the same: *deletes* and *deleting*.
_SAME = 5


def misleading_links(text: str, page: Path) -> Iterator[tuple[int, str]]:
    """Yield the line of each link in the prose of ``text``, on the page at ``page``, that names something else."""
    lines = list(prose_lines(text))
    joined = _CODE.sub("", "\n".join(line for _, line in lines))
    for link in _LINK.finditer(joined):
        target = (page.parent / link["target"]).resolve()
        if not target.is_file():
            continue  # the build reports it
        if not _stems(link["words"]) & _subject(target, link["anchor"] or ""):
            words, line = " ".join(link["words"].split()), lines[joined.count("\n", 0, link.start())][0]
            place = f"{target.name}#{link['anchor']}" if link["anchor"] else target.name
            yield line, f"the link {words!r} has no word in common with {place}: name its subject, or correct it"


@functools.cache
def _subject(page: Path, anchor: str) -> frozenset[str]:
    """Return the stems of the words that say what a page is about, or one of its sections."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    body = re.sub(r"\A---\n.*?^---\n", "", text, flags=re.DOTALL | re.MULTILINE)
    about = [page.stem.replace("-", " "), page.parent.name, *_HEADING.findall(body), anchor.replace("-", " ")]
    about.append(_section(body, anchor) if anchor else body[:_LEAD])
    return _stems(" ".join(about))


def _section(body: str, anchor: str) -> str:
    """Return the text below the heading with that anchor, up to the next heading."""
    for part in re.split(r"^(?=#+ )", body, flags=re.MULTILINE):
        heading = part.split("\n", 1)[0].lstrip("# ")
        if re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) == anchor or f"({anchor})=" in part:
            return part
    return body[:_LEAD]


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s")[:_SAME] for word in _WORD.findall(text.lower()))
