"""``make language``: check the language of all files, or of some, and keep the list of files that are not yet clean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from guide.language.files import checked_files, passages_of
from guide.language.grammar import mistakes
from guide.language.passages import Passage
from guide.language.rules import Finding, broken_rules

DEBT = Path(__file__).with_name("debt.yml")


def find(paths: Iterable[Path], root: Path, grammar: bool = True) -> list[Finding]:
    """Return what is wrong with the language of ``paths``, by file and line; or only what is found fast."""
    documents = [passages_of(path, root) for path in paths]
    found = [one for passages in documents for passage in passages for one in broken_rules(passage)]
    if grammar:
        found += mistakes([sentences for passages in documents if (sentences := prose(passages))])
    return sorted(dict.fromkeys(found), key=_order)


def prose(passages: Sequence[Passage]) -> list[Passage]:
    """Return passages that are whole sentences; comments may be shorter."""
    return [passage for passage in passages if passage.kind != "comment"]


def _order(one: Finding) -> tuple[str, list[int]]:
    numbers = one.place.removeprefix(one.file).replace(", cell ", "").split(":")
    return one.file, [int(number) for number in numbers if number]


def debt() -> set[str]:
    """Return the files that are not yet clean, and may stay so for now."""
    return set(yaml.safe_load(DEBT.read_text(encoding="utf-8")) or [])


def verdict(found: Sequence[Finding], checked: Iterable[str], listed: set[str]) -> list[str]:
    """Return what makes the check fail: findings in files that are not ``listed``, and listed files without any."""
    files = {one.file for one in found}
    clean = sorted((listed & set(checked)) - files)
    return [
        *(str(one) for one in found if one.file not in listed),
        *(f"{file}: its language is clean; remove it from guide/language/debt.yml" for file in clean),
    ]


def report(names: Sequence[Path], root: Path) -> int:
    """Print all findings in the files ``names``, or in all, and what to do; return 1 if the check fails, or else 0."""
    paths = [path.resolve() for path in names] or checked_files(root)
    found, listed = find(paths, root), debt()
    for one in found:
        print(one)
    checked = [path.relative_to(root).as_posix() for path in paths]
    failures = verdict(found, checked, listed)
    for line in failures:
        if line.endswith(DEBT.name):
            print(line)
    count = len(found)
    files = len({one.file for one in found})
    print(f"{count} finding{'' if count == 1 else 's'} in {files} of {len(paths)} file{'' if len(paths) == 1 else 's'}")
    return 1 if found or failures else 0
