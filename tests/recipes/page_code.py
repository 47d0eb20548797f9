"""The code of a page, from which tests take definitions."""

from __future__ import annotations

import ast
from pathlib import Path

from guide.pages.reader import read_page


def definitions(root: Path, page: str, names: tuple[str, ...]) -> str:
    """Return the imports of all Python blocks that run, and the functions and assignments that have the ``names``.

    Raises ``ValueError`` if the page defines no such name.
    """
    all_blocks = read_page(root / page, root).blocks
    blocks = [block.source for block in all_blocks if block.language == "python" and block.kind != "skip"]
    statements = [statement for source in blocks for statement in ast.parse(source).body]
    imports = [each for each in statements if isinstance(each, ast.Import | ast.ImportFrom)]
    wanted = [each for each in statements if _names(each) & set(names)]
    if lacking := set(names) - set().union(*map(_names, wanted)):
        raise ValueError(f"{page} defines no {', '.join(sorted(lacking))}")
    return "\n".join(map(ast.unparse, [*imports, *wanted]))


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def block_with(root: Path, page: str, text: str) -> str:
    """Return the source of the first Python block of ``page`` that contains the ``text``.

    Raises ``ValueError`` if there is none.
    """
    for block in read_page(root / page, root).blocks:
        if block.language == "python" and text in block.source:
            return block.source
    raise ValueError(f"no block of {page} contains {text!r}")
