"""``python -m fakehub.compare result.json``: say where the stand-in differs from a real hub.

The result is that of ``book/hub/check_hub.py`` on the hub, as a file or as the JSON in an issue. The same script runs
in the stand-in, and prints a line for each observation where the two differ.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from fakehub.session.run import RunError, session_options
from fakehub.session.session import SessionError, start_session

_SCRIPT = Path("book/hub/check_hub.py")
_FENCE = "```"


class CompareError(Exception):
    """Why nothing can be compared, in one line."""


def read_result(path: Path) -> dict[str, Any]:
    """Return the result in a file, which may be the text of an issue; raises ``CompareError``."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CompareError(f"{path}: cannot be read ({error}); name the result.json of check_hub.py") from error
    if _FENCE in text:
        text = text.partition(_FENCE)[2].removeprefix("json").partition(_FENCE)[0]
    try:
        result = json.loads(text)
        _check(result)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CompareError(
            f"{path}: this is not a result of check_hub.py; use the file that the script wrote"
        ) from None
    return result


def _check(result: Mapping[str, Any]) -> None:
    """Raise an exception unless the result has its form."""
    result["guide"] + result["agrees"]
    [one["hub"] + one["guide"] for one in result["differs"].values()]
    [names.split() for names in result["not observable"].values()]


def differences(hub: Mapping[str, Any], stand_in: Mapping[str, Any]) -> list[str]:
    """Return a line for each observation that both made, and that differs: its name and both values."""
    agreed = {name: set(result["agrees"].split()) for name, result in (("hub", hub), ("stand-in", stand_in))}
    lines = []
    for name, one in hub["differs"].items():
        if name in agreed["stand-in"]:
            lines.append(f"{name}: the hub: {one['hub']}; the stand-in: {one['guide']}")
        elif name in stand_in["differs"] and stand_in["differs"][name]["hub"] != one["hub"]:
            lines.append(f"{name}: the hub: {one['hub']}; the stand-in: {stand_in['differs'][name]['hub']}")
    for name, one in stand_in["differs"].items():
        if name in agreed["hub"]:
            lines.append(f"{name}: the hub: {one['guide']}; the stand-in: {one['hub']}")
    return lines


def one_sided(hub: Mapping[str, Any], stand_in: Mapping[str, Any]) -> list[str]:
    """Return the names of observations that only one of the two made."""
    made = [{*result["agrees"].split(), *result["differs"]} for result in (hub, stand_in)]
    return sorted(made[0] ^ made[1])


def observe(script: Path, hub_yml: Path | None) -> dict[str, Any]:
    """Run the script in a new stand-in and return its result; raises ``CompareError``."""
    if not script.is_file():
        raise CompareError(f"{script}: there is no such script; name check_hub.py with --script")
    try:
        options = replace(session_options("funky-user", None, hub_yml), proxy=True)
        with start_session(options) as session, tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "result.json"
            command = [sys.executable, str(script.resolve()), "--out", str(out)]
            done = subprocess.run(command, env=session.environment, capture_output=True, text=True)
            if not out.exists():
                reason = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
                raise CompareError(f"the check did not end in the stand-in: {reason}")
            return read_result(out)
    except (RunError, SessionError) as error:
        raise CompareError(str(error)) from error


class _Parser(argparse.ArgumentParser):
    """Argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"fakehub.compare: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Print where the stand-in differs; return 1 if it does anywhere, and 2 if nothing can be compared."""
    parser = _Parser(prog="fakehub.compare", description="Say where the stand-in differs from a real hub.")
    parser.add_argument("result", type=Path, help="the result of check_hub.py on the hub, or the text of an issue")
    parser.add_argument("--script", type=Path, default=_SCRIPT, help="the script (default: %(default)s)")
    parser.add_argument("--hub-yml", type=Path, help="the facts of the stand-in (default: as for fakehub run)")
    options = parser.parse_args(arguments)
    try:
        hub = read_result(options.result)
        stand_in = observe(options.script, options.hub_yml)
    except CompareError as error:
        print(f"fakehub.compare: {error}", file=sys.stderr)
        return 2
    if hub["guide"] != stand_in["guide"]:
        print("The result is from another version of the script; its values of the guide may be older.")
    lines = differences(hub, stand_in)
    print("\n".join(lines or ["The stand-in answers as the hub does, as far as both were observed."]))
    if names := one_sided(hub, stand_in):
        print(f"Observed on one side only: {' '.join(names)}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
