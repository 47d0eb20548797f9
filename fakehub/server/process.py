"""The server process: storage over TLS, the metadata server and, where asked for, the proxy; one event loop.

``python -m fakehub.server.process CONFIG.json`` prints one JSON line with its ports when it is ready and ends when its
standard input does, so that it never outlives who started it.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import shutil
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from fakehub.isolation.processes import end_session
from fakehub.server.assemble import start_parts
from fakehub.server.config import Config
from fakehub.server.quiet_clients import silence_client_errors
from hubfacts.load import FactsError, load


async def serve(config: Config) -> None:
    """Serve until standard input ends or SIGTERM comes. Raises ``FactsError`` and ``OSError`` (a busy port)."""
    silence_client_errors()
    facts = load(Path(config.hub_yml))
    async with AsyncExitStack() as parts:
        print(json.dumps(await start_parts(config, facts, parts)), flush=True)
        if await _starter_is_gone():
            end_session(config.workdir)
            shutil.rmtree(config.workdir, ignore_errors=True)


async def _starter_is_gone() -> bool:
    """Wait until told to end (``False``) or until standard input ends because the starter was killed."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    # Ctrl-C goes to the whole terminal; who started this process decides when it ends.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    waits = [asyncio.ensure_future(reader.read()), asyncio.ensure_future(told.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return not told.is_set()


def main(path: str) -> int:
    """Serve what the configuration file at ``path`` says; 1, with one line on stderr, when that cannot be."""
    config = Config(**json.loads(Path(path).read_text(encoding="utf-8")))
    try:
        import uvloop

        run = uvloop.run
    except ImportError:  # Windows has none
        run = asyncio.run
    try:
        run(serve(config))
    except (FactsError, OSError) as error:
        print(_in_one_line(error), file=sys.stderr)
        return 1
    return 0


def _in_one_line(error: Exception) -> str:
    """What was wrong, and what to do where that is not plain."""
    is_busy = getattr(error, "errno", None) == errno.EADDRINUSE
    port = re.search(r"'127\.0\.0\.1', (\d+)", str(error)) if is_busy else None
    return f"port {port[1]} is in use; end what listens there, or ask for port 0, any free one" if port else str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
