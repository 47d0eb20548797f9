"""The service of the storage hosts: each request goes to the XML or to the JSON API."""

from __future__ import annotations

from aiohttp import web

from fakehub.accounts.identities import Identities
from fakehub.service import Service
from fakehub.storage.json_api.router import JsonApi
from fakehub.storage.xml_api.router import XmlApi, is_xml


def storage_service(json_api: JsonApi, xml: XmlApi, identities: Identities) -> Service:
    """Return the service of the storage hosts, which passes each request to the XML or the JSON API."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if is_xml(request):
            return await xml.answer(request)
        return await json_api.handle(request, identities)

    return answer
