"""Where a page opens on the hub: its link, the files the link asks for, and whether they are there.

A notebook of the guide opens from the branch that readers see. A page is Markdown, which the hub's images cannot
open as a notebook; it is opened as the notebook made from it, which the branch of made notebooks holds, in a folder
of its own: two branches of one repository cannot be pulled into one folder.
"""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from guide.site.build_stamp import checkout

_LINK = re.compile(r'href="([^"]*/git-pull\?[^"]*)"')
_README = """\
# Pages of the guide, as notebooks

Made from the pages of {site}, and replaced when they change. To correct a page, press its edit button.
"""


@dataclass(frozen=True)
class Places:
    """The hub, the repository, its two branches, and the folder in a home directory for made notebooks."""

    hub: str
    repository: str
    branch: str
    made_branch: str
    made_folder: str

    def link(self, path: str, made: bool) -> str:
        """The address that opens the notebook at ``path`` of the repository in JupyterLab."""
        folder = self.made_folder if made else self.repository.rstrip("/").rsplit("/", 1)[-1]
        told = {
            "repo": self.repository,
            "urlpath": f"lab/tree/{folder}/{path}",
            "branch": self.made_branch if made else self.branch,
        }
        told |= {"targetpath": folder} if made else {}
        return f"{self.hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(told, safe='/', quote_via=quote)}"


def write_made(site: Path, out: Path, names: list[str], address: str) -> None:
    """Write the branch of made notebooks into ``out``: those of the pages ``names``, which lie in the ``site``."""
    shutil.rmtree(out, ignore_errors=True)
    for name in names:
        target = out / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site / f"{name}.ipynb", target)
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(_README.format(site=address), encoding="utf-8")


def missing(site: Path, places: Places, root: Path, made: Path) -> list[str]:
    """What launch links of the built ``site`` name and a reader would not find: page and why, one line each.

    ``root`` is the repository as it is, ``made`` the folder that becomes the branch of made notebooks.
    """
    tracked = set(checkout(root)[0]) or None
    found = []
    for path in sorted(site.rglob("*.html")):
        for link in dict.fromkeys(map(html.unescape, _LINK.findall(path.read_text(encoding="utf-8")))):
            why = _wrong(link, places, root, tracked, made)
            found += [f"{path.relative_to(site)}: its launch link {why}"] if why else []
    return found


def _wrong(link: str, places: Places, root: Path, tracked: set[str] | None, made: Path) -> str | None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    is_made = asked.get("branch") == places.made_branch
    name = asked.get("urlpath", "").partition("/")[2].partition("/")[2].partition("/")[2]
    if link != places.link(name, is_made):
        return f"is not of this guide: {link}"
    if is_made and not (made / name).is_file():
        return f"names {name}, which was not made"
    if not is_made and (not (root / name).is_file() or (tracked is not None and name not in tracked)):
        return f"names {name}, which is not in the repository"
    return None
