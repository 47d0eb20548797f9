"""The content security policy: what a page may load and run. It is in each page, and in a file of headers for hosts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path

# Everything comes only from this site. Pictures and icons may be embedded in a style sheet.
_RULES = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "font-src": "data:",
    "img-src": "'self' data:",
    "manifest-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
# The worker of `make live` compiles WebAssembly. Its own answer has to allow that, and pages do not need it: they have
# their policy in them too, and the stricter one counts.
_WASM = "'wasm-unsafe-eval'"
_HEADERS = """\
# Read by hosts that send headers from such a file. Each page says its policy itself, for those that do not.
/*
  Content-Security-Policy: {policy}; frame-ancestors 'none'
  Referrer-Policy: strict-origin-when-cross-origin
  X-Content-Type-Options: nosniff
{forever}"""
_FOREVER = """/{path}
  Cache-Control: public, max-age=31536000, immutable
"""


def policy(scripts: Iterable[str]) -> str:
    """Return the content security policy that allows exactly these inline ``scripts``."""
    hashes = sorted(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    rules = _RULES | {"script-src": " ".join([_RULES["script-src"], *hashes])}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def write_headers(site: Path, scripts: Iterable[str], fingerprinted: Iterable[str]) -> None:
    """Write ``_headers``: the policy of all pages, and the files whose content never changes under one name."""
    forever = "".join(_FOREVER.format(path=path) for path in sorted(fingerprinted))
    rules = policy(scripts)
    if any((site / "_static").glob("live-*")):
        rules = rules.replace("script-src ", f"script-src {_WASM} ")
        folders = [f"_static/{folder.name}/*" for folder in (site / "_static").glob("live-*")]
        forever += "".join(_FOREVER.format(path=path) for path in folders)
    (site / "_headers").write_text(_HEADERS.format(policy=rules, forever=forever), encoding="utf-8")
