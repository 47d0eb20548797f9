"""Storage over plain HTTP and nothing else, for clients that find it by ``STORAGE_EMULATOR_HOST``.

Clients that use another endpoint than Google's send no token, so a request without one has an identity here. Any page
in a browser could send such requests, and could give its own host name this machine's address. So the server refuses
every host name and every origin that it was not started for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.accounts.remote_machines import RemoteMachines
from fakehub.compat import KEEP_COMPRESSED
from fakehub.control.server import ControlApi, start_control
from fakehub.errors import GoogleError
from fakehub.hosts import STORAGE_HOST, STORAGE_HOSTS, bucket_of
from fakehub.network.faults import Faults
from fakehub.network.shaping import Network
from fakehub.ports import LOOPBACK
from fakehub.request_log import RequestLog
from fakehub.server.assemble import SharedState, start_runner
from fakehub.server.config import PROJECT_WITHOUT_FACTS, Config
from fakehub.server.router import HostRouter
from fakehub.service import Service
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.routing import storage_service
from fakehub.storage.service import Storage
from fakehub.storage.xml_api.router import XmlApi
from hubfacts.schema import Buckets, Facts, Hub

# The names of this machine, which are always accepted.
LOCAL_HOSTS = (LOOPBACK, "localhost")
# Connections that may wait until the server accepts them.
_BACKLOG = 1024


def facts_without_buckets() -> Facts:
    """Return the facts of a project that has no buckets yet."""
    # A facts file has to name a bucket, because a hub without one is a mistake.
    return Facts(hub=Hub(project=PROJECT_WITHOUT_FACTS), buckets=Buckets.model_construct(options={}))


async def start_storage(config: Config, facts: Facts, parts: AsyncExitStack) -> dict[str, int]:
    """Start the storage and its controls, and return its port; leaving ``parts`` stops them.

    Raises ``OSError`` if the port is in use.
    """
    shared = SharedState(config, facts)
    parts.callback(shared.store.close)
    shared.identities.trust(config.persona)
    storage = Storage(shared.store, shared.clock, facts, any_project=not config.hub_yml)
    service = storage_service(JsonApi(storage), XmlApi(storage, shared.identities, shared.clock), shared.identities)
    hosts = dict.fromkeys([*LOCAL_HOSTS, *map(str.lower, config.accepted_hosts), *STORAGE_HOSTS], service)
    router = _LocalRouter(hosts, shared.identities, shared.log, shared.network, shared.faults)
    server = web.Server(router.handle, request_factory=router.make_request, access_log=None, **KEEP_COMPRESSED)
    runner = await start_runner(server, parts)
    await web.TCPSite(runner, config.bind, config.plain_port or 0, backlog=_BACKLOG).start()
    machines = RemoteMachines(shared.folder, shared.identities, shared.grants)
    parts.callback(machines.close)
    steered = (shared.clock, shared.network, shared.faults, shared.store)
    await start_control(ControlApi(*steered, shared.identities, machines), shared.folder, parts)
    return {"plain": runner.addresses[0][1]}


class _LocalRouter(HostRouter):
    """Routes requests for the accepted hosts, and refuses those of other hosts and of pages from other origins."""

    def __init__(
        self, services: Mapping[str, Service], identities: Identities, log: RequestLog, network: Network, faults: Faults
    ) -> None:
        super().__init__(services, identities, log, network, faults)
        self._hosts = services

    def _service(self, request: web.BaseRequest) -> Service:
        host = request.host.rpartition(":")[0] or request.host
        service = self._hosts.get(STORAGE_HOST if bucket_of(host) else host.lower())
        if service is None:
            raise self._refusal("host", host)
        origin = request.headers.get("Origin")
        if origin is not None and _host_of(origin) not in self._hosts:
            raise self._refusal("origin", origin)
        return service

    def _refusal(self, what: str, given: str) -> GoogleError:
        accepted = ", ".join(host for host in self._hosts if host not in STORAGE_HOSTS)
        message = (
            f"This server does not answer requests with the {what} {given!r}, only with {accepted}. "
            "To add a host, start it with --accept-host NAME."
        )
        return GoogleError(403, "forbidden", message)


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None
