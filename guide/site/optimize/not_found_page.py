"""The page for addresses that lead nowhere: a host shows it at any of them, however deep."""

from __future__ import annotations

from urllib.parse import urljoin

from bs4 import BeautifulSoup

NAME = "404.html"


def rearranged(html: str, root: str) -> str:
    """The page ``html``, in which every address begins with ``root``, the site's place on its host.

    An element that says where relative addresses begin would do, but the policy refuses it, as it would move scripts.
    """
    soup = BeautifulSoup(html, "html.parser")
    for name in ("href", "src"):
        for tag in soup.find_all(attrs={name: True}):
            if not tag[name].startswith("#"):
                tag[name] = urljoin(root, tag[name])
    soup.html["data-content_root"] = root
    return str(soup)
