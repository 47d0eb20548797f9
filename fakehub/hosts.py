"""Names of Google's hosts that the stand-in answers for."""

from __future__ import annotations

STORAGE_HOSTS = ("storage.googleapis.com", "www.googleapis.com")
ACCOUNT_HOSTS = (
    "accounts.google.com",
    "oauth2.googleapis.com",
    "openidconnect.googleapis.com",
    "iamcredentials.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "sdk.cloud.google.com",
)
# Names that the TLS port answers besides the pod's, which is a fact; both ways to the stand-in lead these there.
TLS_HOSTS = (*STORAGE_HOSTS, *ACCOUNT_HOSTS)
METADATA_HOST = "metadata.google.internal"
