"""A client of a kernel that is ready as soon as the kernel is."""

from __future__ import annotations

import math
import time
from queue import Empty

from jupyter_client.asynchronous.client import AsyncKernelClient

# Seconds between two attempts to reach the kernel, and for the first status that it publishes afterwards.
_ANSWER_S, _STATUS_S = 1, 0.2


class PromptClient(AsyncKernelClient):
    """A client that does not wait for outputs which nobody requested.

    The base class discards such outputs until there is none for 0.2 s. The block runner only looks at
    outputs of its requests.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as in the base class
        """Return when the kernel answers and its outputs arrive. Raises ``RuntimeError`` if it ends or is too slow."""
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            self.kernel_info()
            try:
                reply = await self.shell_channel.get_msg(timeout=_ANSWER_S)
                await self.iopub_channel.get_msg(timeout=_STATUS_S)
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("the kernel ended before it was ready") from None
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the kernel was not ready after {timeout} s") from None
            else:
                self._handle_kernel_info_reply(reply)
                return
