"""The command line: ``python -m fakehub run [--user NAME] [--mode MODE] [--state DIR] -- COMMAND``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fakehub.run import RunError, run


def main(arguments: list[str]) -> int:
    """Run one command line; its exit status."""
    parser = argparse.ArgumentParser(prog="fakehub", description="A laptop-size stand-in of the hub.")
    commands = parser.add_subparsers(dest="what", required=True)
    runs = commands.add_parser("run", help="run a command inside the stand-in")
    runs.add_argument("--user", default="funky-user", help="GitHub username (default: %(default)s)")
    runs.add_argument("--mode", choices=["auto", "names", "proxy"], default="auto", help="how names lead to it")
    runs.add_argument("--state", type=Path, help="directory in which the buckets live on")
    runs.add_argument("--hub-yml", type=Path, help="the facts file (default: the project's)")
    runs.add_argument("command", nargs=argparse.REMAINDER, help="the command, after --")
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    try:
        return run(command, options.user, options.mode, options.state, options.hub_yml)
    except RunError as error:
        print(f"fakehub: {error}", file=sys.stderr)
        return error.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
