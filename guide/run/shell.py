"""The shell of a page: blocks run in one home directory, and what one block sets the next one sees."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

# A block that asks a question or waits for a lost host must not hold the build for ever.
TIMEOUT_S = 300


class ShellError(Exception):
    """A shell block that did not do what the page says; the message is for the author, in one line or more."""


class Shell:
    """A reader's terminal: the working directory and exported variables live on between blocks.

    ``env`` is the whole environment of the first block, ``home`` its working directory.
    """

    def __init__(self, env: dict[str, str], home: Path) -> None:
        self._env = dict(env)
        self._cwd = str(home)

    def run(self, source: str) -> tuple[int, str]:
        """Run ``source`` with bash, stopping at the first failing command; exit status and printed text.

        Raises ``ShellError`` when it has not ended within ``TIMEOUT_S`` seconds.
        """
        with tempfile.TemporaryDirectory(prefix="shell-", dir=os.environ.get("FAKEHUB_SESSION")) as folder:
            state = Path(folder) / "state"
            script = f"trap 'env -0 > {shlex.quote(str(state))}; pwd > {shlex.quote(str(state))}.cwd' EXIT\n{source}"
            try:
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", script],
                    cwd=self._cwd,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    timeout=TIMEOUT_S,
                )
            except subprocess.TimeoutExpired as error:
                raise ShellError(f"did not end within {TIMEOUT_S} s") from error
            self._remember(state)
        return done.returncode, done.stdout.decode(errors="replace")

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Start ``command`` where the last block left off, in a process group of its own."""
        return subprocess.Popen(
            ["bash", "-c", command],
            start_new_session=True,
            cwd=self._cwd,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _remember(self, state: Path) -> None:
        """Take over the directory and the exported variables that a block left."""
        if not state.exists():
            return
        pairs = (item.partition("=") for item in os.fsdecode(state.read_bytes()).split("\0") if item)
        self._env = {name: value for name, _, value in pairs}
        self._cwd = Path(f"{state}.cwd").read_text().rstrip("\n")


def check_transcript(shell: Shell, transcript: str) -> str:
    """Run every ``$ command`` of a console transcript and compare what it prints with what stands beneath.

    Returns the transcript as it really went, with the author's ``...`` kept wherever they fit; the caller
    compares. A command may fail: its message then is the output shown. A line that ends in a backslash, and
    lines that start with ``> ``, continue the command.
    """
    real = []
    for command, expected in commands(transcript):
        _, printed = shell.run("\n".join(command))
        lines = printed.rstrip("\n").split("\n") if printed.strip() else []
        real += [f"$ {command[0]}", *(f"> {line}" for line in command[1:])]
        real += expected if matches(expected, lines) else lines
    return "\n".join(real) + "\n"


def commands(transcript: str) -> list[tuple[list[str], list[str]]]:
    """Each command of a transcript, in its lines, with the lines it is to print; raises ``ShellError``."""
    parts: list[tuple[list[str], list[str]]] = []
    for line in transcript.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            parts.append(([line[2:]], []))
        elif not parts:
            raise ShellError("a transcript begins with a '$ command' line")
        elif line.startswith("> ") and not parts[-1][1]:
            parts[-1][0].append(line[2:])
        else:
            parts[-1][1].append(line)
    return parts


def matches(expected: list[str], real: list[str]) -> bool:
    """Whether ``real`` lines are the ``expected`` ones; a line ``...`` stands for any lines, also none."""
    if not expected:
        return not real
    head, rest = expected[0], expected[1:]
    if head.strip() == "...":
        return any(matches(rest, real[i:]) for i in range(len(real) + 1))
    return bool(real) and line_matches(head, real[0]) and matches(rest, real[1:])


def line_matches(expected: str, real: str) -> bool:
    """Whether one line is as expected; ``...`` within it stands for any text."""
    parts = expected.rstrip().split("...")
    real = real.rstrip()
    if len(parts) == 1:
        return parts[0] == real
    if not real.startswith(parts[0]) or not real.endswith(parts[-1]):
        return False
    at, end = len(parts[0]), len(real) - len(parts[-1])
    for part in parts[1:-1]:
        found = real.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end
