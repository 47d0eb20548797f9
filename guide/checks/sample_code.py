"""Rules for the code that readers copy: nothing in it exists only for a test.

A value is proven by a hidden check, by a recorded output or by ``:leaves:`` and ``:removes:`` (CONTRIBUTING, "Proof
behind the page"). Errors are raised only on pages about troubleshooting. A block that deletes a folder names it,
because readers change the variables of earlier blocks to their own paths.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from guide.pages.blocks import EXAMPLES, Block, Page

TROUBLESHOOTING = "book/help/"
# The page that explains the option, and the notebook about stores that cannot have this copy of the metadata.
EXPLAIN_CONSOLIDATED = ("book/help/open-errors.md", "notebooks/icechunk-versions.ipynb")

# An address on the internet; not one of the reader's own machine, or of the metadata server.
_ADDRESS = re.compile(r"(?<![\d.])(?!0\.0\.0\.0|127\.|169\.254\.)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")


def code_problems(page: Page, clean_up: int = 0) -> Iterator[tuple[int, str]]:
    """Yield the line of each block of ``page`` with code that no reader needs, and what to do about it.

    ``clean_up`` is the line or the cell after which the page deletes its example.
    """
    name = page.path.as_posix()
    for block in page.blocks:
        if (block.raises or block.fails) and not name.startswith(TROUBLESHOOTING):
            yield block.line, f"an error is raised on purpose: explain it in {TROUBLESHOOTING}, and link to it"
        for address in _ADDRESS.findall(block.source):
            yield block.line, f"{address} is the address of a machine: write its name, so that the tests notice it"
        if block.language == "python" and block.kind in {"cell", "run"}:
            yield from ((block.line, problem) for problem in _python_problems(block, name))
            if block.line > clean_up:
                yield from ((block.line, problem) for problem in _deletion_problems(block, page.folder))


def _python_problems(block: Block, name: str) -> Iterator[str]:
    tree = _parsed(block)
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


def _deletion_problems(block: Block, folder: str) -> Iterator[str]:
    tree = _parsed(block)
    names = _example_names(tree)
    for path in (path for node in ast.walk(tree) if isinstance(node, ast.Call) for path in _deleted_folders(node)):
        if not _is_example(path, names):
            yield f"a reader may have set {ast.unparse(path)!r} to their own folder: name {folder} in this block"


def _parsed(block: Block) -> ast.Module:
    lines = [line for line in block.source.split("\n") if not line.lstrip().startswith(("%", "!"))]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])  # the run reports it, with its line


def _deleted_folders(call: ast.Call) -> list[ast.expr]:
    """Return the paths that a call deletes with everything below them."""
    name = _name(call)
    everything = name == "rm" and any(keyword.arg == "recursive" for keyword in call.keywords)
    found = name == "rm" and any(isinstance(node, ast.Call) and _name(node) == "find" for node in ast.walk(call))
    if not call.args or not (name == "rmtree" or everything or found):
        return []
    path = call.args[0]
    return path.elts if isinstance(path, ast.List) else [path]


def _example_names(tree: ast.Module) -> set[str]:
    """Return the variables that a block sets to a path in the folder of examples."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_example(node.value, names):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _is_example(path: ast.expr, examples: set[str]) -> bool:
    parts = list(ast.walk(path))
    strings = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    named = any(f"{EXAMPLES}/" in f"{string}/" for string in strings)
    return named or any(isinstance(part, ast.Name) and part.id in examples for part in parts)


def _asks_existence(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node) == "exists"


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
