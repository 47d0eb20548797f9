"""Amazon S3 with its public datasets: everybody reads, and nobody writes.

The hosts of each bucket answer, ``BUCKET.s3.amazonaws.com`` and those with the bucket's region. Objects are computed as
in the public buckets of Google Cloud.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aiohttp import web

from fakehub.accounts.personas import ANONYMOUS, VIEWER
from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.public_data.bucket import PublicBucket
from fakehub.storage.bucket_access import BucketAccess
from fakehub.storage.computed import ComputedBucket
from fakehub.storage.request_body import decoded
from fakehub.storage.service import Storage
from fakehub.storage.store import Store
from fakehub.storage.xml_api import listing, objects
from fakehub.storage.xml_api.call import Call
from fakehub.storage.xml_api.errors import XmlError, error_response
from hubfacts.public_data import PublicData
from hubfacts.schema import PUBLIC, Facts

_READS = {"GET", "HEAD"}


class PublicS3:
    """The public buckets of S3; ``hosts`` maps each host to its bucket, an empty one if the bucket is in the path."""

    def __init__(self, data: PublicData, facts: Facts, clock: Clock, spill: Path) -> None:
        buckets = data.buckets("s3")
        self.hosts: dict[str, str] = {}
        for bucket, datasets in buckets.items():
            region = datasets[0].region
            ours = ("s3", f"s3.{region}", f"s3-{region}")
            self.hosts |= {f"{bucket}.{host}.amazonaws.com": bucket for host in ours}
            self.hosts |= dict.fromkeys((f"{host}.amazonaws.com" for host in ours), "")
        self._reader = replace(ANONYMOUS, rights=dict.fromkeys(buckets, VIEWER))
        known = dict.fromkeys(buckets, PUBLIC)
        public = {name: ComputedBucket(name, PublicBucket(data, "s3", name)) for name in buckets}
        store = Store(known, clock, spill, public=public)
        self._storage = Storage(store, clock, facts)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, as S3 does."""
        try:
            return self._answer(request)
        except GoogleError as error:
            return error_response(error)

    def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        bucket, name = self.hosts[request.host.partition(":")[0]], request.rel_url.raw_path.removeprefix("/")
        if not bucket:
            bucket, _, name = name.partition("/")
        if "Authorization" in request.headers:
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise XmlError(403, "InvalidAccessKeyId", message)
        if bucket not in self._storage.store.buckets:
            raise XmlError(404, "NoSuchBucket", "The specified bucket does not exist")
        if request.method not in _READS:
            raise XmlError(403, "AccessDenied", "Access Denied")
        access = BucketAccess(self._storage.store, bucket, PUBLIC, self._reader)
        address = f"{request.scheme}://{request.host}"
        query, headers = request.rel_url.query, request.headers
        call = Call(request.method, access, decoded(name), query, headers, b"", address, None)
        return objects.get(call) if name else listing.list_bucket(self._storage, call)
