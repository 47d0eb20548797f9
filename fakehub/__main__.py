"""The command line: ``python -m fakehub run [OPTIONS] -- COMMAND``, and what steers a running stand-in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from fakehub.accounts.personas import NAMES
from fakehub.control.client import ControlError
from fakehub.control.commands import add_commands
from fakehub.session.run import RunError, run


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"fakehub: {message}\n")


def main(arguments: list[str]) -> int:
    """Run one command line; its exit status."""
    parser = _Parser(prog="fakehub", description="A laptop-size stand-in of the hub.")
    commands = parser.add_subparsers(dest="what", required=True)
    runs = commands.add_parser("run", help="run a command inside the stand-in")
    runs.add_argument("--user", default="funky-user", help="GitHub username (default: %(default)s)")
    runs.add_argument("--persona", choices=NAMES, default="hub", help="whose machine it is (default: %(default)s)")
    runs.add_argument("--mode", choices=["auto", "names", "proxy"], default="auto", help="how names lead to it")
    runs.add_argument("--state", type=Path, help="directory in which the buckets live on")
    runs.add_argument("--hub-yml", type=Path, help="the facts file (default: the project's)")
    runs.add_argument("command", nargs=argparse.REMAINDER, help="the command, after --")
    hub = commands.add_parser("hub", help="run a command where JupyterHub is, at the hub's address")
    hub.add_argument("--hub-yml", type=Path, help="the facts file (default: the project's)")
    hub.add_argument("--programs", type=Path, help="the environment with JupyterHub (default: .venv/jupyterhub)")
    hub.add_argument("--repository", action="append", default=[], metavar="ADDRESS=PATH", help="what git clones here")
    hub.add_argument("command", nargs=argparse.REMAINDER, help="the command, after -- (default: a shell)")
    add_commands(commands.add_parser)
    options = parser.parse_args(arguments)
    if options.what not in {"run", "hub"}:
        return _steer(options)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    try:
        if options.what == "hub":
            from fakehub.hub.start import run_hub  # not needed, and not paid for, by the other commands

            return run_hub(command, options.hub_yml, options.programs, options.repository)
        return run(command, options.user, options.persona, options.mode, options.state, options.hub_yml)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


def _steer(options: argparse.Namespace) -> int:
    try:
        options.do(options)
    except (ControlError, ValueError) as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
