"""The body of a request that makes or changes a bucket: labels, versioning, when objects are deleted, who pays.

Google's clients send either what changes (patch) or the whole resource (update). Any other property may be sent as
it is, but not be changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from fakehub.errors import GoogleError, bad_request, not_implemented
from fakehub.storage.acl import UNIFORM_WRITE
from fakehub.storage.bucket_table import DAY_S, BucketVersion
from fakehub.storage.new_buckets import check_location, check_storage_class

# https://cloud.google.com/storage/docs/tags-and-labels#bucket-labels
_LABEL_KEY, _LABEL_VALUE = re.compile(r"[^\W\d_][\w-]*"), re.compile(r"[\w-]*")
_LONGEST_LABEL, _MOST_LABELS = 63, 64
# Properties that the server sets, whatever a client sends.
_IGNORED = frozenset({"etag", "generation", "id", "kind", "metageneration", "projectNumber", "selfLink", "updated"})
# The shortest retention of deleted objects, which is also the default, and the longest:
# https://cloud.google.com/storage/docs/soft-delete#retention-duration
_SOFT_DELETE_DAYS = (7, 90)
_PREVENTIONS = {"enforced": True, "inherited": False, "unspecified": False}
_CONTROLS = frozenset({"acl", "defaultObjectAcl"})
# The changed settings, as the facts name them, and all labels.
BucketChange: TypeAlias = tuple[dict[str, Any], dict[str, str]]


def parse_change(text: bytes, resource: dict[str, Any], bucket: BucketVersion, whole: bool) -> BucketChange:
    """Return what a request changes about a bucket with this ``resource``; ``whole`` resets what it leaves out.

    Raises ``GoogleError`` (400) for a malformed body, or for a change that the stand-in does not implement.
    """
    body = _body(text)
    for name, value in body.items():
        if name in _CONTROLS and value and value != resource.get(name):
            raise control_refusal(bucket, f"a change of {name}")
        if name not in _PARSERS and name not in _IGNORED | _CONTROLS and value != resource.get(name):
            raise not_implemented(f"a change of the bucket's {name}")
    given = {name: body.get(name) for name in _PARSERS if whole or name in body}
    settings = {key: value for name, raw in given.items() for key, value in _PARSERS[name](raw).items()}
    labels = {} if whole else dict(bucket.labels)
    if "labels" in given:
        labels = _labels(labels, given["labels"])
    return settings, labels


def parse_new(text: bytes) -> tuple[str, BucketChange]:
    """Return the name and the settings of a bucket that a request makes.

    Raises ``GoogleError`` (400) for a malformed body, or for a property that the stand-in does not implement.
    """
    body = _body(text)
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise GoogleError(400, "required", "Required parameter: name", "name")
    for key, value in body.items():
        if key not in _PARSERS and key not in {*_IGNORED, "name", "location"} and not _is_off(value):
            raise not_implemented(f"a bucket with the property {key}")
    settings = check_location(body.get("location")) | {"names_flat": bool(body.get("hierarchicalNamespace"))}
    for key in body.keys() & _PARSERS.keys():
        settings |= _PARSERS[key](body[key])
    return name, (settings, _labels({}, body.get("labels")))


def _is_off(value: Any) -> bool:
    """Return whether a property is sent without any content, or as a feature that is not enabled."""
    return not value or value == {"enabled": False}


def control_refusal(bucket: BucketVersion, what: str) -> GoogleError:
    """Return why a request cannot set access controls of a bucket or of its new objects."""
    return bad_request(UNIFORM_WRITE) if bucket.facts.uniform_access else not_implemented(what)


def _body(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        raise bad_request("Parse Error", "parseError") from None
    if not isinstance(body, dict):
        raise bad_request("Parse Error", "parseError")
    return body


def _lifecycle(value: Any) -> dict[str, Any]:
    """Return after how many days objects are deleted, ``None`` for never."""
    rules = _object("lifecycle", value).get("rule") or []
    if not isinstance(rules, list):
        raise _invalid("lifecycle", "its rules are a list")
    ages = []
    for rule in rules:
        parts = _object("lifecycle", rule)
        action, condition = (_object("lifecycle", parts.get(key)) for key in ("action", "condition"))
        if action != {"type": "Delete"} or condition.keys() != {"age"}:
            raise not_implemented("a lifecycle rule other than to delete objects by age")
        age = condition["age"]
        if isinstance(age, bool) or not isinstance(age, int) or age < 0:
            raise _invalid("lifecycle", "an age is a number of days")
        ages.append(age)
    return {"delete_after_days": min(ages, default=None)}


def _versioning(value: Any) -> dict[str, Any]:
    return {"versioning": _boolean("versioning", _object("versioning", value).get("enabled", False))}


def _billing(value: Any) -> dict[str, Any]:
    return {"requester_pays": _boolean("billing", _object("billing", value).get("requesterPays", False))}


def _soft_delete_policy(value: Any) -> dict[str, Any]:
    """Return for how many days deleted objects are kept; Google's default without a value."""
    seconds = _object("softDeletePolicy", value).get("retentionDurationSeconds")
    if seconds is None:
        return {"soft_delete_days": _SOFT_DELETE_DAYS[0]}
    # A 64-bit number is a text in JSON.
    if isinstance(seconds, bool) or not re.fullmatch(r"\d{1,9}", str(seconds)):
        raise _invalid("softDeletePolicy", "retentionDurationSeconds is a number")
    days = int(seconds) / DAY_S
    if days and not _SOFT_DELETE_DAYS[0] <= days <= _SOFT_DELETE_DAYS[1]:
        first, last = _SOFT_DELETE_DAYS
        raise _invalid("softDeletePolicy", f"deleted objects are kept for 0 seconds, or for {first} to {last} days")
    return {"soft_delete_days": int(days) if days.is_integer() else days}


def _iam_configuration(value: Any) -> dict[str, Any]:
    """Return who decides about access; what is left out stays as it is."""
    parts, changed = _object("iamConfiguration", value), {}
    # The first is the name that the feature had before.
    for name in ("bucketPolicyOnly", "uniformBucketLevelAccess"):
        if "enabled" in _object("iamConfiguration", parts.get(name)):
            changed["uniform_access"] = _boolean("iamConfiguration", parts[name]["enabled"])
    prevention = parts.get("publicAccessPrevention")
    if prevention is not None:
        if prevention not in _PREVENTIONS:
            raise _invalid("iamConfiguration", f"publicAccessPrevention is one of {', '.join(_PREVENTIONS)}")
        changed["prevents_public_access"] = _PREVENTIONS[prevention]
    return changed


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid(name, "it is true or false")
    return value


_PARSERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "billing": _billing,
    "iamConfiguration": _iam_configuration,
    "labels": lambda _: {},
    "lifecycle": _lifecycle,
    "softDeletePolicy": _soft_delete_policy,
    "storageClass": check_storage_class,
    "versioning": _versioning,
}


def _labels(labels: dict[str, str], value: Any) -> dict[str, str]:
    """Return ``labels`` with the given ones; a label without a value is removed, and so are all for ``null``."""
    if value is None:
        return {}
    for key, text in _object("labels", value).items():
        if text is None:
            labels.pop(key, None)
            continue
        if not isinstance(text, str) or not _is_label(key, text):
            raise _invalid("labels", f"{key!r} needs lower-case letters, digits, _ and -, {_LONGEST_LABEL} at most")
        labels[key] = text
    if len(labels) > _MOST_LABELS:
        raise _invalid("labels", f"a bucket has {_MOST_LABELS} labels at most")
    return labels


def _is_label(key: str, value: str) -> bool:
    fits = 1 <= len(key) <= _LONGEST_LABEL and len(value) <= _LONGEST_LABEL
    lower = key == key.lower() and value == value.lower()
    return fits and lower and bool(_LABEL_KEY.fullmatch(key)) and bool(_LABEL_VALUE.fullmatch(value))


def _object(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(name, "it is an object")
    return value


def _invalid(name: str, reason: str) -> GoogleError:
    return bad_request(f"Invalid value for {name}: {reason}.")
