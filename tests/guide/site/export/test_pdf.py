"""The whole guide as a PDF, read by a different program than the one that wrote it."""

import io
import re
import subprocess
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from guide.browser.hub_pictures import pictures
from guide.facts import load
from guide.pages.toc import pages_of_book
from guide.site.export.pdf import Chapter, Cover, print_book, write_pdf


@pytest.fixture(scope="module")
def book(site, root, tmp_path_factory):
    """The PDF, opened."""
    out = tmp_path_factory.mktemp("pdf") / "guide.pdf"
    write_pdf(site, root, out)
    return PdfReader(out)


@pytest.fixture(scope="module")
def text(book):
    """The text of the first chapters; extracting all of it takes as long as printing the guide."""
    return " ".join(" ".join(page.extract_text() for page in book.pages[:60]).split())


def widths(resources):
    """Return the widths of the pictures that a page or a form uses, without decoding them."""
    objects = [entry.get_object() for entry in resources.get_object().get("/XObject", {}).values()]
    forms = [entry["/Resources"] for entry in objects if entry["/Subtype"] == "/Form" and "/Resources" in entry]
    return [entry["/Width"] for entry in objects if entry["/Subtype"] == "/Image"] + [
        width for form in forms for width in widths(form)
    ]


def titles(outline):
    """Return every heading of an outline, at any depth."""
    return [t for entry in outline for t in (titles(entry) if isinstance(entry, list) else [entry.title])]


def targets(book):
    """Return the targets of links: addresses of other sites, and links to places in the PDF."""
    links = [note.get_object() for page in book.pages for note in page.get("/Annots", [])]
    outside = {str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})}
    return outside, [link for link in links if "/Dest" in link or "/D" in link.get("/A", {})]


def test_it_has_every_page_in_its_outline(book, root):
    headings = titles(book.outline)

    for path in pages_of_book():
        if path.suffix == ".md":
            text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(), flags=re.DOTALL)
            heading = next(line for line in text.splitlines() if line.startswith("# "))
            words = re.split("[^\\w :,=()-]", heading.removeprefix("# "))[0].strip()
            # The outline has no space where a title is broken into lines.
            assert any(title.replace(" ", "").startswith(words.replace(" ", "")) for title in headings), words
    assert "Store data" in headings and len(headings) > 5 * len(pages_of_book())


def test_its_date_is_that_of_the_last_commit(book, root, text):
    log = ["git", "log", "-1", "--format=%ct"]
    seconds = subprocess.run(log, cwd=root, capture_output=True, text=True).stdout.strip()

    assert book.metadata.title == "LEAP-Pangeo JupyterHub Guide"
    if seconds:
        day = datetime.fromtimestamp(int(seconds), UTC)
        assert book.metadata.creation_date == book.metadata.modification_date == day
        assert f"As of {day.date()}" in text
    letters = "".join(text.replace("\ufb01", "fi").split())  # a line may end anywhere
    assert re.search(r"configurationasof[\d-]{10},factscheckedon[\d-]{10}", letters)


def test_its_links_work_on_other_machines(book):
    outside, inside = targets(book)

    assert len(inside) > 300
    assert {link for link in outside if not link.startswith(("https://", "mailto:"))} == set()
    assert [link for link in outside if "127.0.0.1" in link] == []
    assert [link for link in outside if link.startswith("https://leap-stc.github.io/") and ".html" in link] == []


def test_it_has_code_and_outputs(text):
    assert "print(os.environ[" in text and "gs://leap-scratch/funky-user" in text


def test_it_is_small_and_tagged_for_screen_readers(book):
    assert book.stream.seek(0, 2) < 20_000_000  # plots have two pixels for one
    assert book.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert book.trailer["/Root"]["/Lang"].startswith("en")


def test_the_same_pages_give_the_same_file(browser, site):
    chapters = [Chapter("book/buckets/rules", "Buckets"), Chapter("notebooks/tables-with-parquet", "Notebooks")]
    cover = Cover("Guide", "Us", datetime(2026, 1, 1, tzinfo=UTC), "About.", "https://example.org/")
    first, second = (print_book(browser, site, chapters, cover) for _ in range(2))

    assert first == second
    assert PdfReader(io.BytesIO(first)).metadata.creation_date == cover.date


def test_every_picture_of_the_hub_is_in_it(book, root):
    wide = [width for page in book.pages for width in widths(page["/Resources"]) if width > 600]

    assert len(wide) >= len(pictures(load(root / "hub.yml")))
