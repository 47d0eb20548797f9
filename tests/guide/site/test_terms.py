"""Which words of a page are linked to the glossary."""

import re

import pytest

from guide.pages.hub_variant import front_matter_value
from guide.site.terms import MOST_ON_PAGE, PageLinks, Term, Terms, terms_of

GLOSSARY = "book/reference/glossary.md"
NAMES = ("chunk", "registry", "store", "virtual store", "Zarr", "writers\N{RIGHT SINGLE QUOTATION MARK} group")


def _used(text, **phrases):
    terms = Terms(terms_of({name: name for name in NAMES}, phrases))
    return [text[use.start : use.end] for use in terms.uses(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a chunk and two chunks", ["chunk", "chunks"]),
        ("two registries and a registry", ["registries", "registry"]),
        ("a virtual\nstore", ["virtual\nstore"]),
        (
            "the writers' group, the writers\N{RIGHT SINGLE QUOTATION MARK} groups",
            ["writers' group", "writers\N{RIGHT SINGLE QUOTATION MARK} groups"],
        ),
        ("Chunks come first. Stores follow: Chunks", ["Chunks", "Stores", "Chunks"]),
        ("the Climate Data Store has a Chunk", []),
        ("chunked, re-chunk, chunk-wise, chunk.py, a/chunk, _chunk, zarr, Zarrs", ["Zarrs"]),
    ],
)
def test_a_term_is_found_as_a_whole_word_and_in_the_plural(text, words):
    assert _used(text) == words


def test_a_word_with_other_meanings_is_a_term_only_in_its_phrases():
    text = "Store it in a store. Google stores each\nstore, in the hub\N{RIGHT SINGLE QUOTATION MARK}s store."

    assert _used(text, store=["a _", "each _", "hub's _"]) == ["store", "store", "store"]
    assert _used(text, store=[]) == []
    assert _used("chunks of a dataset, a chunk of it", chunk=["_ of a dataset"]) == ["chunks"]


@pytest.mark.parametrize("phrases", ["a _", ["a store"], ["_ and _"], {"a _": 1}, None])
def test_settings_that_are_no_phrases_are_refused(phrases):
    with pytest.raises(ValueError, match="'store' must be a list of phrases"):
        terms_of({"store": "a"}, {"store": phrases})


def _linked(links, text, **beside):
    use = links.choose(text, **beside)
    return use and text[use.start : use.end]


def test_only_the_first_use_on_a_page_is_linked_and_not_beside_another_link():
    links = PageLinks(Terms(terms_of({name: name for name in NAMES}, {})))

    assert _linked(links, " chunk of Zarr", after_link=True, before_link=True) is None
    assert _linked(links, " chunk of Zarr", after_link=True) == "Zarr"
    assert [_linked(links, "a chunk of Zarr") for _ in range(2)] == ["chunk", None]


def test_a_page_has_few_links():
    terms = [Term(f"word{number}x", "a") for number in range(2 * MOST_ON_PAGE)]
    links = PageLinks(Terms(terms))

    assert sum(links.choose(term.name) is not None for term in terms) == MOST_ON_PAGE


def test_the_settings_name_terms_of_the_glossary_and_terms_of_one_meaning_need_none(root):
    text = (root / GLOSSARY).read_text()
    terms = re.findall(r"^(?![ :`#\n])[^\n]+(?=\n(?: |:::))", text.partition("```{glossary}")[2], re.MULTILINE)
    settings = front_matter_value(root / GLOSSARY, "linked-uses")

    assert len(terms) > 50
    assert set(settings) <= set(terms)
    assert terms_of(dict.fromkeys(terms, ""), settings)
