"""The programs that build a book: this project, stock Jupyter Book 1 and mystmd, each in a separate folder."""

from __future__ import annotations

import compileall
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from bench.books import Book
from bench.load import LoadError
from bench.tools import JUPYTERHUB, NODE_MODULES, NPM, node
from guide.paths import ROOT

OURS, STOCK, MYST = "the guide", "stock Jupyter Book 1", "mystmd"
# Seconds between two readings of the memory.
_INTERVAL_S = 0.5


@dataclass(frozen=True)
class Built:
    """The cost of a build: ``seconds`` of wall-clock time, ``cpu_s`` of all its processes, and its peak memory in MB.

    Memory that processes share counts once.
    """

    seconds: float
    cpu_s: float
    mb: float


class Builder(ABC):
    """A program that builds ``book`` in ``folder`` as often as it is asked to."""

    name: str

    def __init__(self, book: Book, folder: Path) -> None:
        self.book, self.folder = book, folder
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Write the book and its settings into the folder."""

    @abstractmethod
    def commands(self) -> tuple[list[list[str]], dict[str, str]]:
        """Return the commands of one build and their environment; raise ``LoadError`` if the program is missing."""

    @abstractmethod
    def has_run(self, name: str) -> bool:
        """Return whether the last build ran the notebook ``name``."""

    def clean(self) -> None:
        """Remove what the last build wrote."""
        shutil.rmtree(self.folder / "_build", ignore_errors=True)

    def build(self) -> Built:
        """Build the book once and return the cost; raise ``LoadError`` if the build fails."""
        try:
            built = self._measure()
            # A program that runs no notebook would be the fastest.
            for name in self.book.names[self.book.pages :]:
                if not self.has_run(name):
                    raise LoadError(f"{self.name} did not run {name}")
        finally:
            _end_leftover_processes(self.folder)
        return built

    def _measure(self) -> Built:
        commands, env = self.commands()
        before = os.times()
        began = time.perf_counter()
        with tempfile.TemporaryFile() as output, _PeakMemory() as memory:
            for command in commands:
                process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=output, stderr=subprocess.STDOUT)
                memory.watch(process.pid)
                if process.wait():
                    output.seek(0)
                    raise LoadError(f"{self.name} ended with {process.returncode}: {_last_words(output.read())}")
            seconds = time.perf_counter() - began
            after = os.times()
        cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
        return Built(seconds, cpu_s, memory.mb)


class _Ours(Builder):
    """A copy of this project, with the book instead of the guide."""

    name = OURS

    def prepare(self) -> None:
        for name in ("_config.yml", "hub.yml", "uv.lock", "CHANGELOG.md"):
            shutil.copy(ROOT / name, self.folder)
        for name in ("book/_static", "book/_templates", "fakehub", "guide", "hubfacts"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        # Jupyter Book was compiled when it was installed, so this project must be as well.
        compileall.compile_dir(self.folder, quiet=2)
        self.book.write(self.folder, printed=True)
        # The build asks git which files there are, to see what changed.
        subprocess.run(["git", "init", "-q", str(self.folder)], check=True)
        (self.folder / ".gitignore").write_text("_build\n__pycache__\n", encoding="utf-8")

    def commands(self) -> tuple[list[list[str]], dict[str, str]]:
        """Return what ``make book`` runs: the set-up, which has nothing to do, and the build."""
        stack = Path(sys.prefix).name
        setup = [sys.executable, "-S", str(ROOT / "scripts/setup_env.py"), stack]
        return [setup, [sys.executable, "-m", "guide", "build", "--stack", stack]], dict(os.environ)

    def has_run(self, name: str) -> bool:
        return _has_output(self.folder / "_build" / "html" / f"{name}.html")


class _Stock(Builder):
    """Jupyter Book 1 with its default settings."""

    name = STOCK

    def prepare(self) -> None:
        self.book.write(self.folder, printed=False)
        settings = "title: A book\nonly_build_toc_files: true\n"
        (self.folder / "_config.yml").write_text(settings, encoding="utf-8")

    def commands(self) -> tuple[list[list[str]], dict[str, str]]:
        program = Path(sys.executable).with_name("jupyter-book")
        return [[str(program), "build", str(self.folder)]], dict(os.environ)

    def has_run(self, name: str) -> bool:
        return _has_output(self.folder / "_build" / "html" / f"{name}.html")


class _Myst(Builder):
    """mystmd with an empty theme: its own theme comes over the network, so its pages are content without HTML."""

    name = MYST

    def prepare(self) -> None:
        self.book.write(self.folder, printed=False)
        files = ["book/index.md", *(f"{name}.{'ipynb' if 'notebook-' in name else 'md'}" for name in self.book.names)]
        settings = {
            "version": 1,
            "project": {"title": "A book", "toc": [{"file": name} for name in files]},
            "site": {"template": "./theme", "title": "A book"},
        }
        theme = {
            "jtex": "v1",
            "title": "None",
            "version": "1.0.0",
            "license": "MIT",
            "parts": [],
            "options": [],
            "build": {"install": "true", "start": "true"},
            "files": ["template.yml"],
        }
        (self.folder / "theme").mkdir()
        for path, content in (("theme/template.yml", theme), ("myst.yml", settings)):
            (self.folder / path).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        self._write_jupyter_settings()
        self._write_npm()

    def _write_jupyter_settings(self) -> None:
        """Let its Jupyter Server start for root as well, and give its kernel the libraries of this environment."""
        kernel_folder = self.folder / "jupyter" / "kernels" / "python3"
        kernel_folder.mkdir(parents=True)
        kernel = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "language": "python",
            "display_name": "Python 3",
        }
        (kernel_folder / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
        server = self.folder / "jupyter" / "jupyter_server_config.py"
        server.write_text("c.ServerApp.allow_root = True\n", encoding="utf-8")

    def _write_npm(self) -> None:
        """Write a working ``npm``: mystmd asks for its version, and the one in the wheel does not find its modules."""
        program = node()
        if program is None:
            return  # ``commands`` reports it
        npm = self.folder / "bin" / "npm"
        npm.parent.mkdir()
        npm.write_text(f'#!/bin/sh\nexec "{program}" "{program.parent.parent / NPM}" "$@"\n', encoding="utf-8")
        npm.chmod(0o755)

    def commands(self) -> tuple[list[list[str]], dict[str, str]]:
        program = NODE_MODULES / "mystmd" / "dist" / "myst.cjs"
        node_program, server = node(), JUPYTERHUB / "bin"
        if node_program is None or not program.is_file() or not server.is_dir():
            raise LoadError("mystmd, or a Jupyter Server for it, is not installed; `make bench` installs both")
        jupyter = str(self.folder / "jupyter")
        path = [str(self.folder / "bin"), str(server), str(node_program.parent), os.environ["PATH"]]
        env = os.environ | {"PATH": os.pathsep.join(path), "JUPYTER_CONFIG_DIR": jupyter, "JUPYTER_PATH": jupyter}
        return [[str(node_program), str(program), "build", "--site", "--execute"]], env

    def has_run(self, name: str) -> bool:
        return _has_output(self.folder / "_build" / "site" / "content" / f"{Path(name).name}.json")


BUILDERS: dict[str, type[Builder]] = {OURS: _Ours, STOCK: _Stock, MYST: _Myst}


def _has_output(page: Path) -> bool:
    """Return whether a built page has an output that every notebook prints."""
    return page.is_file() and "12 months" in page.read_text(encoding="utf-8")


def _end_leftover_processes(folder: Path) -> None:
    """End the Jupyter servers and the kernels that mystmd leaves running."""
    ended = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("JUPYTER_CONFIG_DIR") == str(folder / "jupyter"):
                process.kill()
                ended.append(process)
    psutil.wait_procs(ended, timeout=10)


def _last_words(output: bytes) -> str:
    return " ".join(output.decode(errors="replace").split())[-300:]


class _PeakMemory:
    """The peak memory of a process and its descendants, read at intervals in a thread."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._pid: int | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read_repeatedly)

    def __enter__(self) -> _PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def watch(self, pid: int) -> None:
        """Read the memory of this process from now on."""
        self._pid = pid

    def _read_repeatedly(self) -> None:
        while not self._ended.wait(_INTERVAL_S):
            if self._pid is not None:
                self.mb = max(self.mb, _megabytes(self._pid))


def _megabytes(pid: int) -> float:
    """Return the memory of a process and its descendants in MB; shared memory counts once where the system tells."""
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
