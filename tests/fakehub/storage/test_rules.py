"""Unit tests of the rules: permissions, scopes and the expiry of tokens.

Other tests send requests; these call the code that decides about them, so that each permission, scope and second can
be tested.
"""

import itertools
import time

import pytest
from refusals import refusal

from fakehub.accounts.identities import Identities
from fakehub.accounts.personas import ANONYMOUS, CLOUD_PLATFORM, Persona, account_number, hub_email, personas
from fakehub.clock import Clock
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from fakehub.storage.stored import NewObject
from hubfacts.load import load

AUTH = "https://www.googleapis.com/auth/"
READ = {"storage.objects.get", "storage.objects.list"}
WRITE = {
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.update",
    "storage.objects.getIamPolicy",
    "storage.objects.restore",
    "storage.objects.setIamPolicy",
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
}
NOBODYS = {"storage.buckets.list"}
READING = READ | {
    "storage.buckets.get",
    "storage.buckets.list",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
}
CONTROL = {
    "storage.objects.update",
    "storage.objects.getIamPolicy",
    "storage.objects.setIamPolicy",
    "storage.buckets.update",
    "storage.buckets.getIamPolicy",
    "storage.buckets.setIamPolicy",
}
# The permissions that each scope allows, of those a persona may have.
SCOPES = {
    "cloud-platform": READING | CONTROL | WRITE | NOBODYS,
    "devstorage.full_control": READING | CONTROL | WRITE | NOBODYS,
    "devstorage.read_write": (READING | WRITE) - CONTROL,
    "devstorage.read_only": READING,
    "cloud-platform.read-only": READING,
    "userinfo.email": set(),
}
RIGHTS = {
    "hub": {"leap-scratch": READ | WRITE, "leap-persistent": READ | WRITE, "leap-persistent-ro": READ},
    "hpc-member": {"leap-persistent": READ | WRITE, "leap-persistent-ro": READ | WRITE},
    "hpc-outsider": {},
    "anonymous": {},
}
RIGHTS |= {"laptop": RIGHTS["hub"], "service-account": RIGHTS["hpc-member"]}
# The owner also has permissions in the project, and in buckets that are made while the stand-in runs.
RIGHTS["owner"] = dict.fromkeys(("leap-scratch", "leap-persistent", "leap-persistent-ro", "*"), READ | WRITE) | {
    "": {"storage.buckets.create", "storage.buckets.list", "resourcemanager.projects.get"}
    | {"resourcemanager.projects.createBillingAssignment"}
    | {f"storage.hmacKeys.{verb}" for verb in ("create", "delete", "get", "list", "update")}
}
# What everybody has in the buckets of other projects.
PUBLIC = dict.fromkeys(
    ("river-discharge-archive", "gcp-public-data-arco-era5", "weatherbench2", "cmip6"),
    frozenset({"storage.objects.get", "storage.objects.list"}),
)
# The projects that may be billed for somebody's requests.
PROJECTS = {
    "hub": {"leap-pangeo"},
    "laptop": {"leap-pangeo"},
    "hpc-member": {"funky-user-project"},
    "hpc-outsider": {"outside-user-project"},
    "service-account": set(),
    "owner": {"leap-pangeo"},
    "anonymous": set(),
}


@pytest.fixture(scope="module")
def facts(root):
    return load(root / "hub.yml")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def identities(facts):
    """The identities of a stand-in whose clock is not moved; shared, because making the keys takes a while."""
    return Identities(facts, Clock())


@pytest.fixture
def clocked(facts, clock):
    """The identities of the test's own stand-in, which go by ``clock``."""
    return Identities(facts, clock)


@pytest.mark.parametrize("name", RIGHTS)
def test_each_persona_has_exactly_these_rights(facts, name):
    actual = personas(facts)[name].rights

    assert {bucket: set(rights) for bucket, rights in actual.items()} == RIGHTS[name] | PUBLIC


@pytest.mark.parametrize("name", PROJECTS)
def test_each_persona_may_bill_exactly_these_projects(facts, name):
    assert personas(facts)[name].projects == PROJECTS[name]


def test_the_facts_decide_whether_the_hub_pays_for_requests(facts):
    identity = facts.buckets.identity.model_copy(update={"pays_for_requests": False})
    poorer = facts.model_copy(update={"buckets": facts.buckets.model_copy(update={"identity": identity})})
    assert personas(poorer)["hub"].projects == set()


@pytest.mark.parametrize("signs", [True, False])
def test_the_facts_decide_whether_the_hub_signs(facts, signs):
    identity = facts.buckets.identity.model_copy(update={"signs": signs})
    changed = personas(facts.model_copy(update={"buckets": facts.buckets.model_copy(update={"identity": identity})}))

    assert {name: changed[name].signs for name in ("hub", "laptop", "hpc-member", "service-account")} == {
        "hub": signs,
        "laptop": signs,
        "hpc-member": False,
        "service-account": True,
    }


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_allows_exactly_these_permissions(scope):
    everything = READING | CONTROL | WRITE | NOBODYS
    holder = Persona("p", "p@example.com", {"b": frozenset(everything)}, frozenset({AUTH + scope}))

    allowed = {permission for permission in everything if refusal(holder.check, "b", permission) is None}

    assert allowed == SCOPES[scope]


@pytest.mark.parametrize(
    ("scope", "permission", "words"),
    [
        ("userinfo.email", "storage.objects.get", "Request had insufficient authentication scopes."),
        ("devstorage.read_only", "storage.objects.create", "Provided scope(s) are not authorized"),
        ("devstorage.read_write", "storage.objects.update", "Provided scope(s) are not authorized"),
    ],
)
def test_an_insufficient_scope_is_403_in_googles_words(scope, permission, words):
    holder = Persona("p", "p@example.com", {"b": frozenset({permission})}, frozenset({AUTH + scope}))

    error = refusal(holder.check, "b", permission)

    assert (error.status, error.message) == (403, words)


@pytest.mark.parametrize(
    ("persona", "status", "who"),
    [(Persona("p", "p@example.com"), 403, "p@example.com"), (ANONYMOUS, 401, "Anonymous caller")],
)
@pytest.mark.parametrize(
    ("permission", "what"),
    [
        ("storage.objects.get", "object"),
        ("storage.objects.list", "bucket"),
        ("storage.buckets.get", "bucket"),
        ("storage.multipartUploads.list", "bucket"),
    ],
)
def test_the_refusal_for_a_missing_right_names_it(persona, status, who, permission, what):
    error = refusal(persona.check, "b", permission)

    assert error.status == status
    assert error.message.startswith(f"{who} does not have {permission} access to the Google Cloud Storage {what}. ")


def test_programs_are_in_the_hubs_project_and_people_are_not(facts):
    table = personas(facts)

    assert {name: persona.project for name, persona in table.items() if persona.project} == dict.fromkeys(
        ("hub", "laptop", "service-account", "owner"), facts.hub.project
    )
    assert table["hub"].email == hub_email(facts) == f"hub-user@{facts.hub.project}.iam.gserviceaccount.com"
    assert [name for name, persona in table.items() if persona.is_service_account] == [
        "hub",
        "laptop",
        "service-account",
        "owner",
    ]


def test_an_account_has_one_number_of_21_digits():
    assert account_number("a@b") == account_number("a@b") != account_number("a@c")
    assert len(Persona("p", "a@b").subject) == 21 and Persona("p", "a@b").subject.isdigit()
    assert Persona("p", None).subject == account_number("")


def test_a_token_belongs_to_its_persona_until_it_expires(clocked, clock, facts):
    token, left = clocked.issue("hub")

    assert left == facts.buckets.identity.token_lives_s - 1 or left == facts.buckets.identity.token_lives_s
    assert clocked.bearer(f"Bearer {token}").name == "hub"
    assert clocked.find(token).persona.name == "hub"
    clock.advance(facts.buckets.identity.token_lives_s - 5)
    assert clocked.bearer(f"Bearer {token}").name == "hub" and clocked.find(token)
    clock.advance(10)
    assert refusal(clocked.bearer, f"Bearer {token}").status == 401
    assert clocked.find(token) is None


def test_live_tokens_are_those_that_have_not_expired(clocked, clock):
    token, _ = clocked.issue("hub")
    assert clocked.live_tokens() == [token]

    clock.advance(7200)

    assert clocked.live_tokens() == []


def test_the_same_token_is_issued_until_it_is_about_to_expire(clocked, clock, facts):
    first, _ = clocked.issue("hub")
    clock.advance(facts.buckets.identity.token_lives_s - 305)
    assert clocked.issue("hub")[0] == first
    clock.advance(10)

    second, left = clocked.issue("hub")

    assert second != first and left > 3000
    assert clocked.issue("hub", frozenset({"another"}))[0] not in (first, second)


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer a.b.c", "Bearer", "Basic x"])
def test_a_token_that_was_never_issued_is_refused(identities, header):
    assert refusal(identities.bearer, header).status == 401


@pytest.mark.parametrize("header", [None, ""])
def test_a_request_without_a_header_is_anonymous(identities, header):
    assert identities.bearer(header) is identities.personas["anonymous"]


def test_dropping_a_grant_revokes_its_tokens_and_no_others(identities):
    grant, other = object(), object()
    person = identities.personas["hpc-member"]
    gone, _ = identities.new_token(person, person.scopes, "client", grant)
    kept, _ = identities.new_token(person, person.scopes, "client", other)

    identities.drop(grant)

    assert identities.find(gone) is None
    assert identities.find(kept).client_id == "client"
    assert identities.new_token(person, person.scopes)[0].startswith("ya29.c.") and kept.startswith("ya29.a0.")


def signed(identities, **changes):
    """Return a token that a service account signed for itself, with ``changes`` to the usual claims."""
    now = int(time.time())
    email = identities.personas["service-account"].email
    claims = {"iss": email, "sub": email, "aud": "https://storage.googleapis.com/", "iat": now, "exp": now + 3600}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return identities.keys.account(email).token(claims)


def test_a_program_may_sign_its_own_token(identities):
    assert identities.bearer(f"Bearer {signed(identities)}").name == "service-account"
    assert identities.bearer(f"Bearer {signed(identities)}").scopes == {CLOUD_PLATFORM}
    assert identities.bearer(f"Bearer {signed(identities, aud='https://storage.googleapis.com')}").name
    asked = signed(identities, aud=None, scope=f"{AUTH}devstorage.read_only {AUTH}userinfo.email")
    assert identities.bearer(f"Bearer {asked}").scopes == {f"{AUTH}devstorage.read_only", f"{AUTH}userinfo.email"}


def test_a_token_that_is_signed_for_another_service_is_refused(identities):
    assert refusal(identities.bearer, f"Bearer {signed(identities, aud='https://example.com/')}").status == 401


def from_now(times):
    """Convert seconds from now to times."""
    now = int(time.time())
    return {name: now + value if isinstance(value, int) else value for name, value in times.items()}


@pytest.mark.parametrize(
    "times",
    [
        {"iat": 4000, "exp": 5000},
        {"iat": -5000, "exp": -4000},
        {"iat": -100, "exp": 9000},
        {"iat": "now"},
        {"exp": "then"},
        {"iat": None},
        {"exp": None},
    ],
)
def test_unreasonable_times_are_refused(identities, times):
    with pytest.raises(ValueError, match="reasonable timeframe"):
        identities.program(signed(identities, **from_now(times)))


@pytest.mark.parametrize("times", [{"iat": 200, "exp": 3000}, {"iat": -3000, "exp": -100}, {"exp": 3700}])
def test_a_clock_that_is_slightly_off_is_accepted(identities, times):
    assert identities.program(signed(identities, **from_now(times)))[0].name == "service-account"


def test_a_program_is_identified_by_its_account(identities):
    with pytest.raises(ValueError, match="account not found"):
        identities.program(signed(identities, iss="nobody@example.com"))
    other = signed(identities, iss=identities.personas["hub"].email)
    with pytest.raises(ValueError, match="Invalid JWT Signature"):
        identities.program(other)
    assert identities.signer(3) is None and identities.signer("x@y") is None
    assert identities.public_keys("x@y") == [] and len(identities.public_keys(identities.personas["hub"].email)) == 1
    assert identities.signer(identities.personas["hub"].email).name == "hub"


def test_every_pair_of_personas_differs_or_is_the_same_account(facts):
    for one, other in itertools.combinations(personas(facts).values(), 2):
        assert one.name != other.name
        assert (one.email == other.email) == ({one.name, other.name} == {"hub", "laptop"})


def test_replacing_an_object_takes_the_right_to_delete_it(facts, clock, tmp_path):
    storage = Storage(Store(facts.buckets.options, clock, tmp_path), clock, facts)
    creator = Persona("p", "p@example.com", {"leap-scratch": frozenset({"storage.objects.create"})})
    access = storage.bucket(creator, "leap-scratch")
    first = access.put(NewObject("a", b"first", {"contentType": "a/b"}), {})

    error = refusal(access.put, NewObject("a", b"second", {"contentType": "a/b"}), {})

    assert error.status == 403
    assert "does not have storage.objects.delete access" in error.message
    assert access.existing("a") is first
