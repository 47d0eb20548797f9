"""The sections about what people may start: tiers, node shares, GPUs and images."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fakehub.from_2i2c.checkout import HubConfiguration
from fakehub.from_2i2c.helm import Values, get, present
from fakehub.from_2i2c.profiles import Choice, Profile, Teams, gibibytes, profiles_of, slug
from fakehub.from_2i2c.sign_in import SignIn, sign_in

_SRC = ["values"]
_VRAM = re.compile(r"(\d+) ?GB VRAM")


@dataclass(frozen=True)
class _Group:
    """CPU profiles that are one for the facts: they have a name and a machine in common, and no share differs."""

    profiles: list[Profile]
    machine: str | None
    options: dict[str, Values]
    teams: dict[str, Teams]


class Servers:
    """The sections of a hub; ``notes`` are lines about what they lack."""

    def __init__(self, configuration: HubConfiguration) -> None:
        self._configuration = configuration
        self._profiles = profiles_of(configuration.values)
        self._groups = list(_grouped(self._profiles))
        self._gpu_choices = _unique((p, c) for p in self._profiles for c in p.shares if c.has_gpu)
        self._sign_in = sign_in(configuration.values) or SignIn("GitHub", "", "")
        self.notes: list[str] = list(self._sign_in.notes)
        self.organization, self._may_log_in = self._sign_in.organization, self._sign_in.teams

    def sections(self) -> dict[str, Values | list[Values]]:
        """Return the sections by name; those that the hub lacks are empty."""
        main = self._groups[0] if self._groups else None
        if main is None:
            self.notes.append("node_shares: the hub has no CPU profile, which the stand-in's JupyterHub needs")
        self._note_profiles()
        further = [section for group in self._groups[1:] for section in self._further(group)]
        return {
            "access": self._access(main),
            "node_shares": self._node_shares(main) if main else {},
            "further_profiles": further,
            "gpus": self._gpus(),
            "images": self._images(main),
        }

    def _note_profiles(self) -> None:
        """Note what profiles have that the facts cannot say."""
        for profile in self._profiles:
            machines = [group.machine for group in self._groups if profile in group.profiles]
            if len(machines) > 1:
                self.notes.append(
                    f"further_profiles: {profile.name!r} offers several machines; hub.yml has a profile for each"
                )
            if profile.has_another_list:
                self.notes.append(f"node_shares: {profile.name!r} has a second list of resources, which is left out")
            for choice in profile.shares:
                own = [name for name, value in (choice.settings.get("environment") or {}).items() if _is_url(value)]
                if own:
                    self.notes.append(
                        f"environment_variables: {choice.label or choice.name!r} sets its own {', '.join(own)}"
                    )
                if choice.teams and profile.teams and not choice.teams & profile.teams:
                    self.notes.append(
                        f"access: {choice.name} also requires a team that may take the profile {profile.name!r}"
                    )
            # On a hub that asks for no teams, a GPU says whom it is for.
            choices = [choice for choice in profile.shares if self.organization or not choice.has_gpu]
            restricted = [(choice.label, choice.teams) for choice in choices]
            restricted[:0] = [(profile.name, profile.teams)] if choices else []
            for name, teams in restricted:
                others = sorted(teams or ()) if self.organization is None else self._of_others(teams)
                if others:
                    self.notes.append(f"access: {name!r} is only for {', '.join(others)}, which hub.yml cannot say")

    def _of_others(self, teams: Teams) -> list[str]:
        """Return the groups that are not teams of the hub's organisation."""
        prefix = f"{self.organization}:".casefold()
        return sorted(team for team in teams or () if not team.startswith(prefix))

    def _access(self, main: _Group | None) -> Values:
        if self.organization is None:
            admits = self._sign_in.admits
            return {"admits": admits, "src": _SRC} if admits else {}
        shares: dict[str, list[str]] = {}
        gpus: dict[str, list[str]] = {}
        for name, teams in main.teams.items() if main else ():
            self._add(shares, name, teams)
        for name, (profile, choice) in self._gpu_choices.items():
            self._add(gpus, name, profile.teams_of(choice))
        some = {team for group in self._groups for teams in group.teams.values() for team in self._named(teams)}
        allowed = [team for team in self._may_log_in if team in some or team in gpus]
        folders = _group_folders(self._configuration.values)
        idle = {team: folders.get(team, "") for team in self._may_log_in if team not in allowed}
        tiers = [{"name": t, "team": t, "cpu_node_shares": shares.get(t, []), "gpus": gpus.get(t, [])} for t in allowed]
        extra = {
            team: {"cpu_node_shares": shares.get(team, []), "gpus": gpus.get(team, [])}
            for team in dict.fromkeys([*shares, *gpus, *sorted(some)])
            if team not in self._may_log_in
        }
        section = {"organization": self.organization, "allowed_teams": allowed, "login_only_teams": idle or None}
        return present(section | {"tiers": tiers, "extra_teams": extra or None, "src": _SRC})

    def _named(self, teams: Teams) -> list[str]:
        """Return the names of the organisation's ``teams``, as its list of those that may log in spells them."""
        if teams is None:
            return self._may_log_in
        spelled = {f"{self.organization}:{team}".casefold(): team for team in self._may_log_in}
        own = sorted(teams.difference(self._of_others(teams)))
        return [spelled.get(team, team.partition(":")[2]) for team in own]

    def _add(self, choices: dict[str, list[str]], name: str, teams: Teams) -> None:
        for team in self._named(teams):
            choices.setdefault(team, []).append(name)

    def _node_shares(self, group: _Group) -> Values:
        first = group.profiles[0]
        section = {"profile": first.name, "about": first.about, "choice": first.share_label}
        return present(section | {"machine": group.machine, "options": _with_default(group.options), "src": _SRC})

    def _further(self, group: _Group) -> list[Values]:
        """Return a profile for each set of teams that have their own shares in a group."""
        sections = []
        for teams in dict.fromkeys(group.teams.values()):
            options = {name: share for name, share in group.options.items() if group.teams[name] == teams}
            section = self._node_shares(replace(group, options=options))
            name, named = group.profiles[0].name, self._named(teams) if self.organization else []
            if teams is None:
                sections.append(section)
            elif set(named) & set(self._may_log_in):
                sections.append({"teams": named} | section)
            else:
                who = ", ".join(sorted(teams))
                why = "who may not log in" if self.organization else "so it is left out"
                self.notes.append(f"further_profiles: {name!r} is only for {who}, {why}")
        return sections

    def _gpus(self) -> Values:
        if not self._gpu_choices:
            return {}
        options: dict[str, Values] = {}
        for name, (profile, choice) in self._gpu_choices.items():
            vram = _VRAM.search(choice.label or "")
            teams = self._named(choice.teams) if choice.teams and self.organization else []
            options[name] = present(
                {
                    "label": choice.label,
                    "vram_gb": int(vram[1]) if vram else None,
                    "mem_limit_gib": gibibytes(choice.settings.get("mem_limit")),
                    "machine": choice.machine,
                    "team": teams[0] if len(teams) == 1 and choice.teams != profile.teams else None,
                    "only_for": self._only_for(profile.teams_of(choice)),
                    "default": choice.default or None,
                }
            )
        first, *others = [profile for profile in self._profiles if any(choice.has_gpu for choice in profile.shares)]
        if others:
            self.notes.append("gpus: the hub has several GPU profiles; hub.yml lists their machines in one")
        section = {"profile": first.name, "choice": first.share_label, "zones": self._gpu_zones(options) or None}
        # The stand-in's form selects the first.
        offered = [image for profile in (first, *others) for image in profile.images]
        images = list(dict.fromkeys(image.name for image in sorted(offered, key=lambda image: not image.default)))
        return present(section | {"options": _with_default(options), "images": images, "src": _SRC})

    def _only_for(self, groups: Teams) -> str | None:
        """Return who gets a choice that is only for ``groups``, on a hub that asks for no teams."""
        if self.organization is not None or not groups:
            return None
        kind = "GitHub team" if self._sign_in.service == "GitHub" else "group"
        names = sorted(groups)
        return f"members of the {kind}{'s' if names[1:] else ''} {' or '.join(names)}"

    def _gpu_zones(self, options: dict[str, Values]) -> list[str]:
        terraform = self._configuration.terraform
        pools = (terraform.variables.get("notebook_nodes") or {}).values() if terraform else ()
        machines = {option.get("machine") for option in options.values()}
        zones = [frozenset(pool.get("zones") or ()) for pool in pools if pool.get("machine_type") in machines]
        if len(set(zones)) > 1:
            self.notes.append("gpus.zones: not every GPU is in all of them")
        return sorted(frozenset().union(*zones))

    def _images(self, main: _Group | None) -> Values:
        found: dict[str, Choice] = {}
        for profile in self._profiles:
            for image in (image for image in profile.images if image.settings.get("image")):
                reference = found.get(image.name)
                if reference and reference.settings.get("image") != image.settings.get("image"):
                    self.notes.append(
                        f"images: {image.name} is {reference.settings['image']} in one profile "
                        f"and {image.settings['image']} in {profile.name!r}"
                    )
                found.setdefault(image.name, image)
        first = main.profiles[0] if main else None
        default = next((i.name for i in (first.images if first else []) if i.default), None)
        options = {
            name: present({"label": image.label, "ref": image.settings["image"], "default": name == default or None})
            for name, image in found.items()
        }
        if not options:
            return {}
        self._note_images(set(found))
        labels = [profile.image_label for profile in self._profiles if profile.image_label]
        section = present({"choice": labels[0] if labels else None, "options": _with_default(options)})
        return section | {"custom": self._custom(), "src": _SRC}

    def _note_images(self, offered: set[str]) -> None:
        """Note which profiles do not offer all images, and which images are not for everybody."""
        for profile in self._profiles:
            own = {image.name for image in profile.images}
            if own != offered and any(not choice.has_gpu for choice in profile.shares):
                names = ", ".join(sorted(offered - own))
                self.notes.append(f"images: the profile {profile.name!r} does not offer {names}")
            for image in profile.images:
                if image.teams is not None:
                    self.notes.append(f"images: {image.name} is only for {', '.join(sorted(image.teams))}")

    def _custom(self) -> Values | None:
        with_custom = [profile for profile in self._profiles if profile.custom]
        if not with_custom:
            return None
        unlisted = with_custom[0].custom or {}
        builds = list(dict.fromkeys(profile.name for profile in self._profiles if profile.builds_images))
        return present(
            {
                "choice": unlisted.get("display_name"),
                "in_choices": unlisted.get("display_name_in_choices"),
                "message": unlisted.get("validation_message"),
                "build_your_own": f"only in the profile {' or '.join(builds)}" if builds else None,
            }
        )


def _is_url(value: object) -> bool:
    """Return whether a variable names a bucket."""
    return str(value).startswith("gs://")


def _with_default(options: dict[str, Values]) -> dict[str, Values]:
    """Return the ``options`` with exactly one default: the first that is marked, or the first of all."""
    marked = next((name for name, option in options.items() if option.get("default")), next(iter(options)))
    return {
        name: {key: value for key, value in option.items() if key != "default"}
        | ({"default": True} if name == marked else {})
        for name, option in options.items()
    }


def _grouped(profiles: list[Profile]) -> Iterator[_Group]:
    """Yield groups of CPU profiles: that of the default choice of the default profile first."""
    groups: list[_Group] = []
    for profile in sorted(profiles, key=lambda profile: not profile.default):
        choices = sorted((choice for choice in profile.shares if not choice.has_gpu), key=lambda one: not one.default)
        for machine in dict.fromkeys(choice.machine for choice in choices):
            on_it = [choice for choice in profile.shares if not choice.has_gpu and choice.machine == machine]
            own = {choice.name: (_share(choice), profile.teams_of(choice)) for choice in on_it}
            group = next((one for one in groups if _fits(one, profile, machine, own)), None)
            if group is None:
                group = _Group([], machine, {}, {})
                groups.append(group)
            group.profiles.append(profile)
            for name, (share, teams) in own.items():
                earlier = group.teams.get(name, frozenset())
                group.teams[name] = None if teams is None or earlier is None else earlier | teams
                group.options.setdefault(name, share)
    yield from groups


def _fits(group: _Group, profile: Profile, machine: str | None, shares: dict[str, tuple[Values, Teams]]) -> bool:
    def without_default(share: Values) -> Values:
        return {key: value for key, value in share.items() if key != "default"}

    same = all(
        without_default(group.options[name]) == without_default(share)
        for name, (share, _) in shares.items()
        if name in group.options
    )
    return same and group.machine == machine and group.profiles[0].name == profile.name


def _share(choice: Choice) -> Values:
    settings = choice.settings
    return present(
        {
            "label": choice.label,
            "mem_guarantee_gib": gibibytes(settings.get("mem_guarantee")),
            "mem_limit_gib": gibibytes(settings.get("mem_limit")),
            "cpu_limit": settings.get("cpu_limit"),
            "cpu_guarantee": settings.get("cpu_guarantee"),
            "default": choice.default or None,
        }
    )


def _unique(choices: Iterable[tuple[Profile, Choice]]) -> dict[str, tuple[Profile, Choice]]:
    """Return the choices by name; one that repeats the name of another with other settings has its profile's too."""
    found: dict[str, tuple[Profile, Choice]] = {}
    for profile, choice in choices:
        known = found.get(choice.name)
        same = known is None or known[1].settings == choice.settings
        found.setdefault(choice.name if same else f"{slug(profile.name)}-{choice.name}", (profile, choice))
    return found


def _group_folders(values: Values) -> dict[str, str]:
    """Return the folders that only members of a team mount, from code that sets KubeSpawner's ``group_overrides``."""
    folders: dict[str, str] = {}
    for code in (get(values, "jupyterhub", "hub", "extraConfig") or {}).values():
        for override in _group_overrides(str(code)):
            mounts = (override.get("spawner_override") or {}).get("volume_mounts") or {}
            paths = [mount.get("mountPath", "") for mount in mounts.values()]
            for group in override.get("groups") or []:
                folders |= {group.rpartition(":")[2]: path.replace("/home/jovyan", "~") for path in paths[:1]}
    return folders


def _group_overrides(code: str) -> Iterator[Values]:
    try:
        statements = ast.parse(code).body
    except SyntaxError:
        return
    for statement in statements:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]).endswith(".group_overrides"):
            try:
                yield from ast.literal_eval(statement.value).values()
            except ValueError:
                return
