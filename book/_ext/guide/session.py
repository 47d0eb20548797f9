"""One page, run as a reader runs it: its blocks in order, in one kernel, one shell and one home directory.

Runs *inside* the stand-in (see ``runner``). What the page needs to know comes from the environment alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from fakehub.control import Control
from fakehub.network import NetworkSettings
from guide.blocks import Block, Page
from guide.effects import Buckets, EffectError, check_home, in_home
from guide.kernel import Seed, use
from guide.outputs import difference, without_log
from guide.recorded import as_recorded, brief
from guide.shell import Shell, ShellError, check_transcript

CELL_TIMEOUT_S = 300
# Variables of the project's own machinery; a page must behave the same without them.
PRIVATE = ("FAKEHUB_SESSION", "FAKEHUB_HUB_YML", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class BlockFailure(Exception):
    """A block that did not do what the page says."""


@dataclass
class Result:
    """What became of one block; ``status`` is ``passed``, ``failed``, ``skipped`` or ``not run``."""

    page: str
    line: int
    kind: str
    language: str
    status: str
    seconds: float
    reason: str | None = None
    real: str | None = None  # a transcript as it really went, where that differs from the page
    printed: list[dict[str, str]] | None = None  # on a page of Markdown; a notebook has it in its cells


def run_page(
    page: Page,
    home: Path,
    show: Callable[[str], None],
    accept: bool = False,
    copies: bool = False,
    recorded: list[list[nbformat.NotebookNode]] | None = None,
) -> tuple[list[dict[str, Any]], nbformat.NotebookNode | None]:
    """Run all blocks of ``page`` in order; results and the executed notebook (``None`` for a page of prose).

    ``home`` is the fresh directory the page lives in. After the first failure the rest is ``not run``: it
    would build on what is not there. ``show`` gets one line for each failure. With ``accept`` a transcript
    that went otherwise than the page shows is recorded (``real``) and no failure. With ``copies`` the kernel is a
    copy of this process, which has imported the libraries and has no other threads. Each block must print what is
    ``recorded`` for it.
    """
    session = Session(page, home, accept, copies, recorded)
    try:
        results = session.run(show)
    finally:
        session.close()
    return [asdict(result) for result in results], session.notebook


class Session:
    """The kernel, the shell and the buckets of one page."""

    def __init__(self, page: Page, home: Path, accept: bool, copies: bool, recorded: list[list[Any]] | None) -> None:
        self._page = page
        self._home = home
        self._accept = accept
        self._recorded = recorded
        self._printed: list[nbformat.NotebookNode] = []  # by the block that ran last
        env = {name: value for name, value in os.environ.items() if name not in PRIVATE}
        self._env = env | {"HOME": str(home), "PWD": str(home)}
        self._seed = self._new_seed() if copies else None
        self._shell = Shell(self._env, home)
        self._buckets = Buckets()
        self._code = nbformat.v4.new_notebook(metadata=page.notebook.metadata if page.notebook else {})
        self._client: NotebookClient | None = None
        self._kernel: Any = None
        self.notebook = page.notebook

    def _new_seed(self) -> Seed | None:
        needs_kernel = any(block.kind in {"cell", "run"} and block.language == "python" for block in self._page.blocks)
        return Seed() if needs_kernel else None

    def run(self, show: Callable[[str], None]) -> list[Result]:
        """Run every block and compare what is left in the buckets with what the page says."""
        before = self._buckets.own() if self._touches_buckets() else set()
        home = in_home(self._home)
        results: list[Result] = []
        for block in self._page.blocks:
            results.append(self._one(block, show) if not _failed(results) else self._result(block, "not run", 0.0))
        if not _failed(results) and self._touches_buckets():
            try:
                self._buckets.check_left(before, self._page.leaves)
                check_home(self._home, home)
            except EffectError as error:
                last = results[-1]
                last.status, last.reason = "failed", str(error)
                show(f"{self._page.path}: {error}")
        return results

    def _touches_buckets(self) -> bool:
        return any(block.kind in {"cell", "run"} for block in self._page.blocks)

    def _result(self, block: Block, status: str, seconds: float, reason: str | None = None) -> Result:
        place = (str(self._page.path), block.line, block.kind, block.language)
        return Result(*place, status, round(seconds, 3), reason or block.reason)

    def _one(self, block: Block, show: Callable[[str], None]) -> Result:
        started = time.monotonic()
        real = None
        self._printed = []
        try:
            real = self._execute(block)
            self._buckets.check(block.leaves, block.removes)
            self._compare(block)
            if real is not None and not self._accept:
                raise BlockFailure(f"prints something else than the page shows\n{_difference(block.source, real)}")
        except (BlockFailure, ShellError, EffectError) as error:
            what = "cell" if block.kind == "cell" else f"{block.language} block"
            place = f"cell {block.line}" if self._page.path.suffix == ".ipynb" else str(block.line)
            show(f"{self._page.path}:{place}: {what} {error}")
            return self._result(block, "failed", time.monotonic() - started, str(error).splitlines()[0])
        status = "skipped" if block.kind == "skip" else "passed"
        result = self._result(block, status, time.monotonic() - started)
        result.real = real
        result.printed = brief(self._printed) if self._page.path.suffix == ".md" else None
        return result

    def _compare(self, block: Block) -> None:
        if self._recorded is None:
            return
        is_page = self._page.path.suffix == ".md"
        printed = as_recorded(self._printed) if is_page else self._printed if block.cell is not None else []
        found = difference(self._recorded[self._page.blocks.index(block)], printed)
        if found:
            again = f"if that is right: make outputs PAGE={self._page.path}"
            raise BlockFailure(f"prints something else than is recorded; {again}\n{found}")

    def _execute(self, block: Block) -> str | None:
        """Do what the block's fate says; for a transcript that went otherwise, return how it really went."""
        if block.kind == "skip":
            return None
        if block.kind == "file":
            target = self._home / block.target
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.source, encoding="utf-8")
        elif block.kind in {"cell", "run"} and block.language == "python":
            self._python(block)
        elif block.language == "console":
            real = check_transcript(self._shell, block.source)
            return real if real != block.source else None
        elif block.language == "bash":
            self._bash(block)
        return None

    def _bash(self, block: Block) -> None:
        status, printed = self._shell.run(block.source)
        if printed and block.fails is None:  # what a failing command says is compared by its part on the page
            self._printed = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
        last = printed.strip().splitlines()[-1] if printed.strip() else "it printed nothing"
        if block.fails is None and status != 0:
            raise BlockFailure(f"failed with exit status {status}: {last}")
        if block.fails is not None and (status == 0 or block.fails not in printed):
            raise BlockFailure(f"should fail and print {block.fails!r}, but exit status was {status}: {last}")

    def _python(self, block: Block) -> None:
        cell = nbformat.v4.new_code_cell(block.source)
        if block.cell is not None:
            cell = self.notebook.cells[block.cell]
            cell.outputs, cell.execution_count = [], None
        if self._client is None:
            self._start_kernel()
        # The client takes the cell by its index in its own notebook when it collects outputs.
        self._code.cells.append(cell)
        allowed = cell.metadata.pop("tags", None)
        try:
            self._client.execute_cell(cell, len(self._code.cells) - 1, store_history=block.cell is not None)
        except CellExecutionError as error:
            _check_error(block, f"{error.ename}: {_ANSI.sub('', error.evalue)}")
        except CellTimeoutError as error:
            raise BlockFailure(f"did not end within {CELL_TIMEOUT_S} s") from error
        except DeadKernelError as error:
            raise BlockFailure("killed the kernel") from error
        else:
            _check_error(block, None)
        finally:
            shorten_errors(cell)
            self._printed = seen(cell.outputs, block.cell is None or "remove-stderr" in (allowed or []))
            if allowed is not None:
                cell.metadata["tags"] = allowed

    def _start_kernel(self) -> None:
        if self._seed is not None:
            use(self._seed)
        self._client = NotebookClient(
            self._code,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            coalesce_streams=True,  # what is printed in one go, however the kernel happened to cut it
            resources={"metadata": {"path": str(self._home)}},
        )
        self._kernel = self._client.setup_kernel(env=self._env, stderr=subprocess.DEVNULL)
        self._kernel.__enter__()

    def close(self) -> None:
        """End the kernel."""
        if self._kernel is not None:
            self._kernel.__exit__(None, None, None)
        elif self._seed is not None:
            self._seed.close()


def refused_hosts() -> list[str]:
    """Names of hosts, in order, that programs of this session asked for and that are not Google's or the hub's."""
    file = Path(os.environ["FAKEHUB_SESSION"]) / "refused.txt"
    return file.read_text(encoding="utf-8").split() if file.is_file() else []


def set_latency(milliseconds: int) -> None:
    """Have every request of this session wait so long, as on the way to a far-away cloud; 0 is no wait."""
    settings = NetworkSettings(latency_s=milliseconds / 1000)
    Control(Path(os.environ["FAKEHUB_SESSION"])).set_network(settings)


def shorten_errors(cell: nbformat.NotebookNode) -> None:
    """Keep of a traceback what a reader searches for, its last line; the way there shows this machine's paths."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]


def seen(outputs: list[nbformat.NotebookNode], quiet: bool) -> list[nbformat.NotebookNode]:
    """Those ``outputs`` that the page shows; a ``quiet`` block shows no stderr."""
    return [output for output in without_log(outputs) if not (quiet and output.get("name") == "stderr")]


def _failed(results: list[Result]) -> bool:
    return any(result.status == "failed" for result in results)


def _check_error(block: Block, raised: str | None) -> None:
    """Compare the error that a Python block raised (``Type: message``) with the one the page shows."""
    if block.raises is None and raised is not None:
        raise BlockFailure(f"failed: {raised}")
    if block.raises is None:
        return
    if raised is None:
        raise BlockFailure(f"should raise {block.raises!r}, but raised nothing")
    kind, _, message = block.raises.partition(":")
    if raised.partition(":")[0] != kind.strip().rpartition(".")[2] or message.strip() not in raised:
        raise BlockFailure(f"should raise {block.raises!r}, but raised {raised}")


def _difference(page: str, real: str) -> str:
    import difflib

    lines = difflib.unified_diff(page.splitlines(), real.splitlines(), "on the page", "really", lineterm="", n=1)
    return "\n".join(lines)
