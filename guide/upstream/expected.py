"""The facts that a draft from the operator's configuration has, under the keys that the facts file has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guide.upstream.lines import Keys
from guide.upstream.origins import is_configured


class _Missing:
    """The value of a fact that is not there."""

    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()
# Sections of the draft whose facts have the same keys in the facts file.
_SECTIONS = (
    "hub",
    "node_shares",
    "gpus",
    "images",
    "home",
    "buckets",
    "environment_variables",
    "dask_gateway",
    "git",
)
# What a draft makes up, because the facts file needs it: words, and what JupyterHub sets in every server.
_MADE_UP = {
    ("hub", "name"),
    ("images", "custom", "build_your_own"),
    ("environment_variables", "values", "JUPYTERHUB_USER", "value"),
    ("environment_variables", "values", "JUPYTER_IMAGE_SPEC", "value"),
}


def leaves(content: Any, key: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield the key and the value of each fact in ``content``. A list of texts is one fact; sources are none."""
    if isinstance(content, Mapping) and content:
        for name, value in content.items():
            if name != "src":
                yield from leaves(value, (*key, str(name)))
    elif isinstance(content, list) and any(isinstance(value, Mapping) for value in content):
        for number, value in enumerate(content):
            yield from leaves(value, (*key, str(number)))
    else:
        yield key, content


def sources_of(content: Any, key: Keys) -> list[str]:
    """Return the names of the sources of the section that has the fact at ``key``."""
    sources: list[str] = []
    for part in key:
        if isinstance(content, Mapping):
            sources = list(content.get("src") or sources)
            content = content.get(part)
        elif isinstance(content, list):
            content = content[int(part)]
    return sources


def expected(content: Mapping[str, Any], draft: Mapping[str, Any]) -> dict[Keys, Any]:
    """Return each fact that the ``draft`` has or should have, by its key in the ``content`` of the facts file.

    A value is ``MISSING`` if the facts file has a fact that the draft would have, if the configuration did.
    """
    facts = {name: dict(leaves(draft.get(name, {}), (name,))) for name in _SECTIONS}
    now = {key: value for section in facts.values() for key, value in section.items() if key not in _MADE_UP}
    now |= _profiles(content, draft)
    for key in [key for key, _ in leaves(content)]:
        if key not in now and key not in _MADE_UP and key[0] != "access" and is_configured(key):
            now[key] = MISSING
    return now | _access(content.get("access") or {}, draft.get("access") or {})


def subjects(content: Mapping[str, Any], draft: Mapping[str, Any]) -> dict[Keys, str]:
    """Return the name of the profile or team that a section is about, as the draft has it, by the section's key."""
    tiers = (content.get("access") or {}).get("tiers") or []
    names: dict[Keys, str] = {("access", "tiers", str(number)): tier["team"] for number, tier in enumerate(tiers)}
    for section in ("node_shares", "gpus"):
        if section in draft:
            names[(section,)] = draft[section]["profile"]
    for place, profile in _placed(content, draft):
        names["further_profiles", place] = profile["profile"]
    return names


def _placed(content: Mapping[str, Any], draft: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the number of each further profile in the facts file, or its name if it lacks it, and the profile."""
    known = [profile.get("profile") for profile in content.get("further_profiles") or []]
    for profile in draft.get("further_profiles") or []:
        name = profile["profile"]
        yield str(known.index(name) if name in known else name), profile


def _profiles(content: Mapping[str, Any], draft: Mapping[str, Any]) -> dict[Keys, Any]:
    access = draft.get("access") or {}
    may_log_in = {*access.get("allowed_teams", []), *(access.get("login_only_teams") or {})}
    found: dict[Keys, Any] = {}
    for place, profile in _placed(content, draft):
        found |= dict(leaves(profile, ("further_profiles", place)))
        # Other teams cannot use the profile without one of these.
        found["further_profiles", place, "teams"] = [team for team in profile.get("teams", []) if team in may_log_in]
    return found


def _access(access: Mapping[str, Any], draft: Mapping[str, Any]) -> dict[Keys, Any]:
    """Return the facts about teams. A draft has one tier for each; a facts file may have several, or an extra team."""
    found: dict[Keys, Any] = {("access", "organization"): draft.get("organization", MISSING)}
    found["access", "allowed_teams"] = draft.get("allowed_teams", MISSING)
    folders = draft.get("login_only_teams") or {}
    for team in dict.fromkeys([*(access.get("login_only_teams") or {}), *folders]):
        found["access", "login_only_teams", team] = folders.get(team, MISSING)
    teams = {tier["team"]: tier for tier in draft.get("tiers") or []} | (draft.get("extra_teams") or {})
    known = set()
    for number, tier in enumerate(access.get("tiers") or []):
        if tier.get("hub"):
            continue  # of another hub, with its own configuration
        key, team = ("access", "tiers", str(number)), tier.get("team")
        known.add(team)
        found[*key, "team"] = team if team in teams else MISSING
        found |= {(*key, kind): teams.get(team, {}).get(kind, MISSING) for kind in ("cpu_node_shares", "gpus")}
    for team, extra in (access.get("extra_teams") or {}).items():
        known.add(team)
        kinds = [kind for kind in ("cpu_node_shares", "gpus") if kind in extra or teams.get(team, {}).get(kind)]
        found |= {("access", "extra_teams", team, kind): teams.get(team, {}).get(kind, MISSING) for kind in kinds}
    for team in teams.keys() - known:
        new = {("access", "extra_teams", team, kind): teams[team].get(kind) for kind in ("cpu_node_shares", "gpus")}
        found |= {key: value for key, value in new.items() if value}
    return found
