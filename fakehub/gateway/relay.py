"""The gateway's port: listens from the beginning, and starts the real server at the first connection."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
import psutil

from fakehub.gateway.variables import GatewaySettings
from fakehub.isolation.processes import end, last_line
from fakehub.isolation.proxy import tunnel
from fakehub.ports import LOOPBACK, free_port
from hubfacts.schema import DaskGateway

_CONFIG = Path(__file__).with_name("dask_gateway_config.py")


class GatewayError(Exception):
    """The server cannot run; the message is one line."""


class GatewayRelay:
    """Forwards every connection to dask-gateway-server, which costs nothing until the first one."""

    def __init__(self, facts: DaskGateway, hub_yml: str, folder: Path) -> None:
        self._prefix, self._hub_yml, self._folder = facts.url_prefix, hub_yml, folder
        self._log = folder / "gateway.log"
        self._listening: asyncio.Server | None = None
        self._server: psutil.Popen | None = None
        self._started: asyncio.Future[int] | None = None

    async def listen(self) -> int:
        """Listen on a free port of 127.0.0.1 and return it."""
        self._listening = await asyncio.start_server(self._serve, LOOPBACK, 0)
        return self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and terminate the server if it runs; its clusters end with it."""
        if self._listening:
            self._listening.close()
        if self._started:
            self._started.cancel()
        if self._server:
            end([self._server])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._started is None:
            self._started = asyncio.ensure_future(self._start())
        with contextlib.suppress(OSError):
            try:
                # Shielded, so that a client that gives up does not cancel the start for the others.
                port = await asyncio.shield(self._started)
            except GatewayError as error:
                writer.write(_error_response(str(error)))
            else:
                await tunnel(reader, writer, port)
        writer.close()

    async def _start(self) -> int:
        """Start the server, wait until it answers, and return its port. Raises ``GatewayError``."""
        _check_installed()
        port = free_port()
        server = self._server = self._launch(port)
        async with aiohttp.ClientSession() as client:
            while server.poll() is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"http://{LOOPBACK}:{port}{self._prefix}/api/health") as answer:
                        if answer.status == 200:
                            return port
                await asyncio.sleep(0.05)
        raise GatewayError(f"the Dask Gateway did not start: {last_line(self._log)}")

    def _launch(self, port: int) -> psutil.Popen:
        try:
            settings = GatewaySettings.read(self._folder)
        except OSError as error:
            raise GatewayError("the Dask Gateway runs in a session only, and there is none here") from error
        address = f"--Proxy.address={LOOPBACK}:{port}"
        command = [sys.executable, "-m", "dask_gateway_server", "-f", str(_CONFIG), address]
        env = os.environ | settings.connection_variables | {"FAKEHUB_HUB_YML": self._hub_yml}
        with self._log.open("wb") as output:
            return psutil.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def _check_installed() -> None:
    """Raise ``GatewayError`` unless the server and the program of its proxy are installed."""
    spec = importlib.util.find_spec("dask_gateway_server")
    if spec is None or spec.origin is None:
        raise GatewayError("the Dask Gateway is not installed: pip install dask-gateway-server")
    if not (Path(spec.origin).parent / "proxy" / "dask-gateway-proxy").is_file():
        raise GatewayError("the Dask Gateway has no proxy program, which PyPI's wheels for Linux and macOS have")


def _error_response(message: str) -> bytes:
    """Format an error as the server does; clients raise ``GatewayServerError`` with the message."""
    body = json.dumps({"error": message}).encode()
    head = f"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body
