"""The reader's name in the code: shown, copied, downloaded, stored in the browser, and never more than text."""

import pytest

LOOK = "book/buckets/look.html"
GIT = "book/hub/git.html"
PERMISSIONS = "book/help/permissions.html"
RULES = "book/buckets/rules.html"
READ_AND_WRITE = "book/buckets/read-and-write.html"


def _field(page, name):
    return page.locator(f"article .names [name={name}]").first


def _code(page):
    return "\n".join(page.locator("article pre").all_inner_texts())


def test_a_name_is_shown_in_every_snippet_and_on_the_next_page(open_page, address):
    page = open_page(LOOK)
    before = _code(page)
    _field(page, "user").fill("Octo-Cat")
    after = _code(page)

    assert "funky-user" in before
    assert after == before.replace("funky-user", "octo-cat")
    page.goto(f"{address}/{READ_AND_WRITE}")
    assert "gs://leap-scratch/octo-cat/guide-examples/read-and-write/sst.zarr" in _code(page)


def test_without_a_name_the_page_is_unchanged(open_page):
    page = open_page(LOOK)
    before = _code(page)
    _field(page, "user").fill("octo")
    _field(page, "user").fill("")

    assert _code(page) == before


def test_the_name_is_in_the_code_that_is_copied(open_page):
    page = open_page(GIT)
    _field(page, "user").fill("octo-cat")
    block = page.locator("article .guide-block", has_text="octo-cat").first
    block.hover()
    block.locator("button.copybtn").click()

    assert "octo-cat@users.noreply.github.com" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("suffix", [".ipynb", ".py", ".md"])
def test_downloads_have_the_name(open_page, site, suffix):
    page = open_page(RULES, kept={"user": "Octo-Cat"})
    with page.expect_download() as started:
        page.locator(f'.guide-foot a[download][href$="{suffix}"]').click()
    made = (site / RULES).with_suffix(suffix)
    text = made.read_text()

    assert started.value.suggested_filename == made.name and "funky-user" in text
    assert started.value.path().read_text() == text.replace("funky-user", "octo-cat")


def test_the_page_is_copied_as_markdown_with_the_name_but_that_of_an_account(open_page):
    page = open_page(PERMISSIONS, kept={"user": "octo-cat"})
    page.locator(".article-header-buttons button.dropdown-toggle").click()
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert copied.count("funky-user") == copied.count("funky-user@example.com") > 0


@pytest.mark.parametrize("path", [LOOK, READ_AND_WRITE])
def test_a_reader_can_enter_a_name_and_nothing_that_leads_to_real_data(open_page, path):
    controls = open_page(path).locator(".names :is(input, select)")

    assert {control.get_attribute("name") for control in controls.all()} == {"user"}


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a b", "-a", "a--b", "a" * 40, "$(rm -rf ~)", "'; x"])
def test_an_invalid_username_is_refused_and_changes_nothing(open_page, name):
    page = open_page(LOOK)
    before = _code(page)
    _field(page, "user").fill(name)

    assert _code(page) == before
    assert "letters, digits" in page.locator("article .names-status").inner_text()
    assert _field(page, "user").get_attribute("aria-invalid") == "true"


@pytest.mark.parametrize("kept", [{"user": "<b>x</b>"}, {"user": 7}, {"user": "a b"}, [], "x"])
def test_invalid_values_in_the_storage_of_the_browser_are_ignored(open_page, kept):
    page = open_page(READ_AND_WRITE, kept=kept)

    assert "gs://leap-scratch/funky-user/guide-examples/read-and-write/sst.zarr" in _code(page)
    assert page.locator("article pre b").count() == 0


def test_no_page_shows_the_original_name_beside_the_readers(open_page, site, address):
    paths = [*site.glob("book/**/*.html"), *site.glob("notebooks/*.html")]
    shown = [path for path in paths if "funky-user" in path.read_text()]
    page = open_page(LOOK, kept={"user": "octo-cat"})
    left = []
    for path in shown:
        page.goto(f"{address}/{path.relative_to(site)}")
        # A Google account has its own name.
        text = page.locator("article").inner_text().replace("funky-user@example.com", "")
        left += [path.stem] if "funky-user" in text or "octo-cat" not in text else []

    assert len(shown) > 15 and left == []


def test_the_settings_on_every_page_change_the_name_too(open_page):
    page = open_page(LOOK)
    page.get_by_text("Personalise code samples").click()
    page.locator(".names-settings [name=user]").fill("octo")

    assert _field(page, "user").input_value() == "octo"
    assert "leap-scratch/octo" in _code(page)


def test_the_name_is_stored_in_the_browser_and_sent_nowhere(open_page):
    page = open_page(LOOK)
    requests = []
    page.on("request", lambda request: requests.append(request.url + (request.post_data or "")))
    _field(page, "user").fill("octo-cat")
    _field(page, "user").press("Enter")
    page.reload()

    assert "octo-cat" in _code(page)
    assert requests and not any("octo-cat" in request for request in requests)
    assert page.context.cookies() == []


def test_without_scripts_the_original_names_are_shown(open_page):
    page = open_page(LOOK, java_script_enabled=False)

    assert "funky-user" in _code(page)
    assert page.locator(".names").count() == 0 and not page.locator(".names-settings").is_visible()
