"""What a result must not contain: secrets, addresses of people, and personal paths and names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hubcheck.common import EMAIL, YOU

_KINDS = {
    "an access token": re.compile(r"ya29\.[\w.-]{8}"),
    "a refresh token": re.compile(r"\b1//[\w-]{10}"),
    "an identity token": re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}"),
    "a token of GitHub": re.compile(r"\b(?:gh[opsru]_|github_pat_)\w{10}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a key of S3": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12}"),
    "a token in hexadecimal digits": re.compile(r"\b[0-9a-f]{32,}\b"),
    "an e-mail address": EMAIL,
}
_PATH = re.compile(r"(?:(?<![\w/])/home/|(?<![\w/])/Users/|\b[A-Za-z]:\\Users\\)[^\s\"',;)]+")
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|CREDENTIAL")
_SHORTEST_SECRET = 8


def leaks(text: str, env: Mapping[str, str], home: str) -> list[str]:
    """Return what kinds of private text are in ``text``; the path ``home``, which the guide names, is none."""
    found = [kind for kind, pattern in _KINDS.items() if pattern.search(text)]
    if any(path != home for path in _PATH.findall(text)):
        found.append("a path in a home directory")
    user = env.get("JUPYTERHUB_USER", "")
    if user and user != YOU and re.search(rf"(?<![\w-]){re.escape(user)}(?![\w-])", text):
        found.append("a username")
    for name, value in env.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET and value in text:
            found.append(f"the value of {name}")
    return found
