"""Find environments of conda that a page uses and that nothing makes.

A page that tells its reader to activate an environment fails at its first command if the name is another one than in
the environment file. Blocks that conda's parser checks are only a part: names are also in job scripts, in prose and in
blocks that do not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from guide.paths import ROOT

# The environment that every installation of conda has.
BASE = "base"
_COMMAND = re.compile(
    r"\b(?:conda|mamba|micromamba|source) activate (?P<activated>[\w.-]+)"
    r"|\b(?:conda|mamba|micromamba) (?:env )?(?P<verb>[a-z]+)\b[^`\n]*? (?:-n|--name)[ =](?P<named>[\w.-]+)"
)
# The name in an environment file that the page shows.
_IN_A_FILE = re.compile(r"^name: *([\w.-]+)$", re.MULTILINE)


def guides_environment() -> str:
    """Return the name in the ``environment.yml`` that readers download."""
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return str(content["name"])


def unknown_environments(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each environment that ``text`` uses, unless the page or the guide's file makes it."""
    used = [(match, match["activated"] or match["named"]) for match in _COMMAND.finditer(text)]
    made = {name for match, name in used if match["verb"] == "create"}
    known = {BASE, guides_environment(), *made, *_IN_A_FILE.findall(text)}
    for match, name in used:
        if name not in known:
            yield text.count("\n", 0, match.start()) + 1, name
