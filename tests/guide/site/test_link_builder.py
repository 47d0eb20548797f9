"""The builder of nbgitpuller links: the links, what it says about wrong input, and the page without scripts.

``tests/fakehub/hub/test_built_links.py`` follows such links on a hub.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from guide.facts import load

PAGE = "book/teach/course-material.html"
COURSE = "https://github.com/funky-user/ocean-course"
# Input: repository, branch, file and app. Output: repository, branch and file.
LINKS = {
    "a notebook": ((COURSE, "main", "lesson-1.ipynb", "JupyterLab"), (COURSE, "main", "lesson-1.ipynb")),
    "the folder": ((COURSE, "main", "", "JupyterLab"), (COURSE, "main", "")),
    "in a folder": ((COURSE, "main", "week 1/a.ipynb", "Notebook"), (COURSE, "main", "week 1/a.ipynb")),
    "slashes at the ends": ((f"{COURSE}/", "main", "/week-1/", "JupyterLab"), (COURSE, "main", "week-1")),
    ".git": ((f" {COURSE}.git ", "main", "a.ipynb", "JupyterLab"), (COURSE, "main", "a.ipynb")),
    "a slash in the branch": ((COURSE, "autumn/2026", "a.ipynb", "JupyterLab"), (COURSE, "autumn/2026", "a.ipynb")),
    "signs": ((COURSE, "a&b+c", "é (1) & 2+3=5.ipynb", "JupyterLab"), (COURSE, "a&b+c", "é (1) & 2+3=5.ipynb")),
    "an unknown forge": (
        ("https://git.example.org/course.git", "main", "a.ipynb", "JupyterLab"),
        ("https://git.example.org/course.git", "main", "a.ipynb"),
    ),
}
# The address of a file or a folder, pasted whole: repository, branch and file.
PASTED = {
    f"{COURSE}/blob/main/week%201/a.ipynb?plain=1#L3": (COURSE, "main", "week 1/a.ipynb"),
    f"{COURSE}/tree/autumn": (COURSE, "autumn", ""),
    f"{COURSE}/tree/autumn/week-1/": (COURSE, "autumn", "week-1"),
    "https://raw.githubusercontent.com/funky-user/ocean-course/refs/heads/main/a.ipynb": (COURSE, "main", "a.ipynb"),
    "https://gitlab.com/lab/sub/course/-/blob/main/a.ipynb": ("https://gitlab.com/lab/sub/course", "main", "a.ipynb"),
    "https://codeberg.org/lab/course/src/branch/main/a.ipynb": ("https://codeberg.org/lab/course", "main", "a.ipynb"),
}
# Wrong input: repository, branch and file, with the message.
WRONG = {
    ("", "main", ""): "Enter the address of your repository.",
    ("github.com/funky-user/ocean-course", "main", ""): "Begin the address with https://.",
    ("http://github.com/funky-user/ocean-course", "main", ""): "Begin the address with https://.",
    ("https://", "main", ""): "This is not a web address. Copy it from the address bar of your browser.",
    ("git@github.com:funky-user/ocean-course.git", "main", ""): (
        f"Use {COURSE}: students have no key for an address that begins with git@."
    ),
    ("https://funky-user:secret@github.com/funky-user/ocean-course", "main", ""): (
        "Remove the name or token before @: all students could read it."
    ),
    ("https://github.com/funky-user", "main", ""): (
        "Add the owner and the repository: https://github.com/OWNER/REPOSITORY."
    ),
    (f"{COURSE}/pull/5", "main", ""): f"Use the repository's first page: {COURSE}.",
    (COURSE, " ", ""): "Enter a branch, such as main. GitHub shows its name above the list of files.",
    (COURSE, "my branch", ""): "No branch can have this name. Check it on GitHub.",
    (COURSE, "0123456789abcdef0123456789abcdef01234567", ""): (
        "This is a commit. Enter a branch, so that students get your corrections."
    ),
    (COURSE, "main", r"week-1\a.ipynb"): "Separate folders with /.",
    (COURSE, "main", "../a.ipynb"): 'Enter the path from the top of the repository, without "..".',
    **{
        (
            COURSE,
            "main",
            path,
        ): "Enter the path in the repository, not that on your server, which begins with ~ or /home."
        for path in ("~/ocean-course/a.ipynb", "/home/jovyan/ocean-course/a.ipynb", "home/jovyan")
    },
    (COURSE, "main", f"{COURSE}/blob/main/a.ipynb"): (
        "Enter only the path in the repository, or paste the whole address as the repository."
    ),
}


@pytest.fixture(scope="module")
def tab(browser, address):
    """A tab for all tests, which loads the page's files once."""
    context = browser.new_context(reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab, address):
    """The page of the builder."""
    tab.goto(f"{address}/{PAGE}")
    return tab


def _fill(page, repository, branch, path, app="JupyterLab"):
    page.get_by_label("Repository", exact=True).fill(repository)
    page.get_by_label("Branch", exact=True).fill(branch)
    page.get_by_label("File or folder to open").fill(path)
    page.get_by_label(app, exact=True).check()
    page.get_by_role("button", name="Get the link").click()


def _link(page):
    return page.get_by_label("Link for your students", exact=True).input_value()


def _opened(link):
    """Return the values of a link, and the path that the browser requests from the server after the pull.

    nbgitpuller assigns the decoded ``urlpath`` to the browser's location, so a browser reads it as an address.
    """
    query = {name: value for name, (value,) in parse_qs(urlsplit(link).query, strict_parsing=True).items()}
    server = "https://hub/user/name/"
    path = urlsplit(urljoin(server, quote(query.pop("urlpath"), safe="/%"))).path
    return query, unquote(path.removeprefix("/user/name/")).rstrip("/")


@pytest.mark.parametrize("case", LINKS)
def test_a_link_opens_the_file_of_the_branch(page, root, case):
    filled, (repository, branch, path) = LINKS[case]

    _fill(page, *filled)

    folder = "tree" if "Notebook" in filled else "lab/tree"
    link, name = _link(page), repository.rpartition("/")[2]
    assert _opened(link) == ({"repo": repository, "branch": branch}, f"{folder}/{name}/{path}".rstrip("/"))
    assert link.startswith(f"{load(root / 'hub.yml').hub.url}hub/user-redirect/git-pull?")
    assert re.fullmatch(r"[\w:/?&=.~%-]+", link, re.ASCII), "it may be pasted into Markdown and HTML"


@pytest.mark.parametrize("case", LINKS)
def test_a_link_opens_the_same_as_that_of_the_link_generator_of_nbgitpuller(page, case):
    """Compare with nbgitpuller's docs/_static/link_gen/link.js, which encodes each value once."""
    filled, (repository, branch, path) = LINKS[case]
    _fill(page, *filled)
    values = {"repo": repository, "branch": branch}
    folder = "tree" if "Notebook" in filled else "lab/tree"
    values["urlpath"] = f"{folder}/{repository.rpartition('/')[2]}/{path}"

    theirs = page.evaluate("values => `https://hub/?${new URLSearchParams(values)}`", values)

    assert _opened(_link(page)) == _opened(theirs)


def test_signs_that_end_an_address_are_encoded_twice(page):
    _fill(page, COURSE, "main", "50% of #1?.ipynb")

    assert _link(page).endswith("&urlpath=lab%2Ftree%2Focean-course%2F50%2525%2520of%2520%25231%253F.ipynb")


@pytest.mark.parametrize("pasted", PASTED)
def test_the_address_of_a_file_is_split_into_its_parts(page, pasted):
    repository, branch, path = PASTED[pasted]
    page.get_by_label("Repository", exact=True).fill(pasted)
    page.get_by_role("button", name="Get the link").click()

    labels = ("Repository", "Branch", "File or folder to open")
    assert [page.get_by_label(label, exact=True).input_value() for label in labels] == [repository, branch, path]
    assert _opened(_link(page))[0] == {"repo": repository, "branch": branch}


def test_a_branch_with_slashes_is_corrected_in_its_field(page):
    page.get_by_label("Repository", exact=True).fill(f"{COURSE}/blob/autumn/2026/week-1/a.ipynb")
    page.get_by_label("Repository", exact=True).blur()
    assert page.get_by_label("Branch", exact=True).input_value() == "autumn"

    page.get_by_label("Branch", exact=True).fill("")
    page.get_by_label("Branch", exact=True).press_sequentially("autumn/2026")

    assert page.get_by_label("File or folder to open").input_value() == "week-1/a.ipynb"
    assert _opened(_link(page)) == ({"repo": COURSE, "branch": "autumn/2026"}, "lab/tree/ocean-course/week-1/a.ipynb")


@pytest.mark.parametrize("filled", WRONG, ids=lambda filled: " ".join(filled).strip()[:60] or "nothing")
def test_wrong_input_gets_one_line_and_no_link(page, filled):
    _fill(page, COURSE, "main", "")
    _fill(page, *filled)

    (message,) = [text for text in page.locator(".link-builder .error").all_inner_texts() if text]
    assert message == WRONG[filled]
    assert page.locator(".link-builder .status").inner_text() == message
    assert not page.get_by_label("Link for your students", exact=True).is_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')").endswith("-error")


def test_the_status_changes_with_the_link_while_somebody_types(page):
    repository, status = page.get_by_label("Repository", exact=True), page.locator(".link-builder .status")
    link = page.get_by_label("Link for your students", exact=True)
    assert status.inner_text() == "Enter the address of your repository to get the link."

    repository.press_sequentially(COURSE)
    assert (link.is_visible(), status.inner_text()) == (True, "The link is ready.")

    repository.fill("")
    assert (link.is_visible(), status.inner_text()) == (False, "")

    repository.press_sequentially("ocean-course")
    repository.blur()
    assert (link.is_visible(), status.inner_text()) == (False, "Begin the address with https://.")

    repository.fill(COURSE)
    assert (link.is_visible(), status.inner_text()) == (True, "The link is ready.")


@pytest.mark.parametrize("first", ["ocean-course", "lab/tree", "tree"])
def test_a_path_that_begins_with_what_the_link_adds_gets_a_hint_and_a_link(page, first):
    _fill(page, COURSE, "main", f"{first}/a.ipynb")

    hint = f"Leave {first}/ out of the path, unless a folder in the repository has this name too."
    assert page.locator(".link-builder .status").inner_text() == f"The link is ready. {hint}"
    assert _opened(_link(page))[1] == f"lab/tree/ocean-course/{first}/a.ipynb"


@pytest.mark.parametrize(
    "path", ["ocean-course-2/a.ipynb", "week-1/ocean-course/a.ipynb", "a.ipynb", "homework/a.ipynb"]
)
def test_other_paths_get_no_hint(page, path):
    _fill(page, COURSE, "main", path)

    assert page.locator(".link-builder .status").inner_text() == "The link is ready."


def test_the_pasted_address_of_a_file_gets_no_hint(page):
    page.get_by_label("Repository", exact=True).fill(f"{COURSE}/blob/main/ocean-course/a.ipynb")
    page.get_by_role("button", name="Get the link").click()

    assert page.locator(".link-builder .status").inner_text() == "The link is ready."


def test_the_keyboard_is_enough(page):
    page.get_by_label("Repository", exact=True).focus()
    page.keyboard.type(COURSE)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("a.ipynb")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.locator(".link-builder .status").inner_text() == "The link is ready."
    assert _opened(_link(page))[1] == "tree/ocean-course/a.ipynb"


def test_link_and_badge_are_copied(page, root):
    facts = load(root / "hub.yml")
    _fill(page, COURSE, "main", "a.ipynb")
    link = _link(page)

    page.get_by_role("button", name="Copy: Link for your students").click()
    page.get_by_text("Copied: Link for your students.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("button", name="Copy: Markdown for a README").click()
    page.get_by_text("Copied: Markdown for a README.").wait_for()

    badge = f"[![Open in {facts.hub.name}]({facts.teaching.badge})]({link})"
    assert page.evaluate("navigator.clipboard.readText()") == badge
    assert page.get_by_role("link", name="Try the link").get_attribute("href") == link


def test_without_a_clipboard_the_text_is_selected(page):
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    _fill(page, COURSE, "main", "")

    page.get_by_role("button", name="Copy: Link for your students").click()
    page.get_by_text("The text is selected.").wait_for()

    assert page.evaluate("document.activeElement.selectionEnd") == len(_link(page))


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=str)
def test_the_filled_form_is_accessible_and_fits_a_phone(open_page, options):
    page = open_page(PAGE, width=390, **options)
    _fill(page, COURSE, "main", "a.ipynb")
    page.get_by_label("File or folder to open").fill("..")
    page.get_by_label("File or folder to open").blur()
    wrong = _violations(page)
    _fill(page, COURSE, "main", "a.ipynb")

    assert wrong + _violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _violations(page):
    page.evaluate(AXE_SCRIPT)
    return page.evaluate(
        "axe.run('.link-builder').then(result => result.violations.flatMap("
        "rule => rule.nodes.map(node => `${rule.id}: ${node.html}`)))"
    )


def test_without_scripts_the_templates_are_explained(open_page, root):
    page = open_page(PAGE, java_script_enabled=False)

    assert page.locator(".link-builder form").count() == 0
    template = page.locator(".link-builder pre").first.inner_text()
    assert template.startswith(load(root / "hub.yml").hub.url)
    words = page.locator(".link-builder tbody tr td:first-child").all_inner_texts()
    assert words and all(template.count(word) == 1 for word in words)


def test_the_example_of_the_table_is_the_link_of_the_form(page):
    examples = page.locator(".link-builder tbody td:last-child").all_inner_texts()
    template = page.locator(".link-builder pre").first.inner_text().strip()
    words = page.locator(".link-builder tbody tr td:first-child").all_inner_texts()
    for word, example in zip(words, examples, strict=True):
        template = template.replace(word, example)
    _fill(page, COURSE, "main", "lesson-1.ipynb")

    assert _link(page) == template


def test_only_that_page_loads_the_script(site):
    having = [p for p in site.rglob("*.html") if re.search(r'src="[^"]*link-builder\.[^"]*\.js"', p.read_text())]

    assert [str(path.relative_to(site)) for path in having] == [PAGE]
