"""Which files are checked, and how each is read."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from guide.language.code import python_passages, script_passages, settings_passages, template_passages
from guide.language.markdown import markdown_passages, page_passages
from guide.language.passages import Passage
from guide.pages.fact_values import FactError, fact
from guide.pages.hub_variant import current_facts, for_hub

# Documents that are not pages.
_DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "fakehub/README.md",
    "fakehub/CHANGELOG.md",
    "bench/README.md",
)
# `make script` joins them from the parts in `uploader/` and `hubcheck/`.
_GENERATED = ("book/hub/check_hub.py", "book/uploads/upload_store.py")
# Inputs that are wrong on purpose, and texts that others wrote.
_LEFT_OUT = ("tests/broken/", "lock/", "uv.lock", "guide/language/phrases.yml", "guide/language/grammar.yml")
# Texts of these files are printed on pages.
_PRINTED = ("hub.yml", "_toc.yml")


def checked_files(root: Path) -> list[Path]:
    """Return every file of the project, tracked or new, whose language is checked."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    names = sorted(set(listed.split("\0")) - {"", *_GENERATED})
    return [root / name for name in names if _reader(name) and (root / name).is_file()]


def passages_of(path: Path, root: Path) -> list[Passage]:
    """Return the passages of a file; none if files of its kind are not checked. A page is read as for this hub."""
    name = path.relative_to(root).as_posix()
    read = _reader(name)
    return read(path, name) if read else []


def _reader(name: str) -> Callable[[Path, str], list[Passage]] | None:
    suffix = Path(name).suffix
    if name.startswith(_LEFT_OUT):
        return None
    if name.startswith(("book/", "notebooks/")) and suffix in {".md", ".ipynb"} and "/_" not in name:
        return _page
    if name in _DOCUMENTS or name.startswith("fakehub/docs/"):
        return _text(markdown_passages)
    if suffix == ".html" and name.startswith("book/_templates/"):
        return _text(template_passages)
    if suffix in {".yml", ".yaml", ".toml"} or name.endswith("Makefile"):
        printed = Path(name).name in _PRINTED
        return _text(partial(settings_passages, printed=printed)) if "/_outputs/" not in name else None
    python = partial(python_passages, printed=not name.startswith("tests/"))
    return {".py": _text(python), ".js": _text(script_passages), ".css": _text(script_passages)}.get(suffix)


def _text(read: Callable[[str, str], list[Passage]]) -> Callable[[Path, str], list[Passage]]:
    return lambda path, name: read(path.read_text(encoding="utf-8"), name)


def _page(path: Path, name: str) -> list[Passage]:
    return page_passages(path, name, for_hub, _fact)


def _fact(key: str) -> str:
    try:
        return fact(current_facts(), key)
    except FactError:
        return key  # building the page reports it
