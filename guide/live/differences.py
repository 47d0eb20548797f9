"""The differences between outputs in the browser and on the hub that are allowed, each with its reason.

``differences.yml`` lists them. A page shows readers the reasons of those that its outputs have.
"""

from __future__ import annotations

import base64
import copy
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from nbformat import NotebookNode
from PIL import Image, ImageChops

from guide.run.compare_outputs import difference

FILE = Path(__file__).with_suffix(".yml")
# The rule for pictures. Sizes may differ by some pixels; squares of _COARSE pixels may differ by a shade (0-255).
FIGURES = "figures"
_PIXELS, _COARSE, _SHADE = 4, 24, 40
_PNG = "image/png"
_KEYS = {"pattern", "why", "pages"}


@dataclass(frozen=True)
class Allowed:
    """One allowed difference: texts that match ``pattern`` may differ, for the reason ``why``.

    A rule with ``pages`` holds on those pages only.
    """

    name: str
    pattern: re.Pattern[str]
    why: str
    pages: tuple[str, ...] = ()


@cache
def allowed_differences(file: Path = FILE) -> tuple[Allowed, ...]:
    """Return the rules in ``file``; raises ``ValueError`` for one that is not complete."""
    rules = []
    for name, fields in yaml.safe_load(file.read_text(encoding="utf-8")).items():
        if not isinstance(fields, dict) or {"pattern", "why"} - fields.keys() or fields.keys() - _KEYS:
            raise ValueError(f"{file.name}: {name} needs a pattern and a reason (why), and may name pages")
        pattern = re.compile(fields["pattern"], re.MULTILINE)
        rules.append(Allowed(name, pattern, fields["why"], tuple(fields.get("pages", ()))))
    return tuple(rules)


def reasons(names: Iterable[str]) -> list[str]:
    """Return the reasons of the rules with these ``names``."""
    return [rule.why for rule in allowed_differences() if rule.name in set(names)]


def compare(page: str, recorded: list[NotebookNode], printed: list[NotebookNode]) -> tuple[str, tuple[str, ...]]:
    """Compare what a block ``printed`` with what is ``recorded`` for it.

    Return the difference that no rule allows, which is empty if there is none, and the names of the rules that were
    needed.
    """
    if not difference(recorded, printed):
        return "", ()
    used: list[str] = []
    printed = copy.deepcopy(printed)
    if _use_recorded_pictures(recorded, printed):
        used.append(FIGURES)
        if not difference(recorded, printed):
            return "", (FIGURES,)
    for rule in allowed_differences():
        if rule.name == FIGURES or (rule.pages and page not in rule.pages):
            continue
        before, after = _without(rule, recorded), _without(rule, printed)
        if before != recorded or after != printed:
            used.append(rule.name)
            recorded, printed = before, after
            if not difference(recorded, printed):
                return "", tuple(used)
    return difference(recorded, printed), ()


def _use_recorded_pictures(recorded: list[NotebookNode], printed: list[NotebookNode]) -> bool:
    """Replace each printed picture that shows the same as the recorded one by that; return whether any was replaced."""
    replaced = False
    for one, other in zip(recorded, printed, strict=False):
        before, after = one.get("data", {}), other.get("data", {})
        if (
            _PNG in before
            and _PNG in after
            and before[_PNG] != after[_PNG]
            and _show_the_same(before[_PNG], after[_PNG])
        ):
            after[_PNG] = before[_PNG]
            replaced = True
    return replaced


def _show_the_same(one: str, other: str) -> bool:
    """Return whether two pictures differ by a few pixels of size and by their letters' edges at most."""
    first, second = (Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB") for picture in (one, other))
    if any(abs(a - b) > _PIXELS for a, b in zip(first.size, second.size, strict=True)):
        return False
    coarse = max(1, first.width // _COARSE), max(1, first.height // _COARSE)
    shades = ImageChops.difference(first.resize(coarse), second.resize(coarse)).convert("L").histogram()
    return not any(shades[_SHADE + 1 :])


def _without(rule: Allowed, outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return ``outputs`` with what the rule matches replaced by its name."""
    outputs = copy.deepcopy(outputs)
    for output in outputs:
        for holder in (output, output.get("data", {})):
            for kind, text in holder.items():
                if isinstance(text, str) and kind not in {_PNG, "output_type", "name"}:
                    holder[kind] = rule.pattern.sub(f"<{rule.name}>", text)
    return outputs
