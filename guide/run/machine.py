"""A machine on which a page runs: the reader's terminal, the page's kernel and the home directory of both."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from fakehub.control.client import Control
from fakehub.session.environment import environment_of
from guide.facts import load
from guide.pages.blocks import OTHER_MACHINES
from guide.run import kernel_pictures
from guide.run.forked_kernel import KernelSeed, use_seed
from guide.run.prompt_client import PromptClient
from guide.run.shell import Shell, without_colors

CELL_TIMEOUT_S = 300
# Variables of the project's own machinery; a page must behave the same without them.
_PRIVATE = ("FAKEHUB_SESSION", "FAKEHUB_HUB_YML", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
# The page may have given another meaning to any name, so none of its names are used.
_PYLABTOOLS = "__import__('IPython.core.pylabtools').core.pylabtools"
_INSTALL = (
    f"(__import__('builtins').exec({inspect.getsource(kernel_pictures)!r}, scope), scope['install']({_PYLABTOOLS}))[1]"
)


class KernelFailure(Exception):
    """A kernel that gave no answer: the reason, in a few words."""


@dataclass(frozen=True)
class MachineSetup:
    """Settings that all machines of a page share.

    ``programs`` is a folder that comes first in ``PATH``; ``metadata`` is the notebook's, which names the kernel.
    The kernel starts in ``start_in``, which is relative to the home directory. ``temporary`` is the folder for
    temporary files, so that two runs at the same time do not share one. With ``pictures``, the kernel draws each figure
    for the site too.
    """

    programs: Path
    metadata: dict[str, Any]
    start_in: str = "."
    temporary: Path | None = None
    pictures: bool = False


class Machine:
    """One machine, whose programs have the environment ``env``.

    Its kernel is started when the first cell runs, as a new process or from ``seed``.
    """

    def __init__(self, env: dict[str, str], home: Path, setup: MachineSetup, seed: KernelSeed | None) -> None:
        self.env = {name: value for name, value in env.items() if name not in _PRIVATE}
        self.env |= {"HOME": str(home), "PWD": str(home), "PATH": f"{setup.programs}{os.pathsep}{env['PATH']}"}
        if setup.temporary is not None:
            self.env["TMPDIR"] = str(setup.temporary)
        self.home = home
        self.shell = Shell(self.env, home)
        # Those of conda, which the page's blocks make.
        self.environments: set[str] = set()
        self._seed = seed
        self._start_in = home / setup.start_in
        self._draws_pictures = setup.pictures
        self._executed = nbformat.v4.new_notebook(metadata=setup.metadata)
        self._client: NotebookClient | None = None
        self._running_kernel = ExitStack()

    @classmethod
    def hub(cls, home: Path, setup: MachineSetup, seed: KernelSeed | None) -> Machine:
        """Return a server of the hub, with the environment of this process."""
        return cls(dict(os.environ), home, setup, seed)

    @classmethod
    def other(cls, name: str, setup: MachineSetup, seed: KernelSeed | None) -> Machine:
        """Return a new machine of ``OTHER_MACHINES`` in the same session of the stand-in."""
        other = OTHER_MACHINES[name]
        machine = Control(Path(os.environ["FAKEHUB_SESSION"])).new_machine(other.persona)
        env = environment_of(machine, os.environ, load(), other.has_browser)
        return cls(env, Path(machine["home"]), setup, seed)

    def execute(self, cell: nbformat.NotebookNode, numbered: bool) -> str | None:
        """Run ``cell`` in the kernel; return the error that it raised (``Type: message``), or ``None``.

        A ``numbered`` cell counts, as in a notebook. Raises ``KernelFailure``.
        """
        if self._client is None:
            self._client = self._start_kernel()
            if self._draws_pictures:
                self.evaluate(f"(lambda scope: {_INSTALL})({{'__name__': 'pictures'}})")
        # The client refers to a cell by its index in its own notebook.
        self._executed.cells.append(cell)
        tags = cell.metadata.pop("tags", None)
        try:
            self._client.execute_cell(cell, len(self._executed.cells) - 1, store_history=numbered)
        except CellExecutionError as error:
            return f"{error.ename}: {without_colors(error.evalue)}"
        except CellTimeoutError as error:
            raise KernelFailure(f"did not finish within {CELL_TIMEOUT_S} s") from error
        except DeadKernelError as error:
            raise KernelFailure("killed the kernel") from error
        finally:
            shorten_errors(cell, self.home)
            if tags is not None:
                cell.metadata["tags"] = tags
        return None

    def evaluate(self, expression: str) -> object:
        """Return the value of ``expression``, a literal, in the kernel's namespace; an error is a ``KernelFailure``.

        The kernel does not count or remember it, and shows nothing.
        """
        client = self._client
        if client is None or client.kc is None:
            raise KernelFailure("has no kernel that could be asked")
        cell = nbformat.v4.new_code_cell(expression)  # for the error message of the client
        try:
            asked = client.kc.execute("", silent=True, user_expressions={"value": expression}, allow_stdin=False)
            reply = client.wait_for_reply(asked, cell)
        except CellTimeoutError as error:
            raise KernelFailure(f"did not finish its hidden checks within {CELL_TIMEOUT_S} s") from error
        except DeadKernelError as error:
            raise KernelFailure("killed the kernel in a hidden check") from error
        if reply is None:
            raise KernelFailure("got no answer to its hidden checks")
        value = reply["content"]["user_expressions"]["value"]
        if value["status"] != "ok":
            raise KernelFailure(f"cannot be checked: {value['ename']}: {value['evalue']}")
        return ast.literal_eval(value["data"]["text/plain"])

    def pictures(self) -> dict[str, dict[str, str]]:
        """Return the versions for the site of each figure that was shown since the last call, by its digest."""
        if not self._draws_pictures:
            return {}
        kept = self.evaluate(f"(lambda kept: (dict(kept), kept.clear())[0])({_PYLABTOOLS}.print_figure.kept)")
        return cast("dict[str, dict[str, str]]", kept)

    def drawn(self) -> list[dict[str, Any]]:
        """Return what each figure shows that was drawn since the last call (see ``kernel_pictures``)."""
        if not self._draws_pictures:
            return []
        drawn = self.evaluate(f"(lambda kept: ([*kept.values()], kept.clear())[0])({_PYLABTOOLS}.print_figure.drawn)")
        return cast("list[dict[str, Any]]", drawn)

    def _start_kernel(self) -> NotebookClient:
        client = NotebookClient(
            self._executed,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            coalesce_streams=True,  # a kernel may send in several messages what was printed at once
            resources={"metadata": {"path": str(self._start_in)}},
        )
        manager = client.create_kernel_manager()
        manager.client_factory = PromptClient
        if self._seed is not None:
            use_seed(manager, self._seed)
            self._seed = None
        self._running_kernel.enter_context(client.setup_kernel(env=self.env, stderr=subprocess.DEVNULL))
        return client

    def close(self) -> None:
        """End the kernel, or the seed of one that was never started."""
        self._running_kernel.close()
        if self._seed is not None:
            self._seed.close()


def shorten_errors(cell: nbformat.NotebookNode, home: Path) -> None:
    """Reduce each traceback of ``cell`` to its last line: readers search for that, and the rest has local paths.

    In that line, ``home`` is replaced by the home directory of the hub.
    """
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.evalue = output.evalue.replace(str(home), load().home.path)
            output.traceback = [f"{output.ename}: {output.evalue}"]
