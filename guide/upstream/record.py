"""The record of the last check that found no change: a file beside the facts file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from guide.paths import record_path
from hubfacts.load import FactsError
from hubfacts.strict_yaml import YamlError, read_mapping

_HEADER = "# Written by `make facts RECORD=DATE`: when all facts agreed with their sources, and where each is stated.\n"


@dataclass(frozen=True)
class Record:
    """When all facts agreed with their sources.

    ``commits`` are those of the sources, by their names, and ``lines`` is where each fact is stated, by its key.
    """

    checked: date
    commits: Mapping[str, str]
    lines: Mapping[str, str]


def write_record(hub_yml: Path, record: Record) -> None:
    """Write the record of a check of a facts file."""
    content = {"checked": str(record.checked), "commits": dict(record.commits), "lines": dict(record.lines)}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=200)
    record_path(hub_yml).write_text(_HEADER + text, encoding="utf-8")


def read_record(hub_yml: Path) -> Record | None:
    """Return the record about a facts file, or ``None`` if it was never checked; raises ``FactsError``."""
    path = record_path(hub_yml)
    if not path.is_file():
        return None
    try:
        content = read_mapping(path) or {}
        return Record(date.fromisoformat(content["checked"]), content["commits"], content["lines"])
    except (OSError, YamlError, KeyError, TypeError, ValueError) as error:
        raise FactsError(f"{path}: not a record of a check; write it again: make facts RECORD=DATE") from error
