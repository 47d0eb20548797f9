"""One page in the reader's browser: the interface between the worker in JavaScript and the cells in Python.

Everything that crosses the border is JSON or text.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fakehub.browser import start
from fakehub.browser.answers import judge
from fakehub.browser.cells import Cells, Output
from fakehub.request_log import log_end, read_since
from fakehub.storage.inspection import Contents, contents, described, newest

_LOG = Path("/tmp/hub")


class Session:
    """The hub's server for one page; ``emit`` gets each output of a running cell as JSON.

    ``hub`` has the keys ``facts``, ``public_data`` (both from ``plain_models.dump``), ``variables`` and ``home``;
    ``files`` are the page's downloads, as texts by their names.
    """

    def __init__(self, hub: str, files: str, emit: Callable[[str], None]) -> None:
        settings = json.loads(hub)
        home = Path(settings["home"])
        self._hub = start.start(settings["facts"], settings["public_data"], settings["variables"], home, _LOG)
        self._home = home
        self._objects = self._others = contents(self._hub.store)
        self._place = 0
        for name, text in json.loads(files).items():
            self.write(name, text)
        sys.path.insert(0, str(home))
        self._cells = Cells(lambda output: emit(json.dumps(_with_text(output))))

    def run(self, source: str) -> bool:
        """Run a cell and return whether it ended without an error."""
        importlib.invalidate_caches()
        return self._cells.run(source)

    def judge(self, answer: str, checks: str) -> str:
        """Judge an answer to a question of the page (see ``answers``); ``checks`` and the result are JSON."""
        return json.dumps(asdict(judge(answer, json.loads(checks), self._cells.namespace)))

    def write(self, name: str, text: str) -> None:
        """Write a file into the home directory."""
        path = self._home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def advance(self, seconds: float) -> None:
        """Move the hub's clock forward, and let the tokens that clients hold grow old with it."""
        self._hub.clock.advance(seconds)
        gcsfs = sys.modules.get("gcsfs")
        for fs in gcsfs.GCSFileSystem._cache.values() if gcsfs else ():
            credentials = fs.credentials.credentials
            # A client looks at its own clock, which does not move, to decide when to get a new token.
            if getattr(credentials, "expiry", None):
                credentials.expiry -= timedelta(seconds=seconds)

    def limit_writes(self, seconds: float) -> None:
        """Refuse to write an object again within that time, as the cloud does; 0 turns the limit off."""
        self._hub.store.write_rate.limit(seconds)

    def draw_twice(self) -> None:
        """Draw each figure for the light and the dark theme of the site too (see ``guide.run.kernel_pictures``)."""
        from fakehub.browser import figures

        importlib.import_module("guide.run.kernel_pictures").install(figures)

    def watch(self) -> None:
        """Note the state of the buckets, so that ``seen`` can compare."""
        self._place = log_end(_LOG)
        self._objects = self._listed()

    def seen(self) -> str:
        """Return as JSON what happened to the buckets since ``watch`` (see ``fakehub.storage.inspection``).

        It is ``null`` if nothing did.
        """
        before, self._objects = self._objects, self._listed()
        rows, _ = read_since(_LOG, self._place)
        description = described(before, self._objects, self._others, rows)
        changed = any(entry["state"] != "unchanged" for entry in description["objects"])
        return json.dumps(description if changed or description["requests"] else None)

    def _listed(self) -> Contents:
        """Return the objects now, with the beginning of those that were written since the last list."""
        return contents(self._hub.store, after=newest(self._objects))

    def versions(self) -> str:
        """Return the versions of Python and of the packages that cells use most, as JSON."""
        names = ("numpy", "pandas", "xarray", "zarr", "gcsfs", "dask")
        return json.dumps({"Python": platform.python_version()} | {name: version(name) for name in names})

    @property
    def namespace(self) -> dict[str, Any]:
        """The variables of the cells."""
        return self._cells.namespace


def _with_text(output: Output) -> Output:
    """Return an output whose data are all JSON; a value of another type is shown as text."""
    data = {kind: value for kind, value in output.get("data", {}).items() if _is_json(value)}
    return output | ({"data": data} if "data" in output else {})


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
