"""Redirects from old addresses: a small page at each, which works with and without scripts."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import yaml
from bs4 import BeautifulSoup

from guide.site.optimize.policy import policy

# For each old address, the target of each of its anchors; "" is the page itself.
Moves: TypeAlias = Mapping[str, Mapping[str, str]]

_SCRIPT = "_static/moved.js"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>This page has moved</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="canonical" href="{whole}">
{lead}
</head>
<body>
<main>
<h1>This page has moved</h1>
<p>What it said is now in the guide:</p>
<ul>
{links}
</ul>
</main>
</body>
</html>
"""
_FIRST = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="canonical" href="{whole}">
{tags}
<meta http-equiv="refresh" content="0; url={page}">
</head>
<body>
<main>
<h1>{title}</h1>
<p><a href="{page}">Open the guide</a></p>
</main>
</body>
</html>
"""


class RedirectError(Exception):
    """An error in the file of old addresses, in one line."""


def read(path: Path) -> Moves:
    """Return the old addresses in the file at ``path``. Raises ``RedirectError``."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise RedirectError(f"{path.name}: not YAML: {str(error).splitlines()[0]}") from error
    moves = {old: to if isinstance(to, dict) else {"": to} for old, to in content.items()}
    for old, targets in moves.items():
        if not str(old).endswith(".html") or str(old).startswith("/") or ".." in str(old):
            raise RedirectError(f"{path.name}: {old}: an old address is a path that ends in .html")
        if "" not in targets or not all(isinstance(target, str) for target in targets.values()):
            raise RedirectError(f'{path.name}: {old}: it needs a target for "", the page without an anchor')
    return moves


def errors(moves: Moves, site: Path) -> list[str]:
    """Return a line for each old address that leads to nothing in the built ``site``, or that is a page of it."""
    lines = []
    for old, targets in moves.items():
        if (site / old).is_file() and "<article" in (site / old).read_text(encoding="utf-8"):
            lines.append(f"redirects.yml: {old} is a page of the guide, so it cannot redirect")
        for anchor, target in targets.items():
            page, _, section = target.partition("#")
            there = site / f"{page}.html"
            if not there.is_file():
                lines.append(f"redirects.yml: {old}#{anchor} leads to {page}, which is not a page")
            elif section and not _has(there, section):
                lines.append(f"redirects.yml: {old}#{anchor} leads to {target}, which is not a heading")
    return lines


def _has(page: Path, anchor: str) -> bool:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find(id=anchor) is not None


def write(moves: Moves, site: Path, base: str, titles: Mapping[str, str]) -> None:
    """Write a page at every old address of the ``site`` at ``base``; ``titles`` are those of its pages, by name."""
    for old, targets in moves.items():
        up = "../" * old.count("/")
        first = _address(targets[""])
        lead = f'<meta http-equiv="refresh" content="0; url={up}{first}">'
        if len(targets) > 1:
            lead = f'<script src="{up}{_SCRIPT}" defer></script>'
        links = "\n".join(_link(anchor, target, up, titles) for anchor, target in targets.items())
        text = _PAGE.format(policy=policy([]), whole=f"{base.rstrip('/')}/{first}", lead=lead, links=links)
        out = site / old
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")


def write_first(site: Path, root: str, base: str, title: str, tags: str) -> None:
    """Write the page at the address of the site, which people share: it leads to ``root``, with a card (``tags``)."""
    page = f"{root}.html"
    whole = f"{base.rstrip('/')}/{page}"
    text = _FIRST.format(policy=policy([]), title=html.escape(title), whole=whole, tags=tags, page=page)
    (site / "index.html").write_text(text, encoding="utf-8")


def _address(target: str) -> str:
    page, hash_, section = target.partition("#")
    return f"{page}.html{hash_}{section}"


def _link(anchor: str, target: str, up: str, titles: Mapping[str, str]) -> str:
    name = titles[target.partition("#")[0]]
    about = f"{html.escape(anchor.replace('-', ' ').capitalize())}: " if anchor else ""
    where = html.escape(f"{up}{_address(target)}")
    return f'<li>{about}<a data-from="{html.escape(anchor)}" href="{where}">{html.escape(name)}</a></li>'
