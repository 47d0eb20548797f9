"""A token with the permission that the page on SSH names: it opens the servers of its owner, and does nothing else."""

import re

import pytest
from hub_driver import LONG_MS, log_in, start_server
from playwright.sync_api import expect

PERMISSION = "access:servers!user"  # tests/recipes/test_secrets_and_backups.py compares it with the page's
USER, OTHER = "funky-user", "large-gpu-user"
REDIRECT = 0  # as a browser reports it that does not follow it; the status is 302
ASK = """async ([path, method, token]) => {
  const headers = token ? {Authorization: `token ${token}`} : {}
  return (await fetch(path, {method, headers, credentials: "omit", redirect: "manual"})).status
}"""


@pytest.fixture
def ask(hub, visit):
    """Request something with such a token, or without one, while the server of ``USER`` runs."""
    page, other = visit(), visit()
    log_in(other, hub, OTHER)
    start_server(other)
    log_in(page, hub, USER)
    start_server(page)
    page.goto(f"{hub.facts.hub.url}hub/token")
    page.wait_for_function("window._jupyterhub_page_loaded")
    page.get_by_label("Note").fill("SSH from my laptop")
    page.get_by_label("Token expires in").select_option("1 Week")
    page.get_by_label("Permissions").fill(PERMISSION)
    page.get_by_role("button", name="Request new API token").click()
    shown = page.locator("#token-result")
    expect(shown).to_have_text(re.compile(r"\w{20,}"), timeout=LONG_MS)
    token = shown.inner_text()
    page.goto(hub.facts.hub.control_panel)

    def request(path, method="GET", with_token=True):
        return page.evaluate(ASK, [path, method, token if with_token else None])

    request.page = page
    return request


def test_the_token_opens_only_the_servers_of_its_owner(hub, ask):
    assert ask(f"/user/{USER}/api/status") == 200
    assert ask(f"/user/{USER}/api/status", with_token=False) == 403
    assert ask(f"/user/{OTHER}/api/status") == 403
    assert ask(f"/hub/api/users/{USER}/tokens", "POST") in {403, 404}
    assert ask(f"/hub/api/users/{USER}/server", "DELETE") in {403, 404}
    assert ask(f"/hub/api/users/{USER}/servers/second", "POST") in {403, 404}
    assert ask(f"/user/{USER}/api/status") == 200

    ask.page.get_by_role("button", name="Stop My Server").click()
    ask.page.get_by_role("button", name="Stop My Server").wait_for(state="hidden", timeout=60_000)
    assert ask(f"/user/{USER}/api/status") == REDIRECT
