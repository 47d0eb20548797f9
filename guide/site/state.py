"""What the parts of the extension share during a build, and what they compare the next build with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from guide.facts import Facts, load
from guide.pages.toc import Toc, book_toc, left_out
from guide.paths import ROOT
from guide.site.export.launch_links import Places
from guide.site.menu import SidebarMenu
from guide.site.publish.feed import LOG, Change, changes
from guide.site.publish.git_history import last_changes, line_dates

_STATE = _BUILT_FROM = "guide_site"


@dataclass
class SiteState:
    """What one build knows before it reads a page.

    ``left_out`` are the names of pages that this hub's guide does not have. ``last_changes`` are the dates of files by
    their paths, ``log`` the items of the change log. ``menu`` is made with the first page.
    """

    facts: Facts
    toc: Toc
    left_out: set[str]
    places: Places
    last_changes: dict[str, datetime]
    log: list[Change]
    menu: SidebarMenu | None = None


@dataclass
class BuiltFrom:
    """What the HTML in the build folder was made from, apart from sources. Sphinx pickles it with its environment.

    ``last_changes`` are the dates of pages by their names, ``runs`` the key and the date of each page's run, and
    ``report`` is the digest of the report that pages show.
    """

    last_changes: dict[str, datetime | None] = field(default_factory=dict)
    runs: dict[str, tuple[str, str]] = field(default_factory=dict)
    report: str | None = None


def create_state(app: Sphinx) -> None:
    """Look up what the build needs to know."""
    theme, made = app.config.html_theme_options, app.config.guide_made_notebooks
    hub = theme.get("launch_buttons", {}).get("jupyterhub_url", "")
    repository, branch = theme.get("repository_url", ""), theme.get("repository_branch", "main")
    places = Places(hub, repository, branch, made["branch"], made["folder"])
    toc = book_toc()
    setattr(app, _STATE, SiteState(load(), toc, left_out(toc), places, last_changes(ROOT), _log()))


def _log() -> list[Change]:
    path = ROOT / LOG
    dates = line_dates(ROOT, LOG) if path.is_file() else []
    return changes(path.read_text(encoding="utf-8"), dates) if dates else []


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
