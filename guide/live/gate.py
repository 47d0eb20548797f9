"""The gate: run each page in Node.js with the files of the browser, and compare its outputs with the proven ones.

Only pages that agree get the button *Run here*.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache as cached
from pathlib import Path
from typing import Any

import nbformat

from fakehub.browser import plain_models
from fakehub.session.environment import hub_variables
from guide.facts import load as load_facts
from guide.live import differences
from guide.live.pack import Packs, node
from guide.live.pages import LivePage
from guide.live.verdicts import BOOT, Verdict, verdict_from
from guide.pages.blocks import EXAMPLE_USER
from guide.paths import HUB_YML, ROOT
from guide.run import compare_outputs
from guide.run import recorded_outputs as records
from guide.run.block_failures import BlockFailure, check_error
from guide.run.page_session import visible_outputs
from hubfacts import public_data
from hubfacts.load import load as load_hub

_RUN = Path(__file__).parent / "node" / "run.mjs"
# What decides about a page, besides what runs in the browser.
_CODE = [_RUN, _RUN.with_name("checks.py"), differences.FILE, Path(differences.__file__), Path(__file__)]
_CODE += [Path(compare_outputs.__file__), Path(records.__file__)]
# A page that takes longer is not worth a button.
_LONGEST_S = 300
_TOO_LONG = f"does not end within {_LONGEST_S} s"


def verdicts(
    pages: Iterable[LivePage], packs: Packs, cache: Path, jobs: int, show: Callable[[Verdict], None]
) -> list[Verdict]:
    """Run every page of ``pages``, unless ``cache`` has the result of the same run; ``show`` gets each new result."""
    cache.mkdir(parents=True, exist_ok=True)

    def judged(live: LivePage) -> Verdict:
        kept = cache / f"{_key(live, packs)}.json"
        if kept.is_file():
            return verdict_from(json.loads(kept.read_text(encoding="utf-8")))
        verdict = judge(live, packs)
        if verdict.problem != _TOO_LONG:  # which may have been the machine's fault
            kept.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
        show(verdict)
        return verdict

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(judged, pages))


def _key(live: LivePage, packs: Packs) -> str:
    """Return a digest of everything that a verdict depends on."""
    code = [BOOT, *_CODE, *_records(live)]
    parts = [
        json.dumps([job(live, packs.names.values()), packs.sizes], sort_keys=True).encode(),
        *(file.read_bytes() for file in code),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def _records(live: LivePage) -> list[Path]:
    path = ROOT / live.page.path
    return [file for file in (path, records.record_of(path)) if file.is_file()]


def judge(live: LivePage, packs: Packs) -> Verdict:
    """Run one page and compare its outputs."""
    page = str(live.page.path)
    try:
        ran = _run(job(live, packs.with_extra(live.packs)), packs)
    except subprocess.TimeoutExpired:
        return Verdict(page, _TOO_LONG)
    if isinstance(ran, str):
        return Verdict(page, ran)
    recorded = records.recorded_outputs(live.page, ROOT)
    used: set[str] = set()
    for block, result in zip(live.blocks, ran["blocks"], strict=False):
        problem, needed = _compared(live, block, result, recorded)
        if problem:
            return Verdict(page, f"{page}:{block.line}: {problem}")
        used.update(needed)
    seconds = sum(result["ms"] for result in ran["blocks"]) / 1000
    return Verdict(page, "", live.code, tuple(sorted(used)), round(seconds, 1))


def _run(page: dict[str, Any], packs: Packs) -> dict[str, Any] | str:
    """Return what Node.js printed for a page, or the last line of its error."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "page.json", Path(folder) / "outputs.json"
        before.write_text(json.dumps(page), encoding="utf-8")
        command = [node(), _RUN, packs.folder, BOOT, before, after]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S)
        if done.returncode or not after.is_file():
            return f"ends with an error: {' '.join(done.stderr.split())[-400:] or 'no message'}"
        result: dict[str, Any] = json.loads(after.read_text(encoding="utf-8"))
        return f"ends with an error: {result['error'].splitlines()[-1]}" if "error" in result else result


def _compared(
    live: LivePage, block: Any, result: dict[str, Any], recorded: list[Any] | None
) -> tuple[str, tuple[str, ...]]:
    """Return what is wrong with the result of a block, and the allowed differences that it has."""
    if live.declared(block):
        return "", ()
    error = next((output for output in result["outputs"] if output["output_type"] == "error"), None)
    try:
        check_error(block, f"{error['ename']}: {error['evalue']}" if error else None)
    except BlockFailure as failure:
        return str(failure)[:600], ()
    if result["problem"]:
        return f"does not pass its check: {result['problem'][:300]}", ()
    if not live.is_compared(block) or recorded is None:
        return "", ()
    outputs = [nbformat.from_dict(_stored(output)) for output in result["outputs"]]
    shown = visible_outputs(compare_outputs.without_log(outputs), live.is_quiet(block))
    expected = recorded[live.page.blocks.index(block)]
    # HTML views are not compared, because their text says the same.
    changes, used = differences.compare(str(live.page.path), records.as_recorded(expected), records.as_recorded(shown))
    return (f"prints something else\n{changes}" if changes else ""), used


def _stored(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output as notebooks store it."""
    return {key: value for key, value in output.items() if key != "details"}


@cached
def hub_settings() -> str:
    """Return the settings of ``fakehub.browser.session.Session``: the hub's facts, variables and home directory."""
    facts = load_hub(HUB_YML)
    settings = {
        "facts": plain_models.dump(facts),
        "public_data": plain_models.dump(public_data.load()),
        "variables": hub_variables(facts, EXAMPLE_USER),
        "home": load_facts().home.path,
    }
    return json.dumps(settings, ensure_ascii=False)


def job(live: LivePage, packs: Iterable[str]) -> dict[str, Any]:
    """Return what ``node/run.mjs`` needs to run a page with these ``packs``."""
    blocks = [
        {
            "source": block.source,
            "raises": bool(block.raises),
            "checks": list(block.checks) if live.is_compared(block) else [],
            "skip": (declared := live.declared(block)) is not None and not declared.runs,
            "may_fail": declared is not None,
            "after_s": block.after_s,
            "target": block.target or "",
        }
        for block in live.blocks
    ]
    return {
        "packs": list(packs),
        "hub": hub_settings(),
        "files": live.files,
        "between_writes_s": live.page.between_writes_s,
        "blocks": blocks,
    }
