"""The script that readers download is the parts in ``uploader/``, joined."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from upload_world import SCRIPT

from uploader.join import FOLDER, PARTS, JoinError, Part, check, join, joined, read_part

FIRST = '''"""Say hello."""

from __future__ import annotations

import os
import sys


def greet() -> None:
    sys.exit(os.getpid())
'''
SECOND = '''"""Greet people.

Usage: none.
"""

from __future__ import annotations

import sys
from os import path

from uploader.first import greet

# Why: a comment stays with its code.
PLACE = path.sep, sys.path


greet()
'''


def parts(*sources: str) -> list[Part]:
    """Return parts with the names ``first`` and ``second``."""
    return [read_part(name, source) for name, source in zip(("first", "second"), sources, strict=False)]


def test_the_script_is_the_parts_joined():
    assert SCRIPT.read_text(encoding="utf-8") == joined(), "run: make script"


def test_every_module_is_a_part():
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "join"} == set(PARTS)


def test_a_joined_script_has_the_last_docstring_all_imports_and_all_code_in_order():
    text = join(parts(FIRST, SECOND))
    tree = ast.parse(text)
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]

    assert ast.get_docstring(tree) == "Greet people.\n\nUsage: none."
    assert imports == ["from __future__ import annotations", "import os", "import sys", "from os import path"]
    assert "uploader" not in "\n".join(imports)
    order = ["# --- Say hello -", "def greet()", "# --- Greet people -", "# Why: a comment", "PLACE = ", "\n\ngreet()"]
    assert [text.index(piece) for piece in order] == sorted(text.index(piece) for piece in order)


@pytest.mark.parametrize(
    "sources, message",
    [
        ((SECOND.replace("first", "second"),), "first.py uses second.py, which is no earlier part"),
        ((FIRST, SECOND.replace("PLACE", "greet")), "second.py and first.py both define greet"),
        (
            (FIRST, SECOND.replace("import greet", "import greet as hello")),
            "second.py, line 11: import the name as it is",
        ),
    ],
)
def test_parts_that_would_mean_something_else_in_one_file(sources, message):
    with pytest.raises(JoinError, match=message):
        check(parts(*sources))


def test_the_command_reports_a_part_that_is_no_python_in_one_line(tmp_path):
    (tmp_path / "uploader").mkdir()
    for path in FOLDER.glob("*.py"):
        (tmp_path / "uploader" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "uploader" / "common.py").write_text("def :\n")
    command = [sys.executable, "-m", "uploader.join"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("uploader.join: ") and done.stderr.count("\n") == 1
