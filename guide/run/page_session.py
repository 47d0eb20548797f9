"""Run one page as a reader does: its blocks in order, in one kernel, one shell and one home directory.

This happens inside the stand-in (see ``runner``), whose folder and ports are in the environment.
"""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from fakehub.control.client import Control
from fakehub.isolation.processes import adopt_orphans
from fakehub.network.shaping import NetworkSettings
from guide.external_programs import link_programs, missing
from guide.pages.blocks import EXAMPLE_USER, EXAMPLES, HUB, Block, Page, as_copied_by, digest
from guide.paths import ROOT
from guide.run.block_failures import (
    BlockFailure,
    check_description,
    check_error,
    check_promised,
    refuse_tokens,
    with_advice,
)
from guide.run.bucket_effects import Buckets, EffectError
from guide.run.bucket_recorder import BucketRecorder
from guide.run.compare_outputs import difference, without_log
from guide.run.conda_check import CondaError, check_conda
from guide.run.forked_kernel import KernelSeed
from guide.run.left_running import children, end_left
from guide.run.machine import KernelFailure, Machine, MachineSetup
from guide.run.own_folder import OwnFolder, check_left
from guide.run.reader_files import ReaderFiles
from guide.run.recorded_outputs import MEASURED, as_recorded, printed_items
from guide.run.records import BlockResult, BlockStatus
from guide.run.run_checks import CheckFailure, run_checks
from guide.run.shell import ShellError, replay_transcript
from guide.run.two_terminals import check_two_terminals

# The status of a block of that kind that did not fail; ``passed`` for all other kinds.
_STATUS: dict[str, BlockStatus] = {"skip": "skipped", "parsed": "parsed"}


@dataclass(frozen=True)
class RunOptions:
    """Options of a page's run.

    ``accept``: a transcript that differs from the page is no failure. ``fork_kernels``: kernels are forks of this
    process, which has imported the libraries and has no other threads. ``recorded`` is what each block should print;
    without it, outputs are not compared. ``among_files``: the page runs in a home directory and buckets full of a
    reader's own files (see ``reader_files``). ``start_in``: the folder in the home directory in which the kernel
    starts. ``shown``: the site shows this run, so figures are drawn for it too (see ``kernel_pictures``), and what
    each block does to the buckets is recorded (see ``bucket_recorder``).
    """

    accept: bool = False
    fork_kernels: bool = False
    recorded: list[list[NotebookNode]] | None = None
    among_files: bool = False
    start_in: str = "."
    shown: bool = False


@dataclass(frozen=True)
class _Execution:
    """The outputs of a block, its ``pictures`` for the site, and how a transcript went that differs from the page."""

    outputs: list[NotebookNode] = field(default_factory=list)
    replayed: str | None = None
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)


def run_page(
    page: Page, home: Path, show: Callable[[str], None], options: RunOptions
) -> tuple[list[BlockResult], NotebookNode | None]:
    """Run all blocks of ``page``; return their results and the executed notebook (``None`` for a page without cells).

    ``home`` is the empty home directory of the reader. After the first failure all other blocks are ``not run``,
    because they would build on what is missing. ``show`` gets one text for each failure.
    """
    adopt_orphans()
    before = children()
    session = PageSession(page, home, options)
    try:
        results = session.run(show)
    finally:
        session.close()
        left = end_left(before)
    if left and not _failed(results):
        problem = f"leaves a process running: {left[0]}; end it"
        results[-1] = replace(results[-1], status="failed", reason=problem)
        show(f"{page.path}: the page {problem}")
    return results, page.notebook


class PageSession:
    """The machines and the buckets that one page uses."""

    def __init__(self, page: Page, home: Path, options: RunOptions) -> None:
        self._page = page
        self._options = options
        # Forks are made first, while this process has no open sockets and no threads.
        self._seeds = self._new_seeds() if options.fork_kernels else {}
        self._buckets = Buckets()
        # In the stand-in's own folder, which is removed even if this process is killed.
        session = os.environ.get("FAKEHUB_SESSION")
        programs, temporary = (Path(tempfile.mkdtemp(prefix=name, dir=session)) for name in ("programs-", "tmp-"))
        link_programs(programs)
        metadata = page.notebook.metadata if page.notebook else {}
        self._setup = MachineSetup(programs, metadata, options.start_in, temporary, options.shown)
        self._hub = Machine.hub(home, self._setup, self._seeds.pop(HUB, None))
        self._machines: dict[str, Machine] = {}
        self._uses_buckets = any(block.kind in {"cell", "run"} for block in page.blocks)
        self._reader = ReaderFiles(page, self._buckets) if options.among_files else None
        self._own_folder = OwnFolder(self._buckets if self._uses_buckets else None, page)
        self._add(HUB, self._hub)
        self._recorder = BucketRecorder() if options.shown and self._uses_buckets else None
        if self._reader:
            self._reader.start_cluster(self._hub)

    def _new_seeds(self) -> dict[str, KernelSeed]:
        """Return a seed for each machine that will need a kernel."""
        code: dict[str, str] = {}
        for block in self._page.blocks:
            if block.kind in {"cell", "run"} and block.language == "python":
                code[block.on[0]] = f"{code.get(block.on[0], '')}{block.source}\n"
        return {name: KernelSeed(text) for name, text in code.items()}

    def run(self, show: Callable[[str], None]) -> list[BlockResult]:
        """Run every block, then check what the page leaves in the buckets and the home directory."""
        objects_before = self._buckets.own() if self._uses_buckets else set()
        results: list[BlockResult] = []
        for block in self._page.blocks:
            if block.network:
                set_network(*block.network)
            results.append(self._result(block, "not run", 0.0) if _failed(results) else self._run_block(block, show))
            if block.network:
                set_network(self._page.latency_ms / 1000)
        if self._uses_buckets and not _failed(results):
            try:
                self._buckets.check_left(objects_before, self._page.leaves)
                check_left(self._hub.home, self._page)
                if self._reader:
                    self._reader.check_cluster(self._hub)
            except EffectError as error:
                results[-1] = replace(results[-1], status="failed", reason=str(error))
                show(f"{self._page.path}: {error}")
        return results

    def _result(self, block: Block, status: BlockStatus, seconds: float, reason: str | None = None) -> BlockResult:
        return BlockResult(
            str(self._page.path),
            block.line,
            block.kind,
            block.language,
            status,
            round(seconds, 3),
            reason or block.reason,
            digest=digest(block.source),
            checks=len(block.checks) if status == "passed" else 0,
        )

    def _run_block(self, block: Block, show: Callable[[str], None]) -> BlockResult:
        started = time.monotonic()
        lacking = missing(block.needs)
        if lacking:
            return self._result(block, "not run", 0.0, f"needs {lacking[0]}, which is not on this machine")
        copied = as_copied_by(os.environ.get("JUPYTERHUB_USER", EXAMPLE_USER), block)
        try:
            if self._recorder:
                self._recorder.start()
            execution = self._execute(copied)
            seconds = time.monotonic() - started
            bucket = self._recorder.stop() if self._recorder else None
            if block.kind not in {"skip", "parsed"}:
                self._own_folder.check(block.after_s)
            check_promised(block, bucket)
            self._buckets.check(block.leaves, block.removes)
            if block.checks:
                run_checks(block, self._machine(block.on[0]))
            self._compare(block, execution.outputs)
            if execution.replayed is not None and not self._options.accept:
                changes = _diff(copied.source, execution.replayed)
                raise BlockFailure(f"prints something other than the page shows\n{changes}")
        except (BlockFailure, CheckFailure, CondaError, KernelFailure, ShellError, EffectError) as error:
            message = with_advice(str(error))
            show(f"{self._place(block)} {message}")
            return self._result(block, "failed", time.monotonic() - started, message.splitlines()[0])
        result = self._result(block, _STATUS.get(block.kind, "passed"), seconds)
        printed = None if self._is_notebook else tuple(printed_items(execution.outputs))
        return replace(result, replayed=execution.replayed, printed=printed, pictures=execution.pictures, bucket=bucket)

    def _place(self, block: Block) -> str:
        """Name a block: its page, its line or cell, and its kind."""
        line = f"cell {block.line}" if self._is_notebook else str(block.line)
        return f"{self._page.path}:{line}: {'cell' if block.kind == 'cell' else f'{block.language} block'}"

    @property
    def _is_notebook(self) -> bool:
        return self._page.path.suffix == ".ipynb"

    def _machine(self, name: str) -> Machine:
        """Return the machine of that name, and start it if it is the first block on it."""
        if name not in self._machines:
            self._add(name, Machine.other(name, self._setup, self._seeds.pop(name, None)))
        return self._machines[name]

    def _add(self, name: str, machine: Machine) -> None:
        """Add a machine, whose home directory gets the files that a reader downloads from the page."""
        self._machines[name] = machine
        start_in = machine.home / self._options.start_in
        start_in.mkdir(parents=True, exist_ok=True)
        for file in self._page.files:
            shutil.copy(file, machine.home)
            if start_in != machine.home:  # the branch of notebooks has it in the same place beside the notebook
                copy = start_in / os.path.relpath(file, (ROOT / self._page.path).parent)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, copy)
        if self._reader:
            self._reader.plant(machine.home)
            if start_in != machine.home:
                self._reader.plant(start_in, hidden=False)
        self._own_folder.watch(machine.home)

    def _compare(self, block: Block, outputs: list[NotebookNode]) -> None:
        """Raise ``BlockFailure`` if the block did not print what is recorded for it."""
        if self._options.recorded is None:
            return
        printed = as_recorded(outputs)
        if self._is_notebook:
            printed = outputs if block.cell is not None else []
        changes = difference(self._options.recorded[self._page.blocks.index(block)], printed)
        if changes:
            advice = f"if the new output is right, run: make outputs PAGE={self._page.path}"
            raise BlockFailure(f"prints something other than the recorded output; {advice}\n{changes}")

    def _execute(self, block: Block) -> _Execution:
        """Do with the block what its execution mode says; raises ``BlockFailure``."""
        if block.kind == "skip":
            return _Execution()
        if block.after_s:
            Control(Path(os.environ["FAKEHUB_SESSION"])).advance(block.after_s)
        machine = self._machine(block.on[0])
        self._carry(block.carries, machine)
        if block.kind == "parsed":
            check_conda(block.source, machine.shell.cwd, machine.environments)
        elif block.target is not None:
            target = self._target(block.target, machine)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.source, encoding="utf-8")
        elif block.language == "python":
            return self._python(block, machine)
        elif block.language == "console":
            return _Execution(replayed=self._transcript(block, machine))
        elif block.language == "bash":
            return _Execution(_bash(block, machine))
        return _Execution()

    def _target(self, name: str, machine: Machine) -> Path:
        """Return the path of a ``file`` block: in the terminal's directory, or in the home directory."""
        return (machine.home if name.startswith(f"{EXAMPLES}/") else machine.shell.cwd) / name

    def _carry(self, names: tuple[str, ...], machine: Machine) -> None:
        """Copy files of the hub's home directory to another machine's, as a download by the browser does."""
        for name in names:
            source = self._hub.home / name
            if not source.is_file():
                raise BlockFailure(f"carries {name}, but the hub's home directory has no such file")
            (machine.home / name).parent.mkdir(parents=True, exist_ok=True)
            # A download is readable for everybody, whatever the permissions of the original are.
            (machine.home / name).write_bytes(source.read_bytes())
            (machine.home / name).chmod(0o644)

    def _transcript(self, block: Block, machine: Machine) -> str | None:
        """Replay a transcript; return how it went if that differs from the page."""
        if len(block.on) > 1:
            check_two_terminals({name: self._machine(name).shell for name in block.on}, block.source)
            return None
        replayed = replay_transcript(machine.shell, block.source)
        refuse_tokens(replayed)
        return replayed if replayed != block.source else None

    def _python(self, block: Block, machine: Machine) -> _Execution:
        """Run a cell, or a fence as if it were one; the outputs are those that a reader sees."""
        page_cell = self._page.cell_of(block)
        if page_cell is None:
            cell = nbformat.v4.new_code_cell(block.source)
        else:
            cell = page_cell
            cell.outputs, cell.execution_count = [], None
        shown, cell.source = cell.source, block.source  # which may have another user's name
        raised = machine.execute(cell, numbered=page_cell is not None)
        cell.source = shown
        refuse_tokens(f"{cell.outputs} {raised}")
        tags = cell.metadata.get("tags", [])
        # What no reader sees is not kept: a notebook would record warnings with the paths of this machine.
        cell.outputs = visible_outputs(without_log(cell.outputs), page_cell is None or "remove-stderr" in tags)
        check_error(block, raised)
        draws = any("image/png" in output.get("data", {}) for output in cell.outputs)
        pictures = machine.pictures() if draws and page_cell is not None else {}
        if pictures and page_cell is not None:
            check_description(page_cell, machine.drawn())
        return _Execution([] if MEASURED in tags else cell.outputs, pictures=pictures)

    def close(self) -> None:
        """End the kernels."""
        for machine in self._machines.values():
            machine.close()
        for seed in self._seeds.values():
            seed.close()
        shutil.rmtree(self._setup.programs)


def _bash(block: Block, machine: Machine) -> list[NotebookNode]:
    """Run a bash block; return its output, unless it should fail: then the page shows a part of the message."""
    status, printed = machine.shell.run(block.source)
    refuse_tokens(printed)
    last = printed.strip().splitlines()[-1] if printed.strip() else "it printed nothing"
    if block.fails is not None:
        if status == 0 or block.fails not in printed:
            raise BlockFailure(f"should fail and print {block.fails!r}, but the exit status was {status}: {last}")
        return []
    if status != 0:
        raise BlockFailure(f"failed with exit status {status}: {last}")
    return [nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []


def refused_hosts() -> list[str]:
    """Return the names of hosts outside Google and the hub that programs of this session asked for, in order."""
    file = Path(os.environ["FAKEHUB_SESSION"]) / "refused.txt"
    return file.read_text(encoding="utf-8").split() if file.is_file() else []


def set_latency(milliseconds: int) -> None:
    """Delay every request of this session, as on the way to a distant cloud; 0 turns the delay off."""
    set_network(milliseconds / 1000)


def set_network(latency_s: float, rate: float | None = None) -> None:
    """Delay every request of this session by ``latency_s``, and limit them together to ``rate`` bytes/s each way."""
    settings = NetworkSettings(latency_s=latency_s, total_bandwidth=rate)
    Control(Path(os.environ["FAKEHUB_SESSION"])).set_network(settings)


def limit_writes(between_writes_s: float) -> None:
    """Refuse to write an object again within that time, as the cloud does; 0 turns the limit off."""
    Control(Path(os.environ["FAKEHUB_SESSION"])).set_limits(between_writes_s)


def visible_outputs(outputs: list[NotebookNode], quiet: bool) -> list[NotebookNode]:
    """Return those ``outputs`` that the page shows; a ``quiet`` block shows no stderr."""
    return [output for output in outputs if not (quiet and output.get("name") == "stderr")]


def _failed(results: list[BlockResult]) -> bool:
    return any(result.status == "failed" for result in results)


def _diff(page: str, replayed: str) -> str:
    lines = difflib.unified_diff(
        page.splitlines(), replayed.splitlines(), "on the page", "in this run", lineterm="", n=1
    )
    return "\n".join(lines)
