"""The table of contents: the only reader of ``_toc.yml``.

The file has the format of Jupyter Book: a ``root``, then ``parts`` with ``chapters``, or ``chapters`` alone, and
``sections`` of any depth inside a chapter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from guide.pages.blocks import BlockError
from guide.pages.features import lacking
from guide.pages.hub_variant import current_facts, front_matter_value
from guide.paths import ROOT, display_path

_NAME = "_toc.yml"
# The keys of an entry that hold entries one level below it.
_LEVELS = ("parts", "chapters", "sections")
# Pages in another part than the rest of their folder: the address of this one was in use.
_ELSEWHERE = {"book/hub/how-the-hub-is-built"}


class TocError(BlockError):
    """A table of contents that no book can be built from, in one line."""


@dataclass(frozen=True)
class Part:
    """Chapters that stand together: their caption, empty if there is none, and the names of their pages in order."""

    caption: str
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Toc:
    """The pages of a book in order. A page's name is its path from the project's root, without suffix.

    ``content`` is the same as Jupyter Book reads it.
    """

    root: str
    parts: tuple[Part, ...]
    content: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of all pages, the root first."""
        return (self.root, *(page for part in self.parts for page in part.pages))

    @property
    def captions(self) -> dict[str, str]:
        """The caption of the part that each page is in, by the page's name; the root is in none."""
        return {page: part.caption for part in self.parts for page in part.pages}


def parse_toc(text: str, leave_out: Callable[[str], bool] = lambda name: False) -> Toc:
    """Return the table of contents in ``text``, without the pages for which ``leave_out`` returns True.

    A part that has no chapter left is left out too. Raises ``TocError``.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TocError(f"{_NAME}: not YAML: {str(error).splitlines()[0]}") from error
    root = content.get("root") if isinstance(content, dict) else None
    if not isinstance(root, str):
        raise TocError(f"{_NAME}: root is missing; it names the first page")
    twice = [name for name, count in Counter([root, *_files(_entries(content))]).items() if count > 1]
    if twice:
        raise TocError(f"{_NAME} names {twice[0]} twice")
    _check_folders(list(_parts(content)))
    kept = _without(content, leave_out)
    return Toc(root, tuple(_parts(kept)), kept)


def book_toc() -> Toc:
    """Return the table of contents of this hub's guide, without the pages that need what the hub lacks.

    Raises ``TocError``.
    """
    text = (ROOT / _NAME).read_text(encoding="utf-8")
    return parse_toc(text, lambda name: _lacks(source_of(name, ROOT)))


def pages_of_book() -> list[Path]:
    """Return every page and notebook of this hub's guide, in order. Raises ``TocError``."""
    return [source_of(name, ROOT) for name in book_toc().pages]


def left_out(toc: Toc) -> set[str]:
    """Return the names of the pages in ``_toc.yml`` that are not in ``toc``, which this hub's guide has."""
    whole = parse_toc((ROOT / _NAME).read_text(encoding="utf-8"))
    return set(whole.pages) - set(toc.pages)


def source_of(name: str, root: Path) -> Path:
    """Return the file of the page ``name`` below ``root``. Raises ``TocError``."""
    for suffix in (".md", ".ipynb"):
        if (root / f"{name}{suffix}").is_file():
            return root / f"{name}{suffix}"
    raise TocError(f"{_NAME} names {name}, but there is no such page")


def _lacks(page: Path) -> bool:
    try:
        return bool(lacking(current_facts(), front_matter_value(page, "needs")))
    except ValueError as error:
        raise BlockError(f"{display_path(page)}:1: needs: {error}") from error


def _entries(node: dict[str, Any], levels: Iterable[str] = _LEVELS) -> Iterator[dict[str, Any]]:
    """Yield the entries one level below ``node``."""
    for level in levels:
        entries = node.get(level) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise TocError(f"{_NAME}: {level} is not a list of entries such as `- file: book/index`")
        yield from entries


def _files(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the names of the pages of ``entries`` and below, in order; a link to another site has none."""
    for entry in entries:
        if "file" in entry:
            yield str(entry["file"])
        yield from _files(_entries(entry))


def _check_folders(parts: list[Part]) -> None:
    """Raise ``TocError`` for a page that is in another part than the first page of its folder."""
    indexes = {name.removesuffix("/index"): part for part in parts for name in part.pages if name.endswith("/index")}
    for part in parts:
        for name in part.pages:
            own = indexes.get(name.rpartition("/")[0], part)
            if own != part and name not in _ELSEWHERE:
                problem = f"under {part.caption!r}, but the pages of its folder are under {own.caption!r}"
                raise TocError(f"{_NAME} names {name} {problem}")


def _parts(content: dict[str, Any]) -> Iterator[Part]:
    for part in _entries(content, ("parts",)):
        yield Part(str(part.get("caption") or ""), tuple(_files(_entries(part))))
    pages = tuple(_files(_entries(content, ("chapters", "sections"))))
    if pages:
        yield Part("", pages)


def _without(node: dict[str, Any], leave_out: Callable[[str], bool]) -> dict[str, Any]:
    """Return ``node`` without the pages to leave out and all below them, and without parts and lists left empty."""
    kept = dict(node)
    for level in _LEVELS:
        if level in node:
            entries = [_without(entry, leave_out) for entry in node[level] if not _is_out(entry, leave_out)]
            kept[level] = [entry for entry in entries if level != "parts" or "chapters" in entry]
            if not kept[level]:
                del kept[level]
    return kept


def _is_out(entry: dict[str, Any], leave_out: Callable[[str], bool]) -> bool:
    return "file" in entry and leave_out(str(entry["file"]))
