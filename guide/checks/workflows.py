"""What every workflow of the project keeps: actions by digest, least rights, and no token where code is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} +# v\d+(\.\d+)*$")
# Rights besides reading, each alone in its job: to publish the site, which runs nothing, and to push the branch of
# made notebooks, which runs one program of the standard library. What installs and builds has none of them.
_MAY_PUBLISH = {"pages": "write", "id-token": "write"}
_MAY_PUSH = {"contents": "write"}
_PUSHES = re.compile(r"python3 scripts/publish_branch\.py [\w/]+")
_SECRET = re.compile(r"\bsecrets\.|\bgithub\.token\b|GITHUB_TOKEN")
# An event by which code of strangers is run with the project's rights.
_RISKY = {"pull_request_target", "workflow_run"}


def broken_rules(path: Path) -> list[str]:
    """A line for each rule that the workflow at ``path`` breaks."""
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    found = [f"line {number}: not pinned by digest, with its version: {line.strip()}" for number, line in _uses(text)]
    events = workflow.get(True, {})  # YAML takes the key `on` for a truth
    found += [f"it runs on {event}" for event in sorted(_RISKY & set([events] if isinstance(events, str) else events))]
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("permissions of the whole are not `contents: read`")
    for name, job in workflow["jobs"].items():
        found += [f"job {name}: {why}" for why in _of_job(job)]
    if secret := _SECRET.search(text):
        found.append(f"it reads a secret: {secret[0]}")
    return found


def _uses(text: str) -> list[tuple[int, str]]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if "uses:" in line]
    return [(number, line) for number, line in lines if not _PINNED.search(line.partition("uses:")[2].strip())]


def _of_job(job: dict[str, Any]) -> list[str]:
    found = []
    steps = job.get("steps", [])
    rights = job.get("permissions", {})
    commands = [step["run"] for step in steps if "run" in step]
    pushes = rights == _MAY_PUSH and all(map(_PUSHES.fullmatch, commands))
    if rights and not pushes and (commands or rights != _MAY_PUBLISH):
        found.append("has rights besides reading, and runs code or is not the one that publishes")
    if "timeout-minutes" not in job and commands:
        found.append("has no time limit")
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout@") and not pushes:
            with_ = step.get("with", {})
            if with_.get("persist-credentials") is not False or "token" in with_:
                found.append("leaves the token of the checkout to what runs after it")
    return found
