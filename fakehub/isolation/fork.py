"""Child processes that are copies of this one, so that they need not import again what it has imported."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

# The exit status of a child that something else has reaped, so that nobody knows how it ended. asyncio uses the same.
UNKNOWN_STATUS = 255
# Interval at which running children are polled, in seconds.
_POLL_S = 0.01
# Signals that are blocked during a fork.
_BLOCKED = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM}


class Fork:
    """A child process that runs ``action`` and exits with its result. It has the interface of ``subprocess.Popen``.

    ``env`` replaces its environment. Fork only while this process has no other running threads.
    """

    # The child shares the streams of this process.
    stdin: BinaryIO | None = None
    stdout: BinaryIO | None = None
    stderr: BinaryIO | None = None

    def __init__(self, action: Callable[[], int], env: Mapping[str, str] | None = None) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # An exception that a signal handler raised during the fork would be lost in one of Python's fork hooks.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
        self.pid = os.fork()
        self.returncode: int | None = None
        if self.pid == 0:
            status = 1
            try:
                status = _run_in_child(action, env, mask)
            except SystemExit as error:
                status = error.code if isinstance(error.code, int) else 1
            except KeyboardInterrupt:
                status = 130
            except BaseException:
                traceback.print_exc()  # there is no caller in the child that would print it
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        except BaseException:  # raised by a signal handler; without this, the child would continue to run
            self.terminate()
            self.wait()
            raise

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal, or ``None`` while the child runs."""
        self._collect(os.WNOHANG)
        return self.returncode

    def wait(self) -> int:
        """Wait for the child to exit and return its exit status, negative for a signal."""
        while self.returncode is None:
            self._collect(0)
        return self.returncode

    def _collect(self, flags: int) -> None:
        """Set ``returncode`` if the child has exited, to ``UNKNOWN_STATUS`` if something else has reaped it.

        psutil does that, for example, when it waits for a child of this process.
        """
        if self.returncode is not None:
            return
        try:
            pid, status = os.waitpid(self.pid, flags)
        except ChildProcessError:
            code = UNKNOWN_STATUS
        else:
            if not pid:
                return
            code = os.waitstatus_to_exitcode(status)
        # A signal handler that ran during waitpid may have called poll and set the status.
        if self.returncode is None:
            self.returncode = code

    def send_signal(self, number: int) -> None:
        """Send a signal to the child, unless it has exited."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM to the child."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the child."""
        self.send_signal(signal.SIGKILL)


class PipedFork(Fork):
    """A fork whose ``stdin`` and ``stdout`` are pipes to this process, and whose ``stderr`` is a file."""

    stdin: BinaryIO
    stdout: BinaryIO

    def __init__(self, action: Callable[[], int], stderr: BinaryIO) -> None:
        (child_in, parent_in), (parent_out, child_out) = os.pipe(), os.pipe()

        def run_with_pipes() -> int:
            for stream, end in enumerate((child_in, child_out, stderr.fileno())):
                os.dup2(end, stream)
            for end in (child_in, parent_in, parent_out, child_out):
                os.close(end)
            return action()

        super().__init__(run_with_pipes)
        os.close(child_in)
        os.close(child_out)
        self.stdin, self.stdout = os.fdopen(parent_in, "wb"), os.fdopen(parent_out, "rb")


def _run_in_child(action: Callable[[], int], env: Mapping[str, str] | None, mask: Iterable[int]) -> int:
    """Run ``action`` as a new process would: with default signal handlers, the signal ``mask`` and ``env``."""
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
    actions: Sequence[Callable[[], int]], jobs: int, on_start: Callable[[int], object] = lambda place: None
) -> Iterator[tuple[int, int]]:
    """Run each of ``actions`` in a fork, ``jobs`` at a time, and yield its place and exit status as it ends.

    Calls ``on_start`` with the place of each action that starts. Closing the iterator terminates what still runs.
    """
    waiting = list(enumerate(actions))
    running: dict[int, Fork] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                place, action = waiting.pop(0)
                running[place] = Fork(action)
                on_start(place)
            # Poll each one, because waiting for any child would also reap other children of this process.
            ended = {place: status for place, fork in running.items() if (status := fork.poll()) is not None}
            for place, status in ended.items():
                del running[place]
                yield place, status
            if not ended:
                time.sleep(_POLL_S)
    finally:
        for fork in running.values():
            fork.terminate()
        for fork in running.values():
            fork.wait()
