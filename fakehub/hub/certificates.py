"""Certificates for the hub's and GitHub's hosts, which the session's programs trust."""

from __future__ import annotations

from pathlib import Path

import trustme

from fakehub.hub.settings import certificate


def make_certificates(folder: Path, hosts: dict[str, tuple[str, ...]]) -> None:
    """Write a key and a certificate for each name in ``hosts`` to ``folder``, and add their authority to ``ca.pem``.

    ``hosts`` maps a name to the hosts that its certificate is for.
    """
    authority = trustme.CA()
    with (folder / "ca.pem").open("ab") as trusted:
        trusted.write(authority.cert_pem.bytes())
    for name, certified in hosts.items():
        issued = authority.issue_cert(*certified)
        key, pem = certificate(folder, name)
        key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(str(key))
        pem.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
