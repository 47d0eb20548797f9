"""Export a page: as a notebook and a script, both of which run, and as Markdown to paste anywhere."""

from __future__ import annotations

import ast
import json
import re
import shlex
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import urljoin

import nbformat

from guide.pages.blocks import EXAMPLES, Block
from guide.pages.transcripts import commands
from guide.run.shell import without_colors
from guide.site.export.markdown import Piece

_MAGIC = re.compile(r"^\s*[%!]")
_BASH = "%%bash\n"
_ENTERS = "This notebook writes only to its own folder."
_HEADING = re.compile(r"^#{1,6} ")
_LINK_TO_PAGE = re.compile(r"(?<=\]\()([^)\s:#]+)\.md(#[^)\s]*)?(?=\))")


@dataclass(frozen=True)
class Download:
    """A format to download: its suffix, and its name in the page's foot and in the menu of the header."""

    suffix: str
    name: str
    menu_name: str


# In the order in which the page offers them.
DOWNLOADS = (
    Download(".ipynb", "Notebook", "Notebook (.ipynb)"),
    Download(".py", "Script", "Python script (.py)"),
    Download(".md", "Markdown", "Markdown (.md)"),
)


@dataclass(frozen=True)
class ExportedPage:
    """A page to export: the address of its HTML, and its text and blocks in order.

    ``folder`` is the page's own, relative to the home directory. ``cells`` have the outputs. ``leaves`` are the objects
    that the page leaves behind, and ``writes`` what it writes outside its folder, each with the reason. A page that
    needs ``more`` than a server of the hub needs another machine, files, or days to pass. ``between_writes_s`` is the
    page's option.
    """

    address: str
    folder: str
    pieces: list[Piece]
    cells: list[nbformat.NotebookNode]
    leaves: tuple[str, ...] = ()
    writes: Mapping[str, str] = field(default_factory=dict)
    more: bool = False
    between_writes_s: float = 0.0

    @property
    def runs(self) -> bool:
        """Whether the page can be run on the hub and has a cell."""
        return not self.more and any(isinstance(piece, Block) and piece.kind == "cell" for piece in self.pieces)

    @property
    def needs_folder(self) -> bool:
        """Whether a block is a file or runs in a shell, and so has to start in the page's folder."""
        return any(isinstance(piece, Block) and _is_shell(piece) for piece in self.pieces)

    def outputs(self, block: Block) -> list[nbformat.NotebookNode]:
        """Return what a cell printed."""
        return self.cells[block.cell].outputs if block.cell is not None else []

    def hides_warnings(self, block: Block) -> bool:
        """Return whether the page shows nothing that a cell writes to stderr."""
        return block.cell is not None and "remove-stderr" in self.cells[block.cell].metadata.get("tags", [])


def _is_shell(block: Block) -> bool:
    return block.kind == "file" or (block.kind == "run" and block.language != "python")


def _shell(block: Block) -> str:
    """Return the shell commands of a block that is not in Python."""
    if block.kind != "file" and block.language == "console":
        return "\n".join("\n".join(command.lines) for command in commands(block.source))
    if block.kind != "file":
        return block.source.rstrip("\n")
    target = _target(block)
    folder = PurePosixPath(target).parent
    make = f"mkdir -p {shlex.quote(str(folder))}\n" if str(folder) != "." else ""
    return f"{make}cat > {shlex.quote(target)} <<'END'\n{block.source.rstrip(chr(10))}\nEND"


def _target(block: Block) -> str:
    """Return the path of a file, relative to the page's folder."""
    target = PurePosixPath(block.target or "")
    return str(PurePosixPath(*target.parts[2:]) if target.parts[:1] == (EXAMPLES,) else target)


def _fence(language: str, text: str) -> str:
    marks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{marks}{language}\n{text.rstrip(chr(10))}\n{marks}"


def _as_fence(block: Block) -> str:
    return _fence(block.language, block.source)


# Markdown


def markdown(page: ExportedPage) -> str:
    """Return the page as Markdown, with its blocks, and outputs of cells as text."""
    parts = []
    for piece in page.pieces:
        parts += [piece] if isinstance(piece, str) else [_as_fence(piece), *_output_texts(page.outputs(piece))]
    return "\n\n".join(parts) + "\n"


def _output_texts(outputs: list[nbformat.NotebookNode]) -> Iterator[str]:
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


def notebook(page: ExportedPage) -> nbformat.NotebookNode:
    """Return the page as a notebook: its cells with their outputs, and its shell blocks as ``%%bash`` cells."""
    cells: list[nbformat.NotebookNode] = []
    for texts, blocks in _groups(page):
        cells += [nbformat.v4.new_markdown_cell(text) for text in _sections(texts)]
        cells += [_cell(block, page) for block in blocks]
    title, *rest = cells
    where = f"This notebook is a copy of [a page of the guide]({page.address}). The page is always up to date."
    title.source = title.source.replace("\n\n", f"\n\n{where}\n\n", 1) if "\n\n" in title.source else title.source
    if page.needs_folder:
        enter = f"# {_ENTERS}\n!mkdir -p ~/{page.folder}\n%cd -q ~/{page.folder}"
        rest.insert(0, nbformat.v4.new_code_cell(enter))
    metadata: dict[str, object] = {"leaves": list(page.leaves), "writes": dict(page.writes)}
    metadata["between_writes_s"] = page.between_writes_s
    metadata = {name: value for name, value in metadata.items() if value}
    metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata["language_info"] = {"name": "python"}
    made = nbformat.v4.new_notebook(cells=[title, *rest], metadata=metadata)
    for number, cell in enumerate(made.cells, start=1):
        cell["id"] = f"cell-{number}"  # nbformat's own ids are random
    nbformat.validate(made)
    return made


def with_links_to_pages(text: str, address: str) -> str:
    """Return the text of a notebook's file with the addresses of the pages that its Markdown links to.

    ``address`` is that of the notebook's own page. Links to notebooks and to files stay: they open beside it.
    """
    notebook = json.loads(text)

    def absolute(line: str) -> str:
        return _LINK_TO_PAGE.sub(lambda link: urljoin(address, f"{link[1]}.html{link[2] or ''}"), line)

    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            source = cell["source"]
            cell["source"] = absolute(source) if isinstance(source, str) else [absolute(line) for line in source]
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"  # as nbformat writes a file


def _groups(page: ExportedPage) -> Iterator[tuple[list[str], list[Block]]]:
    """Yield texts and blocks that follow one another, either of them empty; a block that does not run is a text."""
    pieces = (_as_fence(p) if isinstance(p, Block) and p.kind in {"skip", "parsed"} else p for p in page.pieces)
    for _, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        members = list(group)
        yield [p for p in members if isinstance(p, str)], [p for p in members if isinstance(p, Block)]


def _sections(texts: list[str]) -> Iterator[str]:
    """Yield the text in sections that begin with a heading, so that JupyterLab can fold them."""
    if not texts:
        return
    section: list[str] = []
    for text in texts:
        if _HEADING.match(text) and section:
            yield "\n\n".join(section)
            section = []
        section.append(text)
    yield "\n\n".join(section)


def _cell(block: Block, page: ExportedPage) -> nbformat.NotebookNode:
    source = block.source.rstrip("\n")
    if block.kind == "file" and "/" not in _target(block):
        source = f"%%writefile {_target(block)}\n{source}"
    elif _is_shell(block):
        # A transcript may continue after a command that fails.
        source = f"%%bash{' --no-raise-error' * (block.language == 'console')}\n{_shell(block)}"
    cell = nbformat.v4.new_code_cell(source)
    # The same metadata as in a notebook of the guide, so that this one can be tested like it.
    metadata: dict[str, str | list[str] | None] = {"raises": block.raises or (block.fails and "CalledProcessError")}
    metadata |= {"leaves": list(block.leaves), "removes": list(block.removes)}
    cell.metadata.update({name: value for name, value in metadata.items() if value})
    tags = {"raises-exception": "raises" in cell.metadata, "remove-stderr": page.hides_warnings(block)}
    if any(tags.values()):
        cell.metadata["tags"] = [name for name, applies in tags.items() if applies]
    for output in page.outputs(block):
        without = {"execution_count": None} if "execution_count" in output else {}
        cell.outputs.append(nbformat.from_dict({**output, **without}))
    return cell


# Script


def script(page: ExportedPage) -> str:
    """Return the page as a Python script with ``# %%`` cells: text as comments, shell blocks as calls of bash."""
    groups = list(_groups(page))
    suppresses = any(block.raises for _, blocks in groups for block in blocks)
    calls_bash = any(block.source.startswith(_BASH) for _, blocks in groups for block in blocks)
    imports = {"import os": page.needs_folder, "import subprocess": page.needs_folder or calls_bash}
    imports["from contextlib import suppress"] = suppresses
    head = [name for name, needed in imports.items() if needed]
    if page.needs_folder:
        head += ["", f"# {_ENTERS}", f'folder = os.path.expanduser("~/{page.folder}")']
        head += ["os.makedirs(folder, exist_ok=True)", "os.chdir(folder)"]
    parts = [f"# Made from {page.address}", *(["\n".join(["# %%", *head])] if head else [])]
    for texts, blocks in groups:
        if texts:
            lines = "\n\n".join(texts).split("\n")
            parts.append("\n".join(["# %% [markdown]", *(f"# {line}".rstrip() for line in lines)]))
        parts += [f"# %%\n{_statements(block)}" for block in blocks]
    return "\n\n".join(parts) + "\n"


def _statements(block: Block) -> str:
    if _is_shell(block):
        if block.fails:
            return f"# This is to fail: {block.fails}\n{_bash(block, check=False)}"
        return _bash(block, check=block.language != "console")
    if block.source.startswith(_BASH):
        return _call_of_bash(block.source.removeprefix(_BASH).rstrip("\n"), check=True)
    lines = [f"# In a notebook: {line}" if _MAGIC.match(line) else line for line in block.source.split("\n")]
    source = "\n".join(lines)
    if not block.raises:
        return source
    return f"# This is to raise {block.raises}\nwith suppress(Exception):\n{_indented(source)}"


def _bash(block: Block, check: bool) -> str:
    return _call_of_bash(_shell(block), check)


def _call_of_bash(text: str, check: bool) -> str:
    """Return a call of bash with the commands ``text``, as one readable text if Python allows that."""
    whole = f'r"""\n{text}\n"""' if '"""' not in text else repr(text)
    return f'subprocess.run(["bash", "-ec", {whole}], check={check})'


def _indented(source: str) -> str:
    """Return ``source`` one level deeper, except for lines inside a text of several lines."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno:
            inside.update(range(node.lineno + 1, node.end_lineno + 1))
    numbers = iter(range(1, source.count("\n") + 2))
    indent: Callable[[str], bool] = lambda line: next(numbers) not in inside and bool(line.strip())  # noqa: E731
    indented = textwrap.indent(source, "    ", indent)
    has_statement = any(line.strip() and not line.strip().startswith("#") for line in source.split("\n"))
    return indented if has_statement else f"{indented}\n    pass"


def texts_of(page: ExportedPage) -> dict[str, str]:
    """Return the files to write beside the page, by suffix; a page without cells has only Markdown."""
    texts = {".md": markdown(page)}
    if page.runs:
        texts[".ipynb"] = nbformat.writes(notebook(page)) + "\n"
        texts[".py"] = script(page)
    return texts
