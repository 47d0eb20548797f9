"""Drive a running hub: a browser in the hub's namespaces, and the steps that people take there."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from notebook_driver import LONG_MS
from playwright.sync_api import Browser, Locator, Page, Playwright

from fakehub.control.client import Control
from guide.browser.launch import BROWSERS, FLAGS
from guide.facts import Facts, load

ROOT = Path(__file__).resolve().parents[3]


class HubDriverError(Exception):
    """Why the hub, its browser or a server cannot be used."""


@dataclass
class RunningHub:
    """A hub: its facts, its session's folder, the process whose namespaces it is in, and JupyterHub's environment."""

    facts: Facts
    folder: Path
    inside: int
    programs: Path

    @property
    def packages(self) -> str:
        """The folder with the packages of JupyterHub's environment."""
        return str(next(self.programs.glob("lib/python*/site-packages")))

    @property
    def control(self) -> Control:
        """The control of the hub's stand-in, for example of its clock."""
        return Control(self.folder)

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of JupyterHub's environment in the hub's namespaces; raises ``CalledProcessError``."""
        subprocess.run([*self._enter(), str(self.programs / "bin" / program), *arguments], check=True)

    def _enter(self) -> list[str]:
        """Return the command that runs another one in the hub's namespaces."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self.inside), *user, "-m", "-n", "-p"]

    @contextlib.contextmanager
    def browser(self, playwright: Playwright, folder: Path) -> Iterator[Browser]:
        """Start a browser in which the hub's name resolves to this hub; ``folder`` is for its start script."""
        chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
        if chromium is None:
            raise HubDriverError("there is no browser: install Debian's chromium (apt-get install chromium)")
        script = folder / "chromium-in-namespaces"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(self._enter())} {chromium} "$@"\n')
        script.chmod(0o755)
        browser = playwright.chromium.launch(executable_path=script, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def start(stack: str, *options: str, hub_yml: Path = ROOT / "hub.yml") -> Iterator[RunningHub]:
    """Start ``fakehub hub`` with further ``options``, and stop it when the block ends.

    Raises ``HubDriverError`` if it does not start, or ends with an error.
    """
    programs = ROOT / ".venv" / ("jupyterhub" if stack == "hub" else f"jupyterhub-{stack}")
    command = [sys.executable, "-m", "fakehub", "hub", "--hub-yml", str(hub_yml), "--programs", str(programs)]
    # Runs beside the hub: prints the session's folder, then waits until its input is closed.
    inside = ["sh", "-c", 'echo "$FAKEHUB_SESSION"; exec cat']
    with subprocess.Popen(
        [*command, *options, "--", *inside], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise HubDriverError("the pipes of the hub's process are missing")
        try:
            folder = process.stdout.readline().strip()
            if not folder:
                raise HubDriverError("the hub did not start; its output is above")
            (first,) = psutil.Process(process.pid).children()
            yield RunningHub(load(hub_yml), Path(folder), first.pid, programs)
        finally:
            process.stdin.close()
            status = process.wait(timeout=60)
        if status:
            raise HubDriverError(f"the hub ended with status {status}; its output is above")


def log_in(page: Page, hub: RunningHub, login: str) -> None:
    """Log in at the hub in a browser that is not logged in anywhere, and stay on the page that the hub then shows."""
    page.goto(f"{hub.facts.hub.url}hub/login")
    sign_in(page, hub, login)


def sign_in(page: Page, hub: RunningHub, login: str) -> None:
    """Log in on the hub's page for it, and stay on the page that the hub then shows."""
    page.get_by_role("button", name="Sign in with").click()
    if _asks(page, "Username"):
        page.get_by_label("Username").fill(login)
        page.get_by_label("Password").fill("any")
        page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    authorize = page.get_by_role("button", name="Authorize")
    if authorize.count():
        authorize.click()
    page.wait_for_url(f"{hub.facts.hub.url}**")


def _asks(page: Page, label: str) -> bool:
    page.wait_for_load_state()
    return page.get_by_label(label).count() > 0


def log_out(page: Page, hub: RunningHub) -> None:
    """Log out of the hub, but not of GitHub."""
    page.goto(f"{hub.facts.hub.url}hub/logout")
    page.get_by_role("button", name="Sign in with").or_(page.get_by_text("Successfully logged out")).first.wait_for()


def accept_invitation(page: Page, hub: RunningHub) -> None:
    """Accept the invitation to the organisation in a browser that is logged in to GitHub."""
    page.goto(f"https://github.com/orgs/{hub.facts.access.organization}/invitation")
    page.get_by_role("button", name="Join").click()
    page.get_by_text("You are now a member").wait_for()


def choose(page: Page, profile: str, option: str, label: str) -> None:
    """Choose ``label`` in the list ``option`` of a profile of the form."""
    box = profile_box(page, profile)
    box.get_by_role("combobox", name=option, exact=True).click()
    box.get_by_role("option", name=label, exact=True).click()


def offered(page: Page, profile: str, option: str) -> list[str]:
    """Return the labels in the list ``option`` of a profile."""
    field = open_list(page, profile, option)
    labels = profile_box(page, profile).get_by_role("option").all_inner_texts()
    field.press("Escape")
    return [label.strip() for label in labels]


def open_list(page: Page, profile: str, option: str) -> Locator:
    """Open the list ``option`` of a profile and return its field."""
    field = profile_box(page, profile).get_by_role("combobox", name=option, exact=True)
    field.click()
    return field


def profile_box(page: Page, profile: str) -> Locator:
    """Select a profile and return its part of the form; a single profile is always selected."""
    box = page.locator(".profile-select").filter(has=page.locator(f"h2:text-is({json.dumps(profile)})"))
    box.wait_for()
    radio = box.locator("input[name=select-profile]")
    if radio.is_visible():
        radio.check()
    return box


def name_image(page: Page, profile: str, text: str) -> Locator:
    """Type ``text`` as the custom image of a profile in which that choice is selected, and return the field."""
    field = profile_box(page, profile).locator("input[id$='--unlisted-choice']")
    field.fill(text)
    return field


def press_start(page: Page) -> None:
    """Press the form's button; the page has another with that name, which is hidden once the form is complete."""
    page.locator("#form").get_by_role("button", name="Start", exact=True).click()


def start_server(page: Page) -> None:
    """Press Start and wait for JupyterLab."""
    press_start(page)
    page.wait_for_url("**/user/*/**lab**", timeout=LONG_MS)
    page.locator("#jp-main-dock-panel").wait_for(timeout=LONG_MS)


def control_panel(page: Page, hub: RunningHub) -> None:
    """Open the control panel and wait for its scripts, without which its buttons do nothing."""
    page.goto(hub.facts.hub.control_panel)
    page.wait_for_load_state("networkidle")


def server_of(hub: RunningHub, user: str, name: str = "") -> psutil.Process:
    """Return the process of a user's server: the unnamed one, or the one called ``name``."""
    variables = {"FAKEHUB_SESSION": str(hub.folder), "JUPYTERHUB_USER": user, "JUPYTERHUB_SERVER_NAME": name}
    for process in psutil.process_iter():
        try:
            env = process.environ()
        except (psutil.Error, OSError):
            continue
        if "JUPYTERHUB_API_TOKEN" in env and variables.items() <= env.items():
            return process
    raise HubDriverError(f"{user} has no server {name!r}")
