"""The server process: storage over TLS, the metadata server and, where asked for, the proxy; one event loop.

``python -m fakehub.server CONFIG.json`` prints one JSON line with its ports when it is ready and ends when its
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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import web

from fakehub.clock import Clock
from fakehub.dns import Names
from fakehub.facts import Facts, FactsError, load
from fakehub.front import Front, Service, storage_service
from fakehub.identity import Identities
from fakehub.layout import Layouts, SplitByAlpn
from fakehub.log import Log
from fakehub.metadata import Metadata
from fakehub.processes import end, of_session
from fakehub.proxy import start_proxy
from fakehub.storage.api import Storage
from fakehub.storage.objects import Store
from fakehub.tls import METADATA_HOST, STORAGE_HOSTS, make_certificates


@dataclass(frozen=True)
class Config:
    """What to serve: the facts, the working directory, an optional state directory, the ports (0: a free one).

    ``plain_port`` answers storage without TLS as well; only measuring beside servers that speak plain HTTP needs it.
    """

    hub_yml: str
    workdir: str
    state: str | None = None
    tls_port: int = 0
    metadata_port: int = 0
    dns_port: int = 0
    plain_port: int | None = None
    proxy: bool = False


async def serve(config: Config) -> None:
    """Serve until standard input ends or SIGTERM comes. Raises ``FactsError`` and ``OSError`` (a busy port)."""
    facts = load(Path(config.hub_yml))
    async with AsyncExitStack() as parts:
        print(json.dumps(await _start(config, facts, parts)), flush=True)
        if await _starter_is_gone():
            end(of_session(config.workdir))
            shutil.rmtree(config.workdir, ignore_errors=True)


async def _start(config: Config, facts: Facts, parts: AsyncExitStack) -> dict[str, int]:
    """Start every part; ``parts`` ends them. The port of each."""
    folder = Path(config.workdir)
    clock, log = Clock(), Log(folder)
    identities = Identities(facts, clock)
    store = Store(facts.buckets.options, clock, folder / "spill", Path(config.state) if config.state else None)
    parts.callback(store.close)
    services = dict.fromkeys(STORAGE_HOSTS, storage_service(Storage(store, clock), identities))
    front = await _runner(Front(services, log).handle, parts)
    metadata = await _runner(Metadata(facts, identities).handle, parts)
    layouts = Layouts(facts.buckets.options, facts.hub.region, identities, log.rpc)
    split, context = partial(SplitByAlpn, front.server, layouts), make_certificates(folder)
    loop = asyncio.get_running_loop()
    tls = await loop.create_server(split, "127.0.0.1", config.tls_port, ssl=context, backlog=1024)
    parts.callback(tls.close)
    await web.TCPSite(metadata, "127.0.0.1", config.metadata_port).start()
    if config.plain_port is not None:
        await web.TCPSite(front, "127.0.0.1", config.plain_port).start()
    ready = {"tls": tls.sockets[0].getsockname()[1], "metadata": metadata.addresses[0][1]}
    if config.proxy:
        ports = dict.fromkeys(STORAGE_HOSTS, ready["tls"]) | {METADATA_HOST: ready["metadata"]}
        proxy = await start_proxy(ports, log.refused)
        parts.callback(proxy.close)
        ready["proxy"] = proxy.sockets[0].getsockname()[1]
    else:
        names, _ = await loop.create_datagram_endpoint(partial(Names, log.refused), ("127.0.0.1", config.dns_port))
        parts.callback(names.close)
    return ready


async def _runner(handle: Service, parts: AsyncExitStack) -> web.ServerRunner:
    """A web server made of one handler, without a port yet."""
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    return runner


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
