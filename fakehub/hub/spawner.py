"""KubeSpawner that starts a process on this machine instead of a pod.

KubeSpawner makes the form, its validation, the overrides and the pod's manifest; the process gets the manifest's
command and environment.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from kubespawner import KubeSpawner

from fakehub.hub.settings import HubSettings, session_folder
from fakehub.isolation.processes import end, with_variables
from fakehub.ports import free_port

_HERE = Path(__file__).parent
# Seconds between a server's reports of its last activity. A hub waits 300; here the clock may be moved by an hour.
ACTIVITY_S = 2
# The seconds that a server has to stop before it is killed.
_GRACE_S = 5


class ProcessSpawner(KubeSpawner):
    """A spawner that runs each server as a process and needs no cluster."""

    _process: asyncio.subprocess.Process | None = None
    _start_messages: list[str]

    async def _start(self) -> str:
        """Start the server and return its address; raises ``ValueError`` for choices that the form does not offer."""
        self._start_messages = []
        await self.load_user_options()
        self.ip, self.port = "127.0.0.1", free_port()
        manifest = await self.get_pod_manifest()
        self._report(f"Pod {self.pod_name} is made with the image {self.image}")
        (container,) = manifest.spec.containers
        command = [str(Path(HubSettings.read().programs) / "bin" / container.args[0]), *container.args[1:]]
        log = (session_folder() / f"{self.pod_name}.log").open("wb")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                *command, *_options(), env=self._environment(container.env), cwd=self._home(), stdout=log, stderr=log
            )
        self._report("Container notebook is started")
        return f"http://{self.ip}:{self.port}"

    async def poll(self) -> int | None:
        """Return ``None`` while the server runs, else its exit status."""
        return self._process.returncode if self._process else 0

    async def stop(self, now: bool = False) -> None:
        """Stop the server and everything that was started in it, as the deletion of its pod does."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 0 if now else _GRACE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        # Programs that ignore the end of their terminal, for example because of nohup.
        left = with_variables({"FAKEHUB_SESSION": str(session_folder()), "JUPYTERHUB_API_TOKEN": self.api_token})
        await asyncio.to_thread(end, left)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the events of the start so far, for the progress page."""
        shown = 0
        while not self._start_future.done() or shown < len(self._start_messages):
            for message in self._start_messages[shown:]:
                shown += 1
                yield {"progress": min(90, 40 * shown), "message": message}
            await asyncio.sleep(0.1)

    def _report(self, message: str) -> None:
        self._start_messages.append(message)
        self.log.info(message)

    def _home(self) -> Path:
        """Return the home directory, which all servers of a user share."""
        home = session_folder() / "homes" / self.user.name
        home.mkdir(parents=True, exist_ok=True)
        return home

    def _environment(self, variables: list[Any]) -> dict[str, str]:
        settings = HubSettings.read()
        env = {variable.name: variable.value or "" for variable in variables} | settings.connection_variables
        jupyter = session_folder() / "jupyter"
        env |= {"HOME": str(self._home()), "USER": "jovyan", "JUPYTER_PATH": str(jupyter), "SHELL": "/bin/bash"}
        env |= {"JUPYTER_CONFIG_PATH": str(jupyter), "FAKEHUB_HUB_YML": settings.hub_yml}
        env |= {"JUPYTERHUB_ACTIVITY_INTERVAL": str(ACTIVITY_S)}
        for number, (address, local) in enumerate(settings.repositories.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": f"url.file://{local}.insteadOf", f"GIT_CONFIG_VALUE_{number}": address}
        return env | {"GIT_CONFIG_COUNT": str(len(settings.repositories))}


def _options() -> list[str]:
    root = ["--allow-root"] if os.geteuid() == 0 else []
    return [f"--config={_HERE / 'jupyter_server_config.py'}", *root]
