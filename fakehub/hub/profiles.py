"""What somebody may start: KubeSpawner's list of profiles, made from the facts and from the teams they are in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hubfacts.schema import Gpus, HubFacts, Image

# What an option of the form is called in it.
SHARE, GPU, IMAGE = "requests", "gpu", "image"
_TAGGED = "^.+:.+$"


def profile_list(facts: HubFacts, teams: Collection[str]) -> list[dict[str, Any]]:
    """The profiles of somebody in ``teams``, with the choices that are theirs; empty when nothing is."""
    found = []
    shares, gpus = _allowed_shares(facts, teams), _allowed_gpus(facts, teams)
    if shares:
        machine = {"node_selector": {"node.kubernetes.io/instance-type": facts.node_shares.machine}}
        options = {SHARE: _shares(facts, shares), IMAGE: _images(facts, list(facts.images.options))}
        found.append(_profile(facts.node_shares.profile, facts.node_shares.about, options, machine, default=True))
    if facts.gpus and gpus:
        options = {GPU: _gpus(facts.gpus, gpus), IMAGE: _images(facts, facts.gpus.images)}
        found.append(_profile(facts.gpus.profile, "", options, {}))
    return found


def _allowed_shares(facts: HubFacts, teams: Collection[str]) -> list[str]:
    if _everything(facts, teams):
        return list(facts.node_shares.options)
    mine = {share for tier in facts.access.tiers if tier.team in teams for share in tier.cpu_node_shares}
    return [name for name in facts.node_shares.options if name in mine]


def _allowed_gpus(facts: HubFacts, teams: Collection[str]) -> list[str]:
    if facts.gpus is None:
        return []
    if _everything(facts, teams):
        return list(facts.gpus.options)
    mine = {gpu for tier in facts.access.tiers if tier.team in teams for gpu in tier.gpus}
    mine |= {gpu for name, team in facts.access.extra_teams.items() if name in teams for gpu in team.gpus}
    return [name for name in facts.gpus.options if name in mine]


def _everything(facts: HubFacts, teams: Collection[str]) -> bool:
    return any(team.everything for name, team in facts.access.extra_teams.items() if name in teams)


def _profile(
    name: str, about: str, options: dict[str, Any], override: dict[str, Any], default: bool = False
) -> dict[str, Any]:
    profile = {"display_name": name, "description": about, "profile_options": options}
    return profile | {"kubespawner_override": override, "default": default}


def _choices(label: str, choices: dict[str, tuple[str, bool, dict[str, Any]]]) -> dict[str, Any]:
    """An option of the form; each choice has a label, whether it is the default, and what it means for the pod."""
    made = {
        name: {"display_name": words, "kubespawner_override": override} | ({"default": True} if default else {})
        for name, (words, default, override) in choices.items()
    }
    return {"display_name": label, "choices": made}


def _shares(facts: HubFacts, names: list[str]) -> dict[str, Any]:
    shares = {name: facts.node_shares.options[name] for name in names}
    choices = {}
    for name, share in shares.items():
        limits = {"mem_limit": f"{share.mem_limit_gb:g}G", "cpu_limit": share.cpu_limit}
        choices[name] = (share.label, share.default, limits | {"cpu_guarantee": share.cpu_guarantee})
    return _choices(facts.node_shares.choice, choices)


def _gpus(facts: Gpus, names: list[str]) -> dict[str, Any]:
    choices = {}
    for name in names:
        gpu = facts.options[name]
        override = {"mem_limit": f"{gpu.mem_limit_gb:g}G", "extra_resource_limits": {"nvidia.com/gpu": "1"}}
        override["node_selector"] = {"node.kubernetes.io/instance-type": gpu.machine}
        choices[name] = (gpu.label, gpu.default, override)
    return _choices(facts.choice, choices)


def _images(facts: HubFacts, names: list[str]) -> dict[str, Any]:
    images = {name: facts.images.options[name] for name in names}
    choices = {name: (image.label, _first(image, images), {"image": image.ref}) for name, image in images.items()}
    custom = facts.images.custom
    unlisted = {"enabled": True, "display_name": custom.choice, "display_name_in_choices": custom.in_choices}
    unlisted |= {"validation_regex": _TAGGED, "validation_message": custom.message}
    unlisted |= {"kubespawner_override": {"image": "{value}"}}
    return _choices(facts.images.choice, choices) | {"unlisted_choice": unlisted}


def _first(image: Image, images: dict[str, Image]) -> bool:
    """Whether it is the one that is chosen for a start: the default, or the first where that is not there."""
    return image.default or (not any(one.default for one in images.values()) and image == next(iter(images.values())))
