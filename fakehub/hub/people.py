"""The accounts at the login service: one for each tier and extra team, and some that the hub has to refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hubfacts.schema import Access


@dataclass
class Person:
    """An account and the teams of the organisation that it is in.

    ``invited_to`` is the team of a pending invitation; ``admitted`` means that the hub's operator lets the account in
    without a team.
    """

    login: str
    teams: set[str] = field(default_factory=set)
    invited_to: str | None = None
    admitted: bool = False


def people(access: Access) -> dict[str, Person]:
    """Return all accounts by login; a hub without teams admits people by their names."""
    if access.organization is None:
        accounts = [Person("funky-user", admitted=True), Person("outside-user")]
        return {person.login: person for person in accounts}
    tiers = [tier for tier in access.tiers if tier.team in access.allowed_teams]
    largest = tiers[-1].team
    accounts = [Person(account_of(tier.name), {tier.team}) for tier in access.tiers]
    accounts += [
        Person(account_of(name), {name} if team.everything or team.cpu_node_shares else {name, largest})
        for name, team in access.extra_teams.items()
    ]
    accounts += [
        Person("funky-user", {largest}),
        Person("outside-user"),
        Person("invited-user", invited_to=tiers[0].team),
        Person("late-user", invited_to=largest, admitted=True),
    ]
    return {person.login: person for person in accounts}


def account_of(name: str) -> str:
    """Return the login of the person in the tier or team ``name``."""
    return f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}-user"
