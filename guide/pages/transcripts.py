"""Transcripts of terminals: which lines somebody types, and which ones a machine prints.

The runner, the exports and the copy buttons of the site all read a transcript with these functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from guide.pages.blocks import Block

# Stands for any text of an output, and in typed text for what a person copies from another machine.
ELIDED = "..."
_TYPED = re.compile(r"(?P<machine>[\w-]+)(?P<sign>[$>]) (?P<text>.*)")


class TranscriptError(Exception):
    """A transcript that cannot be replayed as written; the message is one line."""


@dataclass
class TranscriptCommand:
    """A command of a transcript: its lines, and the lines that it is expected to print."""

    lines: list[str]
    expected: list[str] = field(default_factory=list)


@dataclass
class Step:
    """Text that is typed on a machine, as a command or as an answer, and the lines expected to follow there."""

    machine: str
    is_command: bool
    text: str
    expected: list[str] = field(default_factory=list)


@dataclass
class Part:
    """A part of a block that belongs to one machine: its text as shown, and what to copy from it.

    ``typed`` are the numbers of the lines with commands, counted from 0; ``None`` if the whole text is to be copied.
    """

    machine: str
    lines: list[str]
    typed: list[int] | None = None

    @property
    def copied(self) -> str:
        """What a reader pastes; empty if nothing can be pasted as it is."""
        lines = self.lines if self.typed is None else [self.lines[number][2:] for number in self.typed]
        return "\n".join(lines).strip("\n")


def commands(transcript: str) -> list[TranscriptCommand]:
    """Return the commands of a transcript; raises ``TranscriptError`` if it does not begin with one."""
    parsed: list[TranscriptCommand] = []
    for line in transcript.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            parsed.append(TranscriptCommand([line[2:]]))
        elif not parsed:
            raise TranscriptError("a transcript begins with a '$ command' line")
        elif line.startswith("> ") and not parsed[-1].expected:
            parsed[-1].lines.append(line[2:])
        else:
            parsed[-1].expected.append(line)
    return parsed


def steps(transcript: str, machines: set[str]) -> Iterator[Step]:
    """Yield the steps of a transcript of several ``machines``; raises ``TranscriptError`` if it begins with none."""
    step: Step | None = None
    for line in transcript.rstrip("\n").split("\n"):
        typed = _TYPED.fullmatch(line)
        if typed and typed["machine"] in machines:
            if step:
                yield step
            step = Step(typed["machine"], typed["sign"] == "$", typed["text"])
        elif step is None:
            raise TranscriptError(f"a transcript of two machines begins with a command, as in '{min(machines)}$ ls'")
        else:
            step.expected.append(line)
    if step:
        yield step


def parts_of(block: Block) -> list[Part]:
    """Return the parts of ``block``, one for each change of the machine; raises ``TranscriptError``."""
    if block.language != "console" or block.kind != "run":
        return [Part(block.on[0], block.source.strip("\n").split("\n"))]
    if len(block.on) > 1:
        return _parts_of_machines(block)
    part = Part(block.on[0], [], [])
    for command in commands(block.source):
        _add(part, [f"{'> ' if number else '$ '}{line}" for number, line in enumerate(command.lines)], command.expected)
    return [part]


def _parts_of_machines(block: Block) -> list[Part]:
    shown: list[Part] = []
    for step in steps(block.source, set(block.on)):
        if not shown or shown[-1].machine != step.machine:
            shown.append(Part(step.machine, [], []))
        line = f"{'$' if step.is_command else '>'} {step.text}"
        # An answer is not a command, and a text with a gap is completed by hand.
        if step.is_command and ELIDED not in step.text:
            _add(shown[-1], [line], step.expected)
        else:
            _add(shown[-1], [], [line, *step.expected])
    return shown


def _add(part: Part, typed: list[str], printed: list[str]) -> None:
    part.typed = [*(part.typed or []), *range(len(part.lines), len(part.lines) + len(typed))]
    part.lines += [*typed, *printed]
