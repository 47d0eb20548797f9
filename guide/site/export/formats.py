"""What a reader takes away of a page: a notebook that runs, a script that runs, and Markdown to paste anywhere."""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

import nbformat

from guide.pages.blocks import Block
from guide.run.shell import commands, without_colors
from guide.site.export.markdown import Piece

_MAGIC = re.compile(r"^\s*[%!]")
_HEADING = re.compile(r"^#{1,6} ")


@dataclass(frozen=True)
class Taken:
    """A page: where its HTML is, its text and blocks in order, its cells with what they printed, the objects it
    leaves behind, and whether it takes ``more`` than a server of the hub: another machine, files, days that pass."""

    address: str
    pieces: list[Piece]
    cells: list[nbformat.NotebookNode]
    leaves: tuple[str, ...] = ()
    more: bool = False

    @property
    def runs(self) -> bool:
        """Whether it can be run on the hub, and there is anything on it for a kernel."""
        return not self.more and any(isinstance(piece, Block) and piece.kind == "cell" for piece in self.pieces)

    @property
    def needs_home(self) -> bool:
        """Whether blocks write files or speak to a shell, which starts in the home directory."""
        return any(isinstance(piece, Block) and _is_shell(piece) for piece in self.pieces)

    def outputs(self, block: Block) -> list[nbformat.NotebookNode]:
        """What a cell printed."""
        return self.cells[block.cell].outputs if block.cell is not None else []


def _is_shell(block: Block) -> bool:
    return block.kind == "file" or (block.kind == "run" and block.language != "python")


def _shell(block: Block) -> str:
    """The shell commands of a block that is not Python's."""
    if block.kind != "file" and block.language == "console":
        return "\n".join("\n".join(command.lines) for command in commands(block.source))
    if block.kind != "file":
        return block.source.rstrip("\n")
    folder = PurePosixPath(block.target or "").parent
    make = f"mkdir -p {shlex.quote(str(folder))}\n" if str(folder) != "." else ""
    return f"{make}cat > {shlex.quote(block.target or '')} <<'END'\n{block.source.rstrip(chr(10))}\nEND"


def _fence(language: str, text: str) -> str:
    marks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{marks}{language}\n{text.rstrip(chr(10))}\n{marks}"


def _as_fence(block: Block) -> str:
    return _fence(block.language, block.source)


# Markdown


def markdown(taken: Taken) -> str:
    """The page as Markdown: its blocks, and what its cells printed as text."""
    parts = []
    for piece in taken.pieces:
        parts += [piece] if isinstance(piece, str) else [_as_fence(piece), *_printed(taken.outputs(piece))]
    return "\n\n".join(parts) + "\n"


def _printed(outputs: list[nbformat.NotebookNode]) -> Iterator[str]:
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            yield f"*(A picture{f': {alt}' if alt else ''})*"
            continue
        text = "\n".join(output.get("traceback", [])) or output.get("text") or data.get("text/plain", "")
        if text.strip():
            yield _fence("text", without_colors(text))


# Notebook


def notebook(taken: Taken) -> nbformat.NotebookNode:
    """The page as a notebook: its cells with what they printed, and its shell blocks as cells of a shell."""
    cells = []
    for is_text, pieces in groupby(_runnable(taken), key=lambda piece: isinstance(piece, str)):
        if is_text:
            cells += [nbformat.v4.new_markdown_cell(text) for text in _sections(pieces)]
        else:
            cells += [_cell(piece, taken) for piece in pieces]
    title, *rest = cells
    where = f"This notebook was made from [a page of the guide]({taken.address}), where it is up to date."
    title.source = title.source.replace("\n\n", f"\n\n{where}\n\n", 1) if "\n\n" in title.source else title.source
    if taken.needs_home:
        rest.insert(0, nbformat.v4.new_code_cell("# Blocks of this page run in your home directory.\n%cd -q ~"))
    kernel = {"leaves": list(taken.leaves)} if taken.leaves else {}
    kernel |= {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
    kernel |= {"language_info": {"name": "python"}}
    made = nbformat.v4.new_notebook(cells=[title, *rest], metadata=kernel)
    for number, cell in enumerate(made.cells, start=1):
        cell["id"] = f"cell-{number}"  # nbformat draws them at random
    nbformat.validate(made)
    return made


def _runnable(taken: Taken) -> Iterator[Piece]:
    """The pieces, with blocks that do not run as text."""
    for piece in taken.pieces:
        yield _as_fence(piece) if isinstance(piece, Block) and piece.kind == "skip" else piece


def _sections(texts: Iterator[str]) -> Iterator[str]:
    """Text cut before each heading, so that JupyterLab can fold what follows."""
    section: list[str] = []
    for text in texts:
        if _HEADING.match(text) and section:
            yield "\n\n".join(section)
            section = []
        section.append(text)
    yield "\n\n".join(section)


def _cell(block: Block, taken: Taken) -> nbformat.NotebookNode:
    source = block.source.rstrip("\n")
    if block.kind == "file" and "/" not in (block.target or ""):
        source = f"%%writefile {block.target}\n{source}"
    elif _is_shell(block):
        # A transcript may show a command that fails, and go on.
        source = f"%%bash{' --no-raise-error' * (block.language == 'console')}\n{_shell(block)}"
    cell = nbformat.v4.new_code_cell(source)
    # As a notebook of the guide says it, so that what was made can be proven like one.
    told = {"raises": block.raises or (block.fails and "CalledProcessError")}
    told |= {"leaves": list(block.leaves), "removes": list(block.removes)}
    cell.metadata.update({name: value for name, value in told.items() if value})
    if "raises" in cell.metadata:
        cell.metadata["tags"] = ["raises-exception"]
    for output in taken.outputs(block):
        without = {"execution_count": None} if "execution_count" in output else {}
        cell.outputs.append(nbformat.from_dict({**output, **without}))
    return cell


# Script


def script(taken: Taken) -> str:
    """The page as a Python script, in cells that editors know: text as comments, shell blocks by way of bash."""
    pieces = list(_runnable(taken))
    used = [piece for piece in pieces if isinstance(piece, Block)]
    suppresses = any(block.raises for block in used)
    names = {"import os": taken.needs_home, "import subprocess": taken.needs_home}
    names["from contextlib import suppress"] = suppresses
    head = [name for name, needed in names.items() if needed]
    if taken.needs_home:
        head += ["", "# Blocks of this page run in your home directory.", 'os.chdir(os.path.expanduser("~"))']
    parts = [f"# Made from {taken.address}", *(["\n".join(["# %%", *head])] if head else [])]
    for is_text, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        if is_text:
            text = "\n\n".join(group)
            parts.append("\n".join(["# %% [markdown]", *(f"# {line}".rstrip() for line in text.split("\n"))]))
        else:
            parts += [f"# %%\n{_statements(block)}" for block in group]
    return "\n\n".join(parts) + "\n"


def _statements(block: Block) -> str:
    if _is_shell(block):
        if block.fails:
            return f"# This is to fail: {block.fails}\n{_bash(block, check=False)}"
        return _bash(block, check=block.language != "console")
    lines = [f"# In a notebook: {line}" if _MAGIC.match(line) else line for line in block.source.split("\n")]
    source = "\n".join(lines)
    if not block.raises:
        return source
    return f"# This is to raise {block.raises}\nwith suppress(Exception):\n{_deeper(source)}"


def _bash(block: Block, check: bool) -> str:
    """A call of bash with the block's commands, as one readable text where Python allows that."""
    text = _shell(block)
    whole = f'r"""\n{text}\n"""' if '"""' not in text else repr(text)
    return f'subprocess.run(["bash", "-ec", {whole}], check={check})'


def _deeper(source: str) -> str:
    """``source`` one level deeper, but for what stands inside texts of several lines."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno:
            inside.update(range(node.lineno + 1, node.end_lineno + 1))
    numbers = iter(range(1, source.count("\n") + 2))
    indent: Callable[[str], bool] = lambda line: next(numbers) not in inside and bool(line.strip())  # noqa: E731
    deeper = textwrap.indent(source, "    ", indent)
    has_statement = any(line.strip() and not line.strip().startswith("#") for line in source.split("\n"))
    return deeper if has_statement else f"{deeper}\n    pass"


def texts_of(taken: Taken) -> dict[str, Any]:
    """What is written beside the page, by its suffix; a page without cells is text alone."""
    texts = {".md": markdown(taken)}
    if taken.runs:
        texts[".ipynb"] = nbformat.writes(notebook(taken)) + "\n"
        texts[".py"] = script(taken)
    return texts
