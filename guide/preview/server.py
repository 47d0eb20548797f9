"""Watch the sources, have workers run and build what was saved, serve the site and notify the browsers that show it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from aiohttp import web
from watchfiles import Change, DefaultFilter, awatch

from guide.paths import BUILD, ROOT
from guide.preview.messages import WorkAnswer, WorkRequest
from guide.run.profile import QUIET, RunProfile

FOLDERS = ("book", "notebooks", "hubfacts", "fakehub", "guide")
FILES = ("_config.yml", "_toc.yml", "hub.yml", "CHANGELOG.md")
# Files that a started build reads only after the pages have run.
_READ_LATE = {".md", ".ipynb"}
_HERE = Path(__file__).parent
_SCRIPT = '<script src="/_preview/reload.js" data-version="{version}"></script></head>'
_NO_SITE = "<!DOCTYPE html><html lang=en><head><title>Preview</title></head><body><p>The site is being built.</p>"
# The names of this machine in an address of the preview.
_NAMES = {"127.0.0.1", "localhost"}
# The longest silence of an event stream, in seconds: writing to it shows whether the browser is still connected.
_SILENCE_S = 15


class PreviewError(Exception):
    """A preview that cannot start: the reason, in one line."""


class Worker:
    """A running worker process (see ``workers``)."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer

    @classmethod
    async def start(cls, kind: str, profile: RunProfile, jobs: int) -> Worker:
        """Start a worker of the ``kind`` RUNS or SITE; it does its imports before the first request."""
        ours, theirs = socket.socketpair()
        arguments = [kind, profile.stack, profile.user, profile.mode, str(jobs), str(theirs.fileno())]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "guide.preview.workers", *arguments),
            cwd=ROOT,
            env=os.environ | {"PYTHONWARNINGS": QUIET},
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=2**24)
        return cls(process, reader, writer)

    async def ask(self, request: WorkRequest) -> WorkAnswer | None:
        """Return the answer to a request, or ``None`` if the worker has ended."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(request.to_line().encode())
            if line := await self._reader.readline():
                return WorkAnswer.from_line(line)
        return None

    async def end(self) -> None:
        """End the worker and the processes that it has started."""
        self._writer.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()


class PreviewState(TypedDict):
    """The state that browsers show: the version of the site, and what has failed since."""

    version: str
    failed: list[str]


class Preview:
    """The preview: it builds what was saved, and serves the site to browsers."""

    def __init__(self, profile: RunProfile, jobs: int) -> None:
        self._profile, self._jobs = profile, jobs
        self._workers: dict[str, Worker] = {}
        self._site = BUILD / "html"
        self._started = f"{time.time():.0f}"
        self._builds = 0
        self._failures: list[str] = []
        self._state_changed = asyncio.Condition()
        self._changed_files: set[Path] = set()
        self._saved = asyncio.Event()

    async def restart_workers(self) -> None:
        """Start the workers, or start them again."""
        await self.end()
        for kind in ("RUNS", "SITE"):
            self._workers[kind] = await Worker.start(kind, self._profile, self._jobs)

    async def end(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            await worker.end()
        self._workers.clear()

    async def _ask(self, kind: str, request: WorkRequest) -> WorkAnswer:
        answer = await self._workers[kind].ask(request)
        if answer is None:
            await self._workers[kind].end()
            self._workers[kind] = await Worker.start(kind, self._profile, self._jobs)
            return WorkAnswer(["the process that runs and builds pages ended unexpectedly; save the file again"])
        return answer

    async def watch(self) -> None:
        """Note which files are saved."""
        folders = [ROOT / name for name in FOLDERS if (ROOT / name).is_dir()]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._note(awatch(*folders, watch_filter=DefaultFilter())))
            tasks.create_task(self._note(awatch(ROOT, watch_filter=_is_watched_file, recursive=False)))

    async def _note(self, changes: AsyncIterator[set[tuple[Change, str]]]) -> None:
        async for batch in changes:
            self._changed_files |= {Path(path) for _, path in batch}
            self._saved.set()

    async def keep_building(self) -> None:
        """Build now, and again whenever a file was saved."""
        while True:
            changed, self._changed_files = self._changed_files, set()
            self._saved.clear()
            if any(path.suffix == ".py" for path in changed):
                await self.restart_workers()
            await self._build(changed)
            await self._saved.wait()

    async def _build(self, changed: set[Path]) -> None:
        began = time.monotonic()
        answer = await self._ask("RUNS", WorkRequest())
        if answer.needs_build:
            # Temporary files that an editor wrote while saving are gone by now.
            restart = any(path.suffix not in _READ_LATE and path.is_file() for path in changed)
            answer = await self._ask("SITE", WorkRequest(restart))
        names = ", ".join(sorted(str(path.relative_to(ROOT)) for path in changed)) or "the site"
        if answer.failures:
            print("\n".join(answer.failures), file=sys.stderr, flush=True)
        else:
            print(f"{names}: shown after {time.monotonic() - began:.1f} s", flush=True)
        async with self._state_changed:
            self._builds += not answer.failures
            self._failures = answer.failures
            self._state_changed.notify_all()

    def _state(self) -> PreviewState:
        return {"version": f"{self._started}.{self._builds}", "failed": self._failures}

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send a browser the current state, and every later one."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        sent: PreviewState | None = None
        with contextlib.suppress(ConnectionError):
            while True:
                state = self._state()
                await stream.write(f"data: {json.dumps(state)}\n\n".encode() if state != sent else b": \n\n")
                sent = state
                async with self._state_changed:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._state_changed.wait(), _SILENCE_S)
        return stream

    async def script(self, _request: web.Request) -> web.FileResponse:
        """Serve the script that is added to every page of the preview."""
        return web.FileResponse(_HERE / "reload.js", headers={"Cache-Control": "no-store"})

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of the site; a page gets the script, which the site's own policy allows from this address."""
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


@web.middleware
async def _for_this_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a request that names another host: a foreign page could have its name resolve to this machine."""
    name = urlsplit(f"//{request.host}").hostname
    if name not in _NAMES:
        raise web.HTTPMisdirectedRequest(text=f"The preview answers at {' and '.join(sorted(_NAMES))} only.\n")
    return await handler(request)


def _is_watched_file(_change: Change, path: str) -> bool:
    return Path(path).name in FILES


async def serve(profile: RunProfile, jobs: int, port: int) -> None:
    """Serve the preview on ``port`` until SIGINT or SIGTERM. Raises ``PreviewError``."""
    preview = Preview(profile, jobs)
    app = web.Application(middlewares=[_for_this_machine])
    app.router.add_get("/_preview/events", preview.events)
    app.router.add_get("/_preview/reload.js", preview.script)
    app.router.add_get("/{path:.*}", preview.page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        await runner.cleanup()
        raise PreviewError(f"port {port} is in use; choose another one: make serve PORT={port + 1}") from error
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}/ shows the site, and each page as you save it; Ctrl-C ends it", flush=True)
    try:
        await _run_until_signal(preview)
    finally:
        await preview.end()
        await runner.cleanup()


async def _run_until_signal(preview: Preview) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    tasks: list[asyncio.Task[None]] = []
    try:
        await preview.restart_workers()
        tasks = [asyncio.create_task(preview.watch()), asyncio.create_task(preview.keep_building())]
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
