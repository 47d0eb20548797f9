"""Faults by rule: which requests go wrong, and how. The same rules and requests in order give the same faults."""

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

# Google's words for what clients are meant to try again (https://cloud.google.com/storage/docs/retry-strategy).
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
# What a request can suffer, and the further settings each takes.
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
    """Which requests suffer which effect. Raises ``ValueError`` for what makes no sense.

    A request is meant when it has the ``method``, the ``host`` and the ``persona`` (by its token) and when the
    regular expression ``path`` is found in its path and query, as far as these are given; ``truncate`` and
    ``corrupt`` mean downloads of objects only, ``drop-upload`` requests of a resumable upload only. Of the requests
    meant all go wrong, or the ``nth`` alone, or one in ``every`` so many, or each with a ``probability`` (from a
    generator seeded with ``seed``); ``times`` of them at most. ``at`` counts bytes of the body; it breaks off in its
    middle unless given.
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
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise ValueError(f"{self.effect!r} is no effect; there are {', '.join(EFFECTS)}")
        for name in {name for names in EFFECTS.values() for name in names}:
            takes = name in EFFECTS[self.effect]
            if not takes and getattr(self, name) is not None:
                raise ValueError(f"{self.effect} takes no {name}")
            if (self.effect, name) in _NEEDED and getattr(self, name) is None:
                raise ValueError(f"{self.effect} needs {name}")
        if self.code is not None and self.code not in _CODES[self.effect]:
            raise ValueError(f"{self.effect} has a code of {', '.join(map(str, _CODES[self.effect]))}")
        if sum(value is not None for value in (self.nth, self.every, self.probability)) > 1:
            raise ValueError("a rule has one of nth, every and probability")
        for name, least in {"nth": 1, "every": 1, "times": 1, "bytes": 1, "at": 0, "retry_after": 0}.items():
            if getattr(self, name) is not None and getattr(self, name) < least:
                raise ValueError(f"{name} is {least} or more")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError("a probability is between 0 and 1")
        if self.seconds is not None and not 0 <= self.seconds <= 86400:
            raise ValueError("a stall lasts a day at most")
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"{self.path!r} is no regular expression: {error}") from None

    def setting(self, name: str) -> Any:
        """A setting of the effect, or its default."""
        given = getattr(self, name)
        return _DEFAULTS.get((self.effect, name)) if given is None else given

    @cached_property
    def _path(self) -> re.Pattern[str]:
        return re.compile(self.path or "")

    def means(self, request: web.BaseRequest, persona: str) -> bool:
        """Whether the request is of the kind this rule is about."""
        return (
            self.method in (None, request.method)
            and self.host in (None, request.host.partition(":")[0])
            and self._path.search(request.raw_path) is not None
            and (self.effect not in ("truncate", "corrupt") or is_download(request))
            and (self.effect != "drop-upload" or "upload_id" in request.rel_url.query)
            and self.persona in (None, persona)
        )


def as_given(rule: Rule) -> dict[str, Any]:
    """The settings of a rule that differ from their defaults."""
    return {field.name: value for field in fields(rule) if (value := getattr(rule, field.name)) != field.default}


def rule_of(values: Any) -> Rule:
    """A rule from JSON; raises ``ValueError`` for what is none."""
    kinds = {field.name: field.type for field in fields(Rule)}
    if not isinstance(values, dict) or "effect" not in values:
        raise ValueError("a rule names its effect")
    for name, value in values.items():
        if name not in kinds:
            raise ValueError(f"a rule has no {name}")
        wanted = (str,) if "str" in kinds[name] else (int, float) if "float" in kinds[name] else (int,)
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise ValueError(f"{name} is not {value!r}")
    return Rule(**values)


def is_download(request: web.BaseRequest) -> bool:
    """Whether the request asks for the content of an object, by either API."""
    if request.method != "GET":
        return False
    if is_xml(request):
        return "/" in request.rel_url.raw_path.strip("/")
    return request.rel_url.query.get("alt") == "media"


class _Kept:
    """A rule at work: how many requests it meant and how many went wrong."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.meant, self.struck = rule, 0, 0
        self._random = random.Random(rule.seed)  # noqa: S311 - repeatable, not secret

    def strikes(self) -> bool:
        """Count one more request; whether it goes wrong."""
        rule, self.meant = self.rule, self.meant + 1
        strikes = rule.times is None or self.struck < rule.times
        if rule.nth is not None:
            strikes &= self.meant == rule.nth
        elif rule.every is not None:
            strikes &= self.meant % rule.every == 0
        elif rule.probability is not None:
            # Draw for every request, also for one that is spared: what is drawn later must not depend on it.
            strikes &= self._random.random() < rule.probability
        self.struck += strikes
        return strikes


@dataclass(frozen=True)
class Fault:
    """What one request suffers; ``number`` tells which time it is for its rule."""

    rule: Rule
    number: int

    @property
    def name(self) -> str:
        """The effect, for the log."""
        code = self.rule.setting("code")
        return f"{self.rule.effect} {code}" if code else self.rule.effect

    def cut(self, length: int) -> int | None:
        """After how many of ``length`` bytes the body ends; at least the last one is missing. ``None``: not at all."""
        if "at" not in EFFECTS[self.rule.effect]:
            return None
        at = length // 2 if self.rule.at is None else self.rule.at
        return min(at, max(length - 1, 0)) if length else at

    def flips(self, length: int) -> dict[int, int]:
        """For the bytes of a body that arrive wrong: their places, and what they are XORed with."""
        if self.rule.effect != "corrupt":
            return {}
        chosen = random.Random(f"{self.rule.seed}/{self.number}")  # noqa: S311 - repeatable, not secret
        places = chosen.sample(range(length), min(self.rule.setting("bytes"), length))
        return {place: chosen.randrange(1, 256) for place in places}


class Faults:
    """The rules in force, looked at in order: the first that strikes decides about a request."""

    def __init__(self) -> None:
        self._rules: list[_Kept] = []
        self._dropped: dict[str, int] = {}

    @property
    def any(self) -> bool:
        """Whether anything can go wrong at all."""
        return bool(self._rules or self._dropped)

    def add(self, rule: Rule) -> None:
        """Put a rule behind the others."""
        self._rules.append(_Kept(rule))

    def clear(self) -> None:
        """Forget all rules. A resumable upload that was dropped stays dropped."""
        self._rules.clear()

    def rows(self) -> list[dict[str, Any]]:
        """The rules, with how many requests each meant and how many went wrong."""
        return [as_given(kept.rule) | {"meant": kept.meant, "struck": kept.struck} for kept in self._rules]

    def decide(self, request: web.BaseRequest, persona: str) -> Fault | None:
        """What happens to this request, sent by ``persona``."""
        upload = request.rel_url.query.get("upload_id", "")
        if upload in self._dropped:
            return Fault(Rule("drop-upload", code=self._dropped[upload]), 0)
        for kept in self._rules:
            if kept.rule.means(request, persona) and kept.strikes():
                if kept.rule.effect == "drop-upload":
                    self._dropped[upload] = kept.rule.setting("code")
                return Fault(kept.rule, kept.struck)
        return None


def refusal(request: web.BaseRequest, fault: Fault) -> web.Response | None:
    """The answer in place of the real one, in the form of the API that was asked; ``None`` for other effects."""
    code = fault.rule.setting("code")
    if code is None:
        return None
    error = GoogleError(code, *_STATUS[code])
    response = error_response(error) if is_xml(request) else error.response()
    if fault.rule.retry_after is not None:
        response.headers["Retry-After"] = str(fault.rule.retry_after)
    return response
