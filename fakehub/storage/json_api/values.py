"""The values that parameters of the JSON API may have, after Google's machine-readable description of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fakehub.errors import GoogleError
from fakehub.storage import conditions

_BOOLEANS = (
    "allowNonEmpty",
    "copySourceAcl",
    "enableObjectRetention",
    "includeFoldersAsPrefixes",
    "includeTrailingDelimiter",
    "overrideUnlockedRetention",
    "prettyPrint",
    "recursive",
    "returnPartialSuccess",
    "showDeletedKeys",
    "softDeleted",
    "versions",
)
_OBJECT_LISTS = (
    "authenticatedRead",
    "bucketOwnerFullControl",
    "bucketOwnerRead",
    "private",
    "projectPrivate",
    "publicRead",
)
_WORDS = {
    "alt": ("json", "media"),
    "destinationPredefinedAcl": _OBJECT_LISTS,
    "predefinedAcl": (*_OBJECT_LISTS, "publicReadWrite"),
    "predefinedDefaultObjectAcl": _OBJECT_LISTS,
    "projection": ("full", "noAcl"),
}
_CONDITIONS = ("GenerationMatch", "GenerationNotMatch", "MetagenerationMatch", "MetagenerationNotMatch")
_NUMBERS = ("generation", "sourceGeneration", *(f"{way}{name}" for way in ("if", "ifSource") for name in _CONDITIONS))
# A rewrite copies whole mebibytes in each call.
_MEBIBYTE = 1024 * 1024


def _check_boolean(name: str, text: str) -> None:
    if not conditions.is_boolean(text):
        raise _invalid(name, f"Invalid boolean value: '{text}'.")


def _check_word(name: str, text: str) -> None:
    if text not in _WORDS[name]:
        raise _invalid(name, f"Invalid string value: '{text}'. Allowed values: [{', '.join(_WORDS[name])}]")


def _check_count(name: str, text: str) -> None:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) < 2**32):
        raise _invalid(name, f"Invalid value for {name}: '{text}' is not a number from 1 to {2**32 - 1}.")


def _check_number(name: str, text: str) -> None:
    conditions.number(name, text)


def _check_mebibytes(name: str, text: str) -> None:
    size = conditions.number(name, text)
    if size < _MEBIBYTE or size % _MEBIBYTE:
        raise _invalid(name, f"Invalid value for {name}: it is a multiple of {_MEBIBYTE} bytes.")


def _check_token(name: str, _text: str) -> None:
    # Every rewrite ends with its first call, so that no token was ever issued.
    raise _invalid(name, "Invalid rewrite token.")


def _invalid(name: str, message: str) -> GoogleError:
    return GoogleError(400, "invalidParameter", message, name)


_CHECKS: dict[str, Callable[[str, str], None]] = {
    **dict.fromkeys(_BOOLEANS, _check_boolean),
    **dict.fromkeys(_WORDS, _check_word),
    **dict.fromkeys(_NUMBERS, _check_number),
    "maxResults": _check_count,
    "maxBytesRewrittenPerCall": _check_mebibytes,
    "rewriteToken": _check_token,
}


def check_values(query: Mapping[str, str]) -> None:
    """Raise ``GoogleError`` (400), which names the parameter, for a value that it cannot have; an empty one is none."""
    for name in query:
        check = _CHECKS.get(name)
        if check and query[name]:
            check(name, query[name])
