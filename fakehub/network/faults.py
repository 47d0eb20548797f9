"""Inject faults by rule: which requests fail, and how. The same rules and requests give the same faults again."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from aiohttp import web

from fakehub.errors import GoogleError
from fakehub.storage.xml_api.errors import error_response
from fakehub.storage.xml_api.router import is_xml

# Google's reasons and messages for the errors that clients should retry
# (https://cloud.google.com/storage/docs/retry-strategy).
_STATUS = {
    404: ("notFound", "Upload session not found."),
    408: ("requestTimeout", "The request timed out."),
    410: ("uploadBrokenConnection", "The upload session has ended; start it again."),
    429: ("rateLimitExceeded", "The request rate limit was exceeded. Please reduce your request rate."),
    500: ("backendError", "We encountered an internal error. Please try again."),
    502: ("backendError", "Bad Gateway"),
    503: ("backendError", "Service unavailable. Please try again later."),
    504: ("gatewayTimeout", "Gateway Timeout"),
}
# The effects of a fault, and the settings that each takes.
EFFECTS = {
    "status": ("code", "retry_after"),
    "stall": ("seconds",),
    "reset": ("at",),
    "reset-upload": ("at",),
    "truncate": ("at",),
    "corrupt": ("bytes",),
    "drop-upload": ("code",),
}
_CODES = {"status": (408, 429, 500, 502, 503, 504), "drop-upload": (404, 410)}
_DEFAULTS = {("corrupt", "bytes"): 1, ("drop-upload", "code"): 404}
_NEEDED = {("status", "code"), ("stall", "seconds")}


@dataclass(frozen=True)
class Rule:
    """Which requests fail, and with which effect. Raises ``ValueError`` for invalid or contradictory settings.

    A rule matches a request by ``method``, ``host``, ``persona`` (the owner of its token) and ``path``, a regular
    expression that is searched for in path and query; each is optional. ``truncate`` and ``corrupt`` match downloads
    of objects only, ``drop-upload`` matches requests of resumable uploads only.

    Of the matching requests all fail, or only the ``nth``, or all from ``from_nth`` on, or one of ``every`` N, or each
    with a ``probability``. The generator has the ``seed``, and at most ``times`` requests fail. ``at`` is the number of
    bytes after which the body breaks off, by default half of them; ``bytes`` is the number of bytes that are corrupted.
    """

    effect: str
    code: int | None = None
    retry_after: int | None = None
    seconds: float | None = None
    at: int | None = None
    bytes: int | None = None
    method: str | None = None
    host: str | None = None
    path: str | None = None
    persona: str | None = None
    nth: int | None = None
    from_nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise ValueError(f"{self.effect!r} is not an effect; choose from {', '.join(EFFECTS)}")
        for name in {name for names in EFFECTS.values() for name in names}:
            takes = name in EFFECTS[self.effect]
            if not takes and getattr(self, name) is not None:
                raise ValueError(f"{self.effect} does not take {name}")
            if (self.effect, name) in _NEEDED and getattr(self, name) is None:
                raise ValueError(f"{self.effect} needs {name}")
        if self.code is not None and self.code not in _CODES[self.effect]:
            raise ValueError(f"the code of {self.effect} must be one of {', '.join(map(str, _CODES[self.effect]))}")
        if sum(value is not None for value in (self.nth, self.from_nth, self.every, self.probability)) > 1:
            raise ValueError("a rule takes only one of nth, from_nth, every and probability")
        counts = dict.fromkeys(("nth", "from_nth", "every", "times", "bytes"), 1)
        for name, least in (counts | {"at": 0, "retry_after": 0}).items():
            if getattr(self, name) is not None and getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError("a probability must be between 0 and 1")
        if self.seconds is not None and not 0 <= self.seconds <= 86400:
            raise ValueError("a stall can last at most one day")
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"{self.path!r} is not a regular expression: {error}") from None

    def setting(self, name: str) -> Any:
        """Return a setting of the effect, or its default."""
        value = getattr(self, name)
        return _DEFAULTS.get((self.effect, name)) if value is None else value

    @cached_property
    def _path(self) -> re.Pattern[str]:
        return re.compile(self.path or "")

    def matches(self, request: web.BaseRequest, persona: str) -> bool:
        """Return whether the rule is about this request."""
        return (
            self.method in (None, request.method)
            and self.host in (None, request.host.partition(":")[0])
            and self._path.search(request.raw_path) is not None
            and (self.effect not in ("truncate", "corrupt") or is_download(request))
            and (self.effect != "drop-upload" or "upload_id" in request.rel_url.query)
            and self.persona in (None, persona)
        )


def non_default_settings(rule: Rule) -> dict[str, Any]:
    """Return the settings of a rule that differ from their defaults."""
    return {field.name: value for field in fields(rule) if (value := getattr(rule, field.name)) != field.default}


def rule_of(values: Any) -> Rule:
    """Make a rule from parsed JSON; raise ``ValueError`` if it is not one."""
    annotations = {field.name: str(field.type) for field in fields(Rule)}
    if not isinstance(values, dict) or "effect" not in values:
        raise ValueError("a rule must name its effect")
    for name, value in values.items():
        if name not in annotations:
            raise ValueError(f"a rule has no setting {name}")
        annotation = annotations[name]
        types = (str,) if "str" in annotation else (int, float) if "float" in annotation else (int,)
        if value is not None and (not isinstance(value, types) or isinstance(value, bool)):
            raise ValueError(f"{name} cannot be {value!r}")
    return Rule(**values)


def is_download(request: web.BaseRequest) -> bool:
    """Return whether the request asks for the content of an object, through either API."""
    if request.method != "GET":
        return False
    if is_xml(request):
        return "/" in request.rel_url.raw_path.strip("/")
    return request.rel_url.query.get("alt") == "media"


class _CountedRule:
    """A rule in force, with the numbers of requests that it matched and that it struck."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.matched, self.struck = rule, 0, 0
        self._random = random.Random(rule.seed)  # noqa: S311 - repeatable, not secret

    def strikes(self) -> bool:
        """Count one more matching request and return whether it fails."""
        rule, self.matched = self.rule, self.matched + 1
        strikes = rule.times is None or self.struck < rule.times
        if rule.nth is not None:
            strikes &= self.matched == rule.nth
        elif rule.from_nth is not None:
            strikes &= self.matched >= rule.from_nth
        elif rule.every is not None:
            strikes &= self.matched % rule.every == 0
        elif rule.probability is not None:
            # Draw for every matching request, so that later draws do not depend on ``times``.
            strikes &= self._random.random() < rule.probability
        self.struck += strikes
        return strikes


@dataclass(frozen=True)
class Fault:
    """The fault of one request; ``number`` counts the requests that its rule has struck."""

    rule: Rule
    number: int

    @property
    def stall_s(self) -> float:
        """How long the answer is held up, in seconds."""
        return self.rule.seconds or 0.0

    @property
    def name(self) -> str:
        """The effect and its code, as the log shows them."""
        code = self.rule.setting("code")
        return f"{self.rule.effect} {code}" if code else self.rule.effect

    def cut(self, length: int) -> int | None:
        """Return after how many of ``length`` bytes the body breaks off, or ``None`` if it does not.

        At least the last byte is missing.
        """
        if "at" not in EFFECTS[self.rule.effect]:
            return None
        at = length // 2 if self.rule.at is None else self.rule.at
        return min(at, max(length - 1, 0)) if length else at

    def flips(self, length: int) -> dict[int, int]:
        """Return the places of corrupted bytes in a body of ``length`` bytes, and what each byte is XORed with."""
        if self.rule.effect != "corrupt":
            return {}
        chosen = random.Random(f"{self.rule.seed}/{self.number}")  # noqa: S311 - repeatable, not secret
        places = chosen.sample(range(length), min(self.rule.setting("bytes"), length))
        return {place: chosen.randrange(1, 256) for place in places}


class Faults:
    """The rules in force, tried in order: the first that strikes decides the fault of a request."""

    def __init__(self) -> None:
        self._rules: list[_CountedRule] = []
        self._dropped: dict[str, int] = {}

    @property
    def any(self) -> bool:
        """Whether any request can fail."""
        return bool(self._rules or self._dropped)

    def add(self, rule: Rule) -> None:
        """Append a rule."""
        self._rules.append(_CountedRule(rule))

    def clear(self) -> None:
        """Remove all rules. A resumable upload that was dropped stays dropped."""
        self._rules.clear()

    def rows(self) -> list[dict[str, Any]]:
        """Return the settings of each rule, with the numbers of requests that it matched and struck."""
        return [
            non_default_settings(counted.rule) | {"matched": counted.matched, "struck": counted.struck}
            for counted in self._rules
        ]

    def decide(self, request: web.BaseRequest, persona: str) -> Fault | None:
        """Return the fault of a request sent by ``persona``, if any."""
        upload = request.rel_url.query.get("upload_id", "")
        if upload in self._dropped:
            return Fault(Rule("drop-upload", code=self._dropped[upload]), 0)
        for counted in self._rules:
            if counted.rule.matches(request, persona) and counted.strikes():
                if counted.rule.effect == "drop-upload":
                    self._dropped[upload] = counted.rule.setting("code")
                return Fault(counted.rule, counted.struck)
        return None


def refusal(request: web.BaseRequest, fault: Fault) -> web.Response | None:
    """Return the fault's error response, in the format of the requested API, or ``None`` if the fault is no error."""
    code = fault.rule.setting("code")
    if code is None:
        return None
    error = GoogleError(code, *_STATUS[code])
    response = error_response(error) if is_xml(request) else error.response()
    if fault.rule.retry_after is not None:
        response.headers["Retry-After"] = str(fault.rule.retry_after)
    return response
