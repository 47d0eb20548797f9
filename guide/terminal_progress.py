"""Progress of a long command: one line that is rewritten on a terminal, and a few plain lines elsewhere."""

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

# Without a terminal: seconds until the first line, and the longest pause between two lines.
_FIRST_S, _LONGEST_PAUSE_S = 15, 120
_ERASE = "\r\x1b[2K"


class ProgressLine:
    """The progress line of a command on ``stream`` (default: standard error).

    ``describe`` returns the text of the line each time it is drawn.
    """

    def __init__(self, describe: Callable[[], str], stream: TextIO | None = None) -> None:
        self._describe = describe
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = False
        self._busy = False
        self._started = time.monotonic()
        self._pause = self._next = _FIRST_S

    def seconds(self) -> float:
        """Return the seconds since the line was created."""
        return time.monotonic() - self._started

    def draw(self) -> None:
        """Draw the line on a terminal; elsewhere print it if the pause since the last one is over."""
        if self._busy:
            return
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            text = self._describe()
            self._write(_ERASE + (text if len(text) <= width else text[: width - 1] + "…"))
            self._shown = True
        elif self.seconds() >= self._next:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)
            self._next += self._pause
            self._write(self._describe() + "\n")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hide the line while something else is printed."""
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
        """Erase the line from the terminal."""
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _write(self, text: str) -> None:
        # Bypass Python's buffer: the signal that draws the line may arrive during another write to the buffer.
        self._stream.flush()
        os.write(self._stream.fileno(), text.encode(errors="replace"))

    @contextmanager
    def ticking(self) -> Iterator[ProgressLine]:
        """Draw the line every second until the block ends.

        A signal does it, not a thread: this process may be forked meanwhile, which is not safe with threads.
        """
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


class PageProgress:
    """Progress of a run of pages.

    ``blocks`` maps each page that runs to its number of blocks; ``kept`` is the number of pages that need not run.
    """

    def __init__(self, blocks: dict[str, int], kept: int, stream: TextIO | None = None) -> None:
        self._blocks = blocks
        self._kept = kept
        self._running: list[str] = []
        self._done: list[str] = []
        self._failed = 0
        self.line = ProgressLine(self.text, stream)

    def text(self) -> str:
        """Return the progress in one line."""
        done = sum(self._blocks[page] for page in self._done)
        parts = [
            f"{len(self._done)} of {len(self._blocks)} pages",
            f"{done} of {sum(self._blocks.values())} blocks",
            *([f"{self._failed} failed"] if self._failed else []),
            f"{self.line.seconds():.0f} s",
        ]
        running = ", ".join(Path(page).stem for page in self._running)
        return ", ".join(parts) + (f"; now {running}" if running else "")

    def page_started(self, page: str) -> None:
        """Note that ``page`` has started."""
        self._running.append(page)
        self.line.draw()

    def page_ended(self, page: str, passed: bool, output: str) -> None:
        """Note that ``page`` has ended, and print its ``output`` in one piece."""
        if page in self._running:
            self._running.remove(page)
        self._done.append(page)
        self._failed += not passed
        with self.line.aside():
            if output:
                print(output, flush=True)

    def summary(self) -> str:
        """Return how many pages ran and how long that took, in one line."""
        kept = f", {self._kept} unchanged" if self._kept else ""
        return f"ran {len(self._done)} of {len(self._done) + self._kept} pages in {self.line.seconds():.0f} s{kept}"
