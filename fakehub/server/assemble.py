"""Start all parts of a stand-in in one event loop: services, ports, proxy or name server, gateway and controls."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from aiohttp import web

from fakehub.accounts.grants import Grants
from fakehub.accounts.home_files import write_credentials
from fakehub.accounts.identities import Identities
from fakehub.accounts.metadata_server import MetadataServer
from fakehub.accounts.remote_machines import RemoteMachines
from fakehub.accounts.services import Accounts
from fakehub.clock import Clock
from fakehub.compat import SERVER_OPTIONS
from fakehub.control.server import ControlApi, start_control
from fakehub.gateway.relay import GatewayRelay
from fakehub.hosts import ACCOUNT_HOSTS, METADATA_HOST, STORAGE_HOSTS
from fakehub.isolation.dns import NameServer
from fakehub.isolation.proxy import start_proxy
from fakehub.network.faults import Faults
from fakehub.network.shaping import Network
from fakehub.osn import OsnService
from fakehub.ports import LOOPBACK
from fakehub.public_data.bucket import PublicBucket
from fakehub.public_s3 import PublicS3
from fakehub.request_log import RequestLog
from fakehub.server.certificates import make_certificates
from fakehub.server.config import Config
from fakehub.server.router import HostRouter
from fakehub.service import Service
from fakehub.storage.computed import ComputedBucket
from fakehub.storage.grpc_layout import LayoutService, SplitByAlpn
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.routing import storage_service
from fakehub.storage.service import Storage, store_examples
from fakehub.storage.store import Store
from fakehub.storage.xml_api.router import XmlApi
from hubfacts import public_data
from hubfacts.schema import PUBLIC, Facts


class SharedState:
    """What the parts of one stand-in share: clock, identities, objects, network, faults and the request log."""

    def __init__(self, config: Config, facts: Facts) -> None:
        state = Path(config.state) if config.state else None
        self.config, self.facts, self.folder = config, facts, Path(config.workdir)
        self.clock = Clock(state / "clock.json" if state else None)
        self.network, self.faults = Network(), Faults()
        self.log = RequestLog(self.folder, self.clock)
        self.identities = Identities(facts, self.clock)
        self.persona = self.identities.personas[config.persona]
        self.grants = Grants(self.identities, self.clock)
        data = public_data.load()
        public = {name: ComputedBucket(name, PublicBucket(data, "gs", name)) for name in public_data.beside(facts)}
        buckets = facts.buckets.known | dict.fromkeys(public, PUBLIC)
        self.store = Store(buckets, self.clock, self.folder / "spill", state, public, config.durable)
        store_examples(self.store, facts.buckets.others)


async def start_parts(config: Config, facts: Facts, parts: AsyncExitStack) -> dict[str, int]:
    """Start every part and return their ports by name; leaving ``parts`` stops them.

    Raises ``OSError`` if a port is in use.
    """
    shared = SharedState(config, facts)
    parts.callback(shared.store.close)
    services = _services(shared, parts)
    ports = {"tls": await _start_tls(shared, services, parts), "metadata": await _start_metadata(shared, parts)}
    if config.proxy:
        targets = dict.fromkeys(services, ports["tls"]) | {METADATA_HOST: ports["metadata"]}
        proxy = await start_proxy(targets, shared.log.refused)
        parts.callback(proxy.close)
        ports["proxy"] = proxy.sockets[0].getsockname()[1]
    else:
        await _start_name_server(shared, services, parts)
    if facts.dask_gateway is not None:
        gateway = GatewayRelay(facts.dask_gateway, config.hub_yml, shared.folder)
        parts.push_async_callback(gateway.close)
        ports["gateway"] = await gateway.listen()
    machines = RemoteMachines(shared.folder, shared.identities, shared.grants)
    parts.callback(machines.close)
    steered = (shared.clock, shared.network, shared.faults, shared.store)
    api = ControlApi(*steered, shared.identities, machines)
    await start_control(api, shared.folder, parts)
    return ports


def _services(shared: SharedState, parts: AsyncExitStack) -> dict[str, Service]:
    """Return the services by host, and write the persona's credentials to the home directory."""
    identities, clock, grants = shared.identities, shared.clock, shared.grants
    write_credentials(shared.persona, shared.folder / "home", identities, grants)
    accounts = Accounts(identities, grants, clock, shared.persona.login)
    storage = Storage(shared.store, clock, shared.facts)
    storage_handler = storage_service(JsonApi(storage), XmlApi(storage, identities, clock), identities)
    services: dict[str, Service] = dict.fromkeys(ACCOUNT_HOSTS, accounts.handle)
    services |= dict.fromkeys(STORAGE_HOSTS, storage_handler)
    services["www.googleapis.com"] = accounts.beside(storage_handler)
    amazon = PublicS3(public_data.load(), shared.facts, clock, shared.folder / "spill")
    services |= dict.fromkeys(amazon.hosts, amazon.handle)
    if shared.facts.osn is not None:
        pod = OsnService(shared.facts.osn, shared.config.workdir)
        parts.push_async_callback(pod.close)
        services[pod.host] = pod.handle
    return services


async def _start_tls(shared: SharedState, services: dict[str, Service], parts: AsyncExitStack) -> int:
    """Answer for all hosts of ``services`` on one TLS port, which is returned."""
    router = HostRouter(services, shared.identities, shared.log, shared.network, shared.faults)
    # Objects may be stored compressed, so the services decide whether to decompress a body.
    server = web.Server(router.handle, request_factory=router.make_request, access_log=None, **SERVER_OPTIONS)
    runner = await start_runner(server, parts)
    layouts = LayoutService(shared.store.buckets, shared.facts.hub.region, shared.identities, shared.log.write)
    protocol, context = partial(SplitByAlpn, server, layouts), make_certificates(shared.folder, services)
    loop = asyncio.get_running_loop()
    tls = await loop.create_server(protocol, LOOPBACK, shared.config.tls_port, ssl=context, backlog=1024)
    parts.callback(tls.close)
    if shared.config.plain_port is not None:
        await web.TCPSite(runner, LOOPBACK, shared.config.plain_port).start()
    return tls.sockets[0].getsockname()[1]


async def _start_metadata(shared: SharedState, parts: AsyncExitStack) -> int:
    """Start the metadata server and return its port; outside the cloud, return a port that refuses connections."""
    if shared.persona.credential != "metadata":
        refusing = parts.enter_context(socket.socket())
        refusing.bind((LOOPBACK, 0))  # bound but not listening, so that no other process can use the port
        return refusing.getsockname()[1]
    handler = _logged(MetadataServer(shared.facts, shared.identities).handle, shared)
    runner = await start_runner(web.Server(handler, access_log=None), parts)
    await web.TCPSite(runner, LOOPBACK, shared.config.metadata_port).start()
    return runner.addresses[0][1]


def _logged(service: Service, shared: SharedState) -> Service:
    """Wrap a service so that it logs each request."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        started = time.perf_counter()
        request["persona"] = shared.persona
        response = await service(request)
        shared.log.http(request, response.status, response.content_length or 0, started)
        return response

    return answer


async def _start_name_server(shared: SharedState, services: dict[str, Service], parts: AsyncExitStack) -> None:
    """Start the name server of the namespaces."""
    protocol = partial(NameServer, {*services, METADATA_HOST}, shared.log.refused)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(protocol, (LOOPBACK, shared.config.dns_port))
    parts.callback(transport.close)


async def start_runner(server: web.Server, parts: AsyncExitStack) -> web.ServerRunner:
    """Run a web server that has no port yet."""
    # Requests that a fault holds up must not delay the shutdown.
    runner = web.ServerRunner(server, shutdown_timeout=1)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    return runner
