"""A machine that a page plays on: the reader's terminal, the page's kernel and the home directory of both."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from fakehub.control.client import Control
from fakehub.session.environment import environment_of
from guide.facts import load
from guide.pages.blocks import OTHERS
from guide.run.forked_kernel import Seed, use
from guide.run.shell import Shell

CELL_TIMEOUT_S = 300
# Variables of the project's own machinery; a page must behave the same without them.
_PRIVATE = ("FAKEHUB_SESSION", "FAKEHUB_HUB_YML", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class KernelFailure(Exception):
    """A kernel that gave no answer: why, in a few words."""


class Machine:
    """One machine. ``env`` is the environment of its programs, ``metadata`` the notebook's, which names the kernel.

    The kernel is a new process, or ``seed``.
    """

    def __init__(self, env: dict[str, str], home: Path, metadata: dict[str, Any], seed: Seed | None) -> None:
        self.env = {name: value for name, value in env.items() if name not in _PRIVATE}
        self.env |= {"HOME": str(home), "PWD": str(home)}
        self.home = home
        self.shell = Shell(self.env, home)
        self._seed = seed
        self._code = nbformat.v4.new_notebook(metadata=metadata)
        self._client: NotebookClient | None = None
        self._kernel: Any = None

    @classmethod
    def hub(cls, home: Path, programs: Path, metadata: dict[str, Any], seed: Seed | None) -> Machine:
        """A server of the hub: what this process's environment says. ``programs`` are found before all others."""
        return cls(_with_programs(dict(os.environ), programs), home, metadata, seed)

    @classmethod
    def other(cls, name: str, programs: Path, metadata: dict[str, Any], seed: Seed | None) -> Machine:
        """A fresh machine of ``OTHERS``, in the same session."""
        persona, browser = OTHERS[name]
        machine = Control(Path(os.environ["FAKEHUB_SESSION"])).new_machine(persona)
        env = environment_of(machine, os.environ, load(), browser)
        return cls(_with_programs(env, programs), Path(machine["home"]), metadata, seed)

    def execute(self, cell: nbformat.NotebookNode, numbered: bool) -> str | None:
        """Run ``cell`` in the machine's kernel; the error it raised (``Type: message``), or ``None``.

        A ``numbered`` cell counts, as in a notebook. Raises ``KernelFailure``.
        """
        if self._client is None:
            self._start_kernel()
        # The client takes the cell by its index in its own notebook when it collects outputs.
        self._code.cells.append(cell)
        allowed = cell.metadata.pop("tags", None)
        try:
            self._client.execute_cell(cell, len(self._code.cells) - 1, store_history=numbered)
        except CellExecutionError as error:
            return f"{error.ename}: {_ANSI.sub('', error.evalue)}"
        except CellTimeoutError as error:
            raise KernelFailure(f"did not end within {CELL_TIMEOUT_S} s") from error
        except DeadKernelError as error:
            raise KernelFailure("killed the kernel") from error
        finally:
            shorten_errors(cell, self.home)
            if allowed is not None:
                cell.metadata["tags"] = allowed
        return None

    def _start_kernel(self) -> None:
        if self._seed is not None:
            use(self._seed)
        self._client = NotebookClient(
            self._code,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            coalesce_streams=True,  # what is printed in one go, however the kernel happened to cut it
            resources={"metadata": {"path": str(self.home)}},
        )
        self._kernel = self._client.setup_kernel(env=self.env, stderr=subprocess.DEVNULL)
        self._kernel.__enter__()

    def close(self) -> None:
        """End the kernel."""
        if self._kernel is not None:
            self._kernel.__exit__(None, None, None)
        elif self._seed is not None:
            self._seed.close()


def _with_programs(env: dict[str, str], programs: Path) -> dict[str, str]:
    return env | {"PATH": f"{programs}{os.pathsep}{env['PATH']}"}


def shorten_errors(cell: nbformat.NotebookNode, home: Path) -> None:
    """Keep of a traceback what a reader searches for, its last line; the way there shows this machine's paths.

    A path below ``home`` is as on the hub.
    """
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.evalue = output.evalue.replace(str(home), load().home.path)
            output.traceback = [f"{output.ename}: {output.evalue}"]
