"""Is the guide right about your hub? Look, compare, and write the result.

Run it on a server of the hub:

    python check_hub.py

It takes at most five minutes. It changes nothing except in the folder guide-examples/check-the-guide of your own
prefix in each bucket, where it deletes the objects that it wrote. It starts one Dask cluster and shuts it down.
The result has no secrets, and names you funky-user.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from hubcheck.account import account
from hubcheck.archives import archives
from hubcheck.buckets import buckets, listed
from hubcheck.common import Hub, Observation, unseen
from hubcheck.facts import GUIDE
from hubcheck.gateway import gateway, worker
from hubcheck.machine import machine
from hubcheck.packages import packages
from hubcheck.report import CheckError, Result
from hubcheck.speed import speed
from hubcheck.storage import storage
from hubcheck.variables import variables

SUBJECTS: dict[str, Callable[[Hub], Iterator[Observation]]] = {
    "variables": variables,
    "machine": machine,
    "packages": packages,
    "account": account,
    "buckets": buckets,
    "storage": storage,
    "speed": speed,
    "archives": archives,
    "gateway": gateway,
    "worker": worker,
}


def check(subjects: Iterable[str] = tuple(SUBJECTS), progress: Callable[[str], object] = lambda _: None) -> Result:
    """Make all observations of some subjects, and call ``progress`` with the name of each.

    Raises ``CheckError`` if the server has no user or if the script's folder in a bucket is not empty.
    """
    hub = Hub(GUIDE)
    if not hub.user:
        raise CheckError("JUPYTERHUB_USER is not set: run this on a server of the hub")
    if found := _objects(hub):
        raise CheckError(f"{found[0]} exists, of an interrupted check: delete it, then run this again")
    observations = []
    for subject in subjects:
        progress(subject)
        try:
            for one in SUBJECTS[subject](hub):
                observations.append(one)
        except Exception as error:  # an answer of an unforeseen form should not cost the other observations
            observations.append(unseen(subject, "all of it can be observed", type(error).__name__))
    return Result(hub, observations, _objects(hub))


def _objects(hub: Hub) -> list[str]:
    """Return the objects in the script's folder in each bucket."""
    answers = {name: listed(hub, name, hub.folder) for name in hub.guide["buckets"]}
    return [
        f"gs://{name}/{item['name']}"
        for name, answer in answers.items()
        if answer.status == 200
        for item in answer.json().get("items", [])
    ]


class _Parser(argparse.ArgumentParser):
    """Argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Print the table, write the result, and print the address of an issue; return the exit status."""
    parser = _Parser(prog="check_hub.py", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--only", choices=SUBJECTS, nargs="+", default=list(SUBJECTS), help="subjects (default: all)")
    parser.add_argument("--out", type=Path, default=Path("result.json"), help="the file (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        result = check(options.only)
        print(result.text())
        result.write(options.out)
        print(f"{options.out} has the result. To send it, open this address:\n{result.issue()}")
    except (CheckError, OSError) as error:
        print(f"check_hub.py: {error}", file=sys.stderr)
        return 1
    if result.left:
        print(f"check_hub.py: {result.left[0]} could not be deleted: delete it", file=sys.stderr)
    return 1 if result.left else 0


if __name__ == "__main__":
    sys.exit(main())
