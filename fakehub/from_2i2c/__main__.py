"""``python -m fakehub.from_2i2c CHECKOUT CLUSTER HUB``: write a draft of ``hub.yml`` to standard output.

``CHECKOUT`` is a copy of github.com/2i2c-org/infrastructure. Its ``config/clusters/CLUSTER/cluster.yaml`` says which
values files a hub has. They are merged with the defaults of its charts, as Helm does. Terraform's variables say who may
use which bucket. Facts that are missing, assumed or impossible to express are listed on standard error, and as comments
at the end of the draft. The exit status is 0 if there is a draft, complete or not, else 1.

``make book HUB=hub.yml`` builds the guide from the draft, unless the list says why there is none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from fakehub.from_2i2c.assumed import complete
from fakehub.from_2i2c.checkout import hub_configuration
from fakehub.from_2i2c.errors import UNKNOWN_SHAPE, DraftError
from fakehub.from_2i2c.sections import draft
from hubfacts.checks import check
from hubfacts.load import all_problems
from hubfacts.schema import Buckets, Facts, Hub, Model


def main(arguments: list[str] | None = None) -> int:
    """Write the draft; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fakehub.from_2i2c", description=__doc__)
    parser.add_argument("checkout", type=Path, metavar="CHECKOUT", help="the folder of the repository")
    parser.add_argument("cluster", metavar="CLUSTER", help="the name of a cluster, such as leap")
    parser.add_argument("hub", metavar="HUB", help="the name of a hub in its cluster.yaml, such as prod")
    options = parser.parse_args(arguments)
    try:
        configuration = hub_configuration(options.checkout, options.cluster, options.hub)
        facts, notes = draft(configuration)
        notes += complete(facts, configuration)
    except DraftError as error:
        print(f"from_2i2c: {error}", file=sys.stderr)
        return 1
    except UNKNOWN_SHAPE as error:
        kind = type(error).__name__
        print(f"from_2i2c: cluster {options.cluster}: values of an unknown shape ({kind}: {error})", file=sys.stderr)
        return 1
    gaps = [*notes, *list_gaps(facts)]
    print(f"# A draft of the hub {options.hub} of {options.cluster}. Facts that its files lack are listed at the end.")
    print(yaml.dump(facts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120), end="")
    if gaps:
        print("\n# To be added or checked:")
    for line in gaps:
        print(f"# {line}")
        print(f"add or check: {line}", file=sys.stderr)
    return 0


def list_gaps(facts: dict[str, Any]) -> list[str]:
    """Return a line for each fact that the draft lacks or the stand-in would assume, and for a contradiction."""
    lines = []
    try:
        check(Facts.model_validate(facts))
    except ValidationError as error:
        lines += all_problems(error)
    except ValueError as error:
        lines.append(str(error))
    sections: dict[str, type[Model]] = {"hub": Hub, "buckets": Buckets}
    for name, model in sections.items():
        with suppress(ValidationError):  # its problems are listed above
            assumed = _assumed(name, model.model_validate(facts.get(name)))
            lines += [f"{key}: {json.dumps(value)} is assumed" for key, value in assumed]
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
