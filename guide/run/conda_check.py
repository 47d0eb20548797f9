"""Commands of conda and mamba, parsed as strictly as conda does: for a page that cannot run them.

conda is on no registry of packages that the project uses. Its specs are read with the library that newer tools of
its ecosystem are made of, in strict mode; its options with the grammar below, which has those that pages use.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import NoReturn

import yaml
from rattler import Channel, MatchSpec
from rattler.exceptions import InvalidMatchSpecError

_KEYS = {"name", "channels", "dependencies"}


class CondaError(Exception):
    """A command that conda would refuse: why, in one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CondaError(f"is not a command of conda: {message}")


def check_conda(source: str, home: Path) -> None:
    """Parse each line of ``source``; files that it names are read below ``home``. Raises ``CondaError``."""
    for line in source.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] not in {"conda", "mamba"}:
            raise CondaError(f"has a line that is not conda's: {line.strip()}")
        _check_words(words[1:], home)


def _check_words(words: list[str], home: Path) -> None:
    options = _grammar().parse_args(words)
    if getattr(options, "file", None) is not None:
        check_environment(home / options.file)
    for channel in getattr(options, "channel", None) or []:
        Channel(channel)
    specs = getattr(options, "specs", [])
    if options.needs_specs and not specs:
        raise CondaError("names no package to install")
    for spec in specs:
        check_spec(spec)


def check_environment(path: Path) -> None:
    """Read an environment file as conda does; raises ``CondaError``."""
    if not path.is_file():
        raise CondaError(f"names {path.name}, but there is no such file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CondaError(f"names {path.name}, which is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict) or not {"channels", "dependencies"} <= content.keys() <= _KEYS:
        raise CondaError(f"names {path.name}, whose keys are not {', '.join(sorted(_KEYS))}")
    for channel in content["channels"]:
        Channel(channel)
    for spec in content["dependencies"]:
        if not isinstance(spec, str):
            raise CondaError(f"names {path.name}, in which {spec!r} is no spec")
        check_spec(spec)


def check_spec(spec: str) -> None:
    """Parse one package spec strictly; raises ``CondaError``."""
    try:
        MatchSpec(spec, strict=True)
    except InvalidMatchSpecError as error:
        raise CondaError(f"has {spec!r}, which is no spec of a package: {str(error).splitlines()[0]}") from error


def _grammar() -> argparse.ArgumentParser:
    parser = _Parser(prog="conda", add_help=False, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    place = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    where = place.add_mutually_exclusive_group()
    where.add_argument("-n", "--name")
    where.add_argument("-p", "--prefix")
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False, parents=[place])
    common.add_argument("-y", "--yes", action="store_true")
    common.add_argument("-c", "--channel", action="append")
    common.add_argument("--override-channels", action="store_true")
    for name in ("create", "install"):
        packages = commands.add_parser(name, parents=[common], add_help=False, allow_abbrev=False)
        packages.add_argument("specs", nargs="*")
        packages.set_defaults(needs_specs=True)
    commands.add_parser("activate", add_help=False).add_argument("environment")
    commands.add_parser("deactivate", add_help=False)
    env = commands.add_parser("env", add_help=False).add_subparsers(dest="action", required=True, parser_class=_Parser)
    for name in ("create", "update"):
        made = env.add_parser(name, parents=[place], add_help=False, allow_abbrev=False)
        made.add_argument("-f", "--file", default="environment.yml")
        made.add_argument("-y" if name == "create" else "--prune", action="store_true", dest=name)
    env.add_parser("remove", parents=[place], add_help=False, allow_abbrev=False)
    parser.set_defaults(needs_specs=False)
    return parser
