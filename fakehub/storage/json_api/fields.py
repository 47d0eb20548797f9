"""Partial responses: the ``fields`` parameter, such as ``items(name,size),nextPageToken``."""

from __future__ import annotations

import functools
from typing import TypeAlias

from fakehub.errors import GoogleError

# The selected fields of each field, ``{"items": {"name": {}}}``; an empty selection is of everything.
_Selection: TypeAlias = "dict[str, _Selection]"


def only_fields(resource: object, fields: str) -> object:
    """Return the part of ``resource`` that ``fields`` selects; raise ``GoogleError`` (400) for an invalid selection."""
    return resource if fields.strip() == "*" else _select(resource, _parse(fields))


def check_fields(fields: str) -> None:
    """Raise ``GoogleError`` (400) where ``only_fields`` would, before the method has any effect."""
    _parse(fields)


@functools.lru_cache(maxsize=256)
def _parse(text: str) -> _Selection:
    """Parse a selection of fields; raise ``GoogleError`` (400) for an invalid one.

    The grammar: ``list = path *("," path)``, ``path = word *("/" word) ["(" list ")"]``.
    """
    root: _Selection = {}
    stack, here, word, closed = [root], root, "", False
    for char in [*text, ","]:
        if char not in ",()/":
            if closed and not char.isspace():
                raise _invalid(text)
            word += char
            continue
        word = word.strip()
        # A separator follows a word, or the parenthesis that closes a list.
        if not word and not (closed and char in ",)"):
            raise _invalid(text)
        if word:
            here = here.setdefault(word, {})
        word, closed = "", False
        if char == "(":
            stack.append(here)
        elif char == ",":
            here = stack[-1]
        elif char == ")":
            if len(stack) == 1:
                raise _invalid(text)
            stack.pop()
            here, closed = stack[-1], True
    if len(stack) != 1:
        raise _invalid(text)
    return root


def _invalid(text: str) -> GoogleError:
    return GoogleError(400, "invalidParameter", f"Invalid field selection {text}", "fields")


def _select(resource: object, wanted: _Selection) -> object:
    if not wanted or "*" in wanted:
        return resource
    if isinstance(resource, list):
        return [_select(item, wanted) for item in resource]
    if not isinstance(resource, dict):
        return resource
    return {key: _select(value, wanted[key]) for key, value in resource.items() if key in wanted}
