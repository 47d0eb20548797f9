"""Records of page runs, which ``_build/run`` keeps as JSON. This module alone reads and writes them."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypedDict

import nbformat

from guide.pages.blocks import BlockKind
from guide.paths import BUILD, display_path
from guide.run.profile import RunProfile

RunStatus = Literal["passed", "failed"]
BlockStatus = Literal["passed", "failed", "skipped", "parsed", "not run"]
# Distributions whose versions the report names.
_SHOWN_VERSIONS = ("xarray", "zarr", "gcsfs", "dask", "numpy", "pandas", "google-cloud-storage", "matplotlib")


class RecordError(Exception):
    """A file that is not a record as this version of the code writes it."""


class PrintedItem(TypedDict, total=False):
    """One output of a block: text of stdout (or ``warning`` of stderr), a ``value`` with its ``picture``, an error."""

    text: str
    warning: str
    value: str
    picture: str
    error: str


@dataclass(frozen=True)
class BlockResult:
    """The result of one block.

    A block that was ``not run`` has a ``reason`` if a program is missing, and none if an earlier block failed.
    ``replayed`` is a transcript as it went in this run, if it differs from the page. ``printed`` are the outputs of a
    block on a page of Markdown; those of a notebook are in its cells. ``digest`` is that of the block's source, and
    ``checks`` counts its hidden checks, all of which held. ``pictures`` are the versions for the site of each figure
    that a cell showed (see ``kernel_pictures``), by the digest of the figure. ``bucket`` describes what the block did
    to the buckets (see ``fakehub.storage.inspection``); ``None`` if that is nothing.
    """

    page: str
    line: int
    kind: BlockKind
    language: str
    status: BlockStatus
    seconds: float
    reason: str | None = None
    replayed: str | None = None
    printed: tuple[PrintedItem, ...] | None = None
    digest: str = ""
    checks: int = 0
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)
    bucket: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> BlockResult:
        """Return the result with these ``fields``; raises ``TypeError`` if they are those of another version."""
        printed = fields.get("printed")
        return cls(**fields | {"printed": None if printed is None else tuple(printed)})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class RunRecord:
    """The record of one run of a page, which ended at ``date``.

    ``key`` (see ``cache_key``) is empty until the run is kept, ``error`` empty unless it failed; a run that failed
    before its first block has no ``blocks`` and no ``versions``. ``refused`` are hosts outside the hub that it tried to
    contact, ``latency_ms`` is the latency of its requests, and ``notebook`` has the executed cells of a page with any.
    """

    page: str
    stack: str
    status: RunStatus
    seconds: float
    date: str = field(default_factory=_now)
    key: str = ""
    error: str = ""
    versions: dict[str, str] | None = None
    refused: tuple[str, ...] = ()
    latency_ms: int = 0
    blocks: tuple[BlockResult, ...] = ()
    notebook: nbformat.NotebookNode | None = None

    @property
    def passed(self) -> bool:
        """Whether every block did what the page says."""
        return self.status == "passed"

    @property
    def pictures(self) -> dict[str, dict[str, str]]:
        """The versions for the site of all figures, by the digest of the figure (see ``BlockResult``)."""
        return {digest: versions for block in self.blocks for digest, versions in block.pictures.items()}

    def with_key(self, key: str) -> RunRecord:
        """Return the same record with its ``key``."""
        return replace(self, key=key)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(asdict(replace(self, notebook=None)) | {"notebook": self.notebook}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """Return the record that ``to_json`` wrote; raises ``RecordError`` for any other text."""
        try:
            fields = json.loads(text)
            fields["blocks"] = tuple(BlockResult.from_json(block) for block in fields["blocks"])
            fields["refused"] = tuple(fields["refused"])
            if fields["notebook"] is not None:
                fields["notebook"] = nbformat.from_dict(fields["notebook"])
            return cls(**fields)
        except (ValueError, TypeError, KeyError) as error:
            raise RecordError(f"not a record of this version: {error}") from error


def record_path(path: Path, profile_name: str) -> Path:
    """Return the path of the record of a page's run under the run profile of that name."""
    return BUILD / "run" / profile_name / f"{display_path(path).strip('/').replace('/', '--')}.json"


def read_record(path: Path, profile_name: str) -> RunRecord | None:
    """Return the record of the page's last run under the run profile of that name; ``None`` if it has none."""
    store = record_path(path, profile_name)
    if not store.is_file():
        return None
    try:
        return RunRecord.from_json(store.read_text(encoding="utf-8"))
    except RecordError:  # of an older version of the code, so the page has not run under this one
        return None


def kept_record(path: Path, profile: RunProfile, key: str) -> RunRecord | None:
    """Return the record of the page's last run if it passed under the same ``key``."""
    record = read_record(path, profile.name)
    return record if record and record.key == key and record.passed else None


def keep(record: RunRecord, store: Path) -> None:
    """Write a record; a reader never sees half of one."""
    store.parent.mkdir(parents=True, exist_ok=True)
    part = store.with_suffix(f".{os.getpid()}.part")
    part.write_text(record.to_json(), encoding="utf-8")
    part.replace(store)


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages whose outputs the pages show."""
    return {"python": platform.python_version()} | {name: version(name) for name in _SHOWN_VERSIONS}
