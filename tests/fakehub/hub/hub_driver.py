"""A running hub to drive: a browser that lives where the hub does, and what a person does there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Locator, Page, Playwright

from fakehub.control.client import Control
from guide.browser.launch import BROWSERS, FLAGS
from guide.facts import Facts, load

ROOT = Path(__file__).resolve().parents[3]
# A server takes some seconds to start, on a busy machine many.
LONG_MS = 120_000


@dataclass
class World:
    """A hub: its facts, its session's folder, and the process whose namespaces it lives in."""

    facts: Facts
    folder: Path
    inside: int
    programs: Path

    @property
    def packages(self) -> str:
        """Where the packages of JupyterHub's environment are."""
        return str(next(self.programs.glob("lib/python*/site-packages")))

    @property
    def control(self) -> Control:
        """What moves its clock."""
        return Control(self.folder)

    @contextlib.contextmanager
    def browser(self, playwright: Playwright, folder: Path) -> Iterator[Browser]:
        """A browser for which the hub's name leads to this hub; ``folder`` is for its start script."""
        chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
        assert chromium, "there is no browser: install Debian's chromium (apt-get install chromium)"
        user = "" if os.geteuid() == 0 else "--user --preserve-credentials"
        script = folder / "chromium-there"
        script.write_text(f'#!/bin/sh\nexec nsenter --target {self.inside} {user} -m -n -p {chromium} "$@"\n')
        script.chmod(0o755)
        browser = playwright.chromium.launch(executable_path=script, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def start(stack: str, *options: str, hub_yml: Path = ROOT / "hub.yml") -> Iterator[World]:
    """Start a hub with further ``options`` of the command; all of it is gone when the block ends."""
    programs = ROOT / ".venv" / ("jupyterhub" if stack == "hub" else f"jupyterhub-{stack}")
    command = [sys.executable, "-m", "fakehub", "hub", "--hub-yml", str(hub_yml), "--programs", str(programs)]
    tells = ["sh", "-c", 'echo "$FAKEHUB_SESSION"; exec cat']
    process = subprocess.Popen(
        [*command, *options, "--", *tells], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        folder = process.stdout.readline().strip()
        assert folder, "the hub did not start; what it said is above"
        (first,) = psutil.Process(process.pid).children()
        yield World(load(hub_yml), Path(folder), first.pid, programs)
    finally:
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def log_in(page: Page, world: World, login: str) -> None:
    """Log in at the hub, as somebody who is not logged in anywhere; ends at whatever the hub shows then."""
    page.goto(f"{world.facts.hub.url}hub/login")
    page.get_by_role("button", name="Sign in with").click()
    if _asks(page, "Username"):
        page.get_by_label("Username").fill(login)
        page.get_by_label("Password").fill("any")
        page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    authorize = page.get_by_role("button", name="Authorize")
    if authorize.count():
        authorize.click()
    page.wait_for_url(f"{world.facts.hub.url}**")


def _asks(page: Page, label: str) -> bool:
    page.wait_for_load_state()
    return page.get_by_label(label).count() > 0


def log_out(page: Page, world: World) -> None:
    """Log out of the hub, not of GitHub."""
    page.goto(f"{world.facts.hub.url}hub/logout")
    page.get_by_role("button", name="Sign in with").or_(page.get_by_text("Successfully logged out")).first.wait_for()


def accept_invitation(page: Page, world: World) -> None:
    """Join the organisation, as the invitation by e-mail asks; GitHub knows the browser already."""
    page.goto(f"https://github.com/orgs/{world.facts.access.organization}/invitation")
    page.get_by_role("button", name="Join").click()
    page.get_by_text("You are now a member").wait_for()


def choose(page: Page, profile: str, option: str, label: str) -> None:
    """Choose ``label`` in the list ``option`` of a profile of the form."""
    box = profile_box(page, profile)
    box.get_by_role("combobox", name=option, exact=True).click()
    box.get_by_role("option", name=label, exact=True).click()


def offered(page: Page, profile: str, option: str) -> list[str]:
    """What the list ``option`` of a profile offers."""
    field = open_list(page, profile, option)
    found = profile_box(page, profile).get_by_role("option").all_inner_texts()
    field.press("Escape")
    return [text.strip() for text in found]


def open_list(page: Page, profile: str, option: str) -> Locator:
    """Open the list ``option`` of a profile; the field that it belongs to."""
    field = profile_box(page, profile).get_by_role("combobox", name=option, exact=True)
    field.click()
    return field


def profile_box(page: Page, profile: str) -> Locator:
    """The part of the form about one profile, which is selected; where there is one alone, it always is."""
    box = page.locator(".profile-select").filter(has=page.locator(f"h2:text-is({json.dumps(profile)})"))
    box.wait_for()
    radio = box.locator("input[name=select-profile]")
    if radio.is_visible():
        radio.check()
    return box


def name_image(page: Page, profile: str, text: str) -> Locator:
    """Type ``text`` as the custom image of a profile whose list *image* says so; the field."""
    field = profile_box(page, profile).locator("input[id$='--unlisted-choice']")
    field.fill(text)
    return field


def press_start(page: Page) -> None:
    """Press the form's button: the page has another of that name, which is hidden as soon as the form is there."""
    page.locator("#form").get_by_role("button", name="Start", exact=True).click()


def start_server(page: Page) -> None:
    """Press Start and wait for JupyterLab."""
    press_start(page)
    page.wait_for_url("**/user/*/**lab**", timeout=LONG_MS)
    page.locator("#jp-main-dock-panel").wait_for(timeout=LONG_MS)


def control_panel(page: Page, world: World) -> None:
    """Open the hub's page about one's servers; its buttons work when its scripts are there."""
    page.goto(world.facts.hub.control_panel)
    page.wait_for_load_state("networkidle")


def server_of(world: World, user: str, name: str = "") -> psutil.Process:
    """The process of a user's server, the first or the one of that name."""
    wanted = {"FAKEHUB_SESSION": str(world.folder), "JUPYTERHUB_USER": user, "JUPYTERHUB_SERVER_NAME": name}
    for process in psutil.process_iter():
        try:
            env = process.environ()
        except (psutil.Error, OSError):
            continue
        if "JUPYTERHUB_API_TOKEN" in env and wanted.items() <= env.items():
            return process
    raise AssertionError(f"{user} has no server {name}")
