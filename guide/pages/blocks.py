"""The code blocks of a page or notebook, each with its declared fate.

A fate says what becomes of a block when the page is proven: it is executed (``cell``, ``run``), written to
the reader's home directory for later blocks (``file``), or opted out with a reason (``skip``). A block that
declares none is an error, as is an opt-out without a reason: nothing on a page is silently untested.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from fakehub import units
from guide.external_programs import PROGRAMS
from guide.pages.hub_variant import HubTextError, for_hub
from hubfacts.load import FactsError

ATTRIBUTES = {"raises", "fails", "leaves", "removes", "on", "after", "needs", "carries"}
# Where and when a block runs.
CIRCUMSTANCES = ("on", "after", "needs")
# Why conda's commands are parsed.
NOT_HERE = "conda is not on the machine that tests this guide: options and specs were parsed, nothing was installed"
FATES = ("run", "file", "skip", "parsed")
RUNNABLE = {"python", "bash", "console"}
HUB = "hub"
# The other machines a block may play on, with the persona whose things they have (``fakehub.accounts.personas``) and
# whether somebody sits before a browser there. A laptop has nothing until the page brings it; an HPC system has the
# login of an earlier day.
OTHERS = {
    "laptop": ("anonymous", True),
    "hpc": ("hpc-member", False),
    "hpc-outsider": ("hpc-outsider", False),
}
MACHINES = (HUB, *OTHERS)
# Directives that print code without saying whether it runs; a plain fence with a fate takes their place.
CODE_DIRECTIVES = {"code", "code-block", "sourcecode", "parsed-literal", "prompt", "raw"}
# Directives whose content is not MyST, so there is nothing to look for inside.
OPAQUE_DIRECTIVES = {
    "math",
    "bibliography",
    "toctree",
    "fact-table",
    "report-summary",
    "report-table",
    "image",
}


class BlockError(Exception):
    """A page that cannot be run as written: where (``file:line``) and what is wrong, in one line."""


@dataclass(frozen=True)
class Block:
    """One code block.

    ``line`` is 1-based, where the block opens in the page; in a notebook it is the number of the cell.
    ``network`` is the line it runs over: seconds of latency, and bytes a second each way.
    ``kind`` is one of ``cell``, ``run``, ``file``, ``skip``, ``parsed``; ``target`` is the file name of a ``file``
    block and ``reason`` the excuse of a ``skip`` or ``parsed`` block. ``leaves`` and ``removes`` are object URLs, or
    prefixes that end in a slash, with the hub's variables in them. ``on`` are the machines it plays on, ``after_s``
    the seconds that pass before it, ``needs`` programs without which it is not run, ``carries`` files that are
    brought along from the hub.
    """

    line: int
    kind: str
    language: str
    source: str
    cell: int | None = None
    raises: str | None = None
    fails: str | None = None
    leaves: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    target: str | None = None
    reason: str | None = None
    on: tuple[str, ...] = ()
    after_s: float = 0.0
    needs: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    network: tuple[float, float] | None = None


@dataclass(frozen=True)
class Page:
    """A page as its runner sees it: its blocks in order and what it may leave under the user's prefixes.

    ``path`` is relative to the project; ``notebook`` holds the executable cells as Jupyter sees them, empty
    for a page of prose. ``latency_ms`` is how long each request to the cloud is to take at least, in milliseconds.
    ``files`` are those the page hands to its reader, who has them in the home directory.
    """

    path: Path
    blocks: tuple[Block, ...]
    leaves: tuple[str, ...]
    latency_ms: int
    files: tuple[Path, ...]
    notebook: nbformat.NotebookNode | None = field(repr=False)

    @property
    def on_the_hub_alone(self) -> bool:
        """Whether a server of the hub is all it takes: no other machine, no file handed out, no days that pass."""
        return not self.files and not any({*block.on} - {HUB} or block.after_s for block in self.blocks)


def digest(source: str) -> str:
    """What a block is known by: a digest of its source."""
    return hashlib.sha256(source.strip("\n").encode()).hexdigest()[:16]


def read_page(path: Path, root: Path) -> Page:
    """Read the page at ``path`` (below ``root``, a ``.md`` or ``.ipynb`` file).

    Raises ``BlockError`` for a missing file, an undeclared block, an unknown attribute or bad front matter.
    """
    path = path.resolve()
    if not path.is_file():
        raise BlockError(f"{path.relative_to(root) if path.is_relative_to(root) else path}: there is no such page")
    if not path.is_relative_to(root):
        raise BlockError(f"{path}: is not in this project; name a page of {root}")
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
    blocks = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            blocks.append(_cell(index + 1, index, cell.source, dict(cell.metadata), f"{relative}:cell {index + 1}"))
        elif cell.cell_type == "markdown":
            found = _fences(cell.source, 0, relative)
            blocks += [_renumbered(block, index + 1) for block in found]
    return _page(path, relative, blocks, notebook.metadata, notebook)


def _page(
    path: Path, relative: Path, blocks: list[Block], front: dict[str, Any], notebook: nbformat.NotebookNode | None
) -> Page:
    """A page of these blocks, with what its front matter (or a notebook's metadata) says of the whole."""
    latency = front.get("latency_ms", 0)
    if not isinstance(latency, int) or not 0 <= latency <= 1000:
        raise BlockError(f"{relative}:1: latency_ms is a number of milliseconds, 1000 at most")
    leaves = _texts(front.get("leaves", []), "leaves", str(relative))
    for block in blocks:
        if block.kind == "shown" and block.target not in front.get("files", []):
            raise BlockError(f"{relative}:{block.line}: {block.target} is shown, but not one of the page's files")
    machine = front.get("machine", HUB)
    if machine not in MACHINES:
        raise BlockError(f"{relative}:1: machine is one of {', '.join(MACHINES)}")
    placed = [block if block.on else replace(block, on=(machine,)) for block in blocks if block.kind != "shown"]
    return Page(relative, tuple(placed), leaves, latency, _files(path, front, relative), notebook)


def _files(path: Path, front: dict[str, Any], relative: Path) -> tuple[Path, ...]:
    """The files that a page hands to its reader; its front matter names them from where it lies."""
    files = tuple(path.parent / name for name in _texts(front.get("files", []), "files", f"{relative}:1", "paths"))
    for file in files:
        if not file.is_file():
            raise BlockError(f"{relative}:1: files: there is no {file.name} beside the page")
    return files


def _renumbered(block: Block, line: int) -> Block:
    return replace(block, line=line)


def _read_markdown(path: Path, relative: Path) -> Page:
    text = _for_hub(path.read_text(encoding="utf-8"), relative)
    front = _front_matter(text, relative)
    is_notebook = front.get("file_format") == "mystnb"
    blocks = _fences(text, 0, relative)
    cells = [block for block in blocks if block.kind == "cell"]
    if cells and not is_notebook:
        where = f"{relative}:{cells[0].line}"
        raise BlockError(f"{where}: a page with cells needs 'file_format: mystnb' and a kernelspec in its front matter")
    notebook = None
    if cells:
        from myst_nb.core.read import read_myst_markdown_notebook
        from myst_parser.config.main import MdParserConfig

        # As the book reads it: what stands inside ::: is nested.
        config = MdParserConfig(enable_extensions={"colon_fence"})
        notebook = read_myst_markdown_notebook(text, config=config, add_source_map=True, path=path)
        indices = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        if len(indices) != len(cells):
            raise BlockError(f"{relative}: a {{code-cell}} stands inside another directive; move it to the top level")
        numbers = iter(indices)
        blocks = [replace(block, cell=next(numbers)) if block.kind == "cell" else block for block in blocks]
    return _page(path, relative, blocks, front, notebook)


def _for_hub(text: str, relative: Path) -> str:
    try:
        return for_hub(text)
    except HubTextError as error:
        raise BlockError(f"{relative}:{error}") from error
    except FactsError as error:
        raise BlockError(str(error)) from error


def _front_matter(text: str, relative: Path) -> dict[str, Any]:
    tokens = MarkdownIt().use(front_matter_plugin).parse(text)
    if not tokens or tokens[0].type != "front_matter":
        return {}
    try:
        front = yaml.safe_load(tokens[0].content)
    except yaml.YAMLError as error:
        raise BlockError(f"{relative}:1: front matter is not YAML: {str(error).splitlines()[0]}") from error
    return front if isinstance(front, dict) else {}


def _fences(text: str, offset: int, relative: Path) -> list[Block]:
    """All blocks of ``text``, also those inside directives; ``offset`` lines stand before it in its file."""
    parser = MarkdownIt("commonmark").use(front_matter_plugin).use(colon_fence_plugin)
    blocks: list[Block] = []
    for token in parser.parse(text):
        line = offset + (token.map[0] if token.map else 0) + 1
        where = f"{relative}:{line}"
        if token.type == "code_block":
            raise BlockError(f"{where}: an indented code block declares no fate; use a fence")
        if token.type in {"html_block", "inline"} and "<pre" in token.content.lower() and token.type == "html_block":
            raise BlockError(f"{where}: <pre> declares no fate; use a fence")
        if token.type not in {"fence", "colon_fence"}:
            continue
        info = token.info.strip()
        if not info.startswith("{"):
            blocks.append(_fence(line, info, token.content, where))
            continue
        name = info[1:].partition("}")[0].strip()
        if name == "code-cell":
            source, options = _split_options(token.content, where)
            blocks.append(_cell(line, None, source, options, where))
        elif name == "literalinclude":
            # What becomes of the file is for the blocks that use it: it has to be one of the page's.
            blocks.append(Block(line, "shown", "", "", target=info.partition("}")[2].strip()))
        elif name in CODE_DIRECTIVES:
            raise BlockError(f"{where}: {{{name}}} declares no fate; use a fence such as ```bash run")
        elif name not in OPAQUE_DIRECTIVES:
            blocks += _fences(token.content, line, relative)
    return blocks


def _split_options(content: str, where: str) -> tuple[str, dict[str, Any]]:
    """A cell's source and its options: ``:key: value``, or YAML between two ``---``."""
    if content.startswith("---\n"):
        told, _, source = content.removeprefix("---\n").partition("\n---\n")
        return source.strip("\n"), yaml.safe_load(told)
    lines = content.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith(":")), len(lines))
    options: dict[str, Any] = {}
    for line in lines[:count]:
        key, _, value = line[1:].partition(":")
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise BlockError(f"{where}: option {key} is not YAML: {str(error).splitlines()[0]}") from error
    return "\n".join(lines[count:]).strip("\n"), options


def _cell(line: int, index: int | None, source: str, options: dict[str, Any], where: str) -> Block:
    raises = options.get("raises")
    if raises is not None and not isinstance(raises, str):
        raise BlockError(f"{where}: raises is a text such as 'ValueError: part of the message'")
    tags = options.get("tags", [])
    if ("raises-exception" in tags) != (raises is not None):
        raise BlockError(f"{where}: an error on a page needs both the tag raises-exception and raises: the message")
    if "skip-execution" in tags or "remove-cell" in tags:
        raise BlockError(f"{where}: the tags skip-execution and remove-cell hide what a page does; they are not used")
    return Block(
        line,
        "cell",
        "python",
        source,
        cell=index,
        raises=raises,
        leaves=_texts(options.get("leaves", []), "leaves", where),
        removes=_texts(options.get("removes", []), "removes", where),
        network=_network(options["network"], where) if "network" in options else None,
        **_circumstances({name: str(options[name]) for name in CIRCUMSTANCES if name in options}, "cell", where),
    )


def _network(text: Any, where: str) -> tuple[float, float]:
    """A line as pages write it, such as ``80ms 100Mbit/s``."""
    latency, _, rate = str(text).partition(" ")
    try:
        return units.duration(latency), units.rate(rate)
    except ValueError as error:
        raise BlockError(f"{where}: network is a latency and a rate, such as 80ms 100Mbit/s: {error}") from error


def _fence(line: int, info: str, source: str, where: str) -> Block:
    try:
        language, *words = shlex.split(info) or [""]
    except ValueError as error:
        raise BlockError(f"{where}: the info line cannot be read: {error}") from error
    flags = [word for word in words if "=" not in word]
    attributes = dict(word.split("=", 1) for word in words if "=" in word)
    fates = [fate for fate in FATES if fate in flags or fate in attributes]
    if len(fates) != 1:
        what = "declares no fate" if not fates else f"declares {' and '.join(fates)}"
        choice = 'run, file=NAME, parsed=conda or skip="reason"'
        raise BlockError(f"{where}: this {language or 'plain'} block {what}; say {choice}")
    kind = fates[0]
    unknown = (set(flags) | set(attributes)) - ATTRIBUTES - {kind}
    if unknown:
        raise BlockError(f"{where}: unknown word {sorted(unknown)[0]!r} in the info line")
    _check_fate(kind, language, attributes, where)
    return Block(
        line,
        kind,
        language,
        source,
        raises=attributes.get("raises"),
        fails=attributes.get("fails"),
        leaves=tuple(attributes.get("leaves", "").split()),
        removes=tuple(attributes.get("removes", "").split()),
        target=attributes.get("file"),
        reason=attributes.get("skip") or (NOT_HERE if kind == "parsed" else None),
        **_circumstances(attributes, language, where),
    )


def _circumstances(attributes: dict[str, str], language: str, where: str) -> dict[str, Any]:
    """Where a block plays, what passed before it, what it needs and what is brought along."""
    machines = tuple(attributes.get("on", "").split())
    unknown = [name for name in machines if name not in MACHINES]
    if unknown or (len(machines) > 1 and language != "console"):
        raise BlockError(f"{where}: on= names one of {', '.join(MACHINES)}; a console transcript may name two")
    needs = tuple(attributes.get("needs", "").split())
    if not set(needs) <= PROGRAMS.keys():
        raise BlockError(f"{where}: needs= names programs a machine may lack: {', '.join(PROGRAMS)}")
    try:
        after_s = units.duration(attributes["after"]) if "after" in attributes else 0.0
    except ValueError as error:
        raise BlockError(f"{where}: after= {error}") from error
    return {"on": machines, "after_s": after_s, "needs": needs, "carries": tuple(attributes.get("carries", "").split())}


def _check_fate(kind: str, language: str, attributes: dict[str, str], where: str) -> None:
    if kind == "run" and language not in RUNNABLE:
        raise BlockError(f"{where}: a {language or 'plain'} block cannot run; {', '.join(sorted(RUNNABLE))} can")
    if kind == "skip" and len(attributes.get("skip", "").split()) < 3:
        raise BlockError(f'{where}: an opt-out needs a reason a reader would accept: skip="..."')
    if kind == "parsed" and (language, attributes.get("parsed")) != ("bash", "conda"):
        raise BlockError(f"{where}: parsed= is for bash, and conda is what can be parsed")
    target = Path(attributes.get("file", ""))
    if kind == "file" and (target.is_absolute() or ".." in target.parts or not target.name):
        raise BlockError(f"{where}: file= takes a path below the home directory")
    if "raises" in attributes and language != "python":
        raise BlockError(f"{where}: raises= is for python; a shell block says fails=")
    if "fails" in attributes and language != "bash":
        raise BlockError(f"{where}: fails= is for bash; python says raises=, a console transcript shows it")


def _texts(value: Any, name: str, where: str, what: str = "object URLs") -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BlockError(f"{where}: {name} is a list of {what}")
    return tuple(value)


def with_source(page: Page, number: int, source: str) -> Page:
    """``page`` with another source in its block of that ``number``, counted from 0."""
    blocks = list(page.blocks)
    blocks[number] = replace(blocks[number], source=source)
    if blocks[number].cell is not None:
        page.notebook.cells[blocks[number].cell].source = source
    return replace(page, blocks=tuple(blocks))
