"""What is under way, told while it runs: on a terminal one line that is rewritten, elsewhere few plain lines."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

# Without a terminal: seconds until the first line and, at most, between two.
_FIRST_S, _LAST_S = 15, 120
_ERASE = "\r\x1b[2K"


class Line:
    """The line of progress on ``stream`` (the standard error), which ``tell`` words anew when it is drawn."""

    def __init__(self, tell: Callable[[], str], stream: TextIO | None = None) -> None:
        self._tell = tell
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = False
        self._busy = False
        self._started = time.monotonic()
        self._pause = self._next = _FIRST_S

    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._started

    def draw(self) -> None:
        """Show what is under way, where there is a terminal or nothing was said for long."""
        if self._busy:
            return
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            text = self._tell()
            self._write(_ERASE + (text if len(text) <= width else text[: width - 1] + "…"))
            self._shown = True
        elif self.seconds() >= self._next:
            self._pause = min(self._pause * 2, _LAST_S)
            self._next += self._pause
            self._write(self._tell() + "\n")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the line away while something else is printed."""
        self._busy = True
        try:
            self.erase()
            yield
            sys.stdout.flush()
            self._stream.flush()
        finally:
            self._busy = False
        self.draw()

    def erase(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _write(self, text: str) -> None:
        # Past Python's buffer: a signal may come while that is being written to.
        self._stream.flush()
        os.write(self._stream.fileno(), text.encode(errors="replace"))

    @contextmanager
    def ticking(self) -> Iterator[Line]:
        """Draw it every second until the block ends. By a signal, as a process with threads cannot be copied."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            yield self
            return
        before = signal.signal(signal.SIGALRM, lambda *_: self.draw())
        signal.setitimer(signal.ITIMER_REAL, 1, 1)
        try:
            yield self
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            self.erase()


class Pages:
    """How far a run of pages is. ``blocks`` is how many each of them has; ``kept`` pages need not run."""

    def __init__(self, blocks: dict[str, int], kept: int, stream: TextIO | None = None) -> None:
        self._blocks = blocks
        self._kept = kept
        self._now: list[str] = []
        self._done: list[str] = []
        self._failed = 0
        self.line = Line(self.told, stream)

    def told(self) -> str:
        """Where it stands, in one line."""
        done = sum(self._blocks[page] for page in self._done)
        parts = [
            f"{len(self._done)} of {len(self._blocks)} pages",
            f"{done} of {sum(self._blocks.values())} blocks",
            *([f"{self._failed} failed"] if self._failed else []),
            f"{self.line.seconds():.0f} s",
        ]
        now = ", ".join(Path(page).stem for page in self._now)
        return ", ".join(parts) + (f"; now {now}" if now else "")

    def begun(self, page: str) -> None:
        """``page`` runs."""
        self._now.append(page)
        self.line.draw()

    def ended(self, page: str, passed: bool, said: str) -> None:
        """``page`` has run; what it ``said`` is printed now, in one piece."""
        if page in self._now:
            self._now.remove(page)
        self._done.append(page)
        self._failed += not passed
        with self.line.aside():
            if said:
                print(said, flush=True)

    def sum(self) -> str:
        """What ran and how long it took, in one line."""
        kept = f", {self._kept} unchanged" if self._kept else ""
        return f"ran {len(self._done)} of {len(self._done) + self._kept} pages in {self.line.seconds():.0f} s{kept}"
