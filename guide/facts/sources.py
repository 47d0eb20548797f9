"""Where a fact was read: every section of the facts names its sources."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hubfacts.schema import Model

Sources = Annotated[list[str], Field(min_length=1)]


class Source(Model, extra="forbid"):
    """Where facts were read, and how old that is."""

    what: str
    date: str
    commit: str | None = None
