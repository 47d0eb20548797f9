"""Read YAML strictly, and describe in one line what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class YamlError(Exception):
    """Why a file cannot be read as a mapping: one line."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader is optional
    """Loader that refuses a repeated key; PyYAML would silently take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, f"line {line}: the key {key!r} is there twice")
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def read_mapping(path: Path) -> dict[Any, Any] | None:
    """Return the mapping in a file, or None if it holds something else; raises ``YamlError`` and ``OSError``."""
    return mapping_of(path.read_bytes())


def mapping_of(data: bytes) -> dict[Any, Any] | None:
    """Return the mapping in a file's content, or None if it holds something else; raises ``YamlError``."""
    try:
        content = yaml.load(data.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise YamlError("not a text file in UTF-8") from error
    except TypeError as error:
        raise YamlError("a key is a list or a mapping, not a text") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise YamlError(f"not YAML: {line}{getattr(error, 'problem', None) or error}") from error
    return content if isinstance(content, dict) else None
