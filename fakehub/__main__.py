"""The command line: ``fakehub run [OPTIONS] -- COMMAND``, ``fakehub hub``, and control of a running stand-in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from fakehub.accounts.personas import NAMES
from fakehub.control.client import ControlError
from fakehub.control.commands import add_commands
from fakehub.session.run import RunError, run

_HUB_YML = "the facts file (default: $FAKEHUB_HUB_YML, or hub.yml in the current directory)"
_REPOSITORY = "clone the local repository PATH for this address"


class _Parser(argparse.ArgumentParser):
    """Argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"fakehub: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run a command line, by default that of this process; return its exit status."""
    parser = _Parser(prog="fakehub", description="A laptop-sized stand-in for a JupyterHub on Google Cloud.")
    commands = parser.add_subparsers(dest="what", required=True)
    runs = commands.add_parser("run", help="run a command inside the stand-in")
    runs.add_argument("--user", default="funky-user", help="GitHub username (default: %(default)s)")
    runs.add_argument("--persona", choices=NAMES, default="hub", help="the machine to run on (default: %(default)s)")
    runs.add_argument(
        "--mode", choices=["auto", "names", "proxy"], default="auto", help="how hosts resolve to the stand-in"
    )
    runs.add_argument("--state", type=Path, help="directory that keeps the buckets")
    runs.add_argument("--hub-yml", type=Path, help=_HUB_YML)
    runs.add_argument("command", nargs=argparse.REMAINDER, help="the command, after --")
    hub = commands.add_parser("hub", help="run a command beside a JupyterHub at the hub's address")
    hub.add_argument("--hub-yml", type=Path, help=_HUB_YML)
    hub.add_argument("--programs", type=Path, help="the environment with JupyterHub (default: .venv/jupyterhub)")
    hub.add_argument("--repository", action="append", default=[], metavar="ADDRESS=PATH", help=_REPOSITORY)
    hub.add_argument("command", nargs=argparse.REMAINDER, help="the command, after -- (default: a shell)")
    add_commands(commands.add_parser)
    options = parser.parse_args(arguments)
    if options.what not in {"run", "hub"}:
        return _control(options)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    try:
        if options.what == "hub":
            from fakehub.hub.start import run_hub  # imported late: the other commands start without it

            return run_hub(command, options.hub_yml, options.programs, options.repository)
        return run(command, options.user, options.persona, options.mode, options.state, options.hub_yml)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


def _control(options: argparse.Namespace) -> int:
    try:
        options.do(options)
    except (ControlError, ValueError) as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
