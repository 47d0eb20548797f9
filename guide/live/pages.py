"""What a page does in the browser: the blocks that run there, the files that it offers, and the packs that it needs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from guide.pages.blocks import HUB, Block, Page, digest
from guide.pages.exercises import Exercise, exercises
from guide.run.recorded_outputs import MEASURED

NOT_HERE = Path(__file__).with_name("not_here.yml")
_CLIENT = re.compile(r"google\.cloud")
_FIGURES = re.compile(r"matplotlib|\.plot\b|\.hist\(")
# Magics of IPython and of the shell.
_MAGIC = re.compile(r"^\s*[%!]", re.MULTILINE)


@dataclass(frozen=True)
class NotHere:
    """A cell that does something else in the browser, and why; one that does not even run has no button."""

    cell: str
    why: str
    runs: bool = False


@cache
def not_here(file: Path = NOT_HERE) -> dict[str, tuple[NotHere, ...]]:
    """Return the declared cells of each page."""
    pages = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {page: tuple(NotHere(**cell) for cell in cells) for page, cells in pages.items()}


@dataclass(frozen=True)
class LivePage:
    """A page with the ``blocks`` that run in the browser."""

    page: Page
    blocks: tuple[Block, ...]

    @property
    def packs(self) -> tuple[str, ...]:
        """The packs that the page needs besides those that all need."""
        needed = {"figures": _FIGURES, "client": _CLIENT}
        texts = "\n".join(block.source for block in self.blocks)
        return tuple(name for name, pattern in needed.items() if pattern.search(texts))

    @property
    def files(self) -> dict[str, str]:
        """The texts of the files that the page offers, by their names in the home directory."""
        return {file.name: file.read_text(encoding="utf-8") for file in self.page.files}

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The questions that readers answer in the browser."""
        return tuple(exercises(self.page.notebook.cells if self.page.notebook else (), str(self.page.path)))

    @property
    def code(self) -> str:
        """A digest of the code of all blocks."""
        return hashlib.sha256("\0".join(digest(block.source) for block in self.blocks).encode()).hexdigest()[:16]

    def is_quiet(self, block: Block) -> bool:
        """Return whether the page shows nothing that a block writes to stderr."""
        return self.page.path.suffix == ".md" or "remove-stderr" in self.tags(block)

    def tags(self, block: Block) -> list[str]:
        """Return the tags of a block's cell."""
        cell = self.page.cell_of(block)
        return [] if cell is None else cell.metadata.get("tags", [])

    def declared(self, block: Block) -> NotHere | None:
        """Return why a block does something else here, or ``None``."""
        first = block.source.partition("\n")[0]
        return next((cell for cell in not_here().get(str(self.page.path), ()) if cell.cell == first), None)

    def is_compared(self, block: Block) -> bool:
        """Return whether a block has to print here what it prints on the hub, and to pass its checks."""
        return block.target is None and MEASURED not in self.tags(block) and self.declared(block) is None


def live_page(page: Page) -> LivePage | None:
    """Return what runs of ``page`` in a browser: its Python on the hub; ``None`` if that is nothing."""
    blocks = tuple(block for block in page.blocks if _runs(block))
    if not any(block.target is None for block in blocks):
        return None
    return None if any(_MAGIC.search(block.source) for block in blocks if not block.target) else LivePage(page, blocks)


def _runs(block: Block) -> bool:
    if block.on != (HUB,):
        return False
    return block.target is not None or (block.language == "python" and block.kind in {"cell", "run"})
