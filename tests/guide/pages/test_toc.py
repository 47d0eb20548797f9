"""Read ``_toc.yml``: with and without parts, captions and sections, and one clear line for each mistake."""

import pytest

from guide.pages.toc import Part, Toc, TocError, book_toc, left_out, pages_of_book, parse_toc, source_of

PARTS = """
format: jb-book
root: book/index
parts:
  - caption: Buckets
    chapters:
      - file: book/rules
      - url: https://example.org/
        title: Elsewhere
  - chapters:
      - file: book/look
        sections:
          - file: book/deep
            sections:
              - file: book/deeper
      - file: book/last
"""
CHAPTERS = """
root: book/index
chapters:
  - file: book/first
    sections: [{file: book/below}]
  - file: book/second
"""

FOLDERS = """
root: book/index
parts:
  - caption: Store
    chapters: [{file: book/buckets/index}, {file: notebooks/first}]
  - caption: Scale up
    chapters: [{file: book/compute/index}, {file: book/buckets/look}, {file: notebooks/second}]
"""


def test_pages_are_in_order_with_nested_sections_and_without_links_to_other_sites():
    toc = parse_toc(PARTS)

    assert toc.parts == (
        Part("Buckets", ("book/rules",)),
        Part("", ("book/look", "book/deep", "book/deeper", "book/last")),
    )
    assert toc.pages == ("book/index", "book/rules", "book/look", "book/deep", "book/deeper", "book/last")


def test_a_part_without_a_caption_has_an_empty_one():
    captions = parse_toc(PARTS).captions

    assert captions["book/rules"] == "Buckets"
    assert captions["book/deeper"] == captions["book/last"] == ""
    assert "book/index" not in captions


def test_chapters_at_the_top_level_are_one_part_without_a_caption():
    assert parse_toc(CHAPTERS) == Toc("book/index", (Part("", ("book/first", "book/below", "book/second")),))


def test_a_book_of_one_page_has_no_parts():
    assert parse_toc("root: book/index\n") == Toc("book/index", ())


def test_a_page_is_left_out_with_its_sections_and_an_empty_part_with_it():
    toc = parse_toc(PARTS, {"book/look", "book/rules"}.__contains__)

    assert toc.pages == ("book/index", "book/last")
    assert toc.content["parts"] == [
        {"caption": "Buckets", "chapters": [{"url": "https://example.org/", "title": "Elsewhere"}]},
        {"chapters": [{"file": "book/last"}]},
    ]
    whole = parse_toc(
        PARTS.replace("      - url: https://example.org/\n        title: Elsewhere\n", ""), "book/rules".__eq__
    )
    assert [part["chapters"][0] for part in whole.content["parts"]] == [
        parse_toc(PARTS).content["parts"][1]["chapters"][0]
    ]


def test_no_empty_list_is_left_where_all_of_it_is_left_out():
    assert "sections" not in parse_toc(CHAPTERS, "book/below".__eq__).content["chapters"][0]
    assert parse_toc(CHAPTERS, lambda name: True).content == {"root": "book/index"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chapters: []\n", "_toc.yml: root is missing; it names the first page"),
        ("- book/index\n", "_toc.yml: root is missing; it names the first page"),
        ("root: book/index\nchapters:\n  - book/first\n", "_toc.yml: chapters is not a list of entries"),
        ("root: book/index\nchapters: book/first\n", "_toc.yml: chapters is not a list of entries"),
        ("root: [book/index\n", "_toc.yml: not YAML: "),
        (PARTS.replace("book/deeper", "book/rules"), "_toc.yml names book/rules twice"),
        (PARTS.replace("book/deeper", "book/index"), "_toc.yml names book/index twice"),
        (FOLDERS, "_toc.yml names book/buckets/look under 'Scale up', but the pages of its folder are under 'Store'"),
    ],
)
def test_a_mistake_is_one_clear_line(text, message):
    with pytest.raises(TocError) as caught:
        parse_toc(text)

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_page_without_a_file_is_named(tmp_path):
    (tmp_path / "notebook.ipynb").write_text("{}")

    assert source_of("notebook", tmp_path) == tmp_path / "notebook.ipynb"
    with pytest.raises(TocError, match=r"^_toc\.yml names book/gone, but there is no such page$"):
        source_of("book/gone", tmp_path)


def test_the_guides_own_table_of_contents_names_every_page(root):
    toc = book_toc()

    assert pages_of_book() == [source_of(name, root) for name in toc.pages]
    assert all(toc.captions.values()) and left_out(toc) == set()
