"""Optimize a built site: every page, style sheets, scripts, pictures and the content security policy."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import shutil
from functools import partial
from pathlib import Path

from guide.site.optimize import icons, not_found_page, policy, scripts, sheet_rules, styles
from guide.site.optimize.files import Files
from guide.site.optimize.page import (
    CARDS,
    POLICY,
    STYLE_SHEET,
    OptimizedPage,
    keep_page,
    kept_page,
    key,
    optimize_page,
)
from guide.site.parallel import on_all_cores

# Only an optimized page has this.
_MARK = 'http-equiv="Content-Security-Policy"'
_IMPORT = re.compile(r"""@import\s+["']([^"']+)["'];?""")
_FACE = re.compile(r"@font-face *\{[^}]*\}")
_ADDRESS = re.compile(r"""url\(["']?(?!data:|#)([^)"']+)["']?\)""")
_FONT = re.compile(r"url\([\"']?([^)\"']+\.ttf)[\"']?\)")
_FAMILY = re.compile(r"(font-family|font-style|font-weight):[^;}]+")
# Files of the theme for other languages and programs, and sources of optimized files.
_LEFTOVERS = (
    "searchindex.js",
    "_static/*.css_t",
    "_static/**/*.map",
    "_static/*webpack-macros.html",
    "_static/check-solid.svg",
    "_static/clipboard.min.js",
    "_static/copy-button.svg",
    "_static/copybutton*",
    "_static/doctools.js",
    "_static/language_data.js",
    "_static/searchtools.js",
    "_static/sphinx_highlight.js",
    "_static/locales",
    "_static/scripts/bootstrap.*",
    "_static/scripts/fontawesome.*",
    "_static/sphinx-thebe.*",
    "_static/vendor",
)
# What the cards of all pages show, which a script loads by this name or the fingerprinted one that a page has.
PREVIEWS = "_static/previews.json"


def optimize_site(site: Path, store: Path, root: str = "/") -> list[str]:
    """Optimize the ``site`` that Sphinx wrote; return warnings about what the policy of a page refuses.

    ``store`` keeps the pages as Sphinx wrote them, since Sphinx writes only those that changed, and the result of each.
    ``root`` is the path of the site on its host.
    """
    (store / ".optimized").mkdir(parents=True, exist_ok=True)
    pages = _optimized_pages(_as_written(site, store), site, store / ".optimized")
    files = Files(site)
    used = styles.Used()
    # Style sheets in their order, and classes made from declarations of elements.
    sheets: dict[Path, None] = {}
    classes: dict[str, str] = {}
    for page in pages.values():
        files.add_earlier(page.written, page.replaced)
        used.tags.update(page.tags)
        used.words.update(page.words)
        sheets |= dict.fromkeys(site / name for name in page.sheets)
        classes |= page.classes
    ours = [site / name for name in files.written if name.endswith(".js")]
    for script in (*ours, *scripts.loaded_later(site)):
        used.add_script(script.read_text(encoding="utf-8"))
    sheet = _common_sheet(list(sheets), used, classes, files, store / ".optimized" / "style-sheet")
    inline = {text for page in pages.values() for text in page.inline}
    rules, cards = policy.policy(inline), _previews(files)
    for path, page in pages.items():
        html = page.html.replace(POLICY, rules, 1).replace(STYLE_SHEET, files.reference(path, sheet), 1)
        html = html.replace(CARDS, cards, 1)
        if path == site / not_found_page.NAME:
            html = not_found_page.with_absolute_addresses(html, root)
        if path.read_text(encoding="utf-8") != html:
            path.write_text(html, encoding="utf-8")
    for leftover in (path for pattern in _LEFTOVERS for path in site.glob(pattern)):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    files.clean_up(store / "written.json")
    policy.write_headers(site, inline, files.written)
    return [warning for page in pages.values() for warning in page.warnings]


def _previews(files: Files) -> str:
    """Give the file of all cards a fingerprinted name; return that, relative to the site."""
    plain = files.site / PREVIEWS
    if not plain.is_file():
        return PREVIEWS
    files.mark_replaced(plain)
    return str(files.write(plain, ".json", plain.read_bytes()).relative_to(files.site))


def _optimized_pages(texts: list[tuple[Path, str]], site: Path, store: Path) -> dict[Path, OptimizedPage]:
    """Return the result of each page, made now or kept in ``store``."""
    stores = {path: store / f"{path.relative_to(site).as_posix().replace('/', '--')}" for path, _ in texts}
    stores_of_now = {
        path: stores[path].with_suffix(f".{key(str(path.relative_to(site)), text)}") for path, text in texts
    }
    pages = {path: kept_page(stores_of_now[path], site) for path in stores}
    missing = [(path, text) for path, text in texts if pages[path] is None]
    before: dict[str, list[Path]] = {}
    for old in store.iterdir():
        before.setdefault(old.stem, []).append(old)
    for (path, _), page in zip(missing, on_all_cores(partial(optimize_page, site), missing), strict=True):
        for old in before.get(stores[path].stem, []):
            old.unlink()
        keep_page(page, stores_of_now[path])
        pages[path] = page
    return {path: page for path, page in pages.items() if page is not None}


def _as_written(site: Path, store: Path) -> list[tuple[Path, str]]:
    """Return every page of ``site`` with the text that Sphinx wrote."""
    texts = []
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.relative_to(site).parts or "_sources" in path.relative_to(site).parts:
            continue
        kept = store / path.relative_to(site)
        text = path.read_text(encoding="utf-8")
        # A short page that redirects to another, or one that Sphinx did not write.
        if "<head" not in text or (_MARK in text and not kept.is_file()):
            continue
        if _MARK not in text:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text, encoding="utf-8")
        texts.append((path, kept.read_text(encoding="utf-8")))
    return texts


def _common_sheet(sheets: list[Path], used: styles.Used, classes: dict[str, str], files: Files, store: Path) -> Path:
    """Return the style sheet of all pages; the one that ``store`` names if it would be the same."""
    texts: dict[Path, str] = {}
    for sheet in sheets:
        imported = [sheet.parent / name for name in _IMPORT.findall(sheet.read_text(encoding="utf-8"))]
        for path in [*imported, sheet]:
            files.mark_replaced(path)
            texts[path] = sheet_rules.plausible(path.read_text(encoding="utf-8"), used.words)
    fonts = {path.name: path for path in sorted((files.site / "_static").rglob("*.ttf"))}
    names = [str(path.relative_to(files.site)) for path in texts]
    made_from: list[object] = [names, [*texts.values()], sorted(classes.items())]
    made_from.append(styles.names_in_use(used, texts.values()))
    made_from += [hashlib.sha256(font.read_bytes()).hexdigest() for font in fonts.values()]
    made_from += [Path(inspect.getfile(module)).read_text(encoding="utf-8") for module in (icons, sheet_rules, styles)]
    digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    known: dict[str, str] = json.loads(store.read_text()) if store.is_file() else {}
    if known.get("digest") == digest and (files.site / known["name"]).is_file():
        files.add_earlier([known["name"]], [])
        return files.site / known["name"]
    trimmed = zip(texts, styles.trimmed(texts.values(), used), strict=True)
    whole = "".join(_ADDRESS.sub(partial(_from_static, path, files.site), text) for path, text in trimmed)
    text = _sheet(whole, classes, fonts, store.parent.parent.with_name(icons.STORE))
    out = files.write(files.site / "_static" / "site.css", ".css", text.encode())
    store.write_text(json.dumps({"digest": digest, "name": str(out.relative_to(files.site))}))
    return out


def _sheet(whole: str, classes: dict[str, str], fonts: dict[str, Path], store: Path) -> str:
    points = icons.code_points(whole)

    def face(rule: re.Match[str]) -> str:
        address = _FONT.search(rule[0])
        font = fonts.get(address[1].rsplit("/", 1)[-1]) if address else None
        data = icons.as_data(font, points, store) if font else ""
        family = ";".join(part[0] for part in _FAMILY.finditer(rule[0]))
        return f'@font-face{{{family};font-display:block;src:url("{data}") format("woff2")}}' if data else ""

    # As specific as a declaration of the element itself: above every class, below everything important.
    own = "".join(f".{name}:not(#_){{{text}}}" for name, text in sorted(classes.items()))
    return _FACE.sub(face, whole) + own


def _from_static(sheet: Path, site: Path, address: re.Match[str]) -> str:
    """Return an address in ``sheet`` as it must be in the style sheet of all pages."""
    return f'url("{os.path.relpath(sheet.parent / address[1], site / "_static")}")'
