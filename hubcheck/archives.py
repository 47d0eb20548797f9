"""Public archives and the pod of the Open Storage Network, read without an account."""

from __future__ import annotations

from collections.abc import Iterator

from hubcheck.common import Hub, Observation, send


def archives(hub: Hub) -> Iterator[Observation]:
    """Compare the layout of each archive, and whether everybody may list the pod's buckets."""
    for name, archive in hub.guide["archives"].items():
        answer = send("GET", archive["address"])
        layout = answer.json()
        seen = f"chunks {layout.get('chunks')} of {layout.get('dtype')}" if answer.status == 200 else answer.summary
        yield hub.observed(f"archive.{name}", f"chunks {archive['chunks']} of {archive['dtype']}", seen)
    pod = hub.guide["osn"]
    for bucket in pod["buckets"] if pod else ():
        listed = send("GET", f"{pod['endpoint']}/{bucket}?list-type=2&max-keys=1")
        yield hub.observed(f"osn.{bucket}.list", "200", listed.summary)
