"""Storage over plain HTTP and nothing else, for clients that find it by ``STORAGE_EMULATOR_HOST``.

Clients that use another endpoint than Google's send no token, so a request without one has an identity here. Any page
in a browser could send such requests, and could give its own host name this machine's address. So the server refuses
every host name and every origin that it was not started for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.accounts.remote_machines import RemoteMachines
from fakehub.compat import SERVER_OPTIONS
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
# Addresses on which a server listens to reach it by any of this machine's.
_WILDCARDS = {"0.0.0.0", "::", ""}
# Connections that may wait until the server accepts them.
_BACKLOG = 1024


def facts_without_buckets() -> Facts:
    """Return the facts of a project that has no buckets yet."""
    return Facts(hub=Hub(project=PROJECT_WITHOUT_FACTS), buckets=Buckets(options={}))


async def start_storage(config: Config, facts: Facts, parts: AsyncExitStack) -> dict[str, int]:
    """Start the storage and its controls, and return its port; leaving ``parts`` stops them.

    Raises ``OSError`` if the port is in use.
    """
    shared = SharedState(config, facts)
    parts.callback(shared.store.close)
    shared.identities.trust(config.persona)
    storage = Storage(shared.store, shared.clock, facts, any_project=not config.hub_yml)
    service = storage_service(JsonApi(storage), XmlApi(storage, shared.identities, shared.clock), shared.identities)
    accepted = {*LOCAL_HOSTS, *map(str.lower, config.accepted_hosts)} | ({config.bind} - _WILDCARDS)
    services = dict.fromkeys([*sorted(accepted), *STORAGE_HOSTS], service)
    router = _LocalRouter(services, accepted, shared.identities, shared.log, shared.network, shared.faults)
    server = web.Server(router.handle, request_factory=router.make_request, access_log=None, **SERVER_OPTIONS)
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
        self,
        services: Mapping[str, Service],
        accepted: Collection[str],
        identities: Identities,
        log: RequestLog,
        network: Network,
        faults: Faults,
    ) -> None:
        super().__init__(services, identities, log, network, faults)
        self._hosts, self._accepted = services, accepted

    def _service(self, request: web.BaseRequest) -> Service:
        host = _host_of(f"//{request.host}") or ""
        service = self._hosts.get(STORAGE_HOST if bucket_of(host) else host)
        if service is None:
            raise self._refusal("host", request.host)
        origin = request.headers.get("Origin")
        # Google's own names are not accepted as origins, because anybody can have a page in a bucket there.
        if origin is not None and _host_of(origin) not in self._accepted:
            raise self._refusal("origin", origin)
        return service

    def _refusal(self, what: str, given: str) -> GoogleError:
        message = (
            f"This server does not answer requests with the {what} {given!r}, only with "
            f"{', '.join(sorted(self._accepted))}. "
            "To add a host, start it with --accept-host NAME."
        )
        return GoogleError(403, "forbidden", message)


def _host_of(address: str) -> str | None:
    """Return the host of an address in small letters, without the brackets of IPv6; ``None`` if it has none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
