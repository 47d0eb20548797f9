"""Serve a built site locally as its host does: compressed, and with the headers of ``_headers``."""

from __future__ import annotations

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COMPRESSED = (".html", ".css", ".js", ".mjs", ".wasm", ".json", ".svg", ".xml", ".txt", ".md")


def response_body(path: Path) -> bytes:
    """Return the bytes that a host sends for this file."""
    return _response_body(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _response_body(path: Path, modified_ns: int) -> bytes:
    """Compress each version of a file once, as a host does when a site is uploaded."""
    body = path.read_bytes()
    return gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else body


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve ``site`` on a free port of this machine and yield its address."""
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
    """Return the headers that the site's ``_headers`` sets for ``path``, which begins with a slash."""
    headers: dict[str, str] = {}
    file = site / "_headers"
    applies = False
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        if line.startswith("/"):
            applies = path.startswith(line[:-1]) if line.endswith("*") else line == path
        elif line.startswith("  ") and applies:
            name, _, value = line.strip().partition(": ")
            headers[name] = value
    return headers


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the browser to acknowledge its headers
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".webp": "image/webp",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def do_GET(self) -> None:
        """Send a file, or ``404.html`` if there is no such file."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        missing = not path.is_file()
        if missing:
            path = Path(self.directory) / "404.html"
        body = response_body(path) if path.is_file() else b""
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
        """Log nothing."""
