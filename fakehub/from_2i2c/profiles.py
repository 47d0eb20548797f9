"""Read KubeSpawner's profile list: the profiles of the hub's form, with their machines, images and teams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fakehub.from_2i2c.helm import Values

# The keys in the hub's values that lead to something; an entry of a list has its number.
Path: TypeAlias = tuple[str, ...]
# The groups that something is for, in small letters, as the hub compares them; None is everybody who may log in.
Teams: TypeAlias = frozenset[str] | None

GPU = "nvidia.com/gpu"
NODE = "node.kubernetes.io/instance-type"
# The organisation of 2i2c's own staff, who may use every hub.
STAFF = "2i2c-org"
_PROFILES = ("jupyterhub", "singleuser", "profileList")
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_RESOURCES = {"mem_limit", "mem_guarantee", "cpu_limit", "cpu_guarantee", "node_selector", "extra_resource_limits"}


@dataclass(frozen=True)
class Choice:
    """A choice of a list in the form; ``settings`` are KubeSpawner's, with those of its profile.

    ``path`` is where the hub's values define it, or its profile if that has no list.
    """

    name: str
    label: str | None
    teams: Teams
    settings: Values
    default: bool
    path: Path

    @property
    def has_gpu(self) -> bool:
        """Whether a server with this choice has a GPU."""
        return float((self.settings.get("extra_resource_limits") or {}).get(GPU) or 0) > 0

    @property
    def machine(self) -> str | None:
        """The type of machine that the server runs on."""
        machine = (self.settings.get("node_selector") or {}).get(NODE)
        return None if machine is None else str(machine)


@dataclass(frozen=True)
class Profile:
    """A profile of the form: ``shares`` are the choices of a machine or a part of one, ``images`` those of an image.

    ``custom`` is the choice to name another image, and ``builds_images`` whether the form offers to build one. If a
    profile ``has_another_list`` of resources, people choose from that too. The hub's values define it at ``path``.
    """

    name: str
    about: str | None
    teams: Teams
    default: bool
    path: Path
    share_label: str | None = None
    shares: list[Choice] = field(default_factory=list)
    image_label: str | None = None
    images: list[Choice] = field(default_factory=list)
    custom: Values | None = None
    builds_images: bool = False
    has_another_list: bool = False

    def teams_of(self, choice: Choice) -> Teams:
        """Return the teams that may take a choice of this profile: those that both are for.

        If there are none, the members of the choice's teams need to be in one of the profile's teams too.
        """
        if choice.teams is None or self.teams is None:
            return choice.teams if self.teams is None else self.teams
        return (choice.teams & self.teams) or choice.teams


def profiles_of(values: Values) -> list[Profile]:
    """Return the profiles that are for others than 2i2c's staff; a hub without a list has one without a name."""
    server = values["jupyterhub"].get("singleuser") or {}
    whole = _settings_of_all_servers(server)
    listed = server.get("profileList") or [{"display_name": "Server", "default": True}]
    profiles = [_profile(entry, whole, (*_PROFILES, str(number))) for number, entry in enumerate(listed)]
    return [profile for profile in profiles if profile.teams is None or profile.teams]


def _settings_of_all_servers(server: Values) -> Values:
    memory, cpu = server.get("memory") or {}, server.get("cpu") or {}
    settings = {"mem_limit": memory.get("limit"), "mem_guarantee": memory.get("guarantee")}
    settings |= {"cpu_limit": cpu.get("limit"), "cpu_guarantee": cpu.get("guarantee")}
    settings |= {"node_selector": server.get("nodeSelector") or None}
    settings |= {"extra_resource_limits": (server.get("extraResource") or {}).get("limits")}
    image = server.get("image") or {}
    settings |= {"image": f"{image['name']}:{image.get('tag')}" if image.get("name") else None}
    return {name: value for name, value in settings.items() if value is not None}


def _profile(entry: Values, whole: Values, path: Path) -> Profile:
    own = entry.get("kubespawner_override") or {}
    selector = (whole.get("node_selector") or {}) | (own.get("node_selector") or {})
    own = own | ({"node_selector": selector} if selector else {})
    name = entry.get("display_name") or "Server"
    shares: list[Choice] = []
    images: list[Choice] = []
    labels: dict[str, str | None] = {"share": None, "image": None}
    custom, builds, left_out = None, False, False
    for key, option in (entry.get("profile_options") or {}).items():
        choices = list(_choices(option, whole | own, (*path, "profile_options", str(key), "choices")))
        if _is_about_images(option):
            labels["image"], images = option.get("display_name"), images + choices
            custom = _custom(option) or custom
            builds = builds or bool((option.get("dynamic_image_building") or {}).get("enabled"))
        elif _is_about_resources(option):
            left_out = left_out or bool(shares)
            labels["share"], shares = labels["share"] or option.get("display_name"), shares or choices
    if not shares:
        shares = [Choice(entry.get("slug") or slug(name), name, None, whole | own, True, path)]
    if not images and (whole | own).get("image"):
        in_profile = bool(own.get("image"))
        key, label = (entry.get("slug") or slug(name), name) if in_profile else ("default", whole["image"])
        images = [Choice(key, label, None, whole | own, True, path)]
    return Profile(
        name,
        entry.get("description"),
        _teams(entry),
        bool(entry.get("default")),
        path,
        labels["share"],
        shares,
        labels["image"],
        images,
        custom,
        builds,
        left_out,
    )


def _choices(option: Values, settings: Values, path: Path) -> Iterator[Choice]:
    for name, choice in (option.get("choices") or {}).items():
        own = choice.get("kubespawner_override") or {}
        selector = (settings.get("node_selector") or {}) | (own.get("node_selector") or {})
        whole = settings | own | ({"node_selector": selector} if selector else {})
        teams = _teams(choice)
        if teams is None or teams:  # a choice that only the staff may take is left out
            yield Choice(
                name, choice.get("display_name"), teams, whole, bool(choice.get("default")), (*path, str(name))
            )


def _is_about_images(option: Values) -> bool:
    choices = [*(option.get("choices") or {}).values(), option.get("unlisted_choice") or {}]
    return any("image" in (choice.get("kubespawner_override") or {}) for choice in choices)


def _is_about_resources(option: Values) -> bool:
    choices = (option.get("choices") or {}).values()
    return any(_RESOURCES & set(choice.get("kubespawner_override") or {}) for choice in choices)


def _custom(option: Values) -> Values | None:
    unlisted = option.get("unlisted_choice") or {}
    return unlisted if unlisted.get("enabled") else None


def _teams(place: Values) -> Teams:
    groups = place.get("allowed_groups", place.get("allowed_teams"))
    if groups is None:
        return None
    own = [str(name).casefold() for name in ([groups] if isinstance(groups, str) else groups)]
    return frozenset(name for name in own if name.partition(":")[0] != STAFF)


def slug(name: str) -> str:
    """Return a key for something that has only a name for people."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "server"


def gibibytes(limit: Any) -> float | int | None:
    """Convert an amount of memory of KubeSpawner, bytes or a text such as ``8G`` (8 GiB), to GiB; ``None`` for none.

    Raises ``ValueError`` for what KubeSpawner does not accept, such as ``8Gi``.
    """
    if limit is None:
        return None
    amount = float(limit) if isinstance(limit, int | float) else None
    if amount is None:
        parts = re.fullmatch(r"([\d.]+)([KMGT]?)", str(limit))
        if not parts:
            raise ValueError(f"{limit!r} is not an amount of memory for KubeSpawner, which knows K, M, G and T")
        amount = float(parts[1]) * _UNITS.get(parts[2], 1)
    in_gib = round(amount / 2**30, 3)
    return int(in_gib) if in_gib == int(in_gib) else in_gib
