"""The location and the storage class that a request gives a new bucket, in either API."""

from __future__ import annotations

import re
from typing import Any

from fakehub.errors import bad_request
from fakehub.storage.resources import STORAGE_CLASSES

# A region such as us-east1, or the name of a multi-region or of a dual-region.
_LOCATION = re.compile(r"[A-Za-z]+[0-9]*(-[A-Za-z]+[0-9]+)?")


def check_storage_class(value: Any) -> dict[str, Any]:
    """Return the class of a bucket's new objects as a setting, none for ``None``; raise ``GoogleError`` (400)."""
    if value is None:
        return {}
    if value not in STORAGE_CLASSES:
        raise bad_request(f"Invalid value for storageClass: it is one of {', '.join(STORAGE_CLASSES)}.")
    return {"storage_class": value}


def check_location(value: Any) -> dict[str, Any]:
    """Return the location of a new bucket as a setting, by default the US; raise ``GoogleError`` (400)."""
    if value is None:
        return {"location": "US"}
    if not isinstance(value, str) or not _LOCATION.fullmatch(value):
        raise bad_request(f"The specified location constraint is not valid: {value!r}")
    return {"location": value.upper()}
