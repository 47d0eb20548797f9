"""A running hub to drive: a browser that lives where the hub does, and what a person does there."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from guide.picture import BROWSERS, FLAGS
from playwright.sync_api import Browser, Page, Playwright

from fakehub.control import Control
from fakehub.facts import Facts, load

ROOT = Path(__file__).resolve().parents[2]
# A server takes some seconds to start, on a busy machine many.
LONG_MS = 120_000


@dataclass
class World:
    """A hub: its facts, its session's folder, and the process whose namespaces it lives in."""

    facts: Facts
    folder: Path
    inside: int

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
        yield World(load(hub_yml), Path(folder), first.pid)
    finally:
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def log_in(page: Page, world: World, login: str) -> None:
    """Log in at the hub, as somebody who is not logged in anywhere; ends at whatever the hub shows then."""
    page.goto(f"{world.facts.hub.url}hub/login")
    page.get_by_role("link", name="Sign in with").or_(page.get_by_role("button", name="Sign in with")).click()
    if page.get_by_label("Username").count():
        page.get_by_label("Username").fill(login)
        page.get_by_label("Password").fill("any")
        page.get_by_role("button", name="Sign in").click()
    authorize = page.get_by_role("button", name="Authorize")
    if authorize.count():
        authorize.click()
    page.wait_for_url(f"{world.facts.hub.url}**")


def log_out(page: Page, world: World) -> None:
    """Log out of the hub, not of GitHub."""
    page.goto(f"{world.facts.hub.url}hub/logout")
    page.wait_for_url("**/hub/log*")


def texts(page: Page, selector: str) -> Sequence[str]:
    """The texts of all that the selector finds."""
    return [text.strip() for text in page.locator(selector).all_inner_texts()]
