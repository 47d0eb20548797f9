"""The server process: storage over TLS, the metadata server and, where asked for, the proxy; one event loop.

``python -m fakehub.server CONFIG.json`` prints one JSON line with its ports when it is ready and ends when its
standard input does, so that it never outlives who started it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from fakehub.clock import Clock
from fakehub.facts import FactsError, load
from fakehub.front import Front, storage_service
from fakehub.identity import Identities
from fakehub.log import Log
from fakehub.metadata import Metadata
from fakehub.processes import end, of_session
from fakehub.proxy import start_proxy
from fakehub.storage.api import Storage
from fakehub.storage.objects import Store
from fakehub.tls import METADATA_HOST, STORAGE_HOSTS, make_certificates


@dataclass(frozen=True)
class Config:
    """What to serve: the facts, the working directory, an optional state directory, the ports (0: a free one)."""

    hub_yml: str
    workdir: str
    state: str | None = None
    tls_port: int = 0
    metadata_port: int = 0
    proxy: bool = False


async def serve(config: Config) -> None:
    """Serve until standard input ends or SIGTERM comes. Raises ``FactsError`` and ``OSError`` (a busy port)."""
    facts = load(Path(config.hub_yml))
    folder = Path(config.workdir)
    clock, log = Clock(), Log(folder)
    identities = Identities(facts, clock)
    store = Store(facts.buckets.options, clock, folder / "spill", Path(config.state) if config.state else None)
    services = dict.fromkeys(STORAGE_HOSTS, storage_service(Storage(store, clock), identities))
    front = web.ServerRunner(web.Server(Front(services, log).handle, access_log=None))
    metadata = web.ServerRunner(web.Server(Metadata(facts, identities).handle, access_log=None))
    runners = (front, metadata)
    proxy = None
    try:
        for runner in runners:
            await runner.setup()
        context = make_certificates(folder)
        await web.TCPSite(front, "127.0.0.1", config.tls_port, ssl_context=context).start()
        await web.TCPSite(metadata, "127.0.0.1", config.metadata_port).start()
        ready = {"tls": front.addresses[0][1], "metadata": metadata.addresses[0][1]}
        if config.proxy:
            ports = dict.fromkeys(STORAGE_HOSTS, ready["tls"]) | {METADATA_HOST: ready["metadata"]}
            proxy = await start_proxy(ports, log.refused)
            ready["proxy"] = proxy.sockets[0].getsockname()[1]
        print(json.dumps(ready), flush=True)
        if await _starter_is_gone():
            end(of_session(config.workdir))
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        if proxy:
            proxy.close()
        for runner in runners:
            await runner.cleanup()
        store.close()


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
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
