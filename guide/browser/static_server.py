"""Serves a built site as its host does: compressed, with the headers of ``_headers``."""

from __future__ import annotations

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".md")


def packed(path: Path) -> bytes:
    """What a host sends of this file."""
    return _packed(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _packed(path: Path, _: int) -> bytes:
    """As a host does it once, when the site is put there."""
    body = path.read_bytes()
    return gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else body


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of ``site`` on a free port of this machine."""
    handler = functools.partial(_Handler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def headers_for(site: Path, path: str) -> dict[str, str]:
    """The headers that the site's ``_headers`` gives to ``path`` (which begins with a slash)."""
    found: dict[str, str] = {}
    given = site / "_headers"
    applies = False
    for line in given.read_text(encoding="utf-8").splitlines() if given.is_file() else []:
        if line.startswith("/"):
            applies = line in {"/*", path}
        elif line.startswith("  ") and applies:
            name, _, value = line.strip().partition(": ")
            found[name] = value
    return found


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".webp": "image/webp"}

    def do_GET(self) -> None:
        """Send the file."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        missing = not path.is_file()
        if missing:
            path = Path(self.directory) / "404.html"
        body = packed(path) if path.is_file() else b""
        self.send_response(404 if missing else 200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in _COMPRESSED:
            self.send_header("Content-Encoding", "gzip")
        for name, value in headers_for(Path(self.directory), self.path.split("?")[0]).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
