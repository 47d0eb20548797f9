"""The canary: the site is built without Jupyter Book, and each thing that breaks is one line."""

import subprocess
import sys

import pytest
import yaml
from jupyter_book.config import get_final_config
from small_books import build, copy_of, environment

from guide.facts import load
from guide.site.canary import configuration, differences, grouped
from guide.site.settings import settings


@pytest.fixture(scope="module")
def book(root, tmp_path_factory, stack):
    """A copy of the project with one page, built with Jupyter Book."""
    book = copy_of(root, tmp_path_factory.mktemp("canary") / "project")
    built = build(book, "# Sound\n\nThe hub runs in {fact}`hub.region`.\n\n```python run\nprint(1)\n```\n", stack)
    assert built.returncode == 0, built.stdout + built.stderr
    return book


def canary(book):
    command = [sys.executable, "-m", "guide.site.canary", "_build/canary"]
    return subprocess.run(command, cwd=book, env=environment(book), capture_output=True, text=True, timeout=300)


def test_settings_are_those_that_jupyter_book_makes(root):
    content = settings(load(root / "hub.yml"))
    theirs, _ = get_final_config(
        user_yaml=yaml.safe_load(yaml.safe_dump(content)), cli_config={"latex_individualpages": False}, validate=False
    )
    ours = configuration(content, root / "_toc.yml")

    own = {"extensions", "exclude_patterns", "external_toc_path", "nitpicky", "html_theme_options", "linkcheck_ignore"}
    assert {name: ours[name] for name in ours.keys() - own} == {name: theirs[name] for name in ours.keys() - own}
    assert set(ours["extensions"]) < {*theirs["extensions"], "jupyter_book"} - {"jupyter_book"}
    assert set(ours["exclude_patterns"]) <= set(theirs["exclude_patterns"])
    assert {name: theirs["html_theme_options"][name] for name in ours["html_theme_options"]} == (
        ours["html_theme_options"]
        | {"launch_buttons": theirs["html_theme_options"]["launch_buttons"]}  # with Jupyter Book's empty defaults
    )


def test_a_page_builds_without_jupyter_book_as_with_it(book):
    done = canary(book)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("built with sphinx ")
    assert done.stdout.endswith("\nnothing breaks\n")


def test_what_breaks_is_one_line_each(book):
    page = book / "book/index.md"
    text = page.read_text()
    page.write_text(text + "\nMore. {role-of-the-past}`one` {role-of-the-past}`two`\n")
    module = book / "guide/site/ext/publish.py"
    code = module.read_text()
    module.write_text(code + "\n\ndef write_redirects(app):\n    raise KeyError('no such event')\n")
    try:
        done = canary(book)
    finally:
        page.write_text(text)
        module.write_text(code)

    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("- ")]
    assert any("role-of-the-past" in line and "book/index.md:" in line for line in lines), done.stdout
    assert any(
        "write_redirects fails: KeyError: 'no such event' (guide/site/ext/publish.py:" in line for line in lines
    ), done.stdout
    assert "- a page has another text (book/index.html)" in lines


def test_equal_messages_are_one_line_with_their_number():
    output = (
        "/book/a.md:3: WARNING: unknown role [myst.role_unknown]\n"
        "/book/b.md:7: WARNING: unknown role [myst.role_unknown]\n"
        "\x1b[91mERROR: no theme\x1b[39;49;00m\n"
        "a line that continues a message\n"
    )

    assert grouped(output) == ["unknown role [myst.role_unknown] (/book/a.md:3), 2 times", "no theme"]


def test_differences_between_two_sites_are_one_line_each(tmp_path):
    reference, html = tmp_path / "reference", tmp_path / "html"
    page = '<link rel="stylesheet" href="a.css"><article id="top" class="wide dark">Read  this</article>'
    for site in (reference, html):
        site.mkdir()
        (site / "same.html").write_text(page)
    (reference / "changed.html").write_text(page)
    (reference / "lost.html").write_text(page)
    (html / "changed.html").write_text('<script src="a.js"></script><article class="wide">Read that</article>')

    assert differences(html, reference, ["same.html", "changed.html", "lost.html"]) == [
        "a page has another text (changed.html)",
        "a page lacks the id 'top' (changed.html)",
        "a page lacks the class 'dark' (changed.html)",
        "a page loads 0 style sheets, and 1 in the site of `make book` (changed.html)",
        "a page loads 1 scripts, and 0 in the site of `make book` (changed.html)",
        "a page is missing (lost.html)",
    ]
