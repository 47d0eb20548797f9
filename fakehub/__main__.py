"""The command line: ``fakehub run``, ``serve``, ``hub`` and ``lab``, and control of a running stand-in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from fakehub.accounts.personas import NAMES
from fakehub.control.client import ControlError
from fakehub.control.commands import add_commands
from fakehub.ports import LOOPBACK
from fakehub.session.run import RunError, run

_HUB_YML = "the facts file (default: $FAKEHUB_HUB_YML, or hub.yml in the current directory)"
_FOLDER = "the folder for the notebooks, in which changed files stay as they are (default: %(default)s)"
_SENDER = "who sends requests without a token (default: %(default)s, who may make buckets)"
_ACCEPTED = "also answer clients that call this machine NAME, besides 127.0.0.1 and localhost"
_REPOSITORY = "clone the local repository PATH for this address"


class _Parser(argparse.ArgumentParser):
    """Argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"fakehub: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run a command line, by default that of this process; return its exit status."""
    options = _parser().parse_args(arguments)
    starters = {"run": _run, "hub": _hub, "lab": _lab, "serve": _serve}
    if options.what not in starters:
        return _control(options)
    try:
        return starters[options.what](options)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


def _parser() -> _Parser:
    parser = _Parser(prog="fakehub", description="A laptop-sized stand-in for a JupyterHub on Google Cloud.")
    commands = parser.add_subparsers(dest="what", required=True)
    runs = commands.add_parser("run", help="run a command inside the stand-in")
    _add_session_options(runs)
    runs.add_argument("--persona", choices=NAMES, default="hub", help="the machine to run on (default: %(default)s)")
    runs.add_argument(
        "--mode", choices=["auto", "names", "proxy"], default="auto", help="how hosts resolve to the stand-in"
    )
    runs.add_argument("--hub-yml", type=Path, help=_HUB_YML)
    runs.add_argument("command", nargs=argparse.REMAINDER, help="the command, after --")
    _add_serve(commands.add_parser("serve", help="serve storage over plain HTTP, for STORAGE_EMULATOR_HOST"))
    hub = commands.add_parser("hub", help="run a command beside a JupyterHub at the hub's address")
    hub.add_argument("--hub-yml", type=Path, help=_HUB_YML)
    hub.add_argument("--programs", type=Path, help="the environment with JupyterHub (default: .venv/jupyterhub)")
    hub.add_argument("--repository", action="append", default=[], metavar="ADDRESS=PATH", help=_REPOSITORY)
    hub.add_argument("command", nargs=argparse.REMAINDER, help="the command, after -- (default: a shell)")
    lab = commands.add_parser("lab", help="open the guide's notebooks in JupyterLab, inside the stand-in")
    _add_session_options(lab)
    lab.add_argument("--hub-yml", type=Path, help="the facts file (default: that of the guide's hub)")
    lab.add_argument("--port", type=_port, help="the port of JupyterLab (default: 8888, or another that is free)")
    lab.add_argument("--no-browser", action="store_true", help="print JupyterLab's address, and open no browser")
    lab.add_argument("folder", type=Path, nargs="?", default="guide-notebooks", help=_FOLDER)
    add_commands(commands.add_parser)
    return parser


def _add_serve(serves: argparse.ArgumentParser) -> None:
    serves.add_argument("--port", type=_any_port, default=4443, help="0 is any free port (default: %(default)s)")
    serves.add_argument("--hub-yml", type=Path, help="a facts file, with buckets (default: a project without buckets)")
    serves.add_argument("--persona", choices=NAMES, default="owner", help=_SENDER)
    _add_state_options(serves)
    serves.add_argument("--bind", metavar="ADDRESS", default=LOOPBACK, help="where to listen (default: %(default)s)")
    serves.add_argument("--accept-host", action="append", default=[], metavar="NAME", help=_ACCEPTED)


def _add_session_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--user", default="funky-user", help="GitHub username (default: %(default)s)")
    _add_state_options(command)


def _add_state_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--state", type=Path, help="directory that keeps the buckets")
    about = "with --state: what was stored survives a loss of power, and each change waits for the disk"
    command.add_argument("--durable", action="store_true", help=about)


def _any_port(text: str) -> int:
    return 0 if text == "0" else _port(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; use a number from 1 to 65535")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    command = _command(options)
    kept = (options.state, options.hub_yml, options.durable)
    return run(command, options.user, options.persona, options.mode, *kept)


def _hub(options: argparse.Namespace) -> int:
    from fakehub.hub.start import run_hub  # imported late: the other commands start without it

    return run_hub(_command(options), options.hub_yml, options.programs, options.repository)


def _serve(options: argparse.Namespace) -> int:
    from fakehub.session.serve import Server, serve  # imported late, as above

    server = Server(
        port=options.port,
        hub_yml=options.hub_yml,
        persona=options.persona,
        state=options.state,
        durable=options.durable,
        bind=options.bind,
        accept_hosts=options.accept_host,
    )
    return serve(server, options.persona)


def _lab(options: argparse.Namespace) -> int:
    from fakehub.lab.start import LabOptions, run_lab  # imported late, as above

    browser = not options.no_browser
    kept = (options.state, options.hub_yml)
    return run_lab(LabOptions(options.folder, options.user, *kept, options.port, browser, options.durable))


def _command(options: argparse.Namespace) -> list[str]:
    return options.command[1:] if options.command[:1] == ["--"] else options.command


def _control(options: argparse.Namespace) -> int:
    try:
        options.do(options)
    except (ControlError, ValueError) as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
