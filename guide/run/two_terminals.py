"""A transcript of two terminals: a program on one machine waits for input that a person copies from the other."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from typing import IO

from guide.pages.transcripts import ELIDED, Step, steps
from guide.run.shell import Shell, ShellError, line_matches, matches, without_colors

# A program that waits forever must not block the build.
TIMEOUT_S = 60
# Unfinished output counts as a prompt if nothing follows it for this many seconds.
_PROMPT_S = 0.5
_CHUNK = 65536


def check_two_terminals(shells: dict[str, Shell], transcript: str) -> None:
    """Replay ``transcript``: ``NAME$ command`` starts a program on a machine, ``NAME> text`` types into it.

    The lines below are the expected output; ``...`` stands for any. Typed text with ``...`` is completed from
    the last matching line of another machine, as a person would copy it. Raises ``ShellError``.
    """
    terminals: dict[str, _Terminal] = {}
    try:
        planned = list(steps(transcript, set(shells)))
        for index, step in enumerate(planned):
            others = [line for name, other in terminals.items() if name != step.machine for line in other.lines]
            text = _completed(step.text, others)
            if step.is_command:
                terminals[step.machine] = _Terminal(shells[step.machine].start(text))
            elif step.machine not in terminals:
                raise ShellError(f"no program runs on {step.machine} into which {step.text!r} could be typed")
            else:
                terminals[step.machine].type(text)
            continues = any(later.machine == step.machine and not later.is_command for later in planned[index + 1 :])
            terminals[step.machine].check(step, continues)
    finally:
        for terminal in terminals.values():
            terminal.close()


def _completed(text: str, lines: list[str]) -> str:
    """Return ``text``, with its ``...`` replaced from the last of ``lines`` that matches it.

    Only the matching part of that line counts, so a prompt before it does not matter.
    """
    if ELIDED not in text:
        return text
    for line in reversed(lines):
        if line_matches(text, line.strip()):
            return line.strip()
    raise ShellError(f"no line of the other machine matches {text!r}")


class _Terminal:
    """A terminal with one running program; ``lines`` is everything that it has printed."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stdin, self._stdout = _pipes(process)
        self._printed = ""
        self._checked = 0
        self._open = True
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)

    @property
    def lines(self) -> list[str]:
        return self._printed.split("\n")

    def type(self, text: str) -> None:
        self._stdin.write(f"{text}\n".encode())
        self._stdin.flush()

    def check(self, step: Step, continues: bool) -> None:
        """Read until the step's lines are there.

        A program into which nothing more is typed must then end, with exit status 0. Raises ``ShellError``.
        """
        deadline = time.monotonic() + TIMEOUT_S
        expected = [*step.expected, ELIDED] if continues else step.expected
        while time.monotonic() < deadline and self._open:
            quiet = self._read()
            if continues and quiet and matches(expected, self._unchecked()):
                break
        printed = self._unchecked()
        if not matches(expected, printed):
            output = "\n".join(printed)
            raise ShellError(f"prints something other than the page shows on {step.machine}:\n{output}")
        self._checked = len(self._printed)
        if not continues and self._process.wait(timeout=TIMEOUT_S) != 0:
            raise ShellError(f"{step.text!r} on {step.machine} ends with exit status {self._process.returncode}")

    def _unchecked(self) -> list[str]:
        text = self._printed[self._checked :].strip("\n")
        return text.split("\n") if text.strip() else []

    def _read(self) -> bool:
        """Read what the program prints next; return whether it printed nothing for a while."""
        if not self._selector.select(_PROMPT_S):
            return True
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self._open = bool(chunk)
        self._printed += without_colors(chunk.decode(errors="replace"))
        return False

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        self._stdin.close()
        self._stdout.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Return the standard input and output of ``process``, which ``Shell.start`` has made pipes."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the program was started without pipes")
    return process.stdin, process.stdout
