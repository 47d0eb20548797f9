"""Watches the sources, has what was saved run and built, serves the site and tells the browsers that show it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web
from watchfiles import DefaultFilter, awatch

from guide.paths import BUILD, ROOT
from guide.run.profile import QUIET, RunProfile

FOLDERS = ("book", "notebooks", "hubfacts", "fakehub", "guide")
FILES = ("_config.yml", "_toc.yml", "hub.yml", "CHANGELOG.md")
# What a build that waits for the next page has not read yet.
_PAGES = {".md", ".ipynb"}
_HERE = Path(__file__).parent
_SCRIPT = '<script src="/_preview/reload.js" data-version="{version}"></script></head>'
_NO_SITE = "<!DOCTYPE html><html lang=en><head><title>Preview</title></head><body><p>The site is being built.</p>"
# How long an event stream may be silent, in seconds: a lost browser is noticed then.
_SILENCE_S = 15


class PreviewError(Exception):
    """Why there is no preview, in one line."""


class Worker:
    """One of the warm processes (see ``workers``)."""

    def __init__(self, kind: str, profile: RunProfile, jobs: int) -> None:
        self._arguments = [kind, profile.stack, profile.user, profile.mode, str(jobs)]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it imports while nothing is asked."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "guide.preview.workers", *self._arguments, str(theirs.fileno())]
        env = os.environ | {"PYTHONWARNINGS": QUIET}
        self._process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=env, stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=2**24)

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Its answer; one that says so, when it has ended."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(json.dumps(request).encode() + b"\n")
            line = await self._reader.readline()
            if line:
                return json.loads(line)
        await self.end()
        await self.start()
        return {"failed": ["the process that runs and builds pages ended; save once more"]}

    async def end(self) -> None:
        """End it, and what it runs."""
        if self._process is not None:
            self._writer.close()
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()
            self._process = None


class Preview:
    """The state that browsers are told: a version of the site, and what failed since."""

    def __init__(self, profile: RunProfile, jobs: int) -> None:
        self._workers = [Worker("RUNS", profile, jobs), Worker("SITE", profile, jobs)]
        self._site = BUILD / "html"
        self._version = f"{time.time():.0f}"
        self._builds = 0
        self._failed: list[str] = []
        self._told = asyncio.Condition()
        self._changed: set[Path] = set()
        self._saved = asyncio.Event()

    async def start_workers(self) -> None:
        """Start them, or start them anew."""
        for worker in self._workers:
            await worker.end()
            await worker.start()

    async def end(self) -> None:
        """End the workers."""
        for worker in self._workers:
            await worker.end()

    async def watch(self) -> None:
        """Note what is saved."""
        folders = [ROOT / name for name in FOLDERS if (ROOT / name).is_dir()]
        async with asyncio.TaskGroup() as both:
            both.create_task(self._note(awatch(*folders, watch_filter=DefaultFilter())))
            both.create_task(self._note(awatch(ROOT, watch_filter=lambda _, path: _top(path), recursive=False)))

    async def _note(self, changes: AsyncIterator[set[tuple[Any, str]]]) -> None:
        async for found in changes:
            self._changed |= {Path(path) for _, path in found}
            self._saved.set()

    async def build_again_and_again(self) -> None:
        """Build now, and whenever something was saved."""
        while True:
            changed, self._changed = self._changed, set()
            self._saved.clear()
            if any(path.suffix == ".py" for path in changed):
                await self.start_workers()
            await self._build(changed)
            await self._saved.wait()

    async def _build(self, changed: set[Path]) -> None:
        began = time.monotonic()
        runs, site = self._workers
        ran = await runs.ask({})
        failed = ran["failed"]
        if ran.get("needed"):
            # Editors save by files that are gone by now.
            anew = any(path.suffix not in _PAGES and path.is_file() for path in changed)
            failed = (await site.ask({"anew": anew}))["failed"]
        names = ", ".join(sorted(str(path.relative_to(ROOT)) for path in changed)) or "the site"
        if failed:
            print("\n".join(failed), file=sys.stderr, flush=True)
        else:
            print(f"{names}: shown after {time.monotonic() - began:.1f} s", flush=True)
        async with self._told:
            self._builds += not failed
            self._failed = failed
            self._told.notify_all()

    def _state(self) -> dict[str, Any]:
        return {"version": f"{self._version}.{self._builds}", "failed": self._failed}

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Tell a browser the state now and whenever it changes."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        told: dict[str, Any] | None = None
        with contextlib.suppress(ConnectionError):
            while True:
                state = self._state()
                await stream.write(f"data: {json.dumps(state)}\n\n".encode() if state != told else b": \n\n")
                told = state
                async with self._told:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._told.wait(), _SILENCE_S)
        return stream

    async def script(self, _request: web.Request) -> web.FileResponse:
        """The script that every page of the preview has."""
        return web.FileResponse(_HERE / "reload.js", headers={"Cache-Control": "no-store"})

    async def page(self, request: web.Request) -> web.StreamResponse:
        """A file of the site; a page with the script, which the site's own policy allows as it is from here."""
        path = (self._site / request.match_info["path"]).resolve()
        path = path / "index.html" if path.is_dir() else path
        status = 200
        if not path.is_relative_to(self._site.resolve()) or not path.is_file():
            path, status = self._site / "404.html", 404
        headers = {"Cache-Control": "no-store"}
        if path.suffix != ".html":
            return web.FileResponse(path, headers=headers)
        text = path.read_text(encoding="utf-8") if path.is_file() else _NO_SITE
        text = text.replace("</head>", _SCRIPT.format(version=self._state()["version"]), 1)
        return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def _top(path: str) -> bool:
    return Path(path).name in FILES


async def serve(profile: RunProfile, jobs: int, port: int) -> None:
    """Serve on ``port`` of this machine until told to end. Raises ``PreviewError``."""
    preview = Preview(profile, jobs)
    app = web.Application()
    app.router.add_get("/_preview/events", preview.events)
    app.router.add_get("/_preview/reload.js", preview.script)
    app.router.add_get("/{path:.*}", preview.page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        await runner.cleanup()
        raise PreviewError(f"port {port} is in use; name another one: make serve PORT={port + 1}") from error
    address = runner.addresses[0]
    print(f"http://{address[0]}:{address[1]}/ shows the site, and each page as you save it; Ctrl-C ends", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    tasks = []
    try:
        await preview.start_workers()
        tasks = [asyncio.create_task(preview.watch()), asyncio.create_task(preview.build_again_and_again())]
        await asyncio.wait([*tasks, waiting := asyncio.create_task(ended.wait())], return_when="FIRST_COMPLETED")
        waiting.cancel()
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await preview.end()
        await runner.cleanup()
