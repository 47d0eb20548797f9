"""The request log of a session: what was asked, by whom, and with what result; and which other hosts were asked for."""

from __future__ import annotations

import json
import time
from pathlib import Path

from aiohttp import web


class Log:
    """One JSON line a request in ``requests.jsonl``; hosts that are not the stand-in's in ``refused.txt``."""

    def __init__(self, folder: Path) -> None:
        self._requests = (folder / "requests.jsonl").open("a", encoding="utf-8", buffering=1)
        self._refused = folder / "refused.txt"

    def request(self, request: web.BaseRequest, persona: str, status: int, size: int, started: float) -> None:
        """Note one answered request; ``size`` in bytes, ``started`` as ``time.perf_counter`` gave it."""
        row = {"time": round(time.time(), 3), "method": request.method, "host": request.host}
        row |= {"path": request.raw_path, "persona": persona, "status": status, "bytes": size}
        self._requests.write(json.dumps(row | {"seconds": round(time.perf_counter() - started, 6)}) + "\n")

    def rpc(self, host: str, path: str, persona: str, status: int, size: int, started: float) -> None:
        """Note one question answered over gRPC, in the same form."""
        row = {"time": round(time.time(), 3), "method": "POST", "host": host, "path": path, "persona": persona}
        row |= {"status": status, "bytes": size, "seconds": round(time.perf_counter() - started, 6)}
        self._requests.write(json.dumps(row) + "\n")

    def refused(self, host: str) -> None:
        """Note a host that is not the stand-in's."""
        with self._refused.open("a", encoding="utf-8") as file:
            file.write(host + "\n")
