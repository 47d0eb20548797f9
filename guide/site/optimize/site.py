"""The whole of it: every page of a built site, its style sheets, its scripts, its pictures and its policy."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from guide.site.optimize import icons, not_found_page, policy, scripts, styles
from guide.site.optimize.files import Files
from guide.site.optimize.page import BASE, POLICY, Digests, Lean, keep, kept, key, made_lean

# What only a page that was made lean has.
_MARK = 'http-equiv="Content-Security-Policy"'
_IMPORT = re.compile(r"""@import\s+["']([^"']+)["'];?""")
_FACE = re.compile(r"@font-face *\{[^}]*\}")
_ADDRESS = re.compile(r"""url\(["']?(?!data:|#)([^)"']+)["']?\)""")
_FONT = re.compile(r"url\([\"']?([^)\"']+\.ttf)[\"']?\)")
_FAMILY = re.compile(r"(font-family|font-style|font-weight):[^;}]+")
# Brought by the theme for other languages and other programs; or the sources of what is shipped.
_LEFTOVERS = (
    "searchindex.js",
    "_static/*.css_t",
    "_static/**/*.map",
    "_static/*webpack-macros.html",
    "_static/copybutton_funcs.js",
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
# So many pages are worth copies of this process.
_MANY = 8


def finish(site: Path, store: Path, root: str = "/") -> list[str]:
    """Make the ``site`` that Sphinx wrote lean; what a page says that its policy refuses.

    ``store`` keeps the pages as Sphinx wrote them, which writes only those that changed, and what came of each.
    ``root`` is where on its host the site lies.
    """
    (store / ".lean").mkdir(parents=True, exist_ok=True)
    pages = dict(_each(_as_written(site, store), site, store / ".lean"))
    files = Files(site)
    used = styles.Used()
    # Style sheets in their order, and classes made of declarations in elements.
    sheets: dict[Path, None] = {}
    classes: dict[str, str] = {}
    for lean in pages.values():
        files.note(lean.written, lean.replaced)
        used.tags.update(lean.tags)
        used.words.update(lean.words)
        sheets |= dict.fromkeys(site / name for name in lean.sheets)
        classes |= lean.classes
    ours = [site / name for name in files.written if name.endswith(".js")]
    for script in (*ours, *scripts.loaded_later(site)):
        used.add_script(script.read_text(encoding="utf-8"))
    base = _base(list(sheets), used, classes, files, store / ".lean" / "style-sheet")
    inline = {text for lean in pages.values() for text in lean.inline}
    told = policy.policy(inline)
    for path, lean in pages.items():
        html = lean.html.replace(POLICY, told, 1).replace(BASE, files.reference(path, base), 1)
        if path == site / not_found_page.NAME:
            html = not_found_page.rearranged(html, root)
        if path.read_text(encoding="utf-8") != html:
            path.write_text(html, encoding="utf-8")
    for leftover in (path for pattern in _LEFTOVERS for path in site.glob(pattern)):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    files.tidy(store / "written.json")
    policy.write_headers(site, inline, files.written)
    return [complaint for lean in pages.values() for complaint in lean.complaints]


def _each(texts: list[tuple[Path, str]], site: Path, store: Path) -> Iterator[tuple[Path, Lean]]:
    """What came of each page, made now or kept in ``store``."""
    digests = Digests()
    stores = {path: store / f"{path.relative_to(site).as_posix().replace('/', '--')}" for path, _ in texts}
    keys = {path: key(str(path.relative_to(site)), text) for path, text in texts}
    found = {path: kept(stores[path].with_suffix(f".{keys[path]}"), site, digests) for path in stores}
    missing = [(path, text) for path, text in texts if found[path] is None]
    before: dict[str, list[Path]] = {}
    for old in store.iterdir():
        before.setdefault(old.stem, []).append(old)
    for (path, _), lean in zip(missing, _made(missing, site), strict=True):
        for old in before.get(stores[path].stem, []):
            old.unlink()
        keep(lean, stores[path].with_suffix(f".{keys[path]}"))
        found[path] = lean
    yield from found.items()


def _made(missing: list[tuple[Path, str]], site: Path) -> Iterable[Lean]:
    jobs = [(path, text, site) for path, text in missing]
    if len(jobs) < _MANY or "fork" not in multiprocessing.get_all_start_methods():
        return [made_lean(*job) for job in jobs]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as pool:
        return list(pool.map(made_lean, *zip(*jobs, strict=True), chunksize=_MANY // 2))


def _as_written(site: Path, store: Path) -> list[tuple[Path, str]]:
    """Every page of ``site`` with the text that Sphinx wrote."""
    found = []
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.relative_to(site).parts or "_sources" in path.relative_to(site).parts:
            continue
        kept = store / path.relative_to(site)
        text = path.read_text(encoding="utf-8")
        # A few words that lead to another page, or one that never was Sphinx's.
        if "<head" not in text or (_MARK in text and not kept.is_file()):
            continue
        if _MARK not in text:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text, encoding="utf-8")
        found.append((path, kept.read_text(encoding="utf-8")))
    return found


def _base(sheets: list[Path], used: styles.Used, classes: dict[str, str], files: Files, store: Path) -> Path:
    """The style sheet of all pages; the one that ``store`` names, when it would be the same."""
    texts = []
    for sheet in sheets:
        imported = [sheet.parent / name for name in _IMPORT.findall(sheet.read_text(encoding="utf-8"))]
        for path in [*imported, sheet]:
            files.replaced(path)
            texts.append(
                _ADDRESS.sub(partial(_from_static, path, files.site), _IMPORT.sub("", path.read_text("utf-8")))
            )
    fonts = {path.name: path for path in sorted((files.site / "_static").rglob("*.ttf"))}
    made_from = [texts, sorted(classes.items()), styles.that_matter(used, texts)]
    made_from += [hashlib.sha256(font.read_bytes()).hexdigest() for font in fonts.values()]
    made_from += [Path(module.__file__).read_text(encoding="utf-8") for module in (icons, styles)]
    digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    known = json.loads(store.read_text()) if store.is_file() else {"digest": None}
    if known["digest"] == digest and (files.site / known["name"]).is_file():
        files.note([known["name"]], [])
        return files.site / known["name"]
    out = files.write(files.site / "_static" / "site.css", ".css", _sheet(texts, used, classes, fonts).encode())
    store.write_text(json.dumps({"digest": digest, "name": str(out.relative_to(files.site))}))
    return out


def _sheet(texts: list[str], used: styles.Used, classes: dict[str, str], fonts: dict[str, Path]) -> str:
    whole = styles.trimmed(texts, used)
    points = icons.code_points(whole)

    def face(found: re.Match[str]) -> str:
        font = fonts.get((_FONT.search(found[0]) or ["", ""])[1].rsplit("/", 1)[-1])
        data = icons.as_data(font, points) if font else ""
        told = ";".join(part[0] for part in _FAMILY.finditer(found[0]))
        return f'@font-face{{{told};font-display:block;src:url("{data}") format("woff2")}}' if data else ""

    # As strong as a declaration in the element itself, which stands above every class and below what is important.
    own = "".join(f".{name}:not(#_){{{text}}}" for name, text in sorted(classes.items()))
    return _FACE.sub(face, whole) + own


def _from_static(sheet: Path, site: Path, found: re.Match[str]) -> str:
    """An address in ``sheet`` as it is in the style sheet of all pages."""
    return f'url("{os.path.relpath(sheet.parent / found[1], site / "_static")}")'
