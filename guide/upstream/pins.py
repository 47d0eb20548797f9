"""Renew the pinned versions of the stack ``hub`` in the text of its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_GROUP = re.compile(r"(?<=^stack-hub = \[\n).*?(?=^\])", re.MULTILINE | re.DOTALL)
_PIN = re.compile(r'  "(?P<name>[\w.-]+)==(?P<version>[^"]+)",(?: # (?P<comment>.*))?')
# In the comment of a pin: the version in the image, if it is another one, and why.
_OTHER = re.compile(r"the image has (?P<version>[\w.]*\w)(?P<reason>, .*)?")
_NOT_ON_PYPI = ", which PyPI does not have"


@dataclass(frozen=True)
class Pin:
    """A pinned package: its ``version`` here and in the ``image``; ``held`` is why somebody chose another one."""

    name: str
    version: str
    image: str
    held: str = ""


def pins(project: str) -> list[Pin]:
    """Return the pins of the stack *hub* in the text of pyproject.toml."""
    return [_pin(match) for line in _lines(project) if (match := _PIN.fullmatch(line))]


def _lines(project: str) -> list[str]:
    group = _GROUP.search(project)
    return group[0].splitlines() if group else []


def _pin(match: re.Match[str]) -> Pin:
    other = _OTHER.search(match["comment"] or "")
    reason = (other["reason"] or "") if other else ""
    held = "" if not other or reason.startswith(_NOT_ON_PYPI) else reason.removeprefix(", ")
    return Pin(match["name"], match["version"], other["version"] if other else match["version"], held)


def with_pins(project: str, renewed: Mapping[str, Pin]) -> str:
    """Return the text of pyproject.toml with ``renewed`` pins, by their names; other lines and comments stay."""
    return _GROUP.sub(lambda group: "".join(f"{line}\n" for line in _renewed(group[0], renewed)), project)


def _renewed(group: str, renewed: Mapping[str, Pin]) -> Iterator[str]:
    for line in group.splitlines():
        match = _PIN.fullmatch(line)
        pin = renewed.get(match["name"]) if match else None
        if match is None or pin is None:
            yield line
            continue
        own = _OTHER.sub("", match["comment"] or "").rstrip(" ;")
        reason = f", {pin.held}" if pin.held else _NOT_ON_PYPI
        other = f"the image has {pin.image}{reason}" if pin.image != pin.version else ""
        comment = "; ".join(filter(None, (own, other)))
        yield f'  "{pin.name}=={pin.version}",' + (f" # {comment}" if comment else "")


def with_environment(environment: str, version: Callable[[str], str | None]) -> str:
    """Return the text of environment.yml with the versions in the image, where there is one; others stay.

    The version of Python is that of the image without its last part.
    """

    def renew(match: re.Match[str]) -> str:
        new = version(match["name"])
        if new and match["name"] == "python":
            new = ".".join(new.split(".")[:2])
        return f"  - {match['name']}={new or match['version']}"

    return re.sub(r"^  - (?P<name>[\w.-]+)=(?P<version>[\w.]+)$", renew, environment, flags=re.MULTILINE)
