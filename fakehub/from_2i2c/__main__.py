"""``python -m fakehub.from_2i2c FILE...``: write a draft of ``hub.yml`` to standard output.

The files are those in which 2i2c describes a cluster: ``config/clusters/NAME/*.values.yaml``, its ``cluster.yaml`` and
Terraform's ``NAME.tfvars``; later ones override earlier ones. Facts that are missing or assumed are listed on standard
error, and as comments at the end of the draft. The exit status is 0 if there is a draft, complete or not, else 1.

The list covers the facts of the stand-in. A guide needs more: ``python -m guide.facts hub.yml`` lists those.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from fakehub.from_2i2c.files import Cluster, DraftError, read
from fakehub.from_2i2c.sections import draft
from hubfacts.load import all_problems
from hubfacts.schema import Facts, Model

# Sections of the cluster's values about a part of the hub that cannot be drafted.
_NOT_DRAFTED = {
    "dask-gateway": "dask_gateway: the cluster's values have a section dask-gateway; its options are code there"
}


def main(arguments: list[str] | None = None) -> int:
    """Write the draft; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fakehub.from_2i2c", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        cluster = read(options.files)
        facts = draft(cluster)
    except DraftError as error:
        print(f"from_2i2c: {error}", file=sys.stderr)
        return 1
    gaps = list_gaps(facts, cluster)
    print(f"# A draft, made from {', '.join(cluster.names)}. Facts that these files lack are listed at the end.")
    print(yaml.dump(facts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120), end="")
    if gaps:
        print("\n# To be added or checked:")
    for line in gaps:
        print(f"# {line}")
        print(f"add or check: {line}", file=sys.stderr)
    return 0


def list_gaps(facts: dict[str, Any], cluster: Cluster) -> list[str]:
    """Return a line for each fact that the draft lacks or the stand-in would assume, and for undrafted sections."""
    lines = [line for section, line in _NOT_DRAFTED.items() if cluster.values.get(section)]
    try:
        read_back = Facts.model_validate(facts)
    except ValidationError as error:
        return lines + all_problems(error)
    for name, section in (("hub", read_back.hub), ("buckets", read_back.buckets)):
        lines += [f"{key}: {json.dumps(value)} is assumed" for key, value in _assumed(name, section)]
    return lines


def _assumed(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield key and value of every default in a section."""
    if isinstance(value, Model):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if isinstance(inner, Model | Mapping):
                yield from _assumed(f"{key}.{name}", inner)
            elif name not in value.model_fields_set:
                yield f"{key}.{name}", inner
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _assumed(f"{key}.{name}", inner)


class _Dumper(yaml.SafeDumper):
    """Dumper without anchors: a value that two keys share is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


if __name__ == "__main__":
    sys.exit(main())
