"""Check that a page writes only to its own folder, and changes and removes nothing that was there before it ran.

A page's own folder is ``~/guide-examples/<page>`` in the home directory and ``guide-examples/<page>`` below the user's
prefix in a bucket. Readers run pages in their own home directory and buckets, so a page must not touch anything else.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from fakehub.request_log import log_end
from guide.facts import load
from guide.pages.blocks import Page
from guide.run.bucket_effects import OWN_PREFIXES, Buckets, EffectError

# What gcloud keeps besides logins. google-auth calls it where there is no login.
_GCLOUD = (
    ".last_opt_in_prompt.yaml",
    ".last_survey_prompt.yaml",
    ".last_update_check.json",
    "active_config",
    "config_sentinel",
    "configurations/config_default",
    "default_configs.db",
    "gce",
    "hidden_gcloud_config_universe_descriptor_data_cache_configs.db",
    "logs/",
)
# Where programs keep caches, histories and settings without being asked. A slash stands for everything below.
PROGRAM_FILES = (
    ".bash_history",
    ".cache/",
    ".config/dask/",
    *(f".config/gcloud/{name}" for name in _GCLOUD),
    ".config/matplotlib/",
    ".gsutil/",
    ".ipython/",
    ".jupyter/",
    ".local/share/jupyter/",
    ".python_history",
    ".rustup/",  # pip asks rustc for its version
)
# Settings among them, which programs of the reader obey from then on.
_SETTINGS = re.compile(
    r"\.jupyter/jupyter_\w+\.(py|json)|\.ipython/profile_\w+/(ipython_\w*config\.\w+|startup/.+\.(py|ipy))"
    r"|\.local/share/jupyter/kernels/.+|\.config/dask/(?!(dask|distributed|gateway|jobqueue|kubernetes)\.yaml).+"
)
# Larger files are compared by their size and the time of their last change.
_LARGE_BYTES = 10_000_000
_DAY_S = 86400


class HomeWatch:
    """Compares a home directory with its state when the page started."""

    def __init__(self, home: Path, page: Page) -> None:
        self._home, self._folder = home, page.folder
        declared = [path.removeprefix("~/") for path in page.writes if path.startswith("~/")]
        self._declared = tuple(declared)
        self._allowed = (f"{page.folder}/", *declared)
        # A program chooses the names of its caches. Those that the page names are its own.
        self._code = "\n".join(block.source for block in page.blocks)
        self._before = {path: self._state(path) for path in self._paths()}

    def problems(self) -> Iterator[str]:
        """Yield one line for each path outside the page's folder that is new, different or gone."""
        now = set(self._paths())
        for path in sorted(now - self._before.keys()):
            if not (self._is_a_programs(path) or _is_allowed(path, self._allowed)):
                yield f"writes ~/{path}; a page writes only below ~/{self._folder}/"
        for path, before in sorted(self._before.items()):
            if _is_allowed(path, self._declared):
                continue
            if path not in now:
                yield f"removes ~/{path}, which was there before; a page removes only what it made"
            elif self._state(path) != before:
                yield f"changes ~/{path}, which was there before; a page writes only below ~/{self._folder}/"

    def _is_a_programs(self, path: str) -> bool:
        """Return whether a program wrote ``path`` without being asked, and no program of the reader obeys it."""
        name = path.rpartition("/")[2]
        named = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", self._code)
        is_the_pages = named is not None and (self._home / path).is_file()
        return _is_allowed(path, PROGRAM_FILES) and not _SETTINGS.fullmatch(path) and not is_the_pages

    def _paths(self) -> Iterator[str]:
        """Yield the paths of all files and directories outside the page's folder, relative to the home directory."""
        own = self._home / self._folder
        for folder, directories, files in os.walk(self._home):
            directories[:] = [name for name in directories if Path(folder, name) != own]
            for name in (*directories, *files):
                yield os.path.relpath(os.path.join(folder, name), self._home)

    def _state(self, path: str) -> str:
        """Describe a path: its mode, and the content of a file or the target of a link."""
        full = self._home / path
        status = full.lstat()
        mode = status.st_mode
        if stat.S_ISLNK(mode):
            return f"{mode:o} {os.readlink(full)}"
        if status.st_size > _LARGE_BYTES:
            return f"{mode:o} {status.st_size} {status.st_mtime_ns}"
        return f"{mode:o} {hashlib.sha256(full.read_bytes()).hexdigest()}" if stat.S_ISREG(mode) else f"{mode:o}"


class BucketWatch:
    """Compares the buckets that the hub may write to with their state when the page started."""

    def __init__(self, buckets: Buckets, page: Page) -> None:
        self._buckets, self._folder = buckets, page.folder
        own = [f"${variable}/{page.folder}/" for variable in OWN_PREFIXES]
        self._allowed = tuple(os.path.expandvars(url) for url in (*own, *page.writes) if url.startswith("$"))
        options = load().buckets.options
        self._names = [name for name, bucket in options.items() if bucket.hub == "write"]
        self._days = {name: options[name].delete_after_days for name in self._names}
        self._before = self._state()
        self._settings = {name: buckets.metageneration(name) for name in self._names}
        self._requests = _request_count()

    def problems(self, seconds_passed: float) -> Iterator[str]:
        """Yield one line for each bucket, or object outside the page's folder, that is new, different or gone.

        ``seconds_passed`` is how far the page moved the clock: objects that expired meanwhile may be gone.
        """
        if _request_count() == self._requests:
            return
        settings = {name: self._buckets.metageneration(name) for name in self._names}
        for name in self._names:
            if settings[name] != self._settings[name]:
                what = "deletes" if settings[name] is None else "changes the settings of"
                yield f"{what} the bucket gs://{name}, which all members use"
        if None in settings.values():  # its objects cannot be listed
            return
        now = self._state()
        self._requests = _request_count()
        for url in sorted(now.keys() - self._before.keys()):
            if not _is_allowed(url, self._allowed):
                yield f"writes {url}; a page writes only below {self._folder}/ in the user's prefixes"
        for url, before in sorted(self._before.items()):
            if _is_allowed(url, self._allowed):
                continue
            days = self._days[url.removeprefix("gs://").partition("/")[0]]
            if url not in now and not (days and seconds_passed >= days * _DAY_S):
                yield f"removes {url}, which was there before; a page removes only what it made"
            elif url in now and now[url] != before:
                yield f"overwrites {url}, which was there before; a page removes and replaces only what it made"

    def _state(self) -> dict[str, tuple[int, int]]:
        return {url: state for name in self._names for url, state in self._buckets.versions(f"gs://{name}/").items()}


class OwnFolder:
    """The rule that a page changes nothing outside its own folder, checked after each block."""

    def __init__(self, buckets: Buckets | None, page: Page) -> None:
        self._page = page
        self._homes: list[HomeWatch] = []
        self._buckets = BucketWatch(buckets, page) if buckets else None
        self._passed_s = 0.0
        self._reported: set[str] = set()

    def watch(self, home: Path) -> None:
        """Watch a further home directory, whose present state is compared with later ones."""
        self._homes.append(HomeWatch(home, self._page))

    def check(self, seconds_passed: float) -> None:
        """Raise ``EffectError`` for the first problem that was not reported before.

        ``seconds_passed`` is how far the last block moved the clock.
        """
        self._passed_s += seconds_passed
        problems = [problem for watch in self._homes for problem in watch.problems()]
        problems += self._buckets.problems(self._passed_s) if self._buckets else []
        new = [problem for problem in problems if problem not in self._reported]
        self._reported.update(new)
        if new:
            raise EffectError(new[0])


def check_left(home: Path, page: Page) -> None:
    """Raise ``EffectError`` if a page left files in its folder; an empty folder may stay."""
    own = home / page.folder
    if own.is_dir() and (left := sorted(own.iterdir())):
        raise EffectError(f"the page leaves ~/{left[0].relative_to(home)} behind; remove it")


def _is_allowed(path: str, allowed: tuple[str, ...]) -> bool:
    """Return whether ``path`` is one of the ``allowed`` ones, below one of them, or a directory above one.

    Python's cache of a script that a page offers and imports is allowed beside the script, wherever that is.
    """
    return "__pycache__" in path.split("/") or any(
        path == one.rstrip("/") or path.startswith(f"{one.rstrip('/')}/") or one.startswith(f"{path}/")
        for one in allowed
    )


def _request_count() -> int:
    """Return a number that grows with each request to the stand-in."""
    return log_end(Path(os.environ.get("FAKEHUB_SESSION", ".")))
