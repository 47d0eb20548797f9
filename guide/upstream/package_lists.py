"""Read which packages the images of a tag contain."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path

from guide.facts.servers import Images
from guide.upstream.settings import UpstreamError

_LINE = re.compile(r"([\w.-]+)==(\S+)")


def normalized(name: str) -> str:
    """Return the name of a package as PyPI writes it; conda's matplotlib-base is matplotlib without its programs."""
    return re.sub(r"[-_.]+", "-", name).lower().removesuffix("-base")


class PackageLists:
    """The lists of one tag: in a ``folder``, or else fetched from the images' repository."""

    def __init__(self, images: Images, tag: str, folder: Path | None) -> None:
        self._images, self._tag, self._folder = images, tag, folder
        self._read: dict[str, dict[str, str]] = {}

    def version(self, package: str, image: str) -> str | None:
        """Return the version of a package in an image, or ``None`` if it has none; raises ``UpstreamError``."""
        if image not in self._read:
            self._read[image] = _versions(*self._text(image))
        return self._read[image].get(normalized(package))

    def _text(self, image: str) -> tuple[str, str]:
        """Return where the list of an image is, and its text."""
        if self._folder is None:
            return self._fetched(image)
        # Lists that were downloaded one by one, or a checkout of the images' repository.
        names = (f"{image}-{self._tag}-packages.txt", f"{image}/packages.txt")
        found = [path for name in names if (path := self._folder / name).is_file()]
        if not found:
            raise UpstreamError(f"{self._folder}: has neither {names[0]} nor {names[1]}")
        try:
            return str(found[0]), found[0].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UpstreamError(f"{found[0]}: cannot be read as text") from error

    def _fetched(self, image: str) -> tuple[str, str]:
        if self._images.package_list_url is None:
            raise UpstreamError("images.package_list_url: missing, so name the folder of the lists with LISTS=")
        # The address is that of a page for readers, with the text in it.
        address = self._images.package_list_url.format(tag=self._tag, image=image) + "?raw=true"
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - a fact, which starts with https
                return address, answer.read().decode("utf-8")
        except (urllib.error.URLError, TimeoutError, UnicodeDecodeError) as error:
            raise UpstreamError(f"{address}: {error}; download it, and name its folder with LISTS=") from error


def _versions(where: str, text: str) -> dict[str, str]:
    found = {normalized(match[1]): match[2] for line in text.splitlines() if (match := _LINE.fullmatch(line.strip()))}
    if not found:
        raise UpstreamError(f"{where}: no list of packages, whose lines are NAME==VERSION")
    return found
