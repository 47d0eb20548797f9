"""The settings and the table of contents that Jupyter Book gets: those of the project, with what the hub decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from guide.pages.hub_variant import current_facts, toc_for_hub
from guide.pages.toc import left_out
from guide.paths import BUILD, ROOT
from hubfacts.schema import Facts


def settings(facts: Facts) -> dict[str, Any]:
    """``_config.yml`` with the names and addresses of the hub's facts."""
    found = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    guide, hub = facts.guide, facts.hub.url.rstrip("/")
    found |= {"title": guide.title, "author": guide.author}
    found["html"]["baseurl"] = guide.site
    found["repository"] = {"url": guide.repository, "branch": guide.branch}
    found["launch_buttons"]["jupyterhub_url"] = hub
    # The hub's own pages want a login.
    found["sphinx"]["config"]["linkcheck_ignore"] = [f"{hub}/hub/.*"]
    return found


def contents() -> dict[str, Any]:
    """``_toc.yml`` with the pages that the hub's guide has."""
    return toc_for_hub(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")), left_out())


def write_settings() -> tuple[Path, Path]:
    """Write both into the folder of what is built; the paths of the settings and of the table of contents."""
    config, toc = BUILD / "_config.yml", BUILD / "_toc.yml"
    BUILD.mkdir(parents=True, exist_ok=True)
    _write(config, settings(current_facts()))
    _write(toc, contents())
    return config, toc


def _write(path: Path, content: Any) -> None:
    text = yaml.safe_dump(content, sort_keys=False)
    # As it was, it keeps its date, by which Sphinx tells whether to read all pages again.
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
