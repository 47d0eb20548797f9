"""What the parts of the extension share during a build, and what they compare the next build with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from guide.facts import Facts, load
from guide.pages.toc import Toc, book_toc, left_out
from guide.paths import HUB_YML, ROOT
from guide.site.export.launch_links import Places
from guide.site.menu import SidebarMenu
from guide.site.publish.git_history import first_changes, last_changes, last_commit
from guide.site.terms import Terms
from guide.upstream.record import read_record

_STATE = _BUILT_FROM = "guide_site"


@dataclass
class SiteState:
    """What one build knows before it reads a page.

    ``left_out`` are the names of pages that this hub's guide does not have. ``last_changes`` and ``first_changes`` are
    dates of files by their paths. ``version`` is the commit that the site is built from, with its date; empty outside
    git. ``checked`` is the date of the last check of the facts; empty without one. ``menu`` is made with the first
    page; ``terms`` are known when all pages are read. ``read`` are the names of the pages that this build reads.
    """

    facts: Facts
    toc: Toc
    left_out: set[str]
    places: Places
    last_changes: dict[str, datetime]
    first_changes: dict[str, datetime]
    version: str
    checked: str
    menu: SidebarMenu | None = None
    terms: Terms | None = None
    read: set[str] = field(default_factory=set)


@dataclass
class BuiltFrom:
    """What the HTML in the build folder was made from, apart from sources. Sphinx pickles it with its environment.

    ``last_changes`` are the dates of pages by their names, ``runs`` the key and the date of each page's run, and
    ``report`` is the digest of the report that pages show. ``terms`` are those that pages link to the glossary.
    ``steps`` are the places of pages in learning paths, and ``checked`` is the date of the last check of the facts.
    """

    last_changes: dict[str, datetime | None] = field(default_factory=dict)
    runs: dict[str, tuple[str, str]] = field(default_factory=dict)
    report: str | None = None
    terms: str = ""
    steps: tuple[tuple[str, tuple[object, ...]], ...] = ()
    checked: str = ""


def create_state(app: Sphinx) -> None:
    """Look up what the build needs to know."""
    toc = book_toc()
    dates, commit = (last_changes(ROOT), first_changes(ROOT)), last_commit(ROOT)
    version = f"{commit[0]} of {commit[1].date()}" if commit else ""
    record = read_record(HUB_YML)
    checked = str(record.checked) if record else ""
    setattr(app, _STATE, SiteState(load(), toc, left_out(toc), places_of(app.config), *dates, version, checked))


def places_of(config: Config) -> Places:
    """Return where launch links lead, as the settings of the book say."""
    theme, launch = config.html_theme_options, config.guide_launch
    hub = theme.get("launch_buttons", {}).get("jupyterhub_url", "")
    repository, branch = theme.get("repository_url", ""), theme.get("repository_branch", "main")
    return Places(hub, repository, branch, launch["branch"], launch["folder"])


def state_of(app: Sphinx) -> SiteState:
    """Return the state of a build. Raises ``TypeError`` before ``create_state``."""
    state = getattr(app, _STATE, None)
    if not isinstance(state, SiteState):
        raise TypeError("the state of the build is not there yet")
    return state


def built_from(env: BuildEnvironment) -> BuiltFrom:
    """Return what the last build was made from, for the next build to compare with and to replace."""
    built = getattr(env, _BUILT_FROM, None)
    if not isinstance(built, BuiltFrom):
        built = BuiltFrom()
        setattr(env, _BUILT_FROM, built)
    return built
