"""What a block that ran may not have done: raise another error than the page says, print a token, store unnoticed."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode

from guide.pages.blocks import Block
from guide.run import confined
from guide.run.descriptions import description_problem
from guide.run.secrets import has_token

# What a program says that may not write to a path (see ``confined``), and what an author should know then.
_REFUSED = re.compile(r"Permission denied: '/|: /\S+: Permission denied")
_ADVICE = "; if this writes there: a page may write only to its folder, the buckets and temporary files"


class BlockFailure(Exception):
    """A block that did not do what the page says."""


def with_advice(message: str) -> str:
    """Return the message about a block that failed, with what an author should know about a path that was refused."""
    return f"{message}{_ADVICE}" if confined.version() and _REFUSED.search(message) else message


def check_error(block: Block, raised: str | None) -> None:
    """Compare the error that a Python block raised (``Type: message``) with the one that the page shows."""
    if block.raises is None:
        if raised is not None:
            raise BlockFailure(f"failed: {raised}")
        return
    if raised is None:
        raise BlockFailure(f"should raise {block.raises!r}, but raised nothing")
    kind, _, message = block.raises.partition(":")
    if raised.partition(":")[0] != kind.strip().rpartition(".")[2] or message.strip() not in raised:
        raise BlockFailure(f"should raise {block.raises!r}, but raised {raised}")


def refuse_tokens(text: str) -> None:
    """Raise ``BlockFailure`` if ``text``, an output or an error, contains an access token or a piece of one."""
    if has_token(text):
        raise BlockFailure("prints an access token; keep it in a file that only its owner can read")


def check_description(cell: NotebookNode, figures: list[dict[str, Any]]) -> None:
    """Raise ``BlockFailure`` if a cell describes its figures with what they do not show, or not at all."""
    image = cell.metadata.get("mystnb", {}).get("image", {})
    if problem := description_problem(str(image.get("alt", "")), cell.source, figures):
        raise BlockFailure(problem)


def check_promised(block: Block, effect: dict[str, Any] | None) -> None:
    """Raise ``BlockFailure`` if a block stored an object, and nothing would notice if it did not.

    ``effect`` is what was recorded about the block (see ``bucket_recorder``).
    """
    if effect is None or block.leaves or block.removes or block.checks or block.raises or block.fails:
        return
    stored = [entry["name"] for entry in effect["objects"] if entry["state"] in {"new", "changed"}]
    if stored:
        raise BlockFailure(f"stores {stored[0]}, but nothing checks it: add leaves or a check to the block")
