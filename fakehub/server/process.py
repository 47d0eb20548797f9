"""The server process of a session: storage, accounts, metadata server, proxy and controls in one event loop.

``python -m fakehub.server.process CONFIG.json`` prints its ports as one line of JSON when it is ready. It exits when
its standard input is closed, so that it never outlives its parent.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import resource
import shutil
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from fakehub.isolation.processes import end_session
from fakehub.server.assemble import start_parts
from fakehub.server.config import Config
from fakehub.server.quiet_clients import silence_client_errors
from fakehub.server.storage_only import facts_without_buckets, start_storage
from hubfacts.load import FactsError, load

# The most files that the server keeps open, if the system allows as many.
_OPEN_FILES = 65536


async def serve(config: Config) -> None:
    """Serve until standard input is closed or SIGTERM arrives.

    Raises ``FactsError``, and ``OSError`` if a port is in use.
    """
    silence_client_errors()
    _allow_open_files()
    start = start_storage if config.storage_only else start_parts
    facts = load(Path(config.hub_yml)) if config.hub_yml else facts_without_buckets()
    async with AsyncExitStack() as parts:
        print(json.dumps(await start(config, facts, parts)), flush=True)
        if await _parent_was_killed():
            end_session(config.workdir)
            shutil.rmtree(config.workdir, ignore_errors=True)


def _allow_open_files() -> None:
    """Raise the limit of open files, which each connection needs, and each large object while it is read."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _parent_was_killed() -> bool:
    """Wait for SIGTERM (``False``) or for the end of standard input, which means that the parent died (``True``)."""
    loop = asyncio.get_running_loop()
    terminated = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    # Ctrl-C reaches every process of the terminal, but the parent decides when this one stops.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    waits: list[asyncio.Future[object]] = [
        asyncio.ensure_future(reader.read()),
        asyncio.ensure_future(terminated.wait()),
    ]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return not terminated.is_set()


def main(path: str) -> int:
    """Serve according to the configuration file; return 1 after a one-line error message if that is impossible."""
    config = Config(**json.loads(Path(path).read_text(encoding="utf-8")))
    try:
        _run(config)
    except (FactsError, OSError) as error:
        print(_in_one_line(error), file=sys.stderr)
        return 1
    return 0


def _run(config: Config) -> None:
    try:
        import uvloop
    except ImportError:  # not available on Windows
        asyncio.run(serve(config))
    else:
        uvloop.run(serve(config))


def _in_one_line(error: Exception) -> str:
    """Return the error's message, with advice if a port is in use."""
    is_busy = getattr(error, "errno", None) == errno.EADDRINUSE
    port = re.search(r"\('[^']+', (\d+)", str(error)) if is_busy else None
    if not port:
        return str(error)
    return f"port {port[1]} is in use; stop the process that listens there, or use port 0 for any free port"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
