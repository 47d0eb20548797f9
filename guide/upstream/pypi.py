"""Look up which versions of packages PyPI has."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from guide.paths import ROOT
from guide.upstream.settings import UpstreamError

UV = ROOT / ".venv" / "uv" / "bin" / "uv"


def newest_up_to(versions: Mapping[str, str], python: str) -> dict[str, str]:
    """Return the newest version of each package that is at most the one given, and that installs on this ``python``.

    A package that has none is left out. Raises ``UpstreamError`` if uv cannot ask.
    """
    wanted = [f"{name}<={version}" for name, version in versions.items()]
    found = _resolved(wanted, python)
    if found is not None:
        return found
    single = (_resolved([requirement], python) or {} for requirement in wanted)  # one of them has no version
    return {name: version for one in single for name, version in one.items()}


def _resolved(wanted: list[str], python: str) -> dict[str, str] | None:
    command = [str(UV), "pip", "compile", "--quiet", "--no-deps", "--no-header", "--no-annotate"]
    command += ["--python-version", python, "-"]
    try:
        done = subprocess.run(command, input="\n".join(wanted), capture_output=True, text=True)
    except OSError as error:
        raise UpstreamError(f"{UV}: {error.strerror}; run: make setup") from error
    if done.returncode == 0:
        return {name: version for name, version in re.findall(r"^([\w.-]+)==(\S+)", done.stdout, re.MULTILINE)}
    if "No solution found" in done.stderr:
        return None
    raise UpstreamError(f"uv: {' '.join(done.stderr.split()) or 'failed'}")
