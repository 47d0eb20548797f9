"""``make mutate WHAT=facts``: changes each fact of ``hub.yml`` in turn, and sees whether anything notices.

A change must be refused, or change what pages show, or what the stand-in of the hub does. A fact of which all of that
is the same, whatever it says, is of no use: it is to be used, or deleted.
"""

from __future__ import annotations

import copy
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from fakehub.accounts.personas import personas
from fakehub.hub.people import people
from fakehub.hub.profiles import profile_list
from fakehub.osn import may_write
from fakehub.session.environment import hub_variables
from fakehub.storage.resources import bucket_resource
from guide.pages.hub_variant import HubTextError, for_hub
from guide.pages.toc import pages_of_book
from guide.paths import HUB_YML, ROOT
from guide.site.facts.diagrams import DIAGRAMS
from guide.site.facts.drawing import svg
from guide.site.facts.tables import TABLES
from guide.site.facts.tier_tabs import tabs
from guide.site.settings import settings
from hubfacts.features import FEATURES
from hubfacts.load import FactsError, checked
from hubfacts.schema import Facts
from hubfacts.values import FactError, fact

TABLE = ROOT / "tests" / "mutated-facts.md"
# What became of a change, by what noticed it.
REFUSED, SHOWN, PLAYED, UNNOTICED = "refused", "on the pages", "in what the stand-in does", "not noticed"
_ROLE = re.compile(r"\{(fact[a-z-]*)\}`(?:[^`<]*<)?([^`<>]+)>?`")
_DIRECTIVE = re.compile(r"^\s*`{3,}\{fact-(table|diagram)\} (\S+)", re.MULTILINE)
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Changed:
    """A fact and what became of its change."""

    key: str
    outcome: str


def leaves(content: Any, key: Key = ()) -> Iterator[Key]:
    """The place of every value in ``content`` that is no mapping and no list, and of empty ones."""
    if isinstance(content, dict) and content:
        for name, value in content.items():
            yield from leaves(value, (*key, name))
    elif isinstance(content, list) and content:
        for number, value in enumerate(content):
            yield from leaves(value, (*key, number))
    else:
        yield key


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    return ["x"] if value == [] else 1


def changed(content: dict[str, Any], key: Key) -> dict[str, Any]:
    """``content`` with another value at ``key``."""
    content = copy.deepcopy(content)
    place: Any = content
    for part in key[:-1]:
        place = place[part]
    place[key[-1]] = other(place[key[-1]])
    return content


def shown(facts: Facts, texts: dict[str, str]) -> dict[str, Any]:
    """All that the pages ``texts``, by name, show of ``facts``, and the book's settings; raises ``FactError``."""
    found: dict[str, Any] = {"settings": settings(facts), "features": [has(facts) for has in FEATURES.values()]}
    for name, raw in texts.items():
        text = for_hub(raw, facts)
        roles = [fact(facts, key + (".youtube" if role == "fact-film" else "")) for role, key in _ROLE.findall(text)]
        made = [_made(facts, kind, which) for kind, which in _DIRECTIVE.findall(text)]
        found[name] = (text, roles, made, tabs(facts) if "{tier-tabs}" in text else "")
    return found


def _made(facts: Facts, kind: str, name: str) -> Any:
    return TABLES[name](facts) if kind == "table" else svg(DIAGRAMS[name](facts), name)


def played(facts: Facts) -> dict[str, Any]:
    """All that the stand-in makes of ``facts``."""
    buckets = facts.buckets.options.items()
    return {
        "variables": hub_variables(facts, "funky-user"),
        "on workers": facts.environment_variables.on_dask_workers,
        "who may what": {name: (one.email, one.rights) for name, one in personas(facts).items()},
        "token": facts.buckets.identity.token_lives_s,
        "writers": facts.buckets.writers_group,
        "place": (facts.hub.region, facts.hub.zone),
        "buckets": [bucket_resource(name, bucket, 0, facts.hub.region) for name, bucket in buckets],
        "clusters": facts.dask_gateway and facts.dask_gateway.model_dump(include=_OF_CLUSTERS),
        "form": [profile_list(facts, person.teams) for person in people(facts.access).values()],
        "pod": facts.osn and (facts.osn.host, may_write(facts.osn)),
    }


# What ``fakehub.gateway`` reads.
_OF_CLUSTERS = {"instance_type", "worker_resource_allocation", "idle_timeout_minutes", "url_prefix"}


def mutate_facts(sample: int | None, seed: str) -> int:
    """Change every fact, or a ``sample`` of them; 1 when one is not noticed, which is told by its key."""
    content = yaml.safe_load(HUB_YML.read_text(encoding="utf-8"))
    keys = list(leaves(content))
    if sample:
        keys = random.Random(seed).sample(keys, min(sample, len(keys)))  # noqa: S311 - drawn again, not secret
    outcomes = list(outcomes_of(content, keys))
    missed = [one.key for one in outcomes if one.outcome == UNNOTICED]
    for key in missed:
        print(f"not noticed: {key}: use this fact, or delete it")
    print(f"{len(outcomes) - len(missed)} of {len(outcomes)} changed facts noticed")
    if not sample:
        TABLE.write_text(table(outcomes), encoding="utf-8")
    return 1 if missed else 0


def outcomes_of(content: dict[str, Any], keys: list[Key]) -> Iterator[Changed]:
    """What becomes of a change of the facts ``content`` at each of ``keys``."""
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in pages_of_book()}
    facts = checked(content)
    pages, world = shown(facts, texts), played(facts)
    for key in keys:
        yield Changed(".".join(map(str, key)), _outcome(changed(content, key), texts, pages, world))


def _outcome(content: dict[str, Any], texts: dict[str, str], pages: dict[str, Any], world: dict[str, Any]) -> str:
    try:
        facts = checked(content)
        if shown(facts, texts) != pages:
            return SHOWN
    except FactsError:
        return REFUSED
    except (FactError, HubTextError, KeyError):
        return SHOWN  # a page names what is gone, and the book is not built
    return PLAYED if played(facts) != world else UNNOTICED


def table(outcomes: list[Changed]) -> str:
    """The result as the site shows it: counts for each section of the facts."""
    kinds = (REFUSED, SHOWN, PLAYED, UNNOTICED)
    counts: dict[str, Counter[str]] = {}
    for one in outcomes:
        counts.setdefault(one.key.partition(".")[0], Counter())[one.outcome] += 1
    missed = [one.key for one in outcomes if one.outcome == UNNOTICED]
    lines = [f"{len(outcomes)} facts, each changed in turn: {len(outcomes) - len(missed)} changes noticed", ""]
    lines += ["| Section | Refused | On the pages | In what the copy does | Not noticed |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(str(count[kind]) for kind in kinds)} |" for name, count in counts.items()]
    lines += ["", *(f"- not noticed: `{key}`" for key in missed)] if missed else []
    return "\n".join(lines) + "\n"
