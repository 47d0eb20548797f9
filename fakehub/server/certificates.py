"""A throw-away certificate authority, which lets the stand-in answer as Google's hosts."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from fakehub.hosts import METADATA_HOST, STORAGE_HOST


def make_certificates(folder: Path, hosts: Iterable[str]) -> ssl.SSLContext:
    """Write ``ca.pem`` to ``folder`` and return a TLS context for ``hosts`` and for the hosts of buckets.

    The private keys stay in memory.
    """
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts, METADATA_HOST, f"*.{STORAGE_HOST}").configure_cert(context)
    # HTTP/1.1 comes first, so that only clients that offer nothing else (gRPC) get HTTP/2.
    context.set_alpn_protocols(["http/1.1", "h2"])
    return context
