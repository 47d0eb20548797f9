"""Show figures of cells as the run of their page drew them for the site: sharp, and in the colours of the theme.

The site shows one of the two versions and loads no other. Downloads have the figure that a cell gives on the hub.
"""

from __future__ import annotations

import base64
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from guide.run.records import read_record
from guide.site.options import options_of


def add_versions(app: Sphinx, doctree: nodes.document) -> None:
    """Replace each figure that was drawn for the site by its light and its dark version."""
    images = [image for image in doctree.findall(nodes.image) if image["uri"].endswith(".png")]
    record = read_record(Path(doctree["source"]), options_of(app.config).profile) if images else None
    pictures = record.pictures if record else {}
    for image in images:
        # MyST-NB names the file of a figure after its digest.
        versions = pictures.get(Path(image["uri"]).stem, {})
        shown = [_version(app, image, theme, webp) for theme, webp in versions.items()]
        if shown:
            image.replace_self(shown)


def _version(app: Sphinx, image: nodes.image, theme: str, webp: str) -> nodes.image:
    uri = image["uri"].removesuffix(".png") + f"-{theme}.webp"
    Path(app.env.relfn2path(uri)[1]).write_bytes(base64.b64decode(webp))
    version = image.deepcopy()
    version["uri"] = uri
    version["classes"] += ["guide-sharp", f"only-{theme}"]
    return version
