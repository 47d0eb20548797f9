"""Writes which methods and parameters of the JSON API are answered: ``python -m fakehub.storage.json_api.coverage``."""

from __future__ import annotations

from fakehub.storage.json_api.method_table import COMMON, METHODS, Method
from fakehub.storage.json_api.parameters import IGNORED, REFUSED_HEADERS, treatment
from fakehub.storage.json_api.router import ANSWERS

COMMAND = "python -m fakehub.storage.json_api.coverage > fakehub/COVERAGE.md"


def table() -> str:
    """The whole page, in Markdown."""
    answered = [method for method in METHODS.values() if method.id in ANSWERS]
    refused = [method for method in METHODS.values() if method.id not in ANSWERS]
    lines = [
        "# What is answered of Google's JSON API",
        "",
        f"Written by `{COMMAND}`. Of {len(METHODS)} methods of `storage/v1`, {len(answered)} are answered and",
        f"{len(refused)} are refused: 501, with a message that names the method. Every other path is unknown: 404.",
        "A refused parameter is 501 with its name; an ignored one has no effect, nor has one Google does not know.",
        "Access control lists of a bucket with uniform access are 400 with Google's words, also those refused here.",
        "",
        "## Answered",
        "",
        "| method | request | parameters | ignored | refused |",
        "|---|---|---|---|---|",
        *[_row(method) for method in answered],
        "",
        f"Every method takes {_names([name for name in COMMON if name not in IGNORED])}; without effect are",
        f"{_names([name for name in COMMON if name in IGNORED])}.",
        f"The request headers {_names(REFUSED_HEADERS)} are refused.",
        "",
        "## Refused",
        "",
        "| method | request |",
        "|---|---|",
        *[f"| {method.id} | `{method.verb} {method.path}` |" for method in refused],
        "",
    ]
    return "\n".join(lines)


def _row(method: Method) -> str:
    kinds: dict[str, list[str]] = {"answered": [], "ignored": [], "refused": []}
    for name in method.parameters:
        kinds[treatment(method, name)].append(name)
    cells = [", ".join(kinds[kind]) for kind in ("answered", "ignored", "refused")]
    return f"| {method.id} | `{method.verb} {method.path}` | {' | '.join(cells)} |"


def _names(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(table(), end="")
