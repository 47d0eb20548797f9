"""The shell of a page: its blocks run in one home directory, and a block sees what the blocks before it set."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from guide.pages.transcripts import ELIDED, commands

# A block that waits for input or for a host that does not answer must not block the build.
TIMEOUT_S = 300
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


class ShellError(Exception):
    """A shell block that did not do what the page says; the message to the author has one or more lines."""


def without_colors(text: str) -> str:
    """Return ``text`` without the escape sequences for colours on a terminal."""
    return _COLORS.sub("", text)


class Shell:
    """A reader's terminal: the working directory and exported variables persist from block to block.

    ``env`` is the whole environment of the first block, ``home`` its working directory.
    """

    def __init__(self, env: dict[str, str], home: Path) -> None:
        self._env = dict(env)
        self._cwd = str(home)

    @property
    def cwd(self) -> Path:
        """The working directory of the next block."""
        return Path(self._cwd)

    def run(self, source: str) -> tuple[int, str]:
        """Run ``source`` with bash until the first command that fails; return its exit status and what it printed.

        Raises ``ShellError`` if it does not finish within ``TIMEOUT_S`` seconds.
        """
        with tempfile.TemporaryDirectory(prefix="shell-", dir=os.environ.get("FAKEHUB_SESSION")) as folder:
            state = Path(folder) / "state"
            script = f"trap 'env -0 > {shlex.quote(str(state))}; pwd > {shlex.quote(str(state))}.cwd' EXIT\n{source}"
            done = self._bash(["-euo", "pipefail", "-c", script])
            self._restore(state)
        return done.returncode, done.stdout.decode(errors="replace")

    def probe(self, command: str) -> tuple[int, str]:
        """Run ``command`` in the state that the last block left; return its exit status and what it printed.

        Later blocks do not see what it sets. Raises ``ShellError`` if it does not finish within ``TIMEOUT_S`` seconds.
        """
        # Without pipefail: "grep -q" ends before the program that it reads from, which then fails.
        done = self._bash(["-eu", "-c", command])
        return done.returncode, done.stdout.decode(errors="replace")

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Start ``command`` in the state that the last block left, in a new process group."""
        return subprocess.Popen(
            ["bash", "-c", command],
            start_new_session=True,
            cwd=self._cwd,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _bash(self, arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["bash", *arguments],
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise ShellError(f"did not finish within {TIMEOUT_S} s") from error
        except FileNotFoundError as error:
            if self.cwd.is_dir():
                raise
            raise ShellError(f"starts in {self.cwd}, which was removed: leave it first") from error

    def _restore(self, state: Path) -> None:
        """Use the directory and the exported variables that a block saved in the file ``state``."""
        if not state.exists():
            return
        pairs = (item.partition("=") for item in os.fsdecode(state.read_bytes()).split("\0") if item)
        self._env = {name: value for name, _, value in pairs}
        self._cwd = Path(f"{state}.cwd").read_text().rstrip("\n")


def replay_transcript(shell: Shell, transcript: str) -> str:
    """Run every ``$ command`` of a console transcript and return the transcript with what was really printed.

    The author's ``...`` are kept wherever they match, so the result equals ``transcript`` if the page is right. A
    command may fail: its message then is the expected output. A line that ends in a backslash, and lines that start
    with ``> ``, continue the command.
    """
    replayed = []
    for command in commands(transcript):
        _, output = shell.run("\n".join(command.lines))
        printed = output.rstrip("\n").split("\n") if output.strip() else []
        first, *continued = command.lines
        replayed += [f"$ {first}", *(f"> {line}" for line in continued)]
        replayed += command.expected if matches(command.expected, printed) else printed
    return "\n".join(replayed) + "\n"


def matches(expected: list[str], printed: list[str]) -> bool:
    """Return whether the lines match; an expected line ``...`` stands for any number of lines, also none."""
    if not expected:
        return not printed
    head, rest = expected[0], expected[1:]
    if head.strip() == ELIDED:
        return any(matches(rest, printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and line_matches(head, printed[0]) and matches(rest, printed[1:])


def line_matches(expected: str, printed: str) -> bool:
    """Return whether one line matches; ``...`` within the expected line stands for any text."""
    parts = expected.rstrip().split(ELIDED)
    printed = printed.rstrip()
    if len(parts) == 1:
        return parts[0] == printed
    if not printed.startswith(parts[0]) or not printed.endswith(parts[-1]):
        return False
    start, end = len(parts[0]), len(printed) - len(parts[-1])
    for part in parts[1:-1]:
        position = printed.find(part, start, end)
        if position < 0:
            return False
        start = position + len(part)
    return start <= end
