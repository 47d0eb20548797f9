"""Rules for the code that readers copy: nothing in it exists only for a test.

A value is proven by a hidden check, by a recorded output or by ``:leaves:`` and ``:removes:`` (CONTRIBUTING, "Proof
behind the page"). Errors are raised only on pages about troubleshooting.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from guide.pages.blocks import Block, Page

TROUBLESHOOTING = "book/help/"
# The page that explains the option, and the notebook about stores that cannot have this copy of the metadata.
EXPLAIN_CONSOLIDATED = ("book/help/open-errors.md", "notebooks/icechunk-versions.ipynb")


def code_problems(page: Page) -> Iterator[tuple[int, str]]:
    """Yield the line of each block of ``page`` with code that no reader needs, and what to do about it."""
    name = page.path.as_posix()
    for block in page.blocks:
        if (block.raises or block.fails) and not name.startswith(TROUBLESHOOTING):
            yield block.line, f"an error is raised on purpose: explain it in {TROUBLESHOOTING}, and link to it"
        if block.language == "python" and block.kind in {"cell", "run"}:
            yield from ((block.line, problem) for problem in _python_problems(block, name))


def _python_problems(block: Block, name: str) -> Iterator[str]:
    try:
        lines = [line for line in block.source.split("\n") if not line.lstrip().startswith(("%", "!"))]
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return  # the run reports it, with its line
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield "an assert tests the page: use a hidden check"
        if isinstance(node, ast.Call) and _name(node) == "print" and node.args:
            # A troubleshooting page may show, with a label, that an object is missing.
            enough = all if name.startswith(TROUBLESHOOTING) else any
            if enough(map(_asks_existence, node.args)):
                yield "a print of exists() tests the page: use :leaves: or :removes:"
        if isinstance(node, ast.keyword) and node.arg == "consolidated" and name not in EXPLAIN_CONSOLIDATED:
            yield f"consolidated= is explained on {EXPLAIN_CONSOLIDATED[0]}: use the default"


def _asks_existence(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node) == "exists"


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
