"""The parts of a stand-in, started in one event loop: the services, the ports they answer on, the ways to them."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from fakehub.accounts.grants import Grants
from fakehub.accounts.home_files import write_credentials
from fakehub.accounts.identities import Identities
from fakehub.accounts.metadata_server import MetadataServer
from fakehub.accounts.remote_machines import RemoteMachines
from fakehub.accounts.services import Accounts
from fakehub.clock import Clock
from fakehub.control.server import ControlApi, start_control
from fakehub.gateway.relay import GatewayRelay
from fakehub.hosts import ACCOUNT_HOSTS, METADATA_HOST, STORAGE_HOSTS
from fakehub.isolation.dns import NameServer
from fakehub.isolation.proxy import start_proxy
from fakehub.network.faults import Faults
from fakehub.network.shaping import Network
from fakehub.osn import OsnService
from fakehub.ports import LOOPBACK
from fakehub.request_log import RequestLog
from fakehub.server.certificates import make_certificates
from fakehub.server.config import Config
from fakehub.server.router import HostRouter, Service
from fakehub.storage.grpc_layout import LayoutService, SplitByAlpn
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from fakehub.storage.xml_api.router import XmlApi, is_xml
from hubfacts.schema import Facts


class SharedState:
    """What all parts of one stand-in share: its clock, who is who, the objects, the network, and the log of it all."""

    def __init__(self, config: Config, facts: Facts) -> None:
        state = Path(config.state) if config.state else None
        self.config, self.facts, self.folder = config, facts, Path(config.workdir)
        self.clock = Clock(state / "clock.json" if state else None)
        self.network, self.faults = Network(), Faults()
        self.log = RequestLog(self.folder, self.clock)
        self.identities = Identities(facts, self.clock)
        self.persona = self.identities.personas[config.persona]
        self.grants = Grants(self.identities, self.clock)
        self.store = Store(facts.buckets.options, self.clock, self.folder / "spill", state)


async def start_parts(config: Config, facts: Facts, parts: AsyncExitStack) -> dict[str, int]:
    """Start every part; ``parts`` ends them. The port of each, by its name. Raises ``OSError`` (a busy port)."""
    shared = SharedState(config, facts)
    parts.callback(shared.store.close)
    services = _services(shared, parts)
    ready = {"tls": await _start_tls(shared, services, parts), "metadata": await _start_metadata(shared, parts)}
    if config.proxy:
        ports = dict.fromkeys(services, ready["tls"]) | {METADATA_HOST: ready["metadata"]}
        proxy = await start_proxy(ports, shared.log.refused)
        parts.callback(proxy.close)
        ready["proxy"] = proxy.sockets[0].getsockname()[1]
    else:
        await _start_names(shared, services, parts)
    if facts.dask_gateway is not None:
        gateway = GatewayRelay(facts.dask_gateway, config.hub_yml, shared.folder)
        parts.push_async_callback(gateway.close)
        ready["gateway"] = await gateway.listen()
    machines = RemoteMachines(shared.folder, shared.identities, shared.grants)
    parts.callback(machines.close)
    api = ControlApi(shared.clock, shared.network, shared.faults, shared.identities.personas, machines)
    await start_control(api, shared.folder, parts)
    return ready


def _services(shared: SharedState, parts: AsyncExitStack) -> dict[str, Service]:
    """What answers at which host."""
    identities, clock, grants = shared.identities, shared.clock, shared.grants
    write_credentials(shared.persona, shared.folder / "home", identities, grants)
    accounts = Accounts(identities, grants, clock, shared.persona.login)
    storage = Storage(shared.store, clock, shared.facts)
    services = dict.fromkeys(ACCOUNT_HOSTS, accounts.handle)
    services |= dict.fromkeys(
        STORAGE_HOSTS, storage_service(JsonApi(storage), XmlApi(storage, identities, clock), identities)
    )
    services["www.googleapis.com"] = accounts.beside(services["www.googleapis.com"])
    if shared.facts.osn is None:
        return services
    pod = OsnService(shared.facts.osn, shared.config.workdir)
    parts.push_async_callback(pod.close)
    return services | {pod.host: pod.handle}


async def _start_tls(shared: SharedState, services: dict[str, Service], parts: AsyncExitStack) -> int:
    """Answer as all hosts of ``services``; the port."""
    entrance = HostRouter(services, shared.identities, shared.log, shared.network, shared.faults)
    # An object may be stored compressed: whether a body is to be decompressed, the service decides.
    options = {"request_factory": entrance.make_request, "auto_decompress": False}
    front = await _runner(entrance.handle, parts, **options)
    layouts = LayoutService(shared.facts.buckets.options, shared.facts.hub.region, shared.identities, shared.log.rpc)
    split, context = partial(SplitByAlpn, front.server, layouts), make_certificates(shared.folder, services)
    loop = asyncio.get_running_loop()
    tls = await loop.create_server(split, LOOPBACK, shared.config.tls_port, ssl=context, backlog=1024)
    parts.callback(tls.close)
    if shared.config.plain_port is not None:
        await web.TCPSite(front, LOOPBACK, shared.config.plain_port).start()
    return tls.sockets[0].getsockname()[1]


async def _start_metadata(shared: SharedState, parts: AsyncExitStack) -> int:
    """The port of the metadata server; on machines outside the cloud one that refuses every connection."""
    if shared.persona.credential != "metadata":
        held = parts.enter_context(socket.socket())
        held.bind((LOOPBACK, 0))  # and does not listen; nobody else can take it
        return held.getsockname()[1]
    metadata = await _runner(_logged(MetadataServer(shared.facts, shared.identities).handle, shared), parts)
    await web.TCPSite(metadata, LOOPBACK, shared.config.metadata_port).start()
    return metadata.addresses[0][1]


def _logged(service: Service, shared: SharedState) -> Service:
    """The same service, with a row in the log for each request."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        started = time.perf_counter()
        request["persona"] = shared.persona
        response = await service(request)
        shared.log.request(request, response.status, response.content_length or 0, started)
        return response

    return answer


async def _start_names(shared: SharedState, services: dict[str, Service], parts: AsyncExitStack) -> None:
    """The name server of the namespaces."""
    protocol = partial(NameServer, {*services, METADATA_HOST}, shared.log.refused)
    loop = asyncio.get_running_loop()
    names, _ = await loop.create_datagram_endpoint(protocol, (LOOPBACK, shared.config.dns_port))
    parts.callback(names.close)


async def _runner(handle: Service, parts: AsyncExitStack, **options: Any) -> web.ServerRunner:
    """A web server made of one handler, without a port yet."""
    # A request that a fault holds up does not hold up the end.
    runner = web.ServerRunner(web.Server(handle, access_log=None, **options), shutdown_timeout=1)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    return runner


def storage_service(json_api: JsonApi, xml: XmlApi, identities: Identities) -> Service:
    """The storage's hosts: every request is somebody's, by the token it carries."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if is_xml(request):
            return await xml.answer(request)
        return await json_api.handle(request, identities)

    return answer
