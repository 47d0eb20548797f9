"""The account that all servers share, its access tokens and its permissions outside the buckets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

from hubcheck.common import API, Hub, Observation, send

_DEFAULT = "instance/service-accounts/default"
_TOKENINFO = "https://oauth2.googleapis.com/tokeninfo"
_CREDENTIALS = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_DENIED = "denied on resource (or it may not exist)."
# A project of somebody else, if of anybody.
_OTHER_PROJECT = "a-project-of-somebody-else"


def account(hub: Hub) -> Iterator[Observation]:
    """Compare project, place, scopes and tokens of the server's account."""
    guide, project = hub.guide, hub.guide["project"]
    yield hub.observed("account.project", project, _text(hub, "project/project-id"))
    yield hub.observed("account.region", guide["region"], _text(hub, "instance/zone").rpartition("/")[2][:-2])
    email = _text(hub, f"{_DEFAULT}/email")
    ours = f"a service account of {project}"
    seen = ours if email.endswith(f"@{project}.iam.gserviceaccount.com") else "another account"
    yield hub.observed("account.kind", ours, seen)
    scopes = _text(hub, f"{_DEFAULT}/scopes").split()
    seen = "among them cloud-platform" if _CLOUD_PLATFORM in scopes else "without cloud-platform"
    yield hub.observed("account.scopes", "among them cloud-platform", seen)
    refused = hub.metadata("project/project-id", headers={})
    yield hub.observed("account.metadata-header", "403 Missing Metadata-Flavor:Google header.", refused.summary)
    yield from _tokens(hub)
    yield from _rights(hub, email)


def _tokens(hub: Hub) -> Iterator[Observation]:
    answer = hub.metadata(f"{_DEFAULT}/token").json()
    longest = hub.guide["token_lives_s"]
    says, life = f"at most {longest} s", int(answer.get("expires_in") or 0)
    seen = "no token" if not life else says if life <= longest else f"{life} s"
    yield hub.observed("account.token-life", says, seen)
    yield hub.observed("account.token-type", "Bearer", answer.get("token_type", "none"))
    valid = send("GET", f"{_TOKENINFO}?access_token={hub.token}")
    scope = _scope(str(valid.json().get("scope", ""))) if valid.status == 200 else valid.summary
    yield hub.observed("account.tokeninfo", "cloud-platform", scope)
    invalid = send("GET", f"{_TOKENINFO}?access_token=not-a-token")
    yield hub.observed("account.tokeninfo-refusal", "400 Invalid Value", invalid.summary)
    url = f"{API}/b/{hub.guide['scratch']}/o?maxResults=1"
    wrong = send("GET", url, headers={"Authorization": "Bearer not-a-token"})
    yield hub.observed("account.wrong-token", "401 Invalid Credentials", wrong.summary)


def _rights(hub: Hub, email: str) -> Iterator[Observation]:
    body = json.dumps({"payload": base64.b64encode(b"Is this guide right?").decode()}).encode()
    signed = hub.call("POST", f"{_CREDENTIALS}/{quote(email)}:signBlob", body, Content_Type="application/json")
    says = "200" if hub.guide["signs"] else f"403 Permission 'iam.serviceAccounts.signBlob' {_DENIED}"
    yield hub.observed("account.sign", says, signed.summary)
    listed = hub.call("GET", f"{API}/b?project={hub.guide['project']}&maxResults=1")
    says = "403 ACCOUNT does not have storage.buckets.list access to the Google Cloud project. "
    says += f"Permission 'storage.buckets.list' {_DENIED}"
    yield hub.observed("account.list-buckets", says, listed.summary)
    # Asking for one's permissions requires none.
    url = f"{API}/b/{hub.guide['scratch']}/iam/testPermissions?permissions=storage.objects.list&userProject="
    refusal = "403 ACCOUNT does not have serviceusage.services.use access to the Google Cloud project. "
    refusal += f"Permission 'serviceusage.services.use' {_DENIED}"
    says = "200" if hub.guide["pays_for_requests"] else refusal
    yield hub.observed("account.pays-for-requests", says, hub.call("GET", url + hub.guide["project"]).summary)
    yield hub.observed("account.other-project-pays", refusal, hub.call("GET", url + _OTHER_PROJECT).summary)


def _text(hub: Hub, path: str) -> str:
    answer = hub.metadata(path)
    return answer.body.decode() if answer.status == 200 else answer.summary


def _scope(scopes: str) -> str:
    return "cloud-platform" if _CLOUD_PLATFORM in scopes.split() else "another scope"
