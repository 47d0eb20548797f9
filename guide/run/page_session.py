"""One page, run as a reader runs it: its blocks in order, in one kernel, one shell and one home directory.

Runs *inside* the stand-in (see ``runner``). What the page needs to know comes from the environment alone.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from fakehub.control.client import Control
from fakehub.network.shaping import NetworkSettings
from guide.external_programs import link_programs, missing
from guide.pages.blocks import HUB, Block, Page, digest
from guide.run.bucket_effects import Buckets, EffectError, check_home, in_home
from guide.run.compare_outputs import difference, without_log
from guide.run.conda_check import CondaError, check_conda
from guide.run.forked_kernel import Seed
from guide.run.machine import KernelFailure, Machine
from guide.run.recorded_outputs import MEASURED, as_recorded, brief
from guide.run.records import BlockResult, BlockStatus
from guide.run.shell import ShellError, check_transcript
from guide.run.two_terminals import check_dialog

# An access token of Google's, which the stand-in's look like.
_TOKEN = re.compile(r"ya29\.[\w.-]{20}")
# The status of a block that met no failure, if it is not ``passed``.
_STATUS: dict[str, BlockStatus] = {"skip": "skipped", "parsed": "parsed"}


class BlockFailure(Exception):
    """A block that did not do what the page says."""


def run_page(
    page: Page,
    home: Path,
    show: Callable[[str], None],
    accept: bool = False,
    copies: bool = False,
    recorded: list[list[nbformat.NotebookNode]] | None = None,
) -> tuple[list[BlockResult], nbformat.NotebookNode | None]:
    """Run all blocks of ``page`` in order; results and the executed notebook (``None`` for a page of prose).

    ``home`` is the fresh directory the page lives in. After the first failure the rest is ``not run``: it
    would build on what is not there. ``show`` gets one line for each failure. With ``accept`` a transcript
    that went otherwise than the page shows is recorded (``real``) and no failure. With ``copies`` kernels are
    copies of this process, which has imported the libraries and has no other threads. Each block must print what is
    ``recorded`` for it.
    """
    session = Session(page, home, accept, copies, recorded)
    try:
        results = session.run(show)
    finally:
        session.close()
    return results, session.notebook


class Session:
    """The machines and the buckets of one page."""

    def __init__(self, page: Page, home: Path, accept: bool, copies: bool, recorded: list[list[Any]] | None) -> None:
        self._page = page
        self._accept = accept
        self._recorded = recorded
        self._printed: list[nbformat.NotebookNode] = []  # by the block that ran last
        self._seeds = self._new_seeds() if copies else {}
        self._buckets = Buckets()
        self._metadata = page.notebook.metadata if page.notebook else {}
        # In the stand-in's own folder, which goes with it, also when this process is killed.
        self._programs = Path(tempfile.mkdtemp(prefix="programs-", dir=os.environ.get("FAKEHUB_SESSION")))
        link_programs(self._programs)
        self._machines = {HUB: Machine.hub(home, self._programs, self._metadata, self._seeds.pop(HUB, None))}
        self._hand_files(self._machines[HUB])
        self.notebook = page.notebook

    def _new_seeds(self) -> dict[str, Seed]:
        """A copy of this process for each machine that will need a kernel, made while that is possible."""
        python = (b for b in self._page.blocks if b.kind in {"cell", "run"} and b.language == "python")
        return {name: Seed() for name in dict.fromkeys(block.on[0] for block in python)}

    def run(self, show: Callable[[str], None]) -> list[BlockResult]:
        """Run every block and compare what is left in the buckets with what the page says."""
        before = self._buckets.own() if self._touches_buckets() else set()
        home = in_home(self._machines[HUB].home)
        results: list[BlockResult] = []
        for block in self._page.blocks:
            if block.network:
                set_network(*block.network)
            results.append(self._one(block, show) if not _failed(results) else self._result(block, "not run", 0.0))
            if block.network:
                set_network(self._page.latency_ms / 1000)
        if not _failed(results) and self._touches_buckets():
            try:
                self._buckets.check_left(before, self._page.leaves)
                check_home(self._machines[HUB].home, home)
            except EffectError as error:
                results[-1] = replace(results[-1], status="failed", reason=str(error))
                show(f"{self._page.path}: {error}")
        return results

    def _touches_buckets(self) -> bool:
        return any(block.kind in {"cell", "run"} for block in self._page.blocks)

    def _result(self, block: Block, status: BlockStatus, seconds: float, reason: str | None = None) -> BlockResult:
        place = (str(self._page.path), block.line, block.kind, block.language)
        return BlockResult(*place, status, round(seconds, 3), reason or block.reason, digest=digest(block.source))

    def _one(self, block: Block, show: Callable[[str], None]) -> BlockResult:
        started = time.monotonic()
        lacking = missing(block.needs)
        if lacking:
            return self._result(block, "not run", 0.0, f"needs {lacking[0]}, which is not on this machine")
        real = None
        self._printed = []
        try:
            real = self._execute(block)
            self._buckets.check(block.leaves, block.removes)
            self._compare(block)
            if real is not None and not self._accept:
                raise BlockFailure(f"prints something else than the page shows\n{_difference(block.source, real)}")
        except (BlockFailure, CondaError, KernelFailure, ShellError, EffectError) as error:
            what = "cell" if block.kind == "cell" else f"{block.language} block"
            place = f"cell {block.line}" if self._page.path.suffix == ".ipynb" else str(block.line)
            show(f"{self._page.path}:{place}: {what} {error}")
            return self._result(block, "failed", time.monotonic() - started, str(error).splitlines()[0])
        result = self._result(block, _STATUS.get(block.kind, "passed"), time.monotonic() - started)
        printed = tuple(brief(self._printed)) if self._page.path.suffix == ".md" else None
        return replace(result, real=real, printed=printed)

    def _machine(self, name: str) -> Machine:
        """The machine of that name, made when it is first needed."""
        if name not in self._machines:
            self._machines[name] = Machine.other(name, self._programs, self._metadata, self._seeds.pop(name, None))
            self._hand_files(self._machines[name])
        return self._machines[name]

    def _hand_files(self, machine: Machine) -> None:
        """The files that the page hands to its reader, who fetches them on each machine."""
        for file in self._page.files:
            shutil.copy(file, machine.home)

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
        if block.after_s:
            Control(Path(os.environ["FAKEHUB_SESSION"])).advance(block.after_s)
        machine = self._machine(block.on[0])
        self._carry(block.carries, machine)
        if block.kind == "parsed":
            check_conda(block.source, machine.home)
        elif block.kind == "file":
            target = machine.home / block.target
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.source, encoding="utf-8")
        elif block.kind in {"cell", "run"} and block.language == "python":
            self._python(block, machine)
        elif block.language == "console":
            return self._transcript(block, machine)
        elif block.language == "bash":
            self._bash(block, machine)
        return None

    def _carry(self, names: tuple[str, ...], machine: Machine) -> None:
        """Copy files of the hub's home directory to another machine's, as a browser's download does."""
        for name in names:
            source = self._machines[HUB].home / name
            if not source.is_file():
                raise BlockFailure(f"carries {name}, but the hub's home directory has no such file")
            # As downloads are: readable for everybody, whatever the original was.
            (machine.home / name).write_bytes(source.read_bytes())
            (machine.home / name).chmod(0o644)

    def _transcript(self, block: Block, machine: Machine) -> str | None:
        if len(block.on) > 1:
            check_dialog({name: self._machine(name).shell for name in block.on}, block.source)
            return None
        real = check_transcript(machine.shell, block.source)
        _refuse_tokens(real)
        return real if real != block.source else None

    def _bash(self, block: Block, machine: Machine) -> None:
        status, printed = machine.shell.run(block.source)
        _refuse_tokens(printed)
        if printed and block.fails is None:  # what a failing command says is compared by its part on the page
            self._printed = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
        last = printed.strip().splitlines()[-1] if printed.strip() else "it printed nothing"
        if block.fails is None and status != 0:
            raise BlockFailure(f"failed with exit status {status}: {last}")
        if block.fails is not None and (status == 0 or block.fails not in printed):
            raise BlockFailure(f"should fail and print {block.fails!r}, but exit status was {status}: {last}")

    def _python(self, block: Block, machine: Machine) -> None:
        cell = nbformat.v4.new_code_cell(block.source)
        if block.cell is not None:
            cell = self.notebook.cells[block.cell]
            cell.outputs, cell.execution_count = [], None
        raised = machine.execute(cell, numbered=block.cell is not None)
        _refuse_tokens(f"{cell.outputs} {raised}")
        tags = cell.metadata.get("tags", [])
        quiet = block.cell is None or "remove-stderr" in tags
        self._printed = [] if MEASURED in tags else seen(cell.outputs, quiet)
        _check_error(block, raised)

    def close(self) -> None:
        """End the kernels."""
        for machine in self._machines.values():
            machine.close()
        for seed in self._seeds.values():
            seed.close()
        shutil.rmtree(self._programs)


def refused_hosts() -> list[str]:
    """Names of hosts, in order, that programs of this session asked for and that are not Google's or the hub's."""
    file = Path(os.environ["FAKEHUB_SESSION"]) / "refused.txt"
    return file.read_text(encoding="utf-8").split() if file.is_file() else []


def set_latency(milliseconds: int) -> None:
    """Have every request of this session wait so long, as on the way to a far-away cloud; 0 is no wait."""
    set_network(milliseconds / 1000)


def set_network(latency_s: float, rate: float | None = None) -> None:
    """Have every request of this session wait ``latency_s``, and all together pass ``rate`` bytes a second each way."""
    settings = NetworkSettings(latency_s=latency_s, total_bandwidth=rate)
    Control(Path(os.environ["FAKEHUB_SESSION"])).set_network(settings)


def seen(outputs: list[nbformat.NotebookNode], quiet: bool) -> list[nbformat.NotebookNode]:
    """Those ``outputs`` that the page shows; a ``quiet`` block shows no stderr."""
    return [output for output in without_log(outputs) if not (quiet and output.get("name") == "stderr")]


def _failed(results: list[BlockResult]) -> bool:
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


def _refuse_tokens(text: str) -> None:
    """A page shows nobody's login, in nothing that it prints and in no error."""
    if _TOKEN.search(text):
        raise BlockFailure("prints a token, which is a login; keep it in a file that only its owner can read")


def _difference(page: str, real: str) -> str:
    import difflib

    lines = difflib.unified_diff(page.splitlines(), real.splitlines(), "on the page", "really", lineterm="", n=1)
    return "\n".join(lines)
