"""Read the text of a written page, section by section, as a reader sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

# The weight of a word, by the element that it is in.
WEIGHTS = {"h1": 6.0, "h2": 5.0, "h3": 4.0, "h4": 4.0, "strong": 3.0, "code": 2.0, "th": 1.5, "pre": 0.7}
# An output counts least, as it repeats names of the code; an error counts much, as readers search for errors.
_OUTPUT, _ERROR = 0.4, 5.0
_SKIPPED = {"script", "style", "svg", "button", "template"}
_SKIPPED_CLASSES = {"headerlink", "xr-wrap", "unsearched"}
# A page sets a message in bold that it cannot raise; fewer words are a term.
_WORDS_OF_A_MESSAGE = 4
_EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_BLOCKS = {"p", "li", "pre", "td", "th", "div", "dt", "dd", "h1", "h2", "h3", "h4"}


@dataclass
class Section:
    """A section: its anchor, its heading, runs of text with their weights, and the messages that it shows.

    ``errors`` are the last lines of its errors and warnings, ``bold`` has its bold texts of four words and more.
    """

    anchor: str
    heading: str = ""
    runs: list[tuple[str, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text in one line."""
        return " ".join("".join(text for text, _ in self.runs).split())


def sections(html: str) -> list[Section]:
    """Return the sections of the article in ``html``, the first with the page's title; none without an article."""
    reader = _Reader()
    # Most of a page is outside the article: the list of all pages, for example.
    reader.feed(html[html.find("<article") : html.rfind("</article>") + len("</article>")])
    return [section for section in reader.sections if section.heading or section.text]


class _Reader(HTMLParser):
    """Reads an article, and keeps track of the elements around each text."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[Section] = []
        self._open: list[tuple[str, float | None]] = []  # open elements, each with the weight of text inside it
        self._inside = False
        self._error = self._bold = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Enter an element."""
        values = dict(attributes)
        classes = set((values.get("class") or "").split())
        if tag == "article" and "bd-article" in classes:
            self._inside = True
            self.sections.append(Section(""))
        if not self._inside or tag in _EMPTY:
            return
        if tag == "section" and values.get("id") and len(self._open) > 1:  # the outermost section is the page itself
            self.sections.append(Section(values["id"] or ""))
        if tag in _BLOCKS:
            self._add(" ", 0.0)
        self._open.append((tag, self._weight(tag, classes)))

    def _weight(self, tag: str, classes: set[str]) -> float | None:
        """Return the weight of text inside an element; None if it is skipped."""
        around = self._open[-1][1] if self._open else 1.0
        if around is None or tag in _SKIPPED or classes & _SKIPPED_CLASSES:
            return None
        if "output" in classes:
            return _ERROR if classes & {"traceback", "stderr"} else _OUTPUT
        if tag == "pre" and around in {_OUTPUT, _ERROR}:
            return around
        return WEIGHTS.get(tag, around)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and those inside it that were not closed."""
        if tag == "article":
            self._inside = False
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]
        if tag == "strong":
            if len(self._bold.split()) >= _WORDS_OF_A_MESSAGE:
                self.sections[-1].bold.append(" ".join(self._bold.split()))
            self._bold = ""
        lines = self._error.split("\n")
        if tag == "pre" and self._error.strip():
            self.sections[-1].errors.append(next(line for line in reversed(lines) if line.strip()))
            self._error = ""

    def handle_data(self, data: str) -> None:
        """Add a text to the current section."""
        if not self._inside or not self._open or self._open[-1][1] is None:
            return
        heading = next((name for name, _ in reversed(self._open) if name in {"h1", "h2", "h3", "h4"}), None)
        if heading:
            self.sections[-1].heading += data
        else:
            self._add(data, self._open[-1][1])
            self._error += data if self._open[-1][1] == _ERROR else ""
            self._bold += data if any(name == "strong" for name, _ in self._open) else ""

    def _add(self, text: str, weight: float) -> None:
        if self.sections:
            self.sections[-1].runs.append((text, weight))
