"""A transcript of two terminals: a program on one machine waits for what somebody copies from the other."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from guide.run.shell import Shell, ShellError, line_matches, matches

# A program that waits for ever must not hold the build.
TIMEOUT_S = 60
# A line without an end is a prompt when nothing has followed it for so long, in seconds.
_PROMPT_S = 0.5
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_TYPED = re.compile(r"(?P<machine>[\w-]+)(?P<sign>[$>]) (?P<text>.*)")


@dataclass
class _Step:
    """What is typed on a machine, as a command or as an answer, and the lines that appear there."""

    machine: str
    is_command: bool
    text: str
    expected: list[str] = field(default_factory=list)


def check_dialog(shells: dict[str, Shell], transcript: str) -> None:
    """Play ``transcript``: ``NAME$ command`` starts one on a machine, ``NAME> text`` types into it.

    The lines beneath are what it must print; ``...`` stands for any. Where a typed text holds ``...``, it is
    completed from the last line of another machine that fits, as a person copies it. Raises ``ShellError``.
    """
    running: dict[str, _Running] = {}
    try:
        steps = list(_steps(transcript, set(shells)))
        for index, step in enumerate(steps):
            others = [line for name, one in running.items() if name != step.machine for line in one.lines]
            text = _completed(step.text, others)
            if step.is_command:
                running[step.machine] = _Running(shells[step.machine].start(text))
            elif step.machine not in running:
                raise ShellError(f"nothing runs on {step.machine} that {step.text!r} could be typed into")
            else:
                running[step.machine].type(text)
            goes_on = any(later.machine == step.machine and not later.is_command for later in steps[index + 1 :])
            running[step.machine].check(step, goes_on)
    finally:
        for one in running.values():
            one.close()


def _steps(transcript: str, machines: set[str]) -> Iterator[_Step]:
    step: _Step | None = None
    for line in transcript.rstrip("\n").split("\n"):
        typed = _TYPED.fullmatch(line)
        if typed and typed["machine"] in machines:
            if step:
                yield step
            step = _Step(typed["machine"], typed["sign"] == "$", typed["text"])
        elif step is None:
            raise ShellError(f"a transcript of two machines begins with a command, as in '{min(machines)}$ ls'")
        else:
            step.expected.append(line)
    if step:
        yield step


def _completed(text: str, lines: list[str]) -> str:
    """``text``, or the line it stands for; only what fits it of that line, so a prompt before it does not matter."""
    if "..." not in text:
        return text
    for line in reversed(lines):
        if line_matches(text, line.strip()):
            return line.strip()
    raise ShellError(f"no line of the other machine fits {text!r}")


class _Running:
    """A program in one of the terminals; ``lines`` is all it printed."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._printed = ""
        self._seen = 0
        self._open = True
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.stdout, selectors.EVENT_READ)

    @property
    def lines(self) -> list[str]:
        return self._printed.split("\n")

    def type(self, text: str) -> None:
        self._process.stdin.write(f"{text}\n".encode())
        self._process.stdin.flush()

    def check(self, step: _Step, goes_on: bool) -> None:
        """Read on until the step's lines are there; without more to type, to the program's end, which must be good."""
        deadline = time.monotonic() + TIMEOUT_S
        wanted = [*step.expected, "..."] if goes_on else step.expected
        while time.monotonic() < deadline and self._open:
            quiet = self._read()
            if goes_on and quiet and matches(wanted, self._new()):
                break
        if not matches(wanted, self._new()):
            said = "\n".join(self._new())
            raise ShellError(f"prints something else on {step.machine} than the page shows:\n{said}")
        self._seen = len(self._printed)
        if not goes_on and self._process.wait(timeout=TIMEOUT_S) != 0:
            raise ShellError(f"{step.text!r} on {step.machine} ends with exit status {self._process.returncode}")

    def _new(self) -> list[str]:
        new = self._printed[self._seen :].strip("\n")
        return new.split("\n") if new.strip() else []

    def _read(self) -> bool:
        """Take what is printed next; whether nothing more came for a while."""
        if not self._selector.select(_PROMPT_S):
            return True
        chunk = self._process.stdout.read1()
        self._open = bool(chunk)
        self._printed += _ANSI.sub("", chunk.decode(errors="replace"))
        return False

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        self._process.stdin.close()
        self._process.stdout.close()
