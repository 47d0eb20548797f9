"""The syntax of a block: the info line of a fence, and the options of a cell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, get_args

import yaml

from fakehub import units
from guide.external_programs import PROGRAMS
from guide.pages.blocks import MACHINES, Block, BlockError, BlockKind
from guide.pages.hidden_checks import OPTION, CheckError, checks_of
from guide.pages.transcripts import ELIDED

# The modes that the info line of a fence may declare.
_MODES: tuple[BlockKind, ...] = tuple(kind for kind in get_args(BlockKind) if kind != "cell")
_ATTRIBUTES = {"raises", "fails", "leaves", "removes", OPTION, "on", "after", "needs", "carries"}
OPTIONS = ("tags", "raises", "leaves", "removes", OPTION, "network", "on", "after", "needs", "mystnb")
# What Jupyter and editors write into the metadata of a cell.
_OF_JUPYTER = {"collapsed", "deletable", "editable", "execution", "format", "jupyter", "name", "scrolled", "slideshow"}
_OF_EDITORS = {"ExecuteTime", "vscode"}
_RUNNABLE = {"python", "bash", "console"}
# The shortest part of an error message that says which error it is, in characters.
_LEAST = 5
# Why conda's commands are parsed and not run.
_CONDA_REASON = (
    "conda is not on the machine that tests this guide: options and specs were parsed, nothing was installed"
)


class _Circumstances(TypedDict):
    """The fields of a ``Block`` that say where and when it runs, and what it needs."""

    on: tuple[str, ...]
    after_s: float
    needs: tuple[str, ...]
    carries: tuple[str, ...]


def cell_block(line: int, index: int | None, source: str, options: Mapping[str, object], where: str) -> Block:
    """Return the block of a cell with these ``options``; raises ``BlockError``."""
    unknown = options.keys() - set(OPTIONS) - _OF_JUPYTER - _OF_EDITORS
    if unknown:
        raise BlockError(f"{where}: unknown option {min(unknown)!r}; a cell may have {', '.join(OPTIONS)}")
    raises = options.get("raises")
    if raises is not None and not isinstance(raises, str):
        raise BlockError(f"{where}: raises must be a text such as 'ValueError: part of the message'")
    _check_error(raises, where)
    tags = texts(options.get("tags", []), "tags", where, "words")
    if ("raises-exception" in tags) != (raises is not None):
        raise BlockError(f"{where}: a cell that raises needs both the tag raises-exception and raises: the message")
    if "skip-execution" in tags or "remove-cell" in tags:
        raise BlockError(f"{where}: the tags skip-execution and remove-cell hide what a page does; do not use them")
    circumstances = {name: str(options[name]) for name in ("on", "after", "needs") if name in options}
    return Block(
        line,
        "cell",
        "python",
        source,
        cell=index,
        raises=raises,
        leaves=texts(options.get("leaves", []), "leaves", where),
        removes=texts(options.get("removes", []), "removes", where),
        checks=_checks(options.get(OPTION, []), "python", where),
        network=_network(str(options["network"]), where) if "network" in options else None,
        **_circumstances(circumstances, "cell", where),
    )


def split_options(content: str, where: str) -> tuple[str, dict[str, object]]:
    """Split the content of a cell into its source and its options: ``:key: value``, or YAML between two ``---``."""
    if content.startswith("---\n"):
        header, _, source = content.removeprefix("---\n").partition("\n---\n")
        options = _yaml(header, f"{where}: the options are")
        if not isinstance(options, dict):
            raise BlockError(f"{where}: the options are not a mapping")
        return source.strip("\n"), options
    lines = content.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith(":")), len(lines))
    pairs = [line[1:].partition(":") for line in lines[:count]]
    options = {key: _yaml(value, f"{where}: option {key} is") for key, _, value in pairs if key != OPTION}
    # An expression is no YAML, and a cell may have several.
    if checks := [value.strip() for key, _, value in pairs if key == OPTION]:
        options[OPTION] = checks
    return "\n".join(lines[count:]).strip("\n"), options


def _checks(value: object, language: str, where: str) -> tuple[str, ...]:
    try:
        return checks_of(value, language)
    except CheckError as error:
        raise BlockError(f"{where}: {error}") from error


def _yaml(text: str, subject: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BlockError(f"{subject} not YAML: {str(error).splitlines()[0]}") from error


def fence_block(line: int, info: str, source: str, where: str) -> Block:
    """Return the block of a fence with this ``info`` line; raises ``BlockError``."""
    try:
        language, *words = shlex.split(info) or [""]
    except ValueError as error:
        raise BlockError(f"{where}: the info line cannot be read: {error}") from error
    flags = [word for word in words if "=" not in word]
    attributes = dict(word.split("=", 1) for word in words if "=" in word)
    checks = [word.split("=", 1)[1] for word in words if word.startswith(f"{OPTION}=")]
    modes = [mode for mode in _MODES if mode in flags or mode in attributes]
    if len(modes) != 1:
        problem = "declares no execution mode" if not modes else f"declares {' and '.join(modes)}"
        choice = 'run, file=NAME, parsed=conda or skip="reason"'
        raise BlockError(f"{where}: this {language or 'plain'} block {problem}; write {choice}")
    kind = modes[0]
    unknown = (set(flags) | set(attributes)) - _ATTRIBUTES - {kind}
    if unknown:
        raise BlockError(f"{where}: unknown word {sorted(unknown)[0]!r} in the info line")
    _check_mode(kind, language, attributes, where)
    _check_error(attributes.get("raises"), where)
    if len(attributes.get("fails", "some text")) < _LEAST:
        raise BlockError(f"{where}: fails= needs a part of the message that a reader would recognize")
    if kind == "run" and language == "console" and not checks and _shows_nothing(source):
        raise BlockError(f"{where}: {ELIDED} alone fits every output: show a line of it, or add a check=")
    return Block(
        line,
        kind,
        language,
        source,
        raises=attributes.get("raises"),
        fails=attributes.get("fails"),
        leaves=tuple(attributes.get("leaves", "").split()),
        removes=tuple(attributes.get("removes", "").split()),
        checks=_checks(checks, language, where),
        target=attributes.get("file"),
        reason=attributes.get("skip") or (_CONDA_REASON if kind == "parsed" else None),
        **_circumstances(attributes, language, where),
    )


def _check_error(raises: str | None, where: str) -> None:
    """Raise ``BlockError`` for a required error without a part of its message, which many errors would fit."""
    if raises is not None and len(raises.partition(":")[2].strip()) < _LEAST:
        raise BlockError(f"{where}: raises needs a part of the message after the error's name and a colon")


def _shows_nothing(transcript: str) -> bool:
    """Return whether a transcript elides the whole output of its commands."""
    printed = [line for line in transcript.splitlines() if not re.match(r"[\w-]*[$>] ", line)]
    return bool(printed) and all(line.strip() == ELIDED for line in printed)


def _circumstances(attributes: Mapping[str, str], language: str, where: str) -> _Circumstances:
    machines = tuple(attributes.get("on", "").split())
    unknown = [name for name in machines if name not in MACHINES]
    if unknown or (len(machines) > 1 and language != "console"):
        names = ", ".join(MACHINES)
        raise BlockError(f"{where}: on= must name one of {names}; only a console transcript may name two")
    needs = tuple(attributes.get("needs", "").split())
    if not set(needs) <= PROGRAMS.keys():
        raise BlockError(f"{where}: needs= must name programs that a machine may lack: {', '.join(PROGRAMS)}")
    try:
        after_s = units.duration(attributes["after"]) if "after" in attributes else 0.0
    except ValueError as error:
        raise BlockError(f"{where}: after= {error}") from error
    return {"on": machines, "after_s": after_s, "needs": needs, "carries": tuple(attributes.get("carries", "").split())}


def _network(text: str, where: str) -> tuple[float, float]:
    """Parse a latency and a rate such as ``80ms 100Mbit/s``."""
    latency, _, rate = text.partition(" ")
    try:
        return units.duration(latency), units.rate(rate)
    except ValueError as error:
        raise BlockError(f"{where}: network must be a latency and a rate, such as 80ms 100Mbit/s: {error}") from error


def _check_mode(kind: BlockKind, language: str, attributes: Mapping[str, str], where: str) -> None:
    if kind == "run" and language not in _RUNNABLE:
        raise BlockError(f"{where}: a {language or 'plain'} block cannot run; {', '.join(sorted(_RUNNABLE))} can")
    if kind == "skip" and len(attributes.get("skip", "").split()) < 3:
        raise BlockError(f'{where}: an opt-out needs a reason that a reader would accept: skip="..."')
    if kind == "parsed" and (language, attributes.get("parsed")) != ("bash", "conda"):
        raise BlockError(f"{where}: only bash blocks can be parsed, with parsed=conda")
    target = Path(attributes.get("file", ""))
    if kind == "file" and (target.is_absolute() or ".." in target.parts or not target.name):
        raise BlockError(f"{where}: file= takes a relative path, which does not lead upwards")
    if OPTION in attributes and kind != "run":
        raise BlockError(f"{where}: a check needs a block that runs; remove it, or write run")
    if "raises" in attributes and language != "python":
        raise BlockError(f"{where}: raises= is for python blocks; a shell block uses fails=")
    if "fails" in attributes and language != "bash":
        raise BlockError(f"{where}: fails= is for bash blocks; python uses raises=, and a transcript shows the error")


def texts(value: object, name: str, where: str, noun: str = "object URLs") -> tuple[str, ...]:
    """Return ``value`` as a tuple if it is a list of texts; raises ``BlockError`` otherwise."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BlockError(f"{where}: {name} must be a list of {noun}")
    return tuple(value)
