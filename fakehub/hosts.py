"""Names of the Google hosts that the stand-in answers for."""

from __future__ import annotations

STORAGE_HOST = "storage.googleapis.com"
# The host of other services of Google too, which answers the JSON API only.
JSON_ONLY = "www.googleapis.com"
STORAGE_HOSTS = (STORAGE_HOST, JSON_ONLY)
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


def bucket_of(host: str) -> str:
    """Return the bucket in a name such as ``BUCKET.storage.googleapis.com``; an empty string for every other host."""
    bucket = host.removesuffix(f".{STORAGE_HOST}")
    # Other names, such as those with settings of gRPC, begin with an underscore.
    return bucket if bucket != host and bucket[:1].isalnum() else ""
