"""The list of profiles that KubeSpawner gets, from the facts and the teams of a person."""

import pytest

from fakehub.hub.profiles import profile_list
from hubfacts.load import load_hub
from hubfacts.schema import Access, FurtherProfile


@pytest.mark.parametrize(
    ("teams", "who", "offered"),
    [([], "any-team", True), (["large"], "large", True), (["large"], "any-team", False)],
)
def test_a_further_profile_is_offered_to_its_teams_or_to_everybody(root, teams, who, offered):
    facts = load_hub(root / "hub.yml")
    shares = {"all": {"label": "All", "mem_limit_gib": 8, "cpu_limit": 2, "cpu_guarantee": 1, "default": True}}
    further = FurtherProfile(profile="Large", machine="m", options=shares, teams=teams)

    listed = profile_list(facts.model_copy(update={"further_profiles": [further]}), {who})

    assert ("Large" in [profile["display_name"] for profile in listed]) == offered


def test_a_hub_without_teams_offers_everything_to_everybody(root):
    facts = load_hub(root / "hub.yml")
    without_teams = facts.model_copy(update={"access": Access(admits="everybody with an account")})
    labels = [share.label for share in facts.node_shares.options.values()]

    cpu, gpu = profile_list(without_teams, set())

    offered = [choice["display_name"] for choice in cpu["profile_options"]["requests"]["choices"].values()]
    assert offered == labels
    assert gpu["profile_options"]["gpu"]["choices"].keys() == facts.gpus.options.keys()
