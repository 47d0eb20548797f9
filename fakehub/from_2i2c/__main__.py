"""``python -m fakehub.from_2i2c FILE...``: a draft of ``hub.yml`` on standard output.

The files are those that 2i2c keeps of a cluster: ``config/clusters/NAME/*.values.yaml``, its ``cluster.yaml`` and
Terraform's ``NAME.tfvars``; later ones go over earlier ones. What they do not tell is listed, on standard error and as
comments at the end of the draft. The exit status is 0 for a draft, complete or not, and 1 when there is none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from fakehub.from_2i2c.files import Cluster, DraftError, read
from fakehub.from_2i2c.sections import draft
from hubfacts.schema import Facts

# Sections a hub may be without, and where the files say that this one has it.
_MAYBE = {"dask-gateway": "dask_gateway: the cluster's values have a section dask-gateway; its options are code there"}


def main(arguments: list[str]) -> int:
    """Write the draft; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fakehub.from_2i2c", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        cluster = read(options.files)
        found = draft(cluster)
    except DraftError as error:
        print(f"from_2i2c: {error}", file=sys.stderr)
        return 1
    unknown = untold(found, cluster)
    print(f"# A draft, made from {', '.join(cluster.names)}. What they do not tell is listed at the end.")
    print(yaml.dump(found, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120), end="")
    if unknown:
        print("\n# Not told by the files; add it:")
    for line in unknown:
        print(f"# {line}")
        print(f"not told: {line}", file=sys.stderr)
    return 0


def untold(found: dict[str, Any], cluster: Cluster) -> list[str]:
    """What keeps the draft from being a facts file, a line for each key; and what the hub seems to have besides."""
    lines = [line for section, line in _MAYBE.items() if cluster.values.get(section)]
    try:
        Facts.model_validate(found)
    except ValidationError as error:
        for problem in error.errors():
            key = ".".join(map(str, problem["loc"]))
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{key}: {'missing' if problem['type'] == 'missing' else message}" if key else message)
    return lines


class _Dumper(yaml.SafeDumper):
    """Without anchors: what two places share is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
