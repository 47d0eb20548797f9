"""KubeSpawner's list of profiles, made from the facts and from the user's teams."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from hubfacts.schema import Gpus, HubFacts, Image, NodeShares

# The names of a profile's options.
SHARE, GPU, IMAGE = "requests", "gpu", "image"
_TAGGED = "^.+:.+$"
# A part of KubeSpawner's configuration, in its format.
Config = dict[str, Any]


def profile_list(facts: HubFacts, teams: Set[str]) -> list[Config]:
    """Return the profiles of a user in ``teams``, with the choices they may take; empty if there are none.

    A hub without teams offers everything to everybody.
    """
    profiles = []
    shares, gpus = _allowed_shares(facts, teams), _allowed_gpus(facts, teams)
    if shares:
        machine = {"node_selector": {"node.kubernetes.io/instance-type": facts.node_shares.machine}}
        options = {SHARE: _shares(facts.node_shares, shares), IMAGE: _images(facts, list(facts.images.options))}
        profiles.append(_profile(facts.node_shares.profile, facts.node_shares.about, options, machine, default=True))
    for further in facts.further_profiles:
        if not further.teams or not teams.isdisjoint(further.teams):
            machine = {"node_selector": {"node.kubernetes.io/instance-type": further.machine}}
            options = {
                SHARE: _shares(further, list(further.options)),
                IMAGE: _images(facts, list(facts.images.options)),
            }
            profiles.append(_profile(further.profile, further.about, options, machine))
    if facts.gpus and gpus:
        options = {GPU: _gpus(facts.gpus, gpus), IMAGE: _images(facts, facts.gpus.images)}
        profiles.append(_profile(facts.gpus.profile, "", options, {}))
    return profiles


def _allowed_shares(facts: HubFacts, teams: Set[str]) -> list[str]:
    if _everything(facts, teams):
        return list(facts.node_shares.options)
    allowed = {share for tier in facts.access.tiers if tier.team in teams for share in tier.cpu_node_shares}
    extra = facts.access.extra_teams.items()
    allowed |= {share for name, team in extra if name in teams for share in team.cpu_node_shares}
    return [name for name in facts.node_shares.options if name in allowed]


def _allowed_gpus(facts: HubFacts, teams: Set[str]) -> list[str]:
    if facts.gpus is None:
        return []
    if _everything(facts, teams):
        return list(facts.gpus.options)
    allowed = {gpu for tier in facts.access.tiers if tier.team in teams for gpu in tier.gpus}
    allowed |= {gpu for name, team in facts.access.extra_teams.items() if name in teams for gpu in team.gpus}
    return [name for name in facts.gpus.options if name in allowed]


def _everything(facts: HubFacts, teams: Set[str]) -> bool:
    if facts.access.organization is None:
        return True
    return any(team.everything for name, team in facts.access.extra_teams.items() if name in teams)


def _profile(name: str, about: str, options: Config, override: Config, default: bool = False) -> Config:
    profile = {"display_name": name, "description": about, "profile_options": options}
    return profile | {"kubespawner_override": override, "default": default}


def _option(label: str, choices: dict[str, tuple[str, bool, Config]]) -> Config:
    """Return an option of a profile; each choice is a label, whether it is the default, and overrides for the pod."""
    configs = {
        name: {"display_name": choice_label, "kubespawner_override": override} | ({"default": True} if default else {})
        for name, (choice_label, default, override) in choices.items()
    }
    return {"display_name": label, "choices": configs}


def _shares(profile: NodeShares, names: list[str]) -> Config:
    choices: dict[str, tuple[str, bool, Config]] = {}
    for name in names:
        share = profile.options[name]
        override: Config = {"mem_limit": f"{share.mem_limit_gib:g}G", "cpu_limit": share.cpu_limit}
        if share.mem_guarantee_gib:
            override["mem_guarantee"] = f"{share.mem_guarantee_gib:g}G"
        choices[name] = (share.label, share.default, override | {"cpu_guarantee": share.cpu_guarantee})
    return _option(profile.choice, choices)


def _gpus(gpus: Gpus, names: list[str]) -> Config:
    choices: dict[str, tuple[str, bool, Config]] = {}
    for name in names:
        gpu = gpus.options[name]
        override: Config = {"mem_limit": f"{gpu.mem_limit_gib:g}G", "extra_resource_limits": {"nvidia.com/gpu": "1"}}
        override["node_selector"] = {"node.kubernetes.io/instance-type": gpu.machine}
        choices[name] = (gpu.label, gpu.default, override)
    return _option(gpus.choice, choices)


def _images(facts: HubFacts, names: list[str]) -> Config:
    images = {name: facts.images.options[name] for name in names}
    choices: dict[str, tuple[str, bool, Config]] = {
        name: (image.label, _is_preselected(image, images), {"image": image.ref}) for name, image in images.items()
    }
    custom = facts.images.custom
    if custom is None:
        return _option(facts.images.choice, choices)
    unlisted = {"enabled": True, "display_name": custom.choice, "display_name_in_choices": custom.in_choices}
    unlisted |= {"validation_regex": _TAGGED, "validation_message": custom.message}
    unlisted |= {"kubespawner_override": {"image": "{value}"}}
    return _option(facts.images.choice, choices) | {"unlisted_choice": unlisted}


def _is_preselected(image: Image, images: dict[str, Image]) -> bool:
    """Return whether the form opens with ``image``: with the default, or with the first if the default is absent."""
    return image.default or (not any(one.default for one in images.values()) and image == next(iter(images.values())))
