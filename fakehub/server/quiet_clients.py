"""Keep errors that clients cause out of the web server's error log: malformed HTTP and broken connections."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def silence_client_errors() -> None:
    """Suppress the tracebacks of errors that clients cause; those of the server's own errors stay."""
    logging.getLogger("aiohttp.server").addFilter(_is_server_error)


def _is_server_error(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | ConnectionError))
