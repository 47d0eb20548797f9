"""JupyterHub without teams and a form: people log in with another service, or with the password of all, and start."""

import os
import subprocess
import sys

import hub_driver
import pytest
from hub_driver import ROOT, log_in
from notebook_driver import LONG_MS


def started(stack, folder, name):
    """Start the hub of that name in the example of a cluster with teaching hubs, from its draft."""
    command = [sys.executable, "-m", "fakehub.from_2i2c", "examples/from-2i2c", "meadow", name]
    drafted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (folder / "hub.yml").write_text(drafted.stdout)
    return hub_driver.start(stack, hub_yml=folder / "hub.yml")


@pytest.fixture(scope="module")
def hub(playwright, stack, tmp_path_factory):
    """A hub whose members log in with CILogon."""
    with started(stack, tmp_path_factory.mktemp("cilogon"), "prod") as running:
        yield running


def test_the_service_has_its_name_and_a_server_starts_without_a_form(hub, visit):
    page = visit()
    page.goto(f"{hub.facts.hub.url}hub/login")
    page.get_by_role("button", name="Sign in with CILogon").click()
    page.get_by_role("heading", name="Sign in to CILogon").wait_for()

    log_in(page, hub, "funky-user")

    page.wait_for_url("**/user/funky-user/**lab**", timeout=LONG_MS)


def test_an_account_that_the_hub_does_not_admit_is_refused(hub, visit):
    page = visit()

    log_in(page, hub, "outside-user")

    page.get_by_text("403 : Forbidden").wait_for()
    page.get_by_text("you are not currently authorized to use this hub").wait_for()


@pytest.mark.skipif("HUBS" not in os.environ, reason="starts one more hub: set HUBS")
def test_one_password_for_all(playwright, stack, tmp_path):
    with started(stack, tmp_path, "workshop") as running, running.browser(playwright, tmp_path) as browser:
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{running.facts.hub.url}hub/login")
        page.get_by_label("Username").fill("funky-user")
        page.get_by_label("Password").fill("any password")
        page.get_by_role("button", name="Sign in").click()

        page.wait_for_url("**/hub/spawn-pending/funky-user**", timeout=LONG_MS)
