"""A copy of this process in place of a new one: what it has imported, it need not import again."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

# Seconds between two questions whether a copy has ended.
_POLL_S = 0.01
# What a process may be told while it makes a copy.
_TOLD = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM}


class Fork:
    """A copy of this process that does ``action`` and ends with its status; waited for as a subprocess is.

    ``env`` becomes its whole environment. Fork only where this process has no other threads at work.
    """

    stdin = stdout = stderr = None  # its streams are this process's

    def __init__(self, action: Callable[[], int], env: Mapping[str, str] | None = None) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # What a signal's handler raised while Python forks would be lost in one of its hooks.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _TOLD)
        self.pid = os.fork()
        self.returncode: int | None = None
        if self.pid == 0:
            status = 1
            try:
                status = _as_new(action, env, before)
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else 1
            except KeyboardInterrupt:
                status = 130
            except BaseException:
                traceback.print_exc()  # nobody above this frame would
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:  # a handler's, which nobody would tell the copy
            self.terminate()
            self.wait()
            raise

    def poll(self) -> int | None:
        """Its status, negative for the signal that ended it; ``None`` while it runs."""
        return self._collect(os.WNOHANG)

    def wait(self) -> int:
        """Its status, once it has ended."""
        return self._collect(0)

    def _collect(self, flags: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, flags)
            except ChildProcessError:  # psutil, or a signal's handler, has waited for it already
                pid, status = self.pid, 0
            if pid and self.returncode is None:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class PipedFork(Fork):
    """A fork with pipes to this process, ``stdin`` and ``stdout`` as ``subprocess.Popen`` has them, and the file
    ``stderr``.
    """

    def __init__(self, action: Callable[[], int], stderr: BinaryIO) -> None:
        (their_in, our_in), (our_out, their_out) = os.pipe(), os.pipe()

        def piped() -> int:
            for stream, end in enumerate((their_in, their_out, stderr.fileno())):
                os.dup2(end, stream)
            for end in (their_in, our_in, our_out, their_out):
                os.close(end)
            return action()

        super().__init__(piped)
        os.close(their_in)
        os.close(their_out)
        self.stdin, self.stdout = os.fdopen(our_in, "wb"), os.fdopen(our_out, "rb")


def _as_new(action: Callable[[], int], env: Mapping[str, str] | None, mask: set[signal.Signals]) -> int:
    """Do ``action`` as a new process would: with signals as they are by default, but those of ``mask`` held back, and
    ``env`` in force.
    """
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if env is not None:
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
    return action()


def side_by_side(
    actions: Sequence[Callable[[], int]], jobs: int, begun: Callable[[int], object] = lambda place: None
) -> Iterator[tuple[int, int]]:
    """Do each of ``actions`` in a copy of this process, ``jobs`` at a time; its place and its status, as they end.

    ``begun`` is told the place of each that begins. What still runs when the iteration is given up is ended.
    """
    waiting, running = list(enumerate(actions)), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                place, action = waiting.pop(0)
                running[place] = Fork(action)
                begun(place)
            # Each is asked, for waiting for any would collect children of this process that are not of these.
            ended = [place for place, fork in running.items() if fork.poll() is not None]
            for place in ended:
                yield place, running.pop(place).returncode
            if not ended:
                time.sleep(_POLL_S)
    finally:
        for fork in running.values():
            fork.terminate()
        for fork in running.values():
            fork.wait()
