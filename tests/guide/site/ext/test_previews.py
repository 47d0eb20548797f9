"""Terms that become links to the glossary, and what cards show."""

import json
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes

from guide.site.export.markdown import Writer
from guide.site.ext import previews
from guide.site.ext.previews import Definition, add_links, first_sentences, term_link
from guide.site.state import BuiltFrom
from guide.site.terms import Term, Terms

CHUNK, SHARD = Term("chunk", "glossary.html#term-chunk"), Term("shard", "glossary.html#term-shard")


def _paragraph(*parts, **attributes):
    return nodes.paragraph(
        "", "", *(nodes.Text(part) if isinstance(part, str) else part for part in parts), **attributes
    )


def _linked(*content):
    document = new_document("a")
    document += content
    add_links(document, Terms([CHUNK, SHARD]), "../")
    return document, [(link.astext(), link["address"]) for link in document.findall(term_link)]


def test_the_first_use_of_a_term_is_linked_one_in_a_paragraph():
    first = _paragraph("A", "\n", "chunk of a shard, a chunk ", nodes.literal(text="x"), " in shards")
    document, links = _linked(first, _paragraph(nodes.emphasis("", "", nodes.Text("Shards")), " of a chunk"))

    assert links == [("chunk", "../glossary.html#term-chunk"), ("Shards", "../glossary.html#term-shard")]
    assert document.astext() == "A\nchunk of a shard, a chunk x in shards\n\nShards of a chunk"


def test_nothing_else_of_a_paragraph_changes_if_two_of_its_texts_are_equal():
    """Line breaks are texts too, and a search for one by its value would find the first."""
    link = nodes.reference("", "Upload it", refuri="a.html")
    text = ("Drag a file", "\n", "here. ", link, "\n", "to a chunk.")
    document, links = _linked(_paragraph(*text))

    assert [words for words, _ in links] == ["chunk"]
    assert document.astext() == "Drag a file\nhere. Upload it\nto a chunk."


@pytest.mark.parametrize("kind", [nodes.literal, nodes.strong, nodes.reference, nodes.inline, nodes.math])
def test_a_word_in_code_a_link_or_bold_is_not_linked(kind):
    assert _linked(_paragraph("See ", kind("", "", nodes.Text("chunk"))))[1] == []


@pytest.mark.parametrize(
    "around",
    [
        nodes.table(),
        nodes.figure(),
        addnodes.glossary(),
        nodes.container(nb_element="cell_code_output"),
        nodes.container(design_component="card"),
        nodes.container(classes=["unsearched"]),
    ],
)
def test_only_running_text_has_links(around):
    around += _paragraph("a chunk")
    heading = nodes.title("", "Chunk"), nodes.caption("", "A chunk"), nodes.literal_block("", "a chunk")

    assert _linked(around, *heading, _paragraph("a chunk", classes=["guide-tested"]))[1] == []


def test_a_term_beside_a_link_is_not_linked():
    link = nodes.reference("", "this page", refuri="a.html")

    assert _linked(_paragraph(link, " chunk"), _paragraph("chunk ", link.deepcopy()))[1] == []


def test_exports_have_the_text_without_the_link():
    document, _ = _linked(_paragraph("A chunk of ", nodes.emphasis("", "", nodes.Text("shards")), "."))

    assert Writer("https://guide/a.html", ()).pieces(document) == ["A chunk of *shards*."]


def test_a_card_has_the_first_sentence_and_more_if_they_fit():
    assert first_sentences("One costs 1.5 GB, e.g. in a bucket.\nTwo. Three.") == (
        "One costs 1.5 GB, e.g. in a bucket. Two. Three."
    )
    assert first_sentences(f"{'Long ' * 60}first. Second.") == f"{'Long ' * 60}first."


def test_the_lead_is_the_first_paragraph_of_the_page_and_definitions_are_text():
    item = nodes.definition_list_item("", nodes.term("", "chunk", ids=["term-chunk"]))
    item += nodes.definition("", nodes.paragraph("", "A block\nof an array."))
    lead, note = _paragraph("The lead."), nodes.note("", _paragraph("A note."))
    document = new_document("a")
    document += nodes.section(
        "", nodes.title("", "Words"), note, lead, addnodes.glossary("", nodes.definition_list("", item))
    )
    app = SimpleNamespace(env=SimpleNamespace(docname="a", metadata={"a": {}}))
    previews.collect(app, document)

    assert app.env.metadata["a"] == {
        "lead": "The lead.",
        "defines": {"term-chunk": Definition("chunk", "A block of an array.")},
    }
    lead.parent.remove(lead)
    previews.collect(app, document)
    assert app.env.metadata["a"]["lead"] == "A note."


@pytest.fixture
def app(tmp_path):
    """A build of a glossary and a page."""
    (tmp_path / "_static").mkdir()
    (tmp_path / "g.md").write_text("---\nlinked-uses: {shard: []}\n---\n\n# Words\n")
    defines = {"term-chunk": Definition("chunk", "A block."), "term-shard": Definition("shard", "An object.")}
    env = SimpleNamespace(
        found_docs={"g", "b/page"},
        metadata={"g": {"lead": "", "defines": defines}, "b/page": {"lead": "It begins.", "defines": {}}},
        titles={"b/page": nodes.title("", "A page")},
        doc2path=lambda name: tmp_path / f"{name}.md",
    )
    return SimpleNamespace(env=env, outdir=tmp_path)


def test_cards_are_listed_by_their_addresses(app):
    previews.write_previews(app)

    assert json.loads((app.outdir / "_static/previews.json").read_text()) == {
        "b/page.html": ["A page", "It begins."],
        "g.html#term-chunk": ["chunk", "A block."],
        "g.html#term-shard": ["shard", "An object."],
    }


def test_all_pages_are_written_again_when_the_linked_terms_change(app, monkeypatch):
    state, built = SimpleNamespace(terms=None), BuiltFrom()
    monkeypatch.setattr(previews, "state_of", lambda app: state)
    monkeypatch.setattr(previews, "built_from", lambda env: built)
    changed = [previews.pages_with_other_terms(app, app.env) for _ in range(2)]

    assert changed == [["b/page", "g"], []]
    assert [use.term.address for use in state.terms.uses("a chunk, a shard")] == ["g.html#term-chunk"]
    (app.outdir / "g.md").write_text("---\nlinked-uses: {shard: [a _]}\n---\n")
    assert previews.pages_with_other_terms(app, app.env) == ["b/page", "g"]


def test_a_mistake_in_the_settings_is_a_warning(app, monkeypatch):
    monkeypatch.setattr(previews, "state_of", lambda app: SimpleNamespace())
    monkeypatch.setattr(previews, "built_from", lambda env: BuiltFrom())
    warnings = []
    monkeypatch.setattr(previews._logger, "warning", lambda *said, location: warnings.append((str(said[1]), location)))
    (app.outdir / "g.md").write_text("---\nlinked-uses: {shard: one}\n---\n")
    previews.pages_with_other_terms(app, app.env)

    assert [(text[:27], page) for text, page in warnings] == [("the linked uses of 'shard' ", "g")]
