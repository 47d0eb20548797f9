"""Gates a page passes when the site is made of it, and rules that hold for its text."""

import shutil

import pytest
from small_books import build, copy_of

from guide.checks.prose import stand_in_words
from guide.checks.typed_facts import typed_facts
from guide.facts import load
from guide.site.export import PDF_NAME

# The file in tests/broken, and what the build says about it.
GATES = {
    "unknown-fact.md": "hub.number_of_moons",
    "unknown-diagram.md": "there is no fact diagram 'number-of-moons'",
    "dead-link.md": "no-such-page.md",
    "dead-anchor.md": "no-such-heading",
    "unknown-hub-picture.md": "there is no picture 'number-of-moons' of the hub",
    "missing-picture.md": "no-such-picture.png",
    "unknown-directive.md": "attentoin",
    "script-in-page.md": "the site's policy refuses <script>",
    "asks-in-vain.md": "asks for another sst.zarr, which no block of it names",
    "asks-for-nonsense.md": "asks takes dataset, and a bucket of SCRATCH_BUCKET or PERSISTENT_BUCKET",
}
# Those that are found in a page's text, without building anything.
TEXT_GATES = {"stand-in-named.md", "typed-fact.md"}


@pytest.fixture(scope="module")
def tiny_book(root, tmp_path_factory):
    """A copy of the project whose book has the pages of the test alone."""
    book = copy_of(root, tmp_path_factory.mktemp("tiny") / "project")

    def tiny(text: str, stack: str, command: str = "build", more: dict[str, str] | None = None, env=None):
        return build(book, text, stack, command, more, env)

    tiny.project = book
    tiny.site = book / "_build/html"
    return tiny


def test_a_sound_page_builds(tiny_book, stack):
    built = tiny_book("# Sound\n\nThe hub runs in {fact}`hub.region`.\n", stack)

    assert built.returncode == 0, built.stdout + built.stderr
    assert "0 warnings" in built.stdout


def test_a_page_that_is_taken_out_is_gone_in_every_format(tiny_book, stack):
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
    """A build of all pages that must not build."""
    pages = {page: (root / "tests/broken" / page).read_text() for page in GATES}
    moved = tiny_book.site.parents[1] / "book/redirects.yml"
    shutil.copy(root / "tests/broken/redirects/redirects.yml", moved)
    yield tiny_book("# Sound\n", stack, more=pages)
    moved.unlink()


@pytest.mark.parametrize("page", GATES)
def test_a_warning_names_its_page_and_culprit(red, page):
    lines = [line for line in red.stderr.splitlines() if f"book/{page.removesuffix('.md')}." in line]

    assert any(GATES[page] in line for line in lines), red.stderr


def test_an_old_address_that_leads_nowhere_is_named(red):
    assert "redirects.yml: old/nowhere.html# leads to book/no-such-page, which is no page" in red.stderr


def test_a_warning_fails_the_build(red):
    assert red.returncode != 0
    assert "the site was not built" in red.stderr


def test_a_dead_link_to_another_site_is_named(tiny_book, stack):
    asked = tiny_book("# Links\n\n[Nobody](https://no-such-host.invalid/page) is there.\n", stack, "links")

    assert asked.returncode != 0
    assert "https://no-such-host.invalid/page" in asked.stderr
    assert "a link is dead" in asked.stdout


def test_an_error_in_a_page_stops_the_build_before_the_site(tiny_book, root, stack):
    built = tiny_book((root / "tests/broken/failing-shell.md").read_text(), stack)

    assert built.returncode != 0
    option = "" if stack == "hub" else f" STACK={stack}"
    failed, again = built.stderr.splitlines()[-2:]
    assert failed.startswith("failed: book/index.md:3: bash block failed with exit status 2: ")
    assert again == f"  again with: make page PAGE=book/index.md{option}"


def test_facts_that_are_unsound_are_told_once_and_no_page_is_run(tiny_book, root, stack):
    facts = tiny_book.project / "hub.yml"
    facts.write_text(facts.read_text() + "moons: 2\n")
    try:
        built = tiny_book("# Sound\n", stack, more={"second.md": "# Second\n"})
    finally:
        facts.write_text((root / "hub.yml").read_text())

    assert built.returncode == 1
    assert built.stderr.splitlines() == [f"{facts}: moons: Extra inputs are not permitted (it is 2)"]


def test_words_of_the_stand_in_are_found(root):
    found = stand_in_words((root / "tests/broken/stand-in-named.md").read_text())

    assert [line for line, _ in found] == [1, 4, 4]


def test_facts_that_are_typed_are_found_with_their_key(root):
    found = typed_facts((root / "tests/broken/typed-fact.md").read_text(), load(root / "hub.yml"))

    assert [(line, words) for line, _, words in found] == [
        (3, "seven days"),
        (3, "7 days"),
        (4, "pangeo/pangeo-notebook:2026.06.04"),
        (7, "https://github.com/leap-stc/leap-stc.github.io/discussions"),
    ]
    assert [key for _, key, _ in found[2:]] == ["images.options.pangeo.ref", "help.forum"]
