"""Who has an account at the small GitHub: one person for each tier, and those whom the hub has to refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hubfacts.schema import Access


@dataclass
class Person:
    """An account. ``teams`` are the teams of the organisation it is in; ``invited_to`` is the team of an invitation
    that waits to be accepted; ``admitted`` is an account that the hub's operator lets in without a team."""

    login: str
    teams: set[str] = field(default_factory=set)
    invited_to: str | None = None
    admitted: bool = False


def people(access: Access) -> dict[str, Person]:
    """Everybody, by their login, made from the teams of the facts."""
    tiers = [tier for tier in access.tiers if tier.team in access.allowed_teams]
    largest = tiers[-1].team
    found = [Person(account_of(tier.name), {tier.team}) for tier in access.tiers]
    found += [
        Person(account_of(name), {name} if team.everything else {name, largest})
        for name, team in access.extra_teams.items()
    ]
    found += [
        Person("funky-user", {largest}),
        Person("outside-user"),
        Person("invited-user", invited_to=tiers[0].team),
        Person("late-user", invited_to=largest, admitted=True),
    ]
    return {person.login: person for person in found}


def account_of(name: str) -> str:
    """The login of the person who is in the tier or team of that name."""
    return f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}-user"
