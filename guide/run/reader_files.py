"""Files, objects and a cluster of a reader, which a page must leave as they are.

They have names that readers use, and every name that the page itself mentions: a page that removed or replaced
``results`` would remove or replace the reader's.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from guide.pages.blocks import EXAMPLES, Block, Page
from guide.run.bucket_effects import OWN_PREFIXES, Buckets, EffectError
from guide.run.machine import Machine

# Names that readers are likely to use. A slash at the end means a directory.
_LIKELY = (
    "results/",
    "output/",
    "data/",
    "figures/",
    "my-data/",
    "scratch/",
    "project/",
    "shared/",
    "files/",
    "tables/",
    "practice/",
    "run.zarr",
    "sst.zarr",
    "first.zarr",
    "test.zarr",
    "data.nc",
    "result.nc",
    "notes.txt",
    "token.txt",
    "requirements.txt",
    "environment.yml",
    "analysis.py",
    "Untitled.ipynb",
    ".ipynb_checkpoints/Untitled-checkpoint.ipynb",
    f"{EXAMPLES}/my-own-trial/notes.txt",
)
# Hidden files of a home directory, with the content of those that programs read.
_HIDDEN = {
    ".bash_profile": "# mine\n",
    ".bashrc": "# mine\n",
    ".cache/matplotlib/mine.json": "{}\n",
    ".cache/pip/wheels/mine.whl": "mine\n",
    ".condarc": "channels: [conda-forge]\n",
    ".conda/envs/mine/conda-meta/history": "==> 2024-05-01 10:00:00 <==\n",
    ".config/gcloud/configurations/config_mine": "[core]\naccount = me@example.org\n",
    ".config/rclone/mine.conf": "# mine\n",
    ".gitconfig": "[user]\n\tname = My Name\n\temail = me@example.org\n[alias]\n\tst = status\n",
    ".gitignore": "*.tmp\n",
    ".local/share/Trash/files/draft.ipynb": "{}\n",
    ".local/share/Trash/info/draft.ipynb.trashinfo": "[Trash Info]\nPath=draft.ipynb\n",
    ".local/share/jupyter/kernels/mine/kernel.json": '{"argv": ["mine"], "display_name": "Mine"}\n',
    ".ssh/id_ed25519": "mine\n",
    ".ssh/known_hosts": "example.org ssh-ed25519 mine\n",
}
_CONTENT = "# A reader's own file.\n"
# A file that is both old and large, as a page could look for.
_OLD_AND_LARGE = "run-2019.nc"
_LARGE_BYTES = 200_000_000
_OLD_S = 3 * 365 * 86400.0
# The most names that are made of one text with variable parts.
_MOST_NAMES = 60
_COLLEAGUE = "another-member"
# A path without variables: words of letters, digits and the like, between slashes.
_PATH = re.compile(r"[\w.*?+-]+(?:/[\w.*?+-]+)*/?")
_START = re.compile(r"^(?:~|\$HOME|\$\{HOME\}|\{\}|\.)?/|\$\{?\w+\}?/")
_CLUSTER = "from dask_gateway import Gateway; print(Gateway().new_cluster(shutdown_on_close=False).name)"
_RUNNING = "from dask_gateway import Gateway; print(*(report.name for report in Gateway().list_clusters()))"


def names_on(page: Page) -> list[str]:
    """Return every relative path that the code of ``page`` mentions, except what Python would import."""
    names: set[str] = set()
    imported: set[str] = set()
    for block in page.blocks:
        names.update(_names_in(block))
        imported.update(re.findall(r"^\s*(?:import|from)\s+(\w+)", block.source, re.MULTILINE))
    return sorted(
        name for name in names if name.split("/")[0].removesuffix(".py") not in imported and ".dist-info" not in name
    )


def _names_in(block: Block) -> Iterator[str]:
    texts = [block.target] if block.target else []
    texts += [*_texts_of_python(block.source)] if block.language == "python" else [*_words(block.source)]
    for text in texts:
        for name in (text, _START.sub("", text)):
            parts = PurePosixPath(name).parts
            if _PATH.fullmatch(name) and ".." not in parts and len(name) > 1 and parts != (".",):
                yield re.sub(r"[*?]", "1", name)


def _texts_of_python(source: str) -> Iterator[str]:
    """Yield the texts of Python code, and those that it puts together; or the words of a shell cell."""
    try:
        tree = ast.parse(re.sub(r"^\s*[%!].*", "pass", source, flags=re.MULTILINE))
    except SyntaxError:
        yield from _words(source)
        return
    for line in re.findall(r"^\s*[%!](.*)", source, re.MULTILINE):
        yield from _words(line)
    values = [*dict.fromkeys(_values(tree))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from _formatted(node, values)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield "/".join(reversed([*_last_parts(node)]))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield _constant(node.left) + _constant(node.right)


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _values(tree: ast.AST) -> Iterator[str]:
    """Yield what variables in a name may stand for: the numbers and words of the code, and those of its ranges."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            ends = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, int)]
            if len(ends) == len(node.args):
                yield from map(str, range(*ends)[:_MOST_NAMES])
        elif isinstance(node, ast.Constant) and re.fullmatch(r"(?!None|True|False)\w[\w-]{0,30}", str(node.value)):
            yield str(node.value)


def _formatted(node: ast.JoinedStr, values: list[str]) -> Iterator[str]:
    """Yield a text with each of the values in its variable parts; the first part may be a folder."""
    for value in values[:_MOST_NAMES]:
        parts = [part.value if isinstance(part, ast.Constant) else value for part in node.values]
        if not isinstance(node.values[0], ast.Constant) and str(parts[1:2]).startswith("['/"):
            parts[0] = "{}"
        yield "".join(map(str, parts))


def _last_parts(node: ast.expr) -> Iterator[str]:
    """Yield the texts at the end of ``a / "b" / "c"``, the last one first."""
    while isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, str):
        yield node.right.value
        node = node.left


def _words(source: str) -> Iterator[str]:
    """Yield the words of a shell's commands, with the values of its variables and braces."""
    values: dict[str, list[str]] = {}
    for name, value in re.findall(r"(?:^|[\s;])(\w+)=([\w./-]+)", source):
        values.setdefault(name, []).append(value)
    for name, words in re.findall(r"\bfor\s+(\w+)\s+in\s+([^;\n]+)", source):
        values.setdefault(name, []).extend(word for text in words.split() for word in _with_braces(text))
    for line in source.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:  # a quotation continues in the next line
            words = line.split()
        for word in (word.strip("()<>;,'\"") for word in words):
            yield word
            yield from _with_braces(word)
            for name in re.findall(r"\$\{?(\w+)", word):
                yield from (re.sub(rf"\$(?:\{{{name}\}}|{name}\b)", value, word) for value in values.get(name, ()))


def _with_braces(word: str) -> Iterator[str]:
    """Yield the words that a shell makes of braces such as ``{a,b}`` and ``{2000..2010}``; otherwise the word."""
    found = re.search(r"(?<!\$)\{([^{},]*(?:,[^{},]*)+|(-?\d+)\.\.(-?\d+))\}", word)
    if not found:
        yield word
        return
    choices = found[1].split(",") if found[2] is None else map(str, range(int(found[2]), int(found[3]) + 1))
    for choice in [*choices][:_MOST_NAMES]:
        yield from _with_braces(word[: found.start()] + choice + word[found.end() :])


class ReaderFiles:
    """What a reader has besides the page's folder: files, objects, and a cluster that runs."""

    def __init__(self, page: Page, buckets: Buckets) -> None:
        self._page = page
        # Files that the page offers to download are not the reader's own. A program that the page uses may read what it
        # stores elsewhere, such as a login, and would fail on our file there.
        offered = {file.name for file in page.files}
        stored = tuple(path.removeprefix("~/") for path in page.writes)
        names = {*_LIKELY, *names_on(page)} - offered
        self._names = sorted(name for name in names if not name.startswith(stored))
        self._cluster = ""
        for variable in OWN_PREFIXES:
            if prefix := os.environ.get(variable):
                colleague = f"{prefix.rpartition('/')[0]}/{_COLLEAGUE}"
                for path in _tree(self._names):
                    buckets.write(f"{colleague}/{path}", _CONTENT.encode())
                    if not path.startswith(f"{page.folder}/"):
                        buckets.write(f"{prefix}/{path}", _CONTENT.encode())

    def plant(self, folder: Path, hidden: bool = True) -> None:
        """Write the reader's files into ``folder``; those in a home directory include ``hidden`` ones."""
        files = (_HIDDEN if hidden else {}) | {path: _CONTENT for path in _tree(self._names) if path not in _HIDDEN}
        for path, content in files.items():
            file = folder / path
            if path.startswith(f"{self._page.folder}/") or file.exists() or not _makes_folder(file.parent):
                continue
            file.write_text(content, encoding="utf-8")
        old = folder / _OLD_AND_LARGE
        if not old.exists():
            old.touch()
            os.truncate(old, _LARGE_BYTES)  # which takes no space on the disk
            os.utime(old, (old.stat().st_mtime - _OLD_S,) * 2)
        if hidden:
            (folder / "latest-results").symlink_to("results")

    def start_cluster(self, machine: Machine) -> None:
        """Start a cluster if the page uses Dask Gateway."""
        if any("dask_gateway" in block.source for block in self._page.blocks):
            self._cluster = _printed(_CLUSTER, machine)

    def check_cluster(self, machine: Machine) -> None:
        """Raise ``EffectError`` unless the reader's cluster still runs."""
        if self._cluster and self._cluster not in _printed(_RUNNING, machine).split():
            raise EffectError("the page stops a cluster that it did not start; stop only the page's own")


def _tree(names: Iterable[str]) -> Iterator[str]:
    """Yield the paths of files that together make every name exist: as a file, a directory or a store."""
    paths = {name.rstrip("/") for name in names}
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    for path in sorted(paths):
        suffix = PurePosixPath(path).suffix
        if path in folders:
            yield f"{path}/mine.txt"
        elif suffix == ".zarr":
            yield from (f"{path}/zarr.json", f"{path}/sst/c/0")
        elif suffix or PurePosixPath(path).name.startswith("."):
            yield path
        else:
            yield f"{path}/mine.txt"


def _makes_folder(folder: Path) -> bool:
    """Make ``folder`` and those above it; return whether a file of that name prevents it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return False
    return True


def _printed(code: str, machine: Machine) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=machine.env, cwd=machine.home, capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise EffectError(f"the reader's cluster: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip()
