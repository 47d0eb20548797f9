"""The options of one build of the site, as arguments of ``sphinx_process`` and as Sphinx configuration values."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Literal

from guide.paths import BUILD

if TYPE_CHECKING:
    from sphinx.config import Config

REPORT = BUILD / "report.json"
_PREFIX = "guide_"


@dataclass(frozen=True)
class SiteOptions:
    """How a site is built. Sphinx knows each field as a configuration value of the same name behind ``guide_``.

    The metadata of a field say what Sphinx builds again when its value changes: nothing, unless ``rebuild`` is given.

    - ``report``: path of the report of the pages' runs; without that file, nothing is said about runs.
    - ``profile``: name of the run profile whose records have the outputs of cells.
    - ``pdf``: every page links to the whole guide as a PDF.
    - ``wait``: wait for a line on standard input before pages are read.
    - ``preview``: leave pages that show the whole report as they are, although the report changes with every run.
    - ``optimize``: reduce every page to what it uses, under a strict content security policy.
    """

    report: str = str(REPORT)
    profile: str = "hub"
    pdf: bool = field(default=False, metadata={"rebuild": "html"})
    wait: bool = False
    preview: bool = False
    optimize: bool = field(default=True, metadata={"rebuild": "html"})

    def arguments(self) -> list[str]:
        """Return the options as arguments of a command, which ``parse_options`` reads."""
        return [
            f"--{name}={value}" if isinstance(value, str) else f"--{'' if value else 'no-'}{name}"
            for name, value in asdict(self).items()
        ]

    def configuration(self) -> dict[str, str | bool]:
        """Return the options as Sphinx configuration values."""
        return {f"{_PREFIX}{name}": value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class ConfigValue:
    """A configuration value to register with Sphinx."""

    name: str
    default: str | bool
    rebuild: Literal["", "html"]


def config_values() -> list[ConfigValue]:
    """Return a configuration value for each option."""
    return [
        ConfigValue(f"{_PREFIX}{option.name}", option.default, option.metadata.get("rebuild", ""))
        for option in fields(SiteOptions)
        if isinstance(option.default, str | bool)
    ]


def options_of(config: Config) -> SiteOptions:
    """Return the options of the build that has this Sphinx configuration."""
    return SiteOptions(**{option.name: config[f"{_PREFIX}{option.name}"] for option in fields(SiteOptions)})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let ``parser`` accept what ``SiteOptions.arguments`` returns."""
    for option in fields(SiteOptions):
        if isinstance(option.default, bool):
            parser.add_argument(f"--{option.name}", action=argparse.BooleanOptionalAction, default=option.default)
        else:
            parser.add_argument(f"--{option.name}", default=option.default)


def parse_options(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> tuple[argparse.Namespace, SiteOptions]:
    """Parse a command line; return it, and the options of the site in it."""
    add_arguments(parser)
    namespace = parser.parse_args(arguments)
    return namespace, SiteOptions(**{option.name: getattr(namespace, option.name) for option in fields(SiteOptions)})
