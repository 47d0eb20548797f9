"""Names of the Google hosts that the stand-in answers for."""

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
# The hosts answered on the TLS port, in both modes (names and proxy). The OSN pod is there too; the facts name it.
TLS_HOSTS = (*STORAGE_HOSTS, *ACCOUNT_HOSTS)
METADATA_HOST = "metadata.google.internal"
