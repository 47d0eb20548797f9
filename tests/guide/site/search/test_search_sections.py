"""What the index has of a page: its sections, their messages in bold, and the terms of words."""

import pytest

from guide.pages.toc import Toc
from guide.site.ext import search
from guide.site.search.sections import sections
from guide.site.search.words import pieces, term


def test_endings_and_identifiers_become_terms():
    assert [term(word) for word in ("Chunks", "chunking", "stores", "running", "to_zarr", "copies")] == [
        "chunk",
        "chunk",
        "stor",
        "run",
        "to_zarr",
        "copy",
    ]
    assert pieces("GroupNotFoundError") == ["Group", "Not", "Found", "Error"]
    assert pieces("open_zarr") == ["open", "zarr"] and pieces("bucket") == []


def test_a_section_has_its_anchor_heading_and_text_without_its_own_link():
    page = """<article class="bd-article"><section id="a"><h1>A<a class="headerlink">#</a></h1><p>one</p>
    <section id="b"><h2>B</h2><pre>x = 1</pre><svg>no</svg></section></section></article><p>no</p>"""

    assert [(s.anchor, s.heading, s.text) for s in sections(page)] == [("", "A", "one"), ("b", "B", "x = 1")]


def test_errors_and_sentences_in_bold_are_messages_of_their_section():
    page = """<article class="bd-article"><h1>A</h1><p><strong>OSError: cannot <code>open</code> it</strong>, a
    <strong>bold term</strong></p><div class="output traceback"><pre>Traceback\nValueError: no</pre></div></article>"""

    (section,) = sections(page)
    assert (section.errors, section.bold) == (["ValueError: no"], ["OSError: cannot open it"])


def test_the_sections_of_a_page_are_kept_until_the_page_changes(tmp_path, monkeypatch):
    page, store = tmp_path / "page.html", tmp_path / "search.pickle"
    page.write_text('<article class="bd-article"><h1>Buckets</h1><p>old</p></article>')
    first = search.documents(tmp_path, Toc("page", ()), ["page"], store)
    monkeypatch.setattr(search.sections.__globals__["_Reader"], "feed", lambda *_: pytest.fail("parsed again"))
    assert search.documents(tmp_path, Toc("page", ()), ["page"], store) == first
    monkeypatch.undo()

    page.write_text('<article class="bd-article"><h1>Buckets</h1><p>new</p></article>')

    assert [part.text for part in search.documents(tmp_path, Toc("page", ()), ["page"], store)[0].sections] == ["new"]
