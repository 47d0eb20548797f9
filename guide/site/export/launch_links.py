"""Links that open a page on the hub, the files that they name, and the check that those exist.

A notebook of the guide opens from the branch that readers see. A page is Markdown, which the hub's images cannot open
as a notebook. So it opens as the notebook made from it, on a separate branch. That branch is pulled into a separate
folder, because two branches of one repository cannot be pulled into one.
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
    """The hub, the repository, its two branches, and the folder for made notebooks in a home directory."""

    hub: str
    repository: str
    branch: str
    made_branch: str
    made_folder: str

    def link(self, path: str, made: bool) -> str:
        """Return the address that opens the notebook at ``path`` of the repository in JupyterLab."""
        folder = self.made_folder if made else self.repository.rstrip("/").rsplit("/", 1)[-1]
        query = {
            "repo": self.repository,
            "urlpath": f"lab/tree/{folder}/{path}",
            "branch": self.made_branch if made else self.branch,
        }
        query |= {"targetpath": folder} if made else {}
        return f"{self.hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(query, safe='/', quote_via=quote)}"


def write_made_notebooks(site: Path, out: Path, names: list[str], address: str) -> None:
    """Write the branch of made notebooks into ``out``, from those of the pages ``names`` in the ``site``."""
    shutil.rmtree(out, ignore_errors=True)
    for name in names:
        target = out / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site / f"{name}.ipynb", target)
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(_README.format(site=address), encoding="utf-8")


def missing_targets(site: Path, places: Places, root: Path, made: Path) -> list[str]:
    """Return a line for each launch link of the built ``site`` that opens nothing: the page and the reason.

    ``root`` is the checkout, ``made`` the folder that becomes the branch of made notebooks.
    """
    tracked = set(checkout(root)[0]) or None
    lines = []
    for path in sorted(site.rglob("*.html")):
        for link in dict.fromkeys(map(html.unescape, _LINK.findall(path.read_text(encoding="utf-8")))):
            error = _error(link, places, root, tracked, made)
            lines += [f"{path.relative_to(site)}: its launch link {error}"] if error else []
    return lines


def _error(link: str, places: Places, root: Path, tracked: set[str] | None, made: Path) -> str | None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    is_made = query.get("branch") == places.made_branch
    name = query.get("urlpath", "").partition("/")[2].partition("/")[2].partition("/")[2]
    if link != places.link(name, is_made):
        return f"does not belong to this guide: {link}"
    if is_made and not (made / name).is_file():
        return f"opens {name}, for which no notebook was made"
    if not is_made and (not (root / name).is_file() or (tracked is not None and name not in tracked)):
        return f"opens {name}, which is not in the repository"
    return None
