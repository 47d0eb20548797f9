"""Rules for workflows: actions pinned by digest, least permissions, and no token where code runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} +# v\d+(\.\d+)*$")
# The only permissions besides reading, each in a job that has nothing else: one publishes the site and runs no code,
# one pushes the branch of generated notebooks, one writes an issue. The last two run one program each, which uses the
# standard library only. Jobs that install or build have none of them.
_MAY_PUBLISH = {"pages": "write", "id-token": "write"}
_MAY_PUSH = {"contents": "write"}
_MAY_REPORT = {"contents": "read", "issues": "write"}
_REPORTS = re.compile(r"python3 scripts/report_issue\.py [\w/.]+")
_PUSHES = re.compile(r"python3 scripts/publish_branch\.py [\w/]+")
_SECRET = re.compile(r"\bsecrets\.|\bgithub\.token\b|GITHUB_TOKEN")
# A step that restores a cache: the action for it, or an option of those that install a language.
_CACHES = re.compile(r"actions/cache(?:/restore)?@|\"cache\": (?!false)")
# Events that run strangers' code with the project's permissions.
_RISKY = {"pull_request_target", "workflow_run"}


def broken_rules(path: Path) -> list[str]:
    """Return a line for each rule that the workflow at ``path`` breaks."""
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    problems = [
        f"line {number}: action not pinned by digest with its version: {line}" for number, line in _unpinned(text)
    ]
    events = workflow.get(True, {})  # YAML 1.1 reads the key `on` as a boolean
    problems += [
        f"it runs on {event}" for event in sorted(_RISKY & set([events] if isinstance(events, str) else events))
    ]
    if workflow.get("permissions") != {"contents": "read"}:
        problems.append("the workflow's permissions are not `contents: read`")
    for name, job in workflow["jobs"].items():
        problems += [f"job {name}: {problem}" for problem in _job_problems(job)]
    if _publishes(workflow) and (step := _CACHES.search(json.dumps(workflow["jobs"]))):
        problems.append(f"it publishes what a pull request may have put into a cache: {step[0]}")
    # The job that writes an issue needs the token for it.
    others = {name: job for name, job in workflow["jobs"].items() if not _reports(job)}
    if secret := _SECRET.search(json.dumps(others | {"": workflow.get("env")})):
        problems.append(f"it reads a secret: {secret[0]}")
    return problems


def _unpinned(text: str) -> list[tuple[int, str]]:
    """Return the lines (numbered from 1) that use an action without a digest."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if "uses:" in line]
    return [(number, line) for number, line in lines if not _PINNED.search(line.partition("uses:")[2].strip())]


def _publishes(workflow: dict[str, Any]) -> bool:
    """Return whether a job publishes the site or pushes a branch."""
    return any({"pages", "contents"} & _written(job) for job in workflow["jobs"].values())


def _written(job: dict[str, Any]) -> set[str]:
    return {name for name, right in job.get("permissions", {}).items() if right == "write"}


def _reports(job: dict[str, Any]) -> bool:
    """Return whether a job only writes an issue."""
    commands = [step["run"] for step in job.get("steps", []) if "run" in step]
    return job.get("permissions") == _MAY_REPORT and all(map(_REPORTS.fullmatch, commands))


def _job_problems(job: dict[str, Any]) -> list[str]:
    problems = []
    steps = job.get("steps", [])
    permissions = job.get("permissions", {})
    commands = [step["run"] for step in steps if "run" in step]
    pushes = permissions == _MAY_PUSH and all(map(_PUSHES.fullmatch, commands))
    if permissions and not pushes and not _reports(job) and (commands or permissions != _MAY_PUBLISH):
        problems.append("has permissions besides reading, but runs code or is not the job that publishes")
    if "timeout-minutes" not in job and commands:
        problems.append("has no time limit")
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout@") and not pushes:
            inputs = step.get("with", {})
            if inputs.get("persist-credentials") is not False or "token" in inputs:
                problems.append("leaves the checkout's token to later steps")
    return problems
