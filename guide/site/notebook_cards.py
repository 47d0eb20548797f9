"""A card for each notebook: its thumbnail, what it is about, what it needs, and links to read and to open it."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from html import escape
from urllib.parse import urljoin

import nbformat
from docutils import nodes
from PIL import Image

from guide.facts import Facts
from guide.pages.tutorials import Tutorial

# The largest thumbnail, in pixels: somewhat larger than a card on the screen, for screens with small pixels.
_SIZE = (380, 220)


class card_list(nodes.container):
    """Cards of notebooks, each a ``card``."""


class card(nodes.container):
    """A notebook: its ``Card`` is in ``about``, its heading has the ``level``, and its children are the thumbnails."""


@dataclass(frozen=True)
class Card:
    """What a card says; ``read`` is the relative address of the notebook's page, ``launch`` opens it on the hub."""

    tutorial: Tutorial
    needs: dict[str, str]
    read: str
    launch: str

    def head(self, level: int) -> str:
        """Return the beginning of the card as HTML, with its title.

        The heading comes before the thumbnail, so that a screen reader says what the picture belongs to.
        """
        return f'<li class="notebook-card"><h{level}>{escape(self.tutorial.title)}</h{level}>\n'

    def foot(self) -> str:
        """Return the rest of the card as HTML, after the thumbnail."""
        title = escape(self.tutorial.title)
        needs = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in self.needs.items())
        subjects = " ".join(f"<span>{escape(subject)}</span>" for subject in self.tutorial.subjects)
        return (
            f"<p>{escape(self.tutorial.objective)}</p>\n<dl>{needs}</dl>\n"
            f'<p class="notebook-subjects">{subjects}</p>\n<p class="notebook-actions">'
            f'<a href="{escape(self.read)}" aria-label="Read: {title}">Read</a> '
            f'<a href="{escape(self.launch)}" aria-label="Open on the hub: {title}">Open on the hub</a></p></li>\n'
        )

    def words(self) -> str:
        """Return a picture made of letters, for a notebook that draws nothing. A screen reader skips it."""
        return f'<div class="notebook-words" aria-hidden="true">{escape(self.tutorial.subjects[0])}</div>\n'

    def markdown(self, address: str) -> str:
        """Return an item of a list, for the page at ``address``."""
        tutorial = self.tutorial
        needs = "; ".join(f"{name}: {text}" for name, text in self.needs.items())
        subjects = ", ".join(tutorial.subjects)
        return (
            f"- [{tutorial.title}]({urljoin(address, self.read)}): {tutorial.objective} "
            f"{needs}; Subjects: {subjects}. [Open on the hub]({self.launch})"
        )


def needs_of(tutorial: Tutorial, facts: Facts) -> dict[str, str]:
    """Return what a reader needs for a notebook on this hub: the time, the memory of the server, and the image."""
    smallest = facts.node_shares.smallest_gib
    memory = f"{max(smallest, tutorial.memory_gib or 0):g} GiB"
    image = "any" if tutorial.image == "any image" else tutorial.image.replace("an image", "one", 1)
    return {"Time": f"{tutorial.minutes} min", "Memory": memory, "Image": image}


@dataclass(frozen=True)
class Figure:
    """A plot of a notebook and its description, empty if it has none.

    ``versions`` are pictures by the theme in which the site shows them; the theme is empty if one serves both.
    """

    versions: dict[str, bytes]
    description: str


def thumbnail(picture: bytes) -> bytes:
    """Return a small copy of a picture as WebP."""
    with Image.open(io.BytesIO(picture)) as original:
        whole = original.convert("RGBA")
    small = Image.new("RGB", whole.size, "white")
    small.paste(whole, mask=whole)
    small.thumbnail(_SIZE, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=60, method=4)  # without loss, it is larger and takes ten times as long
    return out.getvalue()


def first_figure(notebook: nbformat.NotebookNode, drawn: dict[str, dict[str, str]]) -> Figure | None:
    """Return the first plot that the executed ``notebook`` shows; ``None`` if it shows none.

    ``drawn`` are the versions for the site of its figures, by the digest of the figure (see ``RunRecord``).
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if encoded := output.get("data", {}).get("image/png"):
                image = cell.metadata.get("mystnb", {}).get("image", {})
                png = base64.b64decode("".join(encoded))
                webp = drawn.get(hashlib.sha256(png).hexdigest(), {})
                versions = {theme: base64.b64decode(text) for theme, text in webp.items()}
                return Figure(versions or {"": png}, image.get("alt", ""))
    return None
