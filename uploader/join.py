"""Join the parts of the upload script to the one file that readers download: ``python -m uploader.join``."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SCRIPT = FOLDER.parent / "book" / "uploads" / "upload_store.py"
# In the order of the script. A part may use only those before it.
PARTS = (
    "common",
    "variables",
    "compressed",
    "hdf5",
    "classic",
    "zarr_source",
    "login",
    "open_files",
    "find_files",
    "headers",
    "joining",
    "source",
    "layout",
    "stored",
    "bucket",
    "manifest",
    "folder",
    "upload",
    "on_dask",
    "command",
)
_NOTE = "# Joined from the parts in {}/ of the guide's repository, where it is changed.\n"
_WIDTH = 120


class JoinError(Exception):
    """Why the parts cannot become one file, in one line."""


@dataclass(frozen=True)
class Part:
    """A module: its docstring, its imports of other packages and of parts, the names that it defines, and its code."""

    name: str
    docstring: str
    imports: list[str]
    uses: set[str]
    defines: set[str]
    code: str


def read_part(name: str, source: str, package: str = "uploader") -> Part:
    """Return a part of a ``package``; raises ``JoinError`` for what would mean something else in one file."""
    tree = ast.parse(source)
    imports, uses, end = [], set(), tree.body[0].end_lineno or 0
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith(package):
            uses.add(str(statement.module).removeprefix(f"{package}."))
            if any(alias.asname for alias in statement.names):
                raise JoinError(f"{name}.py, line {statement.lineno}: import the name as it is, without 'as'")
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            imports.append(ast.unparse(statement))
        else:
            continue
        end = statement.end_lineno or end
    code = "\n".join(source.splitlines()[end:]).strip("\n")
    return Part(name, ast.get_docstring(tree, clean=False) or "", imports, uses, _defined(tree), code)


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top level."""
    found = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found |= {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return found


def check(parts: list[Part]) -> None:
    """Raise ``JoinError`` if a part uses a later one, or two parts define the same name."""
    owners: dict[str, str] = {}
    before: set[str] = set()
    for part in parts:
        if late := part.uses - before:
            raise JoinError(f"{part.name}.py uses {min(late)}.py, which is no earlier part: change PARTS in join.py")
        for name in sorted(part.defines):
            if name in owners:
                raise JoinError(f"{part.name}.py and {owners[name]}.py both define {name}: rename one of them")
            owners[name] = part.name
        before.add(part.name)


def join(parts: list[Part], package: str = "uploader") -> str:
    """Return the script: the last part's docstring, all imports, and the code of each part below a heading."""
    check(parts)
    imports = sorted({line for part in parts for line in part.imports if "__future__" not in line})
    sections = [f"{_heading(part)}\n\n\n{part.code}" for part in parts]
    note = _NOTE.format(package)
    head = f'#!/usr/bin/env python3\n"""{parts[-1].docstring}"""\n\n{note}\nfrom __future__ import annotations\n\n'
    return _formatted(head + "\n".join(imports) + "\n\n" + "\n\n\n".join(sections) + "\n")


def _heading(part: Part) -> str:
    title = part.docstring.partition("\n")[0].rstrip(".") if part.name != "command" else "The command"
    return f"# --- {title} ".ljust(_WIDTH, "-")


def _formatted(text: str) -> str:
    """Return a script with sorted imports and this project's format."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in ([*ruff, "check", "--quiet", "--select", "I", "--fix"], [*ruff, "format", "--quiet"]):
        command += ["--stdin-filename", str(SCRIPT), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return text


def joined() -> str:
    """Return the script that the parts in this folder make."""
    return join([read_part(name, (FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in PARTS])


def main() -> int:
    """Write the script; returns 1 after one line on stderr if the parts do not fit together."""
    try:
        text = joined()
    except (JoinError, SyntaxError, OSError) as error:
        print(f"uploader.join: {error}", file=sys.stderr)
        return 1
    SCRIPT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
