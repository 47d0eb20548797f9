"""Rules of a page that can be checked without running it; ``make page`` and the tests report violations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakehub.browser.answers import judge
from guide.checks.environments import unknown_environments
from guide.checks.fact_units import unfitting_units
from guide.checks.link_texts import misleading_links
from guide.checks.lost_text import lost_text
from guide.checks.prose import (
    MOST_WORDS,
    SPEAK_OF_IT,
    sentences,
    stand_in_words,
    unwanted_words,
)
from guide.checks.sample_code import code_problems
from guide.checks.slips import cell_slips, line_ends, slips
from guide.checks.stated import unshown
from guide.checks.typed_facts import typed_facts
from guide.facts import Facts
from guide.pages.blocks import BlockError
from guide.pages.exercises import exercises
from guide.pages.hub_variant import HubTextError, for_hub
from guide.pages.reader import read_page
from guide.pages.tutorials import TutorialError, read_tutorial

# A list of definitions, which readers look up one by one.
GLOSSARY = "book/reference/glossary.md"
# A longer notebook covers more than one task.
MOST_CELLS = 25
# The heading of the section that deletes the page's example.
CLEAN_UP = re.compile(r"## .*\bclean up", re.IGNORECASE)


def texts_of(path: Path) -> list[str]:
    """Return the text of a page, or the text of each Markdown cell of a notebook."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    return [_source(cell) for cell in _cells(path) if cell["cell_type"] == "markdown"]


def page_problems(path: Path, root: Path, facts: Facts) -> list[str]:
    """Return one line for each rule that the page at ``path`` breaks, with its place and what to do."""
    name = str(path.relative_to(root))
    problems = [*_prose_problems(path, name, facts), *_word_problems(path, name, facts), *_code_problems(path, root)]
    problems += [f"{name}:1: {problem}" for problem in [line_ends(path)] if problem]
    return [*problems, *(_notebook_problems(path, name) if path.suffix == ".ipynb" else ())]


def _prose_problems(path: Path, name: str, facts: Facts) -> Iterator[str]:
    # Readers see one hub's variant of a page.
    words = sum(len(sentences(for_hub(part, facts)).split()) for part in texts_of(path))
    if words > MOST_WORDS and name != GLOSSARY:
        yield f"{name}: {words} words, at most {MOST_WORDS}: move a task to another page"


def _word_problems(path: Path, name: str, facts: Facts) -> Iterator[str]:
    for place, text in _places(path, name):
        for line, word in unwanted_words(text):
            yield f"{place}:{line}: leave out {word!r}"
        for line, key, words in typed_facts(text, facts):
            yield f"{place}:{line}: {words!r} is a fact: write its key, {key}"
        for line, tag in lost_text(_for_hub(text, facts)):
            yield f"{place}:{line}: {tag} is shown as nothing, because it looks like HTML: write it between backticks"
        for line, environment in unknown_environments(text):
            yield f"{place}:{line}: uses the environment {environment!r}, which neither the page nor the file makes"
        for line, problem in (*slips(text), *unfitting_units(text), *misleading_links(text, path)):
            yield f"{place}:{line}: {problem}"
    # Code and outputs may not name the stand-in either.
    if name not in SPEAK_OF_IT:
        for line, word in stand_in_words(path.read_text(encoding="utf-8")):
            yield f"{name}:{line}: {word!r} shows that the page does not run on the hub"


def _for_hub(text: str, facts: Facts) -> str:
    try:
        return for_hub(text, facts)
    except HubTextError:
        return text  # the run reports it


def _code_problems(path: Path, root: Path) -> Iterator[str]:
    try:
        page = read_page(path, root)
    except BlockError:
        return  # the run reports it
    yield from unshown(page, list(_places(path, str(page.path))))
    for line, problem in code_problems(page, _clean_up(path)):
        yield f"{page.path}:{line}: {problem}"
    # nbformat gives a cell another id if two have the same.
    cells = _cells(path) if path.suffix == ".ipynb" else page.notebook.cells if page.notebook else []
    for number, problem in cell_slips(cells):
        yield f"{page.path}: cell {number} {problem}"


def _clean_up(path: Path) -> int:
    """Return the line of the heading *Clean up* or, in a notebook, the number of its cell; 0 if there is none."""
    if path.suffix == ".md":
        texts = path.read_text(encoding="utf-8").split("\n")
    else:
        texts = [_source(cell).split("\n")[0] for cell in _cells(path)]
    return max((number for number, text in enumerate(texts, start=1) if CLEAN_UP.fullmatch(text)), default=0)


def _places(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of a page, or those of each Markdown cell of a notebook."""
    if path.suffix == ".md":
        yield name, path.read_text(encoding="utf-8")
        return
    for number, cell in enumerate(_cells(path), start=1):
        if cell["cell_type"] == "markdown":
            yield f"{name}, cell {number}", _source(cell)


def _notebook_problems(path: Path, name: str) -> Iterator[str]:
    cells = _cells(path)
    yield from _exercise_problems(cells, name)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if len(cells) > MOST_CELLS:
        yield f"{name}: {len(cells)} cells, at most {MOST_CELLS}: move a task to another notebook"
    if not cells or not _source(cells[0]).startswith("# "):
        yield f"{name}: begin with a cell that has the title"
    else:
        try:
            read_tutorial(json.loads(path.read_text(encoding="utf-8")))
        except TutorialError as error:
            yield f"{name}: {error}"
    if not all(cell["execution_count"] for cell in code):
        yield f"{name}: cells without outputs: make outputs PAGE={name}"
    if not any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"]):
        yield f"{name}: no cell draws a plot; every notebook needs one"


def _exercise_problems(cells: list[dict[str, Any]], name: str) -> Iterator[str]:
    try:
        found = list(exercises(cells, name))
    except BlockError as error:
        yield str(error)
        return
    for exercise in found:
        for code, expected in ((exercise.start, "open"), (exercise.solution, "right")):
            judgement = judge(code, exercise.checks, {})
            if judgement.result != expected:
                problem = f"{code!r} is {judgement.result} {judgement.message}".strip()
                yield f"{name}:cell {exercise.cell}: {problem}, and must be {expected}"


def _cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])
