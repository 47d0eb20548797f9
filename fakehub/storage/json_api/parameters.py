"""Parameters and headers that the stand-in recognizes, and either refuses or accepts without effect."""

from __future__ import annotations

from collections.abc import Mapping

from fakehub.errors import not_implemented
from fakehub.storage.json_api.fields import check_fields
from fakehub.storage.json_api.method_table import Method

# Accepted without effect: keys and quotas, how the answer is printed, and options about features that the stand-in's
# buckets do not have (folders, copies in several steps).
IGNORED = frozenset(
    {
        "dropContextGroups",
        "includeFoldersAsPrefixes",
        "key",
        "maxBytesRewrittenPerCall",
        "oauth_token",
        "optionsRequestedPolicyVersion",
        "prettyPrint",
        "quotaUser",
        "returnPartialSuccess",
        "rewriteToken",
        "userIp",
    }
)
# Refused, because they would change what is stored or listed, and the stand-in does not implement them.
REFUSED = frozenset(
    {
        "contextKey",
        "copySourceAcl",
        "destinationKmsKeyName",
        "enableObjectRetention",
        "filter",
        "kmsKeyName",
        "overrideUnlockedRetention",
        "restoreToken",
        "softDeleted",
    }
)
# Without effect in one method only: a bucket has one version, and its layout and permissions are the same everywhere.
_IGNORED_IN = {
    "storage.buckets.get": "generation",
    "storage.buckets.getStorageLayout": "prefix",
    "storage.objects.testIamPermissions": "generation",
}
REFUSED_HEADERS = (
    "x-goog-encryption-algorithm",
    "x-goog-encryption-kms-key-name",
    "x-goog-copy-source-encryption-algorithm",
)


def refuse_unanswered(method: Method, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise ``GoogleError`` (501), which names a parameter or header that the stand-in does not implement.

    An invalid selection of fields is refused here as well (400), before the method has any effect.
    """
    if query.get("fields"):
        check_fields(query["fields"])
    for name in query:
        if name in REFUSED and query[name] not in {"", "false"}:
            raise not_implemented(f"the parameter {name} of {method.id}")
    for name in REFUSED_HEADERS:
        if name in headers:
            raise not_implemented(f"the header {name} of {method.id}")


def treatment(method: Method, parameter: str) -> str:
    """Return how a method handles a parameter: ``answered``, ``ignored`` or ``refused``."""
    if parameter in REFUSED:
        return "refused"
    return "ignored" if parameter in IGNORED or _IGNORED_IN.get(method.id) == parameter else "answered"
