"""Parameters and headers that the stand-in knows and either refuses or lets pass without effect."""

from __future__ import annotations

from collections.abc import Mapping

from fakehub.errors import not_answered
from fakehub.storage.json_api.fields import check_fields
from fakehub.storage.json_api.method_table import Method

# Without effect: keys and quotas, who pays, how the answer is printed, and choices that the stand-in's buckets
# (no folders, no requester pays, copies done at once) do not have.
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
        "userProject",
    }
)
# Asked for, they would change what is stored or found, and the stand-in has them not.
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
# Without effect in one method only: a bucket has one version, its layout and the rights in it are everywhere the same.
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
    """Raise ``GoogleError`` when a request asks for what the stand-in does not have (501, naming it).

    A choice of fields that is none is refused here too (400), before anything is done.
    """
    if query.get("fields"):
        check_fields(query["fields"])
    for name in query:
        if name in REFUSED and query[name] not in {"", "false"}:
            raise not_answered(f"the parameter {name} of {method.id}")
    for name in REFUSED_HEADERS:
        if name in headers:
            raise not_answered(f"the header {name} of {method.id}")


def treatment(method: Method, parameter: str) -> str:
    """What the stand-in does with a parameter of a method it answers: ``answered``, ``ignored`` or ``refused``."""
    if parameter in REFUSED:
        return "refused"
    return "ignored" if parameter in IGNORED or _IGNORED_IN.get(method.id) == parameter else "answered"
