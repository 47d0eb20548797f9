"""The page for addresses that lead nowhere, which a host shows at any such address, however deep."""

from __future__ import annotations

from urllib.parse import urljoin

from bs4 import BeautifulSoup

from guide.site.html import root_of, text_of, with_attribute

NAME = "404.html"


def with_absolute_addresses(html: str, root: str) -> str:
    """Return the page ``html`` with addresses that begin with ``root``, the path of the site on its host.

    A ``base`` element would do the same, but the policy refuses it, as it could redirect scripts.
    """
    soup = BeautifulSoup(html, "html.parser")
    for name in ("href", "src"):
        for tag in with_attribute(soup, name):
            if not text_of(tag, name).startswith("#"):
                tag[name] = urljoin(root, text_of(tag, name))
    root_of(soup)["data-content_root"] = root
    return str(soup)
