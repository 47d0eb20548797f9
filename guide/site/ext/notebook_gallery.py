"""``{notebook-gallery}`` shows a card for each notebook of the book, by the parts of the book.

Everything on a card comes from the notebook, from ``hub.yml`` and from the notebook's last run. So a new notebook
appears when it is in ``_toc.yml``, and another hub's gallery has only the notebooks of its guide.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from guide.facts import load
from guide.pages.toc import Part, book_toc, source_of
from guide.pages.tutorials import TutorialError, read_tutorial
from guide.paths import ROOT
from guide.run.records import read_record, record_path
from guide.site.notebook_cards import Card, Figure, card, card_list, first_figure, needs_of, thumbnail
from guide.site.options import options_of
from guide.site.state import places_of
from hubfacts.location import default_path


class NotebookGallery(SphinxDirective):
    """A section of cards for each part of the book that has notebooks."""

    def run(self) -> list[nodes.Node]:
        """Return the sections, or warnings."""
        for path in (default_path(), ROOT / "_toc.yml", ROOT / "_config.yml"):
            self.env.note_dependency(str(path))
        return [node for part in book_toc().parts for node in self._part(part)]

    def _part(self, part: Part) -> Iterator[nodes.Node]:
        names = [name for name in part.pages if source_of(name, ROOT).suffix == ".ipynb"]
        if not names:
            return
        cards = card_list()
        for name in names:
            try:
                cards += self._card(name, 3 if part.caption else 2)
            except TutorialError as error:
                yield self.state.document.reporter.warning(f"{name}.ipynb: {error}", line=self.lineno)
        if not part.caption:
            yield cards
            return
        section = nodes.section(
            "", nodes.title(text=part.caption), cards, names=[nodes.fully_normalize_name(part.caption)]
        )
        self.state.document.note_implicit_target(section, section)
        yield section

    def _card(self, name: str, level: int) -> card:
        path, profile = source_of(name, ROOT), options_of(self.config).profile
        for read in (path, record_path(path, profile)):
            self.env.note_dependency(str(read))
        tutorial = read_tutorial(json.loads(path.read_text(encoding="utf-8")))
        record = read_record(path, profile)
        figure = first_figure(record.notebook, record.pictures) if record and record.notebook else None
        relative = "../" * self.env.docname.count("/") + f"{name}.html"
        launch = places_of(self.config).link(f"{name}.ipynb")
        node = card(about=Card(tutorial, needs_of(tutorial, load()), relative, launch), level=level)
        if figure:
            alt = figure.description or f"A plot from this notebook: {tutorial.title}"
            for theme, file in self._thumbnails(name, figure).items():
                classes = ["notebook-thumbnail", *([f"only-{theme}"] if theme else [])]
                node += nodes.image("", uri=file, alt=alt, classes=classes)
        return node

    def _thumbnails(self, name: str, figure: Figure) -> dict[str, str]:
        """Make the thumbnails beside the build's other files, unless they are there; return their relative paths.

        Their names change with the figure.
        """
        folder, start = Path(self.env.doctreedir).with_name(".thumbnails"), name.replace("/", "--")
        files = {
            theme: folder / f"{start}.{hashlib.sha256(picture).hexdigest()[:10]}.webp"
            for theme, picture in figure.versions.items()
        }
        if not all(file.is_file() for file in files.values()):
            folder.mkdir(exist_ok=True)
            for older in folder.glob(f"{start}.*"):
                older.unlink()
            for theme, file in files.items():
                file.write_bytes(thumbnail(figure.versions[theme]))
        page = os.path.dirname(self.env.doc2path(self.env.docname))
        return {theme: os.path.relpath(file, page) for theme, file in files.items()}


def visit_cards(translator: HTML5Translator, node: card_list) -> None:
    """Open the list of cards. The search finds the notebooks themselves instead."""
    translator.body.append('<ul class="notebook-cards unsearched" role="list">\n')


def depart_cards(translator: HTML5Translator, node: card_list) -> None:
    """Close the list."""
    translator.body.append("</ul>\n")


def visit_card(translator: HTML5Translator, node: card) -> None:
    """Write the card up to its thumbnail, or with one made of letters."""
    about: Card = node["about"]
    translator.body.append(about.head(node["level"]) + ("" if node.children else about.words()))


def depart_card(translator: HTML5Translator, node: card) -> None:
    """Write the rest of the card."""
    about: Card = node["about"]
    translator.body.append(about.foot())
