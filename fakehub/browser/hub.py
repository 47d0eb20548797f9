"""A server of the hub inside this process: its buckets, accounts and variables, and what cells do to the buckets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from fakehub.accounts.grants import Grants
from fakehub.accounts.identities import Identities
from fakehub.accounts.metadata_server import MetadataServer
from fakehub.accounts.services import Accounts
from fakehub.browser.wire import Wire
from fakehub.clock import Clock
from fakehub.hosts import ACCOUNT_HOSTS, METADATA_HOST, STORAGE_HOSTS
from fakehub.public_data.bucket import PublicBucket
from fakehub.public_s3 import PublicS3
from fakehub.request_log import RequestLog
from fakehub.service import Service
from fakehub.storage.computed import ComputedBucket
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.routing import storage_service
from fakehub.storage.service import Storage, store_examples
from fakehub.storage.store import Store
from fakehub.storage.xml_api.router import XmlApi
from hubfacts import public_data
from hubfacts.schema import PUBLIC, Facts

# The persona whose Google account is signed in to the browser of a member.
_LOGIN = "hpc-member"


class Hub:
    """The hub's server of one user, and the services that answer it.

    ``folder`` is for the log and for objects that memory has no room for.
    """

    def __init__(self, facts: Facts, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.facts, self.clock = facts, Clock()
        folder.mkdir(parents=True, exist_ok=True)
        self.log_folder = folder
        self.log = RequestLog(folder, self.clock)
        self.identities = Identities(facts, self.clock)
        data = public_data.load()
        public = {name: ComputedBucket(name, PublicBucket(data, "gs", name)) for name in public_data.beside(facts)}
        buckets = facts.buckets.known | dict.fromkeys(public, PUBLIC)
        self.store = Store(buckets, self.clock, folder / "spill", None, public)
        store_examples(self.store, facts.buckets.others)
        self.wire = Wire(self._services(data, folder), self.log, loop)

    def _services(self, data: public_data.PublicData, folder: Path) -> dict[str, Service]:
        storage = Storage(self.store, self.clock, self.facts)
        answer = storage_service(JsonApi(storage), XmlApi(storage, self.identities, self.clock), self.identities)
        accounts = Accounts(self.identities, Grants(self.identities, self.clock), self.clock, _LOGIN)
        services: dict[str, Service] = dict.fromkeys(ACCOUNT_HOSTS, accounts.handle)
        services |= dict.fromkeys(STORAGE_HOSTS, answer)
        services["www.googleapis.com"] = accounts.beside(answer)
        amazon = PublicS3(data, self.facts, self.clock, folder / "spill")
        services |= dict.fromkeys(amazon.hosts, amazon.handle)
        metadata = MetadataServer(self.facts, self.identities).handle
        # google-auth looks for the metadata server at its address before it asks for it by name.
        return services | {METADATA_HOST: metadata, "169.254.169.254": metadata}


def set_environment(variables: Mapping[str, str], home: Path) -> None:
    """Give this process the hub's variables and the home directory ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(variables)
    os.environ |= {"HOME": str(home), "PWD": str(home), "TZ": "UTC", "LANG": "C.UTF-8"}
    os.chdir(home)
