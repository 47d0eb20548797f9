"""The table of contents: the only reader of ``_toc.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from guide.pages.blocks import BlockError
from guide.pages.hub_variant import current_facts, told_first
from guide.paths import ROOT, display_path
from hubfacts.features import lacking


def pages_of_book() -> list[Path]:
    """Every page and notebook of ``_toc.yml`` that the hub's guide has, in order."""
    return [page for page in _pages() if not _lacks(page)]


def left_out() -> set[str]:
    """Names, without suffix, of the pages that say they need what this hub lacks."""
    return {display_path(page.with_suffix("")) for page in _pages() if _lacks(page)}


def _lacks(page: Path) -> bool:
    try:
        return bool(lacking(current_facts(), told_first(page, "needs")))
    except ValueError as error:
        raise BlockError(f"{display_path(page)}:1: needs: {error}") from error


def _pages() -> list[Path]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names: list[str] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            names.extend(node[key] for key in ("root", "file") if key in node)
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for item in node:
                collect(item)

    collect(toc)
    return [_source(name) for name in names]


def _source(name: str) -> Path:
    for suffix in (".md", ".ipynb"):
        if (ROOT / f"{name}{suffix}").is_file():
            return ROOT / f"{name}{suffix}"
    raise BlockError(f"_toc.yml names {name}, but there is no such page")
