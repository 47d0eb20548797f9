"""Run the code blocks of the documentation in order, as its reader does: in one folder, with a server beside them.

The word after the language says what a block is. ``file=NAME`` is written, and ``serve`` runs until the document ends.
``skip="PATH"`` is not run, because the tests at that path do so. All others must succeed.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fakehub.ports import free_port

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PORT = "4443"


@dataclass(frozen=True)
class Block:
    """A code block: its language, what it is, its text and its line in the document."""

    language: str
    what: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that the block is."""
        return self.what.removeprefix("file=") if self.what.startswith("file=") else None

    @property
    def skipped_for(self) -> str | None:
        """The path of the tests that run the block instead."""
        match = re.fullmatch(r'skip="([^"]+)"', self.what)
        return match[1] if match else None


def blocks_of(text: str) -> list[Block]:
    """Return the code blocks of a document."""
    return [
        Block(match[1], match[2].strip(), match[3], text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
    ]


def run_document(document: Path, programs: Path, folder: Path, **variables: str) -> None:
    """Run all blocks of ``document`` in ``folder``, with ``variables``; ``programs`` is the folder of its Python."""
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8"}
    environment |= variables
    port = str(free_port())
    with contextlib.ExitStack() as servers:
        for block in blocks_of(document.read_text()):
            text = block.text.replace(_PORT, port)
            place = f"{document.name}:{block.line}"
            if block.skipped_for:
                continue
            if block.file:
                (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.file).write_text(block.text)
            elif block.what == "serve":
                servers.enter_context(_server(f"{text.strip()} --port {port}", environment, folder))
            else:
                environment |= _run(block.language, text, environment, folder, place)


def _run(language: str, text: str, environment: dict[str, str], folder: Path, place: str) -> dict[str, str]:
    """Run a block, which must succeed; return the variables that it exports."""
    exported = folder / "exported"
    command = {
        "python": ["python", "-W", "ignore", "-c", text],
        "bash": ["bash", "-euo", "pipefail", "-c", f"{text}\nenv -0 > {exported}"],
    }[language]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{place}: {done.stdout}{done.stderr}"
    if language != "bash":
        return {}
    return dict(line.split("=", 1) for line in exported.read_text().split("\0") if line)


@contextlib.contextmanager
def _server(command: str, environment: dict[str, str], folder: Path) -> Iterator[None]:
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("export STORAGE_EMULATOR_HOST="), command
            yield
        finally:
            process.terminate()
