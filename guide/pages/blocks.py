"""The code blocks of a page or notebook, each with its execution mode.

The mode defines what happens to a block when its page runs. It is executed (``cell``, ``run``), written to a file
for later blocks (``file``), only parsed (``parsed``), or skipped for a reason (``skip``). A block without a mode is
an error, as is one that opts out without a reason, so nothing on a page is silently untested.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode

BlockKind = Literal["cell", "run", "file", "skip", "parsed"]
HUB = "hub"
# The user in the examples; the site shows readers their own name in its place once they have entered it.
EXAMPLE_USER = "funky-user"
# The folder in which each page has its own, in the home directory and below the user's prefixes in buckets.
EXAMPLES = "guide-examples"


@dataclass(frozen=True)
class OtherMachine:
    """A machine besides the hub: its persona (see ``fakehub.accounts.personas``), and whether it has a browser."""

    persona: str
    has_browser: bool


# A laptop starts without files and logins; the HPC systems have the login of an earlier day.
OTHER_MACHINES = {
    "laptop": OtherMachine("anonymous", has_browser=True),
    "hpc": OtherMachine("hpc-member", has_browser=False),
    "hpc-outsider": OtherMachine("hpc-outsider", has_browser=False),
}
MACHINES = (HUB, *OTHER_MACHINES)


class BlockError(Exception):
    """A page that cannot be run as written: the place (``file:line``) and the problem, in one line."""


@dataclass(frozen=True)
class Block:
    """One code block.

    ``line`` is the line of the page, from 1, on which the block opens; in a notebook it is the number of the cell.
    ``cell`` is the block's index among the cells of the page's notebook.
    ``target`` is the file name of a ``file`` block, and ``reason`` says why a ``skip`` or ``parsed`` block is not run.
    ``leaves`` and ``removes`` are URLs of objects, or of prefixes if they end in a slash, with the hub's variables.
    ``checks`` must hold after the block, and no reader sees them: Python expressions, or commands for a shell block.
    ``on`` are the machines on which the block runs, and ``after_s`` the seconds that pass on the stand-in's clock
    before it. ``needs`` are the programs without which it is not run, ``carries`` files that are copied from the hub.
    ``network`` is the latency in seconds and the rate in bytes a second, each way, under which it runs.
    """

    line: int
    kind: BlockKind
    language: str
    source: str
    cell: int | None = None
    raises: str | None = None
    fails: str | None = None
    leaves: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    target: str | None = None
    reason: str | None = None
    on: tuple[str, ...] = ()
    after_s: float = 0.0
    needs: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    network: tuple[float, float] | None = None


@dataclass(frozen=True)
class Page:
    """A page as it is run: its blocks in order, and what it may leave under the user's prefixes.

    ``path`` is relative to the project. ``notebook`` holds the executable cells as Jupyter reads them; it is ``None``
    for a page without cells. ``latency_ms`` is the least latency of each request to the cloud, in milliseconds.
    ``files`` are offered to the reader and are in the home directory when the page runs. ``writes`` gives the
    reason for each path outside the page's own folder that it may write, such as ``~/.config/dask/`` or an object URL.
    ``between_writes_s`` is the least time between two writes of one object, in seconds; 0 for no limit.
    """

    path: Path
    blocks: tuple[Block, ...]
    leaves: tuple[str, ...]
    latency_ms: int
    files: tuple[Path, ...]
    notebook: NotebookNode | None = field(repr=False)
    writes: Mapping[str, str] = field(default_factory=dict)
    between_writes_s: float = 0.0

    @property
    def folder(self) -> str:
        """The folder for everything that the page writes, relative to the home directory and to a user's prefix."""
        return f"{EXAMPLES}/{self.path.stem}"

    @property
    def on_the_hub_alone(self) -> bool:
        """Whether the page needs only a server of the hub: no other machine, no files, and no days that pass."""
        done = [block for block in self.blocks if block.kind != "skip"]
        return not self.files and not any({*block.on} - {HUB} or block.after_s for block in done)

    def cell_of(self, block: Block) -> NotebookNode | None:
        """Return the notebook cell of ``block``, or ``None`` for a block that is not a cell."""
        return None if self.notebook is None or block.cell is None else self.notebook.cells[block.cell]


def digest(source: str) -> str:
    """Return a digest of a block's source, by which the block is identified."""
    return hashlib.sha256(source.strip("\n").encode()).hexdigest()[:16]


def with_source(page: Page, number: int, source: str) -> Page:
    """Return ``page`` with another source in its block of that ``number``, counted from 0."""
    blocks = list(page.blocks)
    blocks[number] = replace(blocks[number], source=source)
    if (cell := page.cell_of(blocks[number])) is not None:
        cell.source = source
    return replace(page, blocks=tuple(blocks))


def as_copied_by(user: str, block: Block) -> Block:
    """Return ``block`` as ``user`` copies it: with that name instead of the example's.

    On other machines than the hub, no variable has the name, so that readers have to enter it.
    """
    return replace(block, source=block.source.replace(EXAMPLE_USER, user))
