"""What the web server says on standard error: nothing of clients that speak no HTTP or break off."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def silence_client_errors() -> None:
    """Leave out the tracebacks of what clients did; those of our own errors stay."""
    logging.getLogger("aiohttp.server").addFilter(_is_ours)


def _is_ours(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | ConnectionError))
