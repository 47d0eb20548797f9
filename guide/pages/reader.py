"""Read a page or notebook into its blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from guide.pages.block_syntax import cell_block, fence_block, split_options, texts
from guide.pages.blocks import HUB, MACHINES, Block, BlockError, Page
from guide.pages.hidden_checks import without_checks
from guide.pages.hub_variant import HubTextError, for_hub
from guide.pages.transcripts import TranscriptError, parts_of
from hubfacts.load import FactsError

# Directives that show code without declaring whether it runs; a plain fence with a mode replaces them.
_CODE_DIRECTIVES = {"code", "code-block", "sourcecode", "parsed-literal", "prompt", "raw"}
# Directives whose content is not MyST, and so contains no blocks.
_OPAQUE_DIRECTIVES = {
    "math",
    "bibliography",
    "toctree",
    "fact-table",
    "report-line",
    "report-summary",
    "report-download",
    "search-box",
    "image",
}


@dataclass(frozen=True)
class _IncludedFile:
    """A file that a page shows with ``literalinclude``; it must be one of the page's files."""

    line: int
    name: str


def read_page(path: Path, root: Path) -> Page:
    """Read the page at ``path``, a ``.md`` or ``.ipynb`` file below ``root``.

    Raises ``BlockError`` for a missing file, a block without a mode, an unknown attribute or bad front matter.
    """
    path = path.resolve()
    if not path.is_file():
        raise BlockError(f"{path.relative_to(root) if path.is_relative_to(root) else path}: there is no such page")
    if not path.is_relative_to(root):
        raise BlockError(f"{path}: is not in this project; name a page below {root}")
    relative = path.relative_to(root)
    if path.suffix == ".ipynb":
        return _read_notebook(path, relative)
    if path.suffix == ".md":
        return _read_markdown(path, relative)
    raise BlockError(f"{relative}: a page is a .md or an .ipynb file")


def _read_notebook(path: Path, relative: Path) -> Page:
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, nbformat.ValidationError) as error:
        raise BlockError(f"{relative}: not a notebook: {str(error).splitlines()[0]}") from error
    parts: list[Block | _IncludedFile] = []
    for index, cell in enumerate(notebook.cells):
        number = index + 1
        if cell.cell_type == "code":
            parts.append(cell_block(number, index, cell.source, dict(cell.metadata), f"{relative}:cell {number}"))
        elif cell.cell_type == "markdown":
            parts += [replace(part, line=number) for part in _parts(_tokens(cell.source), 0, relative)]
    return _page(path, relative, parts, notebook.metadata, notebook)


def _read_markdown(path: Path, relative: Path) -> Page:
    try:
        text = _for_hub(path.read_text(encoding="utf-8"), relative)
    except UnicodeDecodeError as error:
        raise BlockError(f"{relative}: byte {error.start} is not UTF-8; save the file in this encoding") from error
    tokens = _tokens(text)
    front_matter = _front_matter(tokens, relative)
    parts = _parts(tokens, 0, relative)
    cells = [part for part in parts if isinstance(part, Block) and part.kind == "cell"]
    if not cells:
        return _page(path, relative, parts, front_matter, None)
    if front_matter.get("file_format") != "mystnb":
        where = f"{relative}:{cells[0].line}"
        raise BlockError(f"{where}: a page with cells needs 'file_format: mystnb' and a kernelspec in its front matter")
    notebook = _notebook(without_checks(text), path)
    indices = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    if len(indices) != len(cells):
        raise BlockError(f"{relative}: a {{code-cell}} is inside another directive; move it to the top level")
    for cell, index in zip(cells, indices, strict=True):
        parts[parts.index(cell)] = replace(cell, cell=index)
    return _page(path, relative, parts, front_matter, notebook)


def _notebook(text: str, path: Path) -> nbformat.NotebookNode:
    """Read the cells of a page of Markdown as the book does."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    config = MdParserConfig(enable_extensions={"colon_fence"})  # without it, the content of ::: would not be nested
    return read_myst_markdown_notebook(text, config=config, add_source_map=True, path=path)


def _page(
    path: Path,
    relative: Path,
    parts: list[Block | _IncludedFile],
    front_matter: Mapping[str, object],
    notebook: nbformat.NotebookNode | None,
) -> Page:
    """Return a page of these ``parts``, with the settings of its front matter (or of a notebook's metadata)."""
    latency = front_matter.get("latency_ms", 0)
    if not isinstance(latency, int) or not 0 <= latency <= 1000:
        raise BlockError(f"{relative}:1: latency_ms must be a whole number of milliseconds, at most 1000")
    between_writes = front_matter.get("between_writes_s", 0)
    if not isinstance(between_writes, int | float) or not 0 <= between_writes <= 60:
        raise BlockError(f"{relative}:1: between_writes_s must be a number of seconds, at most 60")
    leaves = texts(front_matter.get("leaves", []), "leaves", str(relative))
    names = texts(front_matter.get("files", []), "files", f"{relative}:1", "paths")
    for part in parts:
        if isinstance(part, _IncludedFile) and part.name not in names:
            raise BlockError(f"{relative}:{part.line}: {part.name} is included, but is not in the page's list of files")
    machine = front_matter.get("machine", HUB)
    if machine not in MACHINES:
        raise BlockError(f"{relative}:1: machine must be one of {', '.join(MACHINES)}")
    blocks = [part if part.on else replace(part, on=(str(machine),)) for part in parts if isinstance(part, Block)]
    for block in blocks:
        try:
            parts_of(block)
        except TranscriptError as error:
            raise BlockError(f"{relative}:{block.line}: {error}") from error
    files, writes = _files(path, names, relative), _writes(front_matter.get("writes", {}), relative)
    return Page(relative, tuple(blocks), leaves, latency, files, notebook, writes, float(between_writes))


def _writes(value: object, relative: Path) -> dict[str, str]:
    """Return ``value`` if it gives a reason for each path or object URL; raises ``BlockError`` otherwise."""
    where = f"{relative}:1: writes"
    if not isinstance(value, dict):
        raise BlockError(f"{where}: give each path outside the page's folder with its reason, as a mapping")
    for path, reason in value.items():
        if not str(path).startswith(("~/", "$")):
            raise BlockError(
                f"{where}: {path} must start with ~/ or with a bucket's variable, such as $SCRATCH_BUCKET/"
            )
        if len(str(reason).split()) < 3:
            raise BlockError(f"{where}: {path} needs a reason that a reader would accept")
    return {str(path): str(reason) for path, reason in value.items()}


def _files(path: Path, names: tuple[str, ...], relative: Path) -> tuple[Path, ...]:
    """Return the paths of the files that a page offers; their ``names`` are relative to the page."""
    files = tuple(path.parent / name for name in names)
    for file in files:
        if not file.is_file():
            raise BlockError(f"{relative}:1: files: there is no {file.name} next to the page")
    return files


def _for_hub(text: str, relative: Path) -> str:
    try:
        return for_hub(text)
    except HubTextError as error:
        raise BlockError(f"{relative}:{error}") from error
    except FactsError as error:
        raise BlockError(str(error)) from error


def _tokens(text: str) -> list[Token]:
    """Return the blocks of a page; what is inside paragraphs is not parsed."""
    parser = MarkdownIt("commonmark").use(front_matter_plugin).use(colon_fence_plugin)
    return parser.disable(["inline", "text_join"]).parse(text)


def _front_matter(tokens: list[Token], relative: Path) -> dict[str, object]:
    if not tokens or tokens[0].type != "front_matter":
        return {}
    try:
        front_matter = yaml.safe_load(tokens[0].content)
    except yaml.YAMLError as error:
        raise BlockError(f"{relative}:1: front matter is not YAML: {str(error).splitlines()[0]}") from error
    return front_matter if isinstance(front_matter, dict) else {}


def _parts(tokens: list[Token], offset: int, relative: Path) -> list[Block | _IncludedFile]:
    """Return all blocks of a text, also those inside directives; ``offset`` lines precede the text in its file."""
    parts: list[Block | _IncludedFile] = []
    for token in tokens:
        line = offset + (token.map[0] if token.map else 0) + 1
        where = f"{relative}:{line}"
        if token.type == "code_block":
            raise BlockError(f"{where}: an indented code block cannot declare an execution mode; use a fence")
        if token.type == "html_block" and "<pre" in token.content.lower():
            raise BlockError(f"{where}: <pre> cannot declare an execution mode; use a fence")
        if token.type not in {"fence", "colon_fence"}:
            continue
        info = token.info.strip()
        if not info.startswith("{"):
            parts.append(fence_block(line, info, token.content, where))
            continue
        name, _, argument = info[1:].partition("}")
        name = name.strip()
        if name == "code-cell":
            source, options = split_options(token.content, where)
            parts.append(cell_block(line, None, source, options, where))
        elif name == "literalinclude":
            parts.append(_IncludedFile(line, argument.strip()))
        elif name in _CODE_DIRECTIVES:
            raise BlockError(f"{where}: {{{name}}} cannot declare an execution mode; use a fence such as ```bash run")
        elif name not in _OPAQUE_DIRECTIVES:
            parts += _parts(_tokens(token.content), line, relative)
    return parts
