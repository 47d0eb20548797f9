"""A throw-away certificate authority, so that the stand-in can answer *as* Google's hosts."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from fakehub.hosts import METADATA_HOST


def make_certificates(folder: Path, hosts: Iterable[str]) -> ssl.SSLContext:
    """Write ``ca.pem`` into ``folder`` and return the TLS context of ``hosts``; the keys live as long as it does."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts, METADATA_HOST).configure_cert(context)
    # In this order, so that only a client that offers nothing else (gRPC) gets HTTP/2.
    context.set_alpn_protocols(["http/1.1", "h2"])
    return context
