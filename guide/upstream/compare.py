"""Compare each fact with the operator's configuration of the hub and with the community's documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fakehub.from_2i2c.checkout import HubConfiguration, hub_configuration
from fakehub.from_2i2c.errors import UNKNOWN_SHAPE, DraftError
from fakehub.from_2i2c.helm import JUPYTERHUB_CHART, get, read
from fakehub.from_2i2c.sections import draft
from guide.facts import Facts
from guide.upstream.documentation import Stated, number_of, statements
from guide.upstream.expected import MISSING, expected, leaves, sources_of, subjects
from guide.upstream.lines import Keys, Lines
from guide.upstream.origins import Origins, Place
from guide.upstream.settings import Upstream, UpstreamError

Verdict = Literal["confirmed", "changed", "not verifiable"]
_CHART = "helm-charts/basehub/Chart.yaml"
# Facts that the draft has only from the defaults of the chart, whose text is not in the repository.
_DEFAULTS = {
    ("hub", "timeouts", "idle_server_culled_after_s"),
    ("hub", "timeouts", "idle_server_check_s"),
    ("home", "path"),
}


@dataclass(frozen=True)
class Finding:
    """What a check says about one fact: its value in the facts file, and in the source if that differs.

    ``source`` is the name of the source, and ``place`` its line.
    """

    key: str
    verdict: Verdict
    value: Any
    now: Any = MISSING
    source: str = ""
    place: Place | None = None


def compare(content: Mapping[str, Any], upstream: Upstream, checkout: Path, docs: Path | None) -> list[Finding]:
    """Return a finding for each fact in the ``content`` of a facts file, and for each that it lacks.

    Raises ``UpstreamError`` if the ``checkout`` or the documentation cannot be read.
    """
    try:
        configuration = hub_configuration(checkout, upstream.cluster, upstream.hub)
        sections = draft(configuration)[0]
    except DraftError as error:
        raise UpstreamError(str(error)) from error
    except UNKNOWN_SHAPE as error:
        kind = type(error).__name__
        raise UpstreamError(f"cluster {upstream.cluster}: values of an unknown shape ({kind}: {error})") from error
    facts = dict(leaves(content))
    found = {finding.key: finding for finding in _from_configuration(content, facts, sections, checkout, configuration)}
    documentation = upstream.documentation
    if docs and documentation:
        for stated in statements(docs, documentation):
            finding = _from_documentation(facts, stated, documentation.source)
            found.setdefault(finding.key, finding)
    # In the order of the facts file, and then those that it lacks.
    about_hub = {".".join(key): (key, value) for key, value in facts.items() if key[0] not in ("sources", "guide")}
    unknown = {
        name: Finding(name, "not verifiable", value, source=", ".join(sources_of(content, key)))
        for name, (key, value) in about_hub.items()
    }
    return list((unknown | found).values())


def _from_configuration(
    content: Mapping[str, Any],
    facts: Mapping[Keys, Any],
    sections: dict[str, Any],
    checkout: Path,
    configuration: HubConfiguration,
) -> Iterator[Finding]:
    origins = Origins(checkout, configuration)
    names = subjects(content, sections)
    defaults = dict(leaves(Facts.model_validate(content).model_dump(by_alias=True)))
    for key, now in expected(content, sections).items():
        value = facts.get(key, MISSING)
        if value is MISSING and same(key, defaults.get(key, MISSING), now):
            continue  # the facts file leaves it out, because it is the default
        about = next((names[key[:length]] for length in (1, 2, 3) if key[:length] in names), None)
        place = origins.place(key, value if now is MISSING else now, about)
        verdict: Verdict = "confirmed" if same(key, value, now) else "changed"
        if place is None and key in _DEFAULTS:
            place = _chart_version(checkout)
            if verdict == "confirmed" and not _knows_defaults(checkout):
                verdict = "not verifiable"  # those of another version
        yield Finding(".".join(key), verdict, value, now, "configuration", place)
    yield from _chart(facts, checkout)


def _chart(facts: Mapping[Keys, Any], checkout: Path) -> Iterator[Finding]:
    """Yield a finding about the version of the chart that basehub builds on, which is a source of the facts."""
    key, version = ("sources", "chart", "commit"), _version(checkout)
    if key in facts and version:
        verdict: Verdict = "confirmed" if same(key, facts[key], version) else "changed"
        yield Finding(".".join(key), verdict, facts[key], version, "configuration", _chart_version(checkout))


def _version(checkout: Path) -> str | None:
    parts = get(read(checkout / _CHART), "dependencies") or [] if (checkout / _CHART).is_file() else []
    return next((str(part.get("version")) for part in parts if part.get("name") == "jupyterhub"), None)


def _knows_defaults(checkout: Path) -> bool:
    return _version(checkout) == JUPYTERHUB_CHART


def _chart_version(checkout: Path) -> Place | None:
    if not (checkout / _CHART).is_file():
        return None
    lines = Lines(checkout / _CHART, _CHART)
    parts = read(checkout / _CHART).get("dependencies") or []
    numbers = [number for number, part in enumerate(parts) if part.get("name") == "jupyterhub"]
    line = lines.find(("dependencies", str(numbers[0]), "version")) if numbers else None
    return Place(_CHART, line) if line else None


def _from_documentation(facts: Mapping[Keys, Any], stated: Stated, source: str) -> Finding:
    name = ".".join(stated.key)
    known = any(key[: len(stated.key)] == stated.key for key in facts) if stated.is_name else stated.key in facts
    if not known:
        raise UpstreamError(f"documentation.states.{name}: there is no such fact; correct the key")
    value = stated.key[-1] if stated.is_name else facts[stated.key]
    if stated.value is None:
        return Finding(name, "changed", value, MISSING, source)
    now = number_of(stated.value) if isinstance(value, int) else stated.value
    verdict: Verdict = "confirmed" if same(stated.key, str(value), now) else "changed"
    return Finding(name, verdict, value, now, source, stated.place)


def same(key: Keys, value: Any, now: Any) -> bool:
    """Return whether two values are the same fact. The order of most lists and an address's last slash do not count."""
    if isinstance(value, list) and isinstance(now, list) and key != ("gpus", "images"):  # whose first is the default
        return sorted(map(str, value)) == sorted(map(str, now))
    if isinstance(value, str) and isinstance(now, str) and value.startswith("https://"):
        return value.rstrip("/") == now.rstrip("/")
    return bool(value == now) and isinstance(value, bool) == isinstance(now, bool)
