"""Certificates of the hub's and GitHub's hosts, which the session's programs trust."""

from __future__ import annotations

from pathlib import Path

import trustme

from fakehub.hub.settings import certificate


def make_certificates(folder: Path, hosts: dict[str, tuple[str, ...]]) -> None:
    """Write key and certificate of each name of ``hosts`` into ``folder``, and add who issued them to ``ca.pem``."""
    authority = trustme.CA()
    with (folder / "ca.pem").open("ab") as trusted:
        trusted.write(authority.cert_pem.bytes())
    for name, answered in hosts.items():
        issued = authority.issue_cert(*answered)
        key, pem = certificate(folder, name)
        key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(str(key))
        pem.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
