"""Run a suite outside of this checkout: in an environment that has the wheel, against ``fakehub serve``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from sources import ROOT, SourceError
from suites import SECONDS

sys.path.insert(0, str(ROOT / "tests" / "fakehub"))
from wheels import build_wheel, install, locked_versions


def run_beside_wheel(
    requirements: Sequence[str], program: Sequence[str], variables: Mapping[str, str], work: Path, log: TextIO
) -> None:
    """Run ``program``, arguments of Python, in the folder ``work`` beside a server of the wheel.

    The environment has the wheel and ``requirements``, in the versions of this one. Raises ``SourceError``.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-") as name:
        folder = Path(name)
        programs = install(ROOT, build_wheel(ROOT, folder), "", locked_versions(ROOT, folder), folder, requirements)
        environment = {"PATH": f"{programs}{os.pathsep}{os.defpath}", "HOME": name, "LANG": "C.UTF-8"}
        command = [programs / "fakehub", "serve", "--port", "0"]
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server:
            try:
                assert server.stdout is not None
                variable, _, address = server.stdout.readline().strip().removeprefix("export ").partition("=")
                if not address:
                    raise SourceError("the installed server did not start")
                environment |= {variable: address, **variables}
                subprocess.run(
                    [programs / "python", *program],
                    cwd=work,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=SECONDS,
                    check=False,
                )
            finally:
                server.terminate()
