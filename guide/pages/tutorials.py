"""What a notebook says about itself in its first cell: its title, its objective, and what a reader needs to run it.

The gallery of notebooks shows this, so the first cell of each notebook has these in a fixed form:

- a title, and a paragraph whose first sentence is the objective;
- "You need a running server, with any image and any node share". Instead of "any image", it may say "an image that has
  JAX", and "at least 16 GiB of memory" instead of "any node share";
- ``**Time:** 25 minutes``.

The subjects are in the notebook's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TITLE = re.compile(r"# (?P<title>[^\n]+)\n\n(?P<objective>[^\n]+)")
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_SERVER = re.compile(
    r"You need a running server, with (?P<image>an? image[^.;,]*|any image) and "
    r"(?:(?:any|the smallest) node share|at least (?P<gib>\d+) GiB of memory)"
)
_TIME = re.compile(r"\*\*Time:\*\* (?:(?P<minutes>\d+) minutes|half an hour)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
MOST_WORDS = 25


class TutorialError(Exception):
    """A notebook without something that the gallery shows: what is missing, in one line."""


@dataclass(frozen=True)
class Tutorial:
    """A notebook in the gallery.

    ``image`` is what the text says about the image that it needs, such as ``any image``. ``memory_gib`` is ``None`` if
    the smallest node share is enough.
    """

    title: str
    objective: str
    minutes: int
    image: str
    memory_gib: int | None
    subjects: tuple[str, ...]


def read_tutorial(notebook: Mapping[str, Any]) -> Tutorial:
    """Return what the ``notebook`` says about itself. Raises ``TutorialError``."""
    cells = notebook["cells"]
    text = "".join(cells[0]["source"]) if cells else ""
    head = _TITLE.match(text)
    if head is None:
        raise TutorialError("begin with a title, and a paragraph whose first sentence is the objective")
    objective = _plain(_SENTENCE_END.split(head["objective"])[0])
    if len(objective.split()) > MOST_WORDS:
        raise TutorialError(f"say the objective in at most {MOST_WORDS} words, in the first sentence after the title")
    server = _SERVER.search(text)
    if server is None:
        raise TutorialError(
            "say in the first cell: You need a running server, with any image and any node share; "
            "or with an image that has ..., and at least ... GiB of memory"
        )
    time = _TIME.search(text)
    if time is None:
        raise TutorialError("say in the first cell how long it takes: **Time:** 25 minutes")
    subjects = notebook["metadata"].get("subjects", [])
    if not subjects or not all(isinstance(subject, str) for subject in subjects):
        raise TutorialError('name one to three subjects in the metadata: "subjects": ["Zarr", "Dask"]')
    memory = int(server["gib"]) if server["gib"] else None
    minutes = int(time["minutes"] or 30)
    return Tutorial(_plain(head["title"]), objective, minutes, server["image"], memory, tuple(subjects))


def _plain(text: str) -> str:
    """Return Markdown as its text: links as their words, and names without backticks."""
    return _LINK.sub(r"\1", text).replace("`", "").replace("*", "").strip()
