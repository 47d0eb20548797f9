"""``make facts``: compare the facts with the operator's repository and the community's documentation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from guide.facts import load
from guide.upstream.compare import compare
from guide.upstream.record import Record, write_record
from guide.upstream.report import commit_of, report
from guide.upstream.settings import UpstreamError, upstream_of
from hubfacts.strict_yaml import read_mapping


def check_facts(hub_yml: Path, checkout: Path, docs: Path | None, checked: date | None) -> int:
    """Print what changed since the facts in ``hub_yml`` were written; return 1 if anything did, else 0.

    ``checkout`` is a copy of the operator's repository, ``docs`` one of the documentation. If nothing changed, the date
    ``checked`` is recorded beside the facts. Raises ``UpstreamError`` and ``FactsError``.
    """
    upstream = upstream_of(hub_yml)
    for folder in (checkout, docs):
        if folder and not folder.is_dir():
            raise UpstreamError(f"{folder}: there is no such folder; name a checkout of the repository")
    if checked and upstream.documentation and not docs:
        raise UpstreamError("RECORD needs DOCS too: facts from the documentation were not compared")
    load(hub_yml)  # raises for facts that are not those of a hub
    findings = compare(read_mapping(hub_yml) or {}, upstream, checkout, docs)
    commits = {"configuration": commit_of(checkout)}
    if docs and upstream.documentation:
        commits[upstream.documentation.source] = commit_of(docs)
    print(report(findings, commits))
    if any(finding.verdict == "changed" for finding in findings):
        return 1
    if checked:
        lines = {one.key: f"{one.source} {one.place}" for one in findings if one.verdict == "confirmed" and one.place}
        write_record(hub_yml, Record(checked, {name: str(commit) for name, commit in commits.items()}, lines))
    return 0
