"""Write ``fakehub/COVERAGE.md``: the methods and parameters of the JSON API that the stand-in implements.

The table of methods that it reads is compared with Google's description of the API in ``test_schema.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakehub.storage.encryption import REFUSED_HEADERS
from fakehub.storage.json_api.method_table import COMMON, METHODS, Method
from fakehub.storage.json_api.parameters import IGNORED, treatment
from fakehub.storage.json_api.router import ANSWERS

COMMAND = "python -m tests.fakehub.storage.api_coverage > fakehub/COVERAGE.md"


def table() -> str:
    """Return the whole page, in Markdown."""
    answered = [method for method in METHODS.values() if method.id in ANSWERS]
    refused = [method for method in METHODS.values() if method.id not in ANSWERS]
    lines = [
        "# Coverage of Google's JSON API",
        "",
        f"Written by `{COMMAND}`.",
        f"Of the {len(METHODS)} methods of `storage/v1`, the stand-in implements {len(answered)}. The other",
        f"{len(refused)} are refused: 404 for an unknown bucket, 403 for an account that lacks the permission,",
        "otherwise 400 with a message that names the method; 501 would make clients repeat the request. Every other",
        "path is unknown: 404. A refused parameter is 400 with its name; an ignored one has no effect, and neither has",
        "one that Google does not know. For a bucket with uniform access, methods on access control lists, including",
        "refused ones, are 400 with Google's message.",
        "",
        "## Implemented",
        "",
        "| method | request | parameters | ignored | refused |",
        "|---|---|---|---|---|",
        *[_row(method) for method in answered],
        "",
        f"Every method accepts {_names([name for name in COMMON if name not in IGNORED])}, and without effect",
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


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(table(), end="")
