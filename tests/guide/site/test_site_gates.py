"""Checks that a page must pass when the site is built, and rules for its text."""

import shutil

import pytest
from small_books import build, copy_of

from guide.checks.prose import stand_in_words
from guide.checks.typed_facts import typed_facts
from guide.facts import load
from guide.site.export import PDF_NAME

# The files in tests/broken, and what the build reports about each.
GATES = {
    "unknown-fact.md": "hub.number_of_moons",
    "unknown-diagram.md": "there is no fact diagram 'number-of-moons'",
    "dead-link.md": "no-such-page.md",
    "dead-anchor.md": "no-such-heading",
    "unknown-hub-picture.md": "there is no picture 'number-of-moons' of the hub",
    "missing-picture.md": "no-such-picture.png",
    "unknown-directive.md": "attentoin",
    "script-in-page.md": "the site's policy refuses <script>",
    "frame-in-page.md": "the site's policy refuses <iframe",
}
# Files with mistakes that are found in their text, without a build.
TEXT_GATES = {"stand-in-named.md", "typed-fact.md"}


@pytest.fixture(scope="module")
def tiny_book(root, tmp_path_factory):
    """Build a copy of the project whose book has only the pages of the test."""
    book = copy_of(root, tmp_path_factory.mktemp("tiny") / "project")

    def tiny(text: str, stack: str, command: str = "build", more: dict[str, str] | None = None, env=None):
        return build(book, text, stack, command, more, env)

    tiny.project = book
    tiny.site = book / "_build/html"
    return tiny


def test_a_sound_page_builds(tiny_book, stack):
    text = "# Sound\n\nThe hub's region is {fact}`hub.region`.\n\n## KeyError: 'a'\n\nIt says **use --all, or 'b'**.\n"
    built = tiny_book(text, stack)

    assert built.returncode == 0, built.stdout + built.stderr
    assert "0 warnings" in built.stdout
    page = (tiny_book.site / "book/index.html").read_text()
    assert page.count("'sha256-") == 1, "the policy allows one inline script, that of this project"
    assert "The hub\N{RIGHT SINGLE QUOTATION MARK}s region" in page
    assert "<h2>KeyError: 'a'<" in page and "use --all, or 'b'" in page, "error messages are as readers type them"


def test_a_page_that_is_removed_from_the_book_is_removed_in_every_format(tiny_book, stack):
    tiny_book("# First\n", stack, more={"old.md": "# Old\n\nWords.\n", "older.md": "# Older\n\nWords.\n"})
    assert {file.name for file in (tiny_book.site / "book").glob("old.*")} == {"old.html", "old.md"}

    (tiny_book.project / "book/old.md").unlink()
    built = tiny_book("# First\n", stack, more={"older.md": "# Older\n\nWords.\n"})

    assert built.returncode == 0, built.stdout + built.stderr
    assert {file.name for file in (tiny_book.site / "book").glob("old*")} == {"older.html", "older.md"}
    (tiny_book.project / "book/older.md").unlink()


def test_a_formula_needs_no_script(tiny_book, stack):
    built = tiny_book("# Formula\n\nIt is {math}`e^{i\\pi} = -1`.\n\n```{math}\n\\frac{a}{b}\n```\n", stack)
    page = (tiny_book.site / "book/index.html").read_text()

    assert built.returncode == 0, built.stdout + built.stderr
    assert page.count("<math") == 2 and "<mfrac>" in page
    assert "mathjax" not in page.lower()


def test_with_a_pdf_pages_link_to_it_and_without_it_they_do_not(tiny_book, stack):
    name = PDF_NAME
    page = tiny_book.site / "book/index.html"

    built = tiny_book("# Printed\n\nA page.\n", stack, "build --pdf")
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tiny_book.site / name).read_bytes().startswith(b"%PDF-") and f'href="../{name}"' in page.read_text()
    built = tiny_book("# Printed\n\nA page.\n", stack)
    assert built.returncode == 0, built.stdout + built.stderr

    assert not (tiny_book.site / name).exists() and name not in page.read_text()


def test_without_a_browser_there_is_one_line_and_no_pdf(tiny_book, stack, tmp_path):
    for name in ("git", "bash"):
        (tmp_path / name).symlink_to(shutil.which(name))

    built = tiny_book("# Nobody prints\n\nThis.\n", stack, "build --pdf", env={"PATH": str(tmp_path)})

    assert built.returncode == 1
    assert "there is no browser: install Debian's chromium" in built.stderr


@pytest.fixture(scope="module")
def red(tiny_book, root, stack):
    """The failed build of all broken pages."""
    pages = {page: (root / "tests/broken" / page).read_text() for page in GATES}
    moved = tiny_book.site.parents[1] / "book/redirects.yml"
    shutil.copy(root / "tests/broken/redirects/redirects.yml", moved)
    yield tiny_book("# Sound\n", stack, more=pages)
    moved.unlink()


@pytest.mark.parametrize("page", GATES)
def test_a_warning_names_its_page_and_the_cause(red, page):
    lines = [line for line in red.stderr.splitlines() if f"book/{page.removesuffix('.md')}." in line]

    assert any(GATES[page] in line for line in lines), red.stderr


def test_a_redirect_that_leads_nowhere_is_reported(red):
    assert "redirects.yml: old/nowhere.html# leads to book/no-such-page, which is not a page" in red.stderr


def test_a_warning_fails_the_build(red):
    assert red.returncode != 0
    assert "the site was not built" in red.stderr


def test_a_dead_link_to_another_site_is_reported(tiny_book, stack):
    checked = tiny_book("# Links\n\n[Nobody](https://no-such-host.invalid/page) is there.\n", stack, "links")

    assert checked.returncode != 0
    assert "https://no-such-host.invalid/page" in checked.stderr
    assert "a link is dead" in checked.stdout


def test_an_error_in_a_page_stops_the_build_before_the_site(tiny_book, root, stack):
    built = tiny_book((root / "tests/broken/failing-shell.md").read_text(), stack)

    assert built.returncode != 0
    option = "" if stack == "hub" else f" STACK={stack}"
    failed, again = built.stderr.splitlines()[-2:]
    assert failed.startswith("failed: book/index.md:3: bash block failed with exit status 2: ")
    assert again == f"  again with: make page PAGE=book/index.md{option}"


def test_invalid_facts_are_reported_once_and_no_page_runs(tiny_book, root, stack):
    facts = tiny_book.project / "hub.yml"
    facts.write_text(facts.read_text() + "moons: 2\n")
    try:
        built = tiny_book("# Sound\n", stack, more={"second.md": "# Second\n"})
    finally:
        facts.write_text((root / "hub.yml").read_text())

    assert built.returncode == 1
    assert built.stderr.splitlines() == [f"{facts}: moons: Extra inputs are not permitted (it is 2)"]


def test_words_about_the_stand_in_are_reported(root):
    words = stand_in_words((root / "tests/broken/stand-in-named.md").read_text())

    assert [line for line, _ in words] == [1, 4, 4]


def test_facts_typed_into_the_text_are_reported_with_their_key(root):
    typed = typed_facts((root / "tests/broken/typed-fact.md").read_text(), load(root / "hub.yml"))

    assert [(line, words) for line, _, words in typed] == [
        (3, "seven days"),
        (3, "7 days"),
        (4, "pangeo/pangeo-notebook:2026.06.04"),
        (7, "https://github.com/leap-stc/leap-stc.github.io/discussions"),
    ]
    assert [key for _, key, _ in typed[2:]] == ["images.options.pangeo.ref", "help.forum"]
