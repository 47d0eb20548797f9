"""Parameters and headers that the stand-in recognizes, and either refuses or accepts without effect."""

from __future__ import annotations

from collections.abc import Mapping

from fakehub.errors import not_implemented
from fakehub.storage.conditions import boolean
from fakehub.storage.encryption import refuse_keys
from fakehub.storage.json_api.fields import check_fields
from fakehub.storage.json_api.method_table import Method
from fakehub.storage.json_api.values import check_values

# Accepted without effect: keys and quotas, how the answer is printed, and options about features that the stand-in's
# buckets do not have (folders, contexts).
IGNORED = frozenset(
    {
        "dropContextGroups",
        "includeFoldersAsPrefixes",
        "key",
        "oauth_token",
        "optionsRequestedPolicyVersion",
        "prettyPrint",
        "quotaUser",
        "returnPartialSuccess",
        "userIp",
    }
)
# Refused, because they would change what is stored or listed, and the stand-in does not implement them.
REFUSED = frozenset(
    {
        "contextKey",
        "destinationKmsKeyName",
        "enableObjectRetention",
        "filter",
        "kmsKeyName",
        "overrideUnlockedRetention",
        "restoreToken",
    }
)
# Refused in some methods only: whole buckets are deleted permanently.
_REFUSED_IN = {"storage.buckets.get": "softDeleted", "storage.buckets.list": "softDeleted"}
# Those of them that are truth values, and ask for nothing if they are false.
_OFF_IF_FALSE = frozenset({"enableObjectRetention", "overrideUnlockedRetention", "softDeleted"})
# Without effect in one method only: a bucket has one version, and its layout and permissions are the same everywhere.
_IGNORED_IN = {
    "storage.buckets.get": "generation",
    "storage.buckets.getStorageLayout": "prefix",
    "storage.objects.testIamPermissions": "generation",
}


def refuse_unanswered(method: Method, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise ``GoogleError`` (400), which names a parameter or header that the stand-in does not implement.

    An invalid selection of fields or value of a parameter is refused here as well, before the method has any effect.
    """
    check_values(query)
    if query.get("fields"):
        check_fields(query["fields"])
    for name in query:
        refused = name in REFUSED or name == _REFUSED_IN.get(method.id)
        if refused and query[name] and not _is_off(name, query[name]):
            raise not_implemented(f"the parameter {name} of {method.id}")
    refuse_keys(headers, method.id)


def _is_off(name: str, text: str) -> bool:
    return name in _OFF_IF_FALSE and not boolean(text)


def treatment(method: Method, parameter: str) -> str:
    """Return how a method handles a parameter: ``answered``, ``ignored`` or ``refused``."""
    if parameter in REFUSED or parameter == _REFUSED_IN.get(method.id):
        return "refused"
    return "ignored" if parameter in IGNORED or _IGNORED_IN.get(method.id) == parameter else "answered"
