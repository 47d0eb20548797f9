"""Write the settings and the table of contents that Jupyter Book reads: the project's, adapted to the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from guide.facts import Facts
from guide.pages.hub_variant import current_facts
from guide.pages.toc import book_toc
from guide.paths import BUILD, ROOT


def settings(facts: Facts) -> dict[str, Any]:
    """Return the content of ``_config.yml``, with names and addresses from the hub's facts."""
    content = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    guide, hub = facts.guide, facts.hub.url.rstrip("/")
    content |= {"title": guide.title, "author": guide.author}
    content["html"]["baseurl"] = guide.site
    content["repository"] = {"url": guide.repository, "branch": guide.branch}
    content["launch_buttons"]["jupyterhub_url"] = hub
    # The hub's own pages ask for a login.
    content["sphinx"]["config"]["linkcheck_ignore"] = [f"{hub}/hub/.*"]
    return content


def write_settings() -> tuple[Path, Path]:
    """Write both into the build folder; return the paths of the settings and of the table of contents."""
    config, toc = BUILD / "_config.yml", BUILD / "_toc.yml"
    BUILD.mkdir(parents=True, exist_ok=True)
    _write(config, settings(current_facts()))
    _write(toc, book_toc().content)
    return config, toc


def _write(path: Path, content: dict[str, Any]) -> None:
    text = yaml.safe_dump(content, sort_keys=False)
    # An unchanged file keeps its date: by the date, Sphinx decides whether to read all pages again.
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
