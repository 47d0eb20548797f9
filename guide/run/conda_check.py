"""Parse commands of conda and mamba as strictly as conda does, for pages that cannot run them.

conda is not in a package registry that the project uses. Specs are parsed in strict mode with py-rattler, on which
newer tools of conda's ecosystem are built, and options with the grammar below, which has those that pages use. A
command that names an environment must name one that exists at that point of the page. No spec may need a newer version
of a package than the one that the page runs with.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import shlex
from pathlib import Path
from typing import Any, NoReturn

import yaml
from rattler import Channel, MatchSpec, Version
from rattler.exceptions import InvalidMatchSpecError

from guide.checks.environments import BASE, guides_environment

_KEYS = {"name", "channels", "dependencies"}
_OLDEST = re.compile(r"(?P<name>[\w.-]+) ?>=(?P<version>[\w.]+)")


class CondaError(Exception):
    """A command that conda would refuse: the reason, in one line."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises ``CondaError``, and knows no abbreviations and no ``--help``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"add_help": False, "allow_abbrev": False} | options)

    def error(self, message: str) -> NoReturn:
        raise CondaError(f"is not a command of conda: {message}")


def check_conda(source: str, folder: Path, environments: set[str]) -> None:
    """Parse each line of ``source``, and the files below ``folder`` that it names; raises ``CondaError``.

    ``environments`` are those that earlier blocks made on this machine; new ones are added. A page that makes none
    may use the one of the guide's ``environment.yml``, which another page makes.
    """
    for line in source.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] not in {"conda", "mamba"}:
            raise CondaError(f"has a line that is not a conda command: {line.strip()}")
        _check_words(words[1:], folder, environments)


def environment_name(path: Path) -> str | None:
    """Return the name that an environment file gives to its environment; raises ``CondaError`` for a bad file."""
    name = check_environment(path).get("name")
    return None if name is None else str(name)


def _check_words(words: list[str], folder: Path, environments: set[str]) -> None:
    options = _grammar().parse_args(words)
    _check_name(options, folder, environments)
    for channel in getattr(options, "channel", None) or []:
        Channel(channel)
    specs = getattr(options, "specs", [])
    if options.needs_specs and not specs:
        raise CondaError("names no package to install")
    for spec in specs:
        check_spec(spec)


def _check_name(options: argparse.Namespace, folder: Path, environments: set[str]) -> None:
    """Check the environment that a command makes or uses; raises ``CondaError`` for one that does not exist."""
    name = getattr(options, "environment", None) or getattr(options, "name", None)
    made_by_file = environment_name(folder / options.file) if getattr(options, "file", None) is not None else None
    if options.makes_environment:
        if not (name or made_by_file or options.prefix):
            raise CondaError("makes an environment without a name: name it in the file, or with --name")
        environments.update(made for made in (name or made_by_file,) if made)
        return
    known = {BASE, *(environments or {guides_environment()})}
    used = name or made_by_file
    if used is not None and used not in known:
        raise CondaError(f"uses the environment {used!r}, but the page has only {', '.join(sorted(known))}")


def check_environment(path: Path) -> dict[str, Any]:
    """Check an environment file and return what it contains; raises ``CondaError``."""
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
            raise CondaError(f"names {path.name}, in which {spec!r} is not a spec")
        check_spec(spec)
    return content


def check_spec(spec: str) -> None:
    """Parse one package spec strictly; raises ``CondaError``."""
    try:
        MatchSpec(spec, strict=True)
    except InvalidMatchSpecError as error:
        raise CondaError(f"has {spec!r}, which is not a package spec: {str(error).splitlines()[0]}") from error
    oldest = _OLDEST.match(spec)
    if oldest is None:
        return
    try:
        tested = importlib.metadata.version(oldest["name"])
    except importlib.metadata.PackageNotFoundError:
        return  # a program, or a package that no page imports
    if Version(tested) < Version(oldest["version"]):
        raise CondaError(f"has {spec!r}, but this page was tested with {oldest['name']} {tested}")


def _grammar() -> _Parser:
    parser = _Parser(prog="conda")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    target = _Parser()
    name_or_prefix = target.add_mutually_exclusive_group()
    name_or_prefix.add_argument("-n", "--name")
    name_or_prefix.add_argument("-p", "--prefix")
    common = _Parser(parents=[target])
    common.add_argument("-y", "--yes", action="store_true")
    common.add_argument("-c", "--channel", action="append")
    common.add_argument("--override-channels", action="store_true")
    for name in ("create", "install"):
        packages = commands.add_parser(name, parents=[common])
        packages.add_argument("specs", nargs="*")
        packages.set_defaults(needs_specs=True, makes_environment=name == "create")
    commands.add_parser("activate").add_argument("environment")
    commands.add_parser("deactivate")
    env = commands.add_parser("env").add_subparsers(dest="action", required=True, parser_class=_Parser)
    for name in ("create", "update"):
        action = env.add_parser(name, parents=[target])
        action.add_argument("-f", "--file", default="environment.yml")
        action.add_argument("-y" if name == "create" else "--prune", action="store_true", dest=name)
        action.set_defaults(makes_environment=name == "create")
    env.add_parser("remove", parents=[target])
    parser.set_defaults(needs_specs=False, makes_environment=False)
    return parser
