"""Evaluate the hidden checks of a block, on the machine where it ran. Nothing that a reader sees changes."""

from __future__ import annotations

import inspect

from guide.pages.blocks import Block
from guide.run import kernel_checks
from guide.run.machine import Machine
from guide.run.shell import Shell

_SOURCE = inspect.getsource(kernel_checks)


class CheckFailure(Exception):
    """A hidden check that does not hold: the check, and why, in one line."""


def run_checks(block: Block, machine: Machine) -> None:
    """Raise ``CheckFailure`` for the first check of ``block`` that does not hold."""
    if block.language == "python":
        problem = _python_problem(list(block.checks), machine)
    else:
        problem = next(filter(None, (_shell_problem(check, machine.shell) for check in block.checks)), "")
    if problem:
        raise CheckFailure(f"fails its hidden check {problem}")


def _python_problem(checks: list[str], machine: Machine) -> str:
    # The page may have given another meaning to any name, so none of its names are used.
    ipython = "__import__('IPython')"
    arguments = f"{checks!r}, {ipython}.get_ipython().user_ns, {ipython}.utils.capture.capture_output"
    run = f"(__import__('builtins').exec({_SOURCE!r}, scope), scope['first_problem']({arguments}))[1]"
    return str(machine.evaluate(f"(lambda scope: {run})({{'__name__': 'checks'}})"))


def _shell_problem(check: str, shell: Shell) -> str:
    status, printed = shell.probe(check)
    line = printed.strip().splitlines()[-1] if printed.strip() else ""
    if status != 0:
        return f"{check}: exit status {status}{f': {line}' if line else ''}"
    return f"{check}: prints {line!r}; a check has to be silent" if line else ""
