"""What a draft says about hubs whose members are in no team on GitHub: their login, and whom they admit."""

import pytest
import yaml
from drafts import change_hub, drafted, facts_of

from guide.facts import checked

ADDED = "people whom its administrators have added"
UNKNOWN = "access.admits: the files do not say who may log in, so they were probably added one by one"


def authenticator(kind, **settings):
    return {"hub": {"config": {"JupyterHub": {"authenticator_class": kind}, **settings}}}


CILOGON = "CILogonOAuthenticator"
GOOGLE = "GoogleOAuthenticator"


@pytest.mark.parametrize(
    ("values", "service", "account", "admits"),
    [
        (
            authenticator(
                "cilogon", **{CILOGON: {"allowed_idps": {"https://idp.example.edu/idp": {"allow_all": True}}}}
            ),
            "CILogon",
            "an account at example.edu",
            "everybody with an account at example.edu",
        ),
        (
            authenticator("cilogon", **{CILOGON: {"allowed_idps": {"https://sso.dept.example.ac.uk/x": {}}}}),
            "CILogon",
            "an account at example.ac.uk",
            ADDED,
        ),
        (
            authenticator(
                "oauthenticator.cilogon.CILogonOAuthenticator",
                **{
                    CILOGON: {
                        "allowed_idps": {
                            "http://login.microsoftonline.com/common/oauth2/v2.0/authorize": {
                                "allowed_domains": ["example.edu", "x.example.edu"]
                            },
                            "http://google.com/accounts/o8/id": {},
                        }
                    }
                },
            ),
            "CILogon",
            "a Microsoft account",
            "everybody with a Microsoft account whose address ends in @example.edu or @x.example.edu",
        ),
        (
            authenticator("google", **{GOOGLE: {"hosted_domain": "example.edu", "allow_all": True}}),
            "Google",
            "a Google account",
            "everybody with a Google account of example.edu",
        ),
        (authenticator("google"), "Google", "a Google account", ADDED),
        (
            authenticator("github", GitHubOAuthenticator={"allowed_organizations": ["2i2c-org:staff", "a", "b"]}),
            "GitHub",
            "a GitHub account",
            "members of the GitHub organisation a or the GitHub organisation b",
        ),
        (
            authenticator("github", GitHubOAuthenticator={"allowed_organizations": ["2i2c-org:staff"]}),
            "GitHub",
            "a GitHub account",
            ADDED,
        ),
        (
            authenticator("github", Authenticator={"allow_all": True}),
            "GitHub",
            "a GitHub account",
            "everybody with a GitHub account",
        ),
        (authenticator("auth0", Authenticator={"allow_all": True}), "Auth0", "an account of Auth0", "everybody with"),
        (
            authenticator("shared-password", Authenticator={"allow_all": True}),
            "the hub's password",
            "the hub's password",
            "everybody who knows the hub's password",
        ),
    ],
)
def test_login_and_access(checkout, values, service, account, admits):
    change_hub(checkout, values)

    facts, notes = facts_of(checkout)

    assert (facts["hub"]["login"]["with"], facts["hub"]["login"]["account"]) == (service, account)
    assert facts["access"]["admits"].startswith(admits)
    assert facts["access"].keys() == {"admits", "src"}
    assert (UNKNOWN in notes) == (admits == ADDED)
    assert checked(facts).hub.login.button == (service != "the hub's password")


@pytest.mark.parametrize(
    ("claims", "username"),
    [
        (["email", "email"], "the e-mail address of your account"),
        (["email", "preferred_username"], "a name that is part of your account"),
    ],
)
def test_the_username_follows_from_the_claim(checkout, claims, username):
    providers = {
        f"https://idp.{number}.example.edu": {"username_derivation": {"username_claim": claim}, "allow_all": True}
        for number, claim in enumerate(claims)
    }
    change_hub(checkout, authenticator("cilogon", **{CILOGON: {"allowed_idps": providers}}))

    facts, _ = facts_of(checkout)

    assert facts["hub"]["login"]["username"] == username
    assert facts["environment_variables"]["values"]["JUPYTERHUB_USER"]["means"] == username


def test_a_profile_for_a_group_is_left_out_and_listed(checkout):
    change_hub(checkout, authenticator("cilogon"))

    facts, notes = facts_of(checkout)

    assert [profile["profile"] for profile in facts.get("further_profiles", [])] == []
    assert "access: '28 GB' is only for example-ocean:modellers, which hub.yml cannot say" in notes


def test_a_hub_with_temporary_accounts_is_one_line(root):
    result = drafted(root / "examples/from-2i2c", "meadow", "ephemeral")

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert "everybody gets a temporary account" in result.stderr


@pytest.mark.parametrize(
    ("cluster", "hub", "scratch", "persistent"),
    [
        ("meadow", "prod", None, None),
        ("meadow", "workshop", None, None),
        ("reef", "prod", "reef-scratch", None),
        ("island", "prod", None, "island-persistent"),
        ("ocean", "staging", "ocean-scratch-staging", None),
    ],
)
def test_a_hub_may_lack_buckets(root, cluster, hub, scratch, persistent):
    buckets = checked(yaml.safe_load(drafted(root / "examples/from-2i2c", cluster, hub).stdout)).buckets

    names = (buckets.scratch and buckets.scratch.name, buckets.persistent and buckets.persistent.name)
    assert names == (scratch, persistent)
    assert len(buckets.variables) == sum(name is not None for name in names)
