"""``make mutate WHAT=facts``: change each fact of ``hub.yml`` in turn, and report which changes nothing notices.

A change must be refused, or change what the pages show, or what the stand-in of the hub does. A fact that changes none
of these is not used: use it or delete it.
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
from fakehub.storage.bucket_table import BucketVersion
from fakehub.storage.resources import GOOGLE, bucket_resource
from guide.facts import Facts, checked
from guide.pages.fact_values import FactError, fact
from guide.pages.features import FEATURES
from guide.pages.hidden_checks import without_checks
from guide.pages.hub_variant import HubTextError, for_hub
from guide.pages.toc import pages_of_book
from guide.paths import HUB_YML, ROOT
from guide.site.facts.diagrams import DIAGRAMS
from guide.site.facts.drawing import svg
from guide.site.facts.tables import TABLES
from guide.site.facts.tier_tabs import tabs
from guide.site.settings import settings
from hubfacts.load import FactsError

TABLE = ROOT / "tests" / "mutated-facts.md"
# The outcomes of a change, named by what noticed it.
REFUSED, SHOWN, PLAYED, UNNOTICED = "refused", "on the pages", "in what the stand-in does", "not noticed"
_ROLE = re.compile(r"\{(fact[a-z-]*)\}`(?:[^`<]*<)?([^`<>]+)>?`")
_DIRECTIVE = re.compile(r"^\s*`{3,}\{fact-(table|diagram)\} (\S+)", re.MULTILINE)
# What ``fakehub.gateway`` reads of the facts.
_GATEWAY_FACTS = {"instance_type", "worker_resource_allocation", "idle_timeout_minutes", "url_prefix"}
# The timeouts that the culler, the servers and the spawner of ``fakehub.hub`` follow.
_PLAYED_TIMEOUTS = {"idle_kernel_culled_after_s", "idle_server_culled_after_s", "server_max_age_s", "spawn_timeout_s"}
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Outcome:
    """The key of a fact, and what noticed its change."""

    key: str
    noticed_by: str


@dataclass(frozen=True)
class PageContent:
    """What a page shows of the facts: its text, values of roles, tables and diagrams, and tabs of the tiers."""

    text: str
    values: list[str]
    generated: list[object]
    tier_tabs: str


@dataclass(frozen=True)
class SiteContent:
    """What the site shows of the facts: the book's settings, the features that decide on sections, and the pages."""

    settings: dict[str, Any]
    features: list[bool]
    pages: dict[str, PageContent]


def leaves(content: object, key: Key = ()) -> Iterator[Key]:
    """Yield the key of every scalar in ``content``, and of every empty mapping and list."""
    if isinstance(content, dict) and content:
        for name, value in content.items():
            yield from leaves(value, (*key, name))
    elif isinstance(content, list) and content:
        for number, value in enumerate(content):
            yield from leaves(value, (*key, number))
    else:
        yield key


def other_value(value: object) -> object:
    """Return a different value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    return ["x"] if value == [] else 1


def with_other_value(content: dict[str, Any], key: Key) -> dict[str, Any]:
    """Return a copy of ``content`` with a different value at ``key``."""
    content = copy.deepcopy(content)
    parent: Any = content
    for part in key[:-1]:
        parent = parent[part]
    parent[key[-1]] = other_value(parent[key[-1]])
    return content


def site_content(facts: Facts, texts: dict[str, str]) -> SiteContent:
    """Return what the site shows of ``facts``; ``texts`` are its pages by name. Raises ``FactError``."""
    pages = {name: _page_content(without_checks(for_hub(text, facts)), facts) for name, text in texts.items()}
    return SiteContent(settings(facts), [has(facts) for has in FEATURES.values()], pages)


def _page_content(text: str, facts: Facts) -> PageContent:
    values = [fact(facts, f"{key}.youtube" if role == "fact-film" else key) for role, key in _ROLE.findall(text)]
    generated: list[object] = [
        TABLES[name](facts) if kind == "table" else svg(DIAGRAMS[name](facts), name)
        for kind, name in _DIRECTIVE.findall(text)
    ]
    return PageContent(text, values, generated, tabs(facts) if "{tier-tabs}" in text else "")


def stand_in_behaviour(facts: Facts) -> dict[str, object]:
    """Return everything that the stand-in derives from ``facts``."""
    buckets = facts.buckets.options.items()
    region = facts.hub.region
    return {
        "variables": hub_variables(facts, "funky-user"),
        "on workers": facts.environment_variables.on_dask_workers,
        "permissions": {it.name: (it.email, it.rights, it.projects) for it in personas(facts).values()},
        "token": facts.buckets.identity.token_lives_s,
        "writers": facts.buckets.writers_group,
        "other buckets": [other.model_dump() for other in facts.buckets.others.values()],
        "location": (region, facts.hub.zone),
        "buckets": [bucket_resource(name, BucketVersion(bucket), 0, region, GOOGLE) for name, bucket in buckets],
        "clusters": facts.dask_gateway and facts.dask_gateway.model_dump(include=_GATEWAY_FACTS),
        "timeouts": facts.hub.timeouts.model_dump(include=_PLAYED_TIMEOUTS),
        "others": {name: (other.requester_pays, other.objects) for name, other in facts.buckets.others.items()},
        "form": [profile_list(facts, person.teams) for person in people(facts.access).values()],
        "pod": facts.osn and (facts.osn.host, may_write(facts.osn)),
    }


def mutate_facts(sample: int | None, seed: str) -> int:
    """Change every fact, or a ``sample`` of them; print the keys of unnoticed changes and return 1 if there are any."""
    content = yaml.safe_load(HUB_YML.read_text(encoding="utf-8"))
    keys = list(leaves(content))
    if sample:
        keys = random.Random(seed).sample(keys, min(sample, len(keys)))  # noqa: S311 - reproducible, not secret
    outcomes = list(outcomes_of(content, keys))
    missed = _missed(outcomes)
    for key in missed:
        print(f"not noticed: {key}: use this fact, or delete it")
    print(f"{len(outcomes) - len(missed)} of {len(outcomes)} changed facts noticed")
    if not sample:
        TABLE.write_text(table(outcomes), encoding="utf-8")
    return 1 if missed else 0


def _missed(outcomes: list[Outcome]) -> list[str]:
    return [outcome.key for outcome in outcomes if outcome.noticed_by == UNNOTICED]


def outcomes_of(content: dict[str, Any], keys: list[Key]) -> Iterator[Outcome]:
    """Yield the outcome of changing the facts ``content`` at each of ``keys``."""
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in pages_of_book()}
    facts = checked(content)
    site, stand_in = site_content(facts, texts), stand_in_behaviour(facts)
    for key in keys:
        changed = with_other_value(content, key)
        yield Outcome(".".join(map(str, key)), _noticed_by(changed, texts, site, stand_in))


def _noticed_by(content: dict[str, Any], texts: dict[str, str], site: SiteContent, stand_in: dict[str, object]) -> str:
    """Compare the changed facts ``content`` with what the ``site`` and the ``stand_in`` make of the original ones."""
    try:
        facts = checked(content)
        if site_content(facts, texts) != site:
            return SHOWN
    except FactsError:
        return REFUSED
    except (FactError, HubTextError, KeyError):
        return SHOWN  # a page uses a key that is gone, so the book would not be built
    return PLAYED if stand_in_behaviour(facts) != stand_in else UNNOTICED


def table(outcomes: list[Outcome]) -> str:
    """Return the result as Markdown for the site: counts for each section of the facts."""
    columns = (REFUSED, SHOWN, PLAYED, UNNOTICED)
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.key.partition(".")[0], Counter())[outcome.noticed_by] += 1
    missed = _missed(outcomes)
    lines = [f"{len(outcomes)} facts, each changed in turn: {len(outcomes) - len(missed)} changes noticed", ""]
    lines += ["| Section | Refused | On the pages | In what the copy does | Not noticed |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(str(count[column]) for column in columns)} |" for name, count in counts.items()]
    lines += ["", *(f"- not noticed: `{key}`" for key in missed)] if missed else []
    return "\n".join(lines) + "\n"
