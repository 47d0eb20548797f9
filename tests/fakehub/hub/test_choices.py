"""Login, and the choices in the form: of each tier, of people in no team, and custom images."""

from __future__ import annotations

import re

import pytest
from forms import expected, lists
from hub_driver import (
    LONG_MS,
    ROOT,
    accept_invitation,
    choose,
    log_in,
    log_out,
    name_image,
    open_list,
    press_start,
    server_of,
)
from playwright.sync_api import expect

from fakehub.hub.people import account_of
from guide.browser.hub_pictures import first_with_same_choices, form_of
from guide.facts import load

expect.set_options(timeout=LONG_MS)
FACTS = load(ROOT / "hub.yml")
CPU, GPU = FACTS.node_shares, FACTS.gpus
MAIN_HUB = [tier for tier in FACTS.access.tiers if tier.team in FACTS.access.allowed_teams]
HELP = re.sub(r"\s+", " ", (ROOT / "book/help/server-or-login.md").read_text())


@pytest.mark.parametrize("tier", MAIN_HUB, ids=lambda tier: account_of(tier.name))
def test_a_tier_sees_its_choices_and_no_others(hub, visit, check_picture, tier):
    page = visit(device_scale_factor=2)

    log_in(page, hub, account_of(tier.name))

    assert lists(page, FACTS) == expected(FACTS, tier.cpu_node_shares, tier.gpus)
    open_list(page, CPU.profile, CPU.choice)
    if tier == first_with_same_choices(FACTS, tier):
        check_picture(page, form_of(FACTS, tier))


@pytest.mark.parametrize("team", FACTS.access.extra_teams)
def test_an_extra_team_adds_its_choices(hub, visit, team):
    extra = FACTS.access.extra_teams[team]
    largest = MAIN_HUB[-1]  # the tier of members of an extra team that adds no node shares
    shares = extra.cpu_node_shares or largest.cpu_node_shares
    more = extra.gpus if extra.cpu_node_shares else [*largest.gpus, *extra.gpus]
    gpus = [gpu for gpu in GPU.options if gpu in more]
    further = [profile for profile in FACTS.further_profiles if team in profile.teams]
    page = visit()

    log_in(page, hub, account_of(team))

    assert lists(page, FACTS) == expected(FACTS, shares, gpus, further)


@pytest.mark.parametrize("login", ["outside-user", account_of(FACTS.access.tiers[0].name)])
def test_a_user_in_no_team_is_refused_as_the_help_page_says(hub, visit, check_picture, login):
    page = visit(390, device_scale_factor=2)

    log_in(page, hub, login)

    expect(page.locator("h1")).to_contain_text("403 : ")
    (message,) = set(re.findall(r"Sorry, [^.]+\.", page.locator(".error").inner_text()))
    assert message in HELP
    check_picture(page, "not-authorized")


def test_a_refused_authorization_is_explained(hub, visit, check_picture):
    page = visit(device_scale_factor=2)
    page.goto(f"{hub.facts.hub.url}hub/login")
    check_picture(page, "log-in")
    page.get_by_role("button", name="Sign in with").click()
    page.get_by_label("Username").fill("invited-user")
    page.get_by_label("Password").fill("any")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("h1")).to_contain_text("400 : ")
    message = page.locator(".error").inner_text()
    assert "OAuth error: The user has denied your application access." in message
    assert "OAuth error: The user has denied your application access." in HELP
    check_picture(page, "denied")


def test_a_user_who_accepts_the_invitation_can_log_in(hub, visit):
    page = visit()
    log_in(page, hub, "invited-user")
    expect(page.locator("h1")).to_contain_text("403 : ")

    accept_invitation(page, hub)
    log_in(page, hub, "invited-user")

    assert lists(page, FACTS) == expected(FACTS, MAIN_HUB[0].cpu_node_shares, MAIN_HUB[0].gpus)


def test_a_user_who_joins_a_team_must_log_out_and_in(hub, visit, check_picture):
    page = visit(device_scale_factor=2)
    spawn = f"{hub.facts.hub.url}hub/spawn"
    log_in(page, hub, "late-user")
    expect(page.locator(".error")).to_contain_text("group membership is insufficient")
    (message,) = set(re.findall(r"Your group[^.]+\.", page.locator(".error").inner_text()))
    assert message in HELP
    check_picture(page, "no-profiles")

    accept_invitation(page, hub)
    page.goto(spawn)
    expect(page.locator(".error")).to_contain_text(message)

    log_out(page, hub)
    log_in(page, hub, "late-user")
    assert lists(page, FACTS) == expected(FACTS, MAIN_HUB[-1].cpu_node_shares, MAIN_HUB[-1].gpus)


# Every share, image and GPU at least once; each row starts a server.
SHARES = list(zip(CPU.options, [*FACTS.images.options, None], strict=False))
ROWS = [(CPU, share, image) for share, image in SHARES]
ROWS += [(GPU, gpu, image) for gpu, image in zip(GPU.options, GPU.images * len(GPU.options), strict=False)]


@pytest.fixture(scope="module")
def everything(hub, browser):
    """The form for a user who may start every share and every GPU."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    log_in(page, hub, account_of("large-gpu"))
    yield page
    context.close()


@pytest.mark.parametrize(("section", "size", "image"), ROWS, ids=lambda value: getattr(value, "profile", value))
def test_a_server_gets_what_was_chosen(hub, everything, section, size, image):
    page, custom = everything, FACTS.images.custom
    user = account_of("large-gpu")
    page.goto(f"{hub.facts.hub.url}hub/spawn/{user}/{size.replace('_', '-')}")
    choose(page, section.profile, section.choice, section.options[size].label)
    if image:
        choose(page, section.profile, FACTS.images.choice, FACTS.images.options[image].label)
    else:
        choose(page, section.profile, FACTS.images.choice, custom.in_choices)
        name_image(page, section.profile, custom.example)
    press_start(page)
    expect(page.locator("#progress-message")).to_have_text("Container notebook is started")

    server = server_of(hub, user, size.replace("_", "-"))
    env = server.environ()
    server.kill()  # another test waits until a server is ready

    assert env["JUPYTER_IMAGE_SPEC"] == (FACTS.images.options[image].ref if image else custom.example)
    assert int(env["MEM_LIMIT"]) == section.options[size].mem_limit_gib * 2**30


def test_a_custom_image_without_a_tag_is_refused(hub, visit, check_picture):
    custom = FACTS.images.custom
    page = visit(390, device_scale_factor=2)
    log_in(page, hub, account_of(MAIN_HUB[-1].name))

    choose(page, CPU.profile, FACTS.images.choice, custom.in_choices)
    name_image(page, CPU.profile, "pangeo-notebook").blur()

    expect(page.get_by_text(custom.message).first).to_be_visible()
    check_picture(page, "custom-image")
    press_start(page)
    expect(page).to_have_url(re.compile("/hub/spawn"))
