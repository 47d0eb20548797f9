"""A throw-away certificate authority, so that the stand-in can answer *as* Google's hosts."""

from __future__ import annotations

import ssl
from pathlib import Path

STORAGE_HOSTS = ("storage.googleapis.com", "www.googleapis.com")
METADATA_HOST = "metadata.google.internal"


def make_certificates(folder: Path) -> ssl.SSLContext:
    """Write ``ca.pem`` into ``folder`` and return the server's TLS context; the keys live as long as it does."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*STORAGE_HOSTS, METADATA_HOST).configure_cert(context)
    # In this order, so that only a client that offers nothing else (gRPC) gets HTTP/2.
    context.set_alpn_protocols(["http/1.1", "h2"])
    return context
