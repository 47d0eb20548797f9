"""Texts are read as a reader sees them, with the lines that they come from."""

import json

import pytest

from guide.language.code import python_passages, script_passages, settings_passages, template_passages
from guide.language.files import checked_files
from guide.language.markdown import markdown_passages, page_passages
from guide.language.passages import from_lines


def texts(passages):
    return [(passage.line(0), passage.kind, passage.text) for passage in passages]


def test_a_page_is_read_with_its_facts_and_without_its_markup(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "---\nneeds: [gpu]\n---\n# Title\n\nIn {fact}`hub.region`, see [this](a.md#b), [](c.md) and *What it costs*.\n"
        "Use {fact}`hub.url` with `ds.mean()` or {math}`T_0`.\n\n- **Name.** An item\n"
        "  that goes on {fact-link}`the forum <help.forum>`.\n\n| Head | `x` |\n|---|---|\n| a cell | |\n"
    )
    facts = {"hub.region": "us-central1 (Iowa)", "hub.url": "https://hub.example"}

    passages = page_passages(page, "page.md", str, facts.__getitem__)

    assert texts(passages) == [
        (4, "heading", "Title"),
        (
            6,
            "text",
            "In `us-central1 (Iowa)`, see this, `…` and `What it costs`. "
            "Use `https://hub.example` with `ds.mean()` or `…`.",
        ),
        (9, "text", "`Name.`. An item that goes on the forum."),
        (12, "cell", "Head"),
        (12, "cell", "`x`"),
        (14, "cell", "a cell"),
    ]
    assert [passages[1].line(offset) for offset in (0, 59, 62)] == [6, 6, 7]


def test_directives_hold_prose_options_and_terms():
    text = (
        ":::{warning}\nIt costs money.\n:::\n\n```{image} a.png\n:alt: A plot of the mean\n```\n\n"
        "```{fact-table} hub\n```\n\n:::{dropdown} An answer\nYes.\n:::\n\n```{glossary}\nterm\n  Its meaning.\n```\n"
    )

    assert texts(markdown_passages(text, "page.md")) == [
        (2, "text", "It costs money."),
        (6, "string", "A plot of the mean"),
        (12, "heading", "An answer"),
        (13, "text", "Yes."),
        (18, "text", "Its meaning."),
    ]


def test_the_line_before_a_block_introduces_it():
    text = (
        "Run this:\n\n```bash run\nls # list all\n```\n\n```{code-cell} python\n1\n```\n\n"
        '# A\n\nText.\n\n# B\n```bash skip="needs Docker, which is absent"\n```\n'
    )

    passages = markdown_passages(text, "page.md")

    assert [passage.text for passage in passages if passage.introduces] == ["Run this:", "B"]
    assert [passage.text for passage in passages if passage.kind == "comment"] == ["list all"]
    assert [passage.text for passage in passages if passage.kind == "string"] == ["needs Docker, which is absent"]


def test_a_cell_of_text_introduces_the_next_cell_of_code(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# A\n", "\n", "Look:"]},
        {"cell_type": "code", "source": ["1"]},
        {"cell_type": "code", "source": "# two\n2"},
        {"cell_type": "markdown", "source": "The end."},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))

    passages = page_passages(path, "a.ipynb", str, str)

    assert [(passage.name, passage.text, passage.introduces) for passage in passages] == [
        ("a.ipynb, cell 1", "A", False),
        ("a.ipynb, cell 1", "Look:", True),
        ("a.ipynb, cell 3", "two", False),
        ("a.ipynb, cell 4", "The end.", False),
    ]


def test_python_has_docstrings_comments_and_texts():
    text = (
        '"""Do ``x``.\n\n- One\n  more.\n\n    example()\n"""\n# First\n# second.\nx = 1  # noqa: E501\n'
        'print(f"there is no {x} to read")\npath = "a/b c d"\n\n\ndef f():\n    """Return it."""\n'
    )

    assert texts(python_passages(text, "a.py")) == [
        (1, "docstring", "Do `x`."),
        (3, "docstring", "One more."),
        (8, "comment", "First second."),
        (11, "string", "there is no `…` to read"),
        (16, "docstring", "Return it."),
    ]
    assert all(passage.kind != "string" for passage in python_passages(text, "a.py", printed=False))


def test_settings_have_comments_and_printed_texts():
    text = 'a: 1 # the first\n# two\n# lines\nnote: "who # may read it"\nurl: https://a.b/#c\n'

    assert texts(settings_passages(text, "a.yml", printed=True)) == [
        (1, "comment", "the first"),
        (2, "comment", "two lines"),
        (4, "string", "who # may read it"),
    ]


def test_scripts_and_templates_have_texts():
    script = '// A comment\nconst a = "one two three"; // why\nb = `${n} ways are left.`;\nc = "find-topic";\n'
    template = (
        '{% if a %}\n<p title="A short title">Log in,\nor <a href="x">go home</a>.</p>{# note #}\n'
        "<p>{{ name }} is here</p>{% endif %}"
    )

    assert texts(script_passages(script, "a.js")) == [
        (2, "string", "one two three"),
        (3, "string", "`…` ways are left."),
        (1, "comment", "A comment"),
        (2, "comment", "why"),
    ]
    assert texts(template_passages(template, "a.html")) == [
        (2, "string", "A short title"),
        (2, "string", "Log in, or go home."),
        (4, "string", "`…` is here"),
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. gcsfs is two! Three?", ["One.", "gcsfs is two!", "Three?"]),
        ("Use e.g. xarray, see `a. B`. Yes.", ["Use e.g. xarray, see `a. B`.", "Yes."]),
        ("Version 3.1 (see below). Done", ["Version 3.1 (see below).", "Done"]),
    ],
)
def test_sentences_end_at_stops_outside_code(text, sentences):
    assert [part for _, part in from_lines("a", "text", [(1, text)]).sentences()] == sentences


def test_every_kind_of_file_is_checked(root):
    names = {path.relative_to(root).as_posix() for path in checked_files(root)}

    assert {"book/index.md", "notebooks/first-zarr-store.ipynb", "hub.yml", "README.md", "CHANGELOG.md"} < names
    assert {"CONTRIBUTING.md", "fakehub/README.md", "bench/README.md", "Makefile", "pyproject.toml"} < names
    assert {"book/_static/find.js", "book/_templates/404.html", "guide/__main__.py", "tests/conftest.py"} < names
    assert not {name for name in names if name.startswith(("tests/broken/", "lock/")) or "/_outputs/" in name}
    assert "book/uploads/upload_store.py" not in names  # joined from parts
