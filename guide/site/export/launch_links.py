"""Links that open a page on the hub, the files that they name, and the check that those exist; and links to report.

They open a branch with notebooks only, so that a click does not copy the whole repository. Its folder on the hub is not
named after the repository, because two branches of one repository cannot be pulled into one folder.
"""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

_LINK = re.compile(r'href="([^"]*/git-pull\?[^"]*)"')
_README = """\
# Notebooks of the guide

Made from the pages of {site}, and replaced when they change. To correct a page, press *Edit this page* at its end.
"""


@dataclass(frozen=True)
class Places:
    """The hub, the repository, its branches of sources and of notebooks, and the notebooks' folder on the hub."""

    hub: str
    repository: str
    branch: str
    launch_branch: str
    launch_folder: str

    def link(self, path: str) -> str:
        """Return the address that opens the notebook at ``path`` of the branch of notebooks in JupyterLab."""
        query = {
            "repo": self.repository,
            "urlpath": f"lab/tree/{self.launch_folder}/{path}",
            "branch": self.launch_branch,
            "targetpath": self.launch_folder,
        }
        return f"{self.hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(query, safe='/', quote_via=quote)}"

    def issue(self, title: str, address: str, version: str) -> str:
        """Return the address of a new issue about the page with this title, for the reader to complete and to send."""
        about = f"Page: [{title}]({address})" + (f", version {version}" if version else "")
        new, *names = ["issues/new", "title", "body"]
        if "gitlab" in urlsplit(self.repository).netloc:
            new, *names = ["-/issues/new", "issue[title]", "issue[description]"]
        query = dict(zip(names, (f"{title}: ", f"{about}\n\nWhat is missing or wrong?\n\n"), strict=True))
        return f"{self.repository.rstrip('/')}/{new}?{urlencode(query, safe='/', quote_via=quote)}"


def write_branch(site: Path, out: Path, names: list[str], files: dict[str, Path], address: str) -> None:
    """Write the branch of notebooks into ``out``: those of the pages ``names`` in the ``site``.

    ``files`` are the other files that they need, by their paths on the branch.
    """
    shutil.rmtree(out, ignore_errors=True)
    for name, source in ({f"{name}.ipynb": site / f"{name}.ipynb" for name in names} | files).items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(_README.format(site=address), encoding="utf-8")


def missing_targets(site: Path, places: Places, branch: Path) -> list[str]:
    """Return a line for each launch link of the built ``site`` that opens nothing: the page and the reason.

    ``branch`` is the folder that becomes the branch of notebooks.
    """
    lines = []
    for path in sorted(site.rglob("*.html")):
        for link in dict.fromkeys(map(html.unescape, _LINK.findall(path.read_text(encoding="utf-8")))):
            error = _error(link, places, branch)
            lines += [f"{path.relative_to(site)}: its launch link {error}"] if error else []
    return lines


def _error(link: str, places: Places, branch: Path) -> str | None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    name = query.get("urlpath", "").removeprefix(f"lab/tree/{places.launch_folder}/")
    if link != places.link(name):
        return f"does not belong to this guide: {link}"
    return None if (branch / name).is_file() else f"opens {name}, which is not on the branch {places.launch_branch}"
