"""What readers do with the site: copy and run, use the keyboard, print, read on a phone, from disk, without scripts."""

import io
import subprocess
import sys

from axe_playwright_python.base import AXE_SCRIPT

from guide.browser.readme_shot import take

READ_AND_WRITE = "book/buckets/read-and-write.html"
CHOOSE = "book/hub/choose.html"
RULES = "book/buckets/rules.html"


def _copied(page, cell) -> str:
    cell.hover()
    cell.locator("button.copybtn").click()
    return page.evaluate("navigator.clipboard.readText()")


def test_the_copy_button_copies_the_cell_as_it_ran(open_page, root):
    page = open_page(READ_AND_WRITE)

    copied = _copied(page, page.locator(".guide-block", has_text="to_zarr").first)

    assert copied.strip() in (root / "book/buckets/read-and-write.md").read_text()
    assert copied.strip().startswith("folder = ")


def test_all_cells_copied_pasted_and_run_print_what_the_page_shows(open_page, root, tmp_path):
    page = open_page(RULES)
    cells = page.locator(".guide-block:has(> div.cell)")
    pasted = [_copied(page, cell) for cell in cells.all()]
    shown = page.locator("div.cell_output .stream").first.inner_text().strip()
    # The rest of the page is about an error that its cells raise.
    script = tmp_path / "pasted.py"
    script.write_text("\n".join(pasted[:3]))

    ran = subprocess.run(
        [sys.executable, "-m", "fakehub", "run", "--", sys.executable, str(script)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(shown)


def test_the_first_tab_skips_the_menu(open_page):
    page = open_page(RULES)

    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to main content"
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")

    assert page.url.endswith("#main-content")


def test_a_menu_opens_and_closes_by_keyboard_and_is_accessible(open_page):
    page = open_page(RULES)
    button = page.locator(".article-header-buttons button.dropdown-toggle").first
    menu = page.locator(".article-header-buttons .dropdown-menu").first

    button.press("Enter")
    assert menu.is_visible() and button.get_attribute("aria-expanded") == "true"
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate("axe.run(document).then(result => result.violations.map(rule => rule.id))") == []
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    assert not menu.is_visible() and button.evaluate("e => e === document.activeElement")


def test_the_chosen_tier_shows_its_choices_and_is_remembered(open_page):
    page = open_page(CHOOSE)
    large = page.locator(".sd-tab-content", has_text="128 GB")
    assert not large.first.is_visible()

    page.locator("label.sd-tab-label").nth(1).click()
    assert large.first.is_visible() and not large.nth(1).is_visible()
    page.reload()
    assert large.first.is_visible()
    page.locator(".sd-tab-set input").nth(1).press("ArrowLeft")

    assert not large.first.is_visible()


def test_on_a_phone_the_list_of_pages_opens_over_the_page(open_page):
    page = open_page(RULES, width=390)
    link = page.locator(".bd-docs-nav a", has_text="List, copy and delete objects")
    assert not link.is_visible()

    page.locator("button.primary-toggle").click()
    assert link.is_visible()
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate("axe.run(document).then(result => result.violations.map(rule => rule.id))") == []
    current = page.locator(".bd-docs-nav a[aria-current=page]")
    assert 0 < current.bounding_box()["y"] < 850
    page.keyboard.press("Escape")

    assert not link.is_visible()
    page.locator("button.primary-toggle:focus").wait_for()


def test_the_theme_is_that_of_the_system_until_the_reader_chooses(open_page):
    page = open_page(RULES, color_scheme="dark")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"

    button = page.get_by_role("button", name="Theme: as the system's")
    button.click()
    chosen = page.evaluate(theme)
    mode = page.evaluate("document.documentElement.dataset.mode")
    assert page.get_by_role("button", name=f"Theme: {mode}").is_visible()
    page.reload()

    assert page.evaluate(theme) == chosen


def test_sizes_in_drawings_of_dask_are_light_in_the_dark_theme(open_page):
    page = open_page(READ_AND_WRITE, color_scheme="dark")
    size = page.locator("article .xr-wrap svg text").first
    shade = "e => [getComputedStyle(e).fill, getComputedStyle(e).stroke, getComputedStyle(document.body).color]"

    fill, stroke, text = size.evaluate(shade)

    assert (fill, stroke) == (text, "none")


def test_the_printed_page_is_the_article_alone_with_all_code(open_page):
    page = open_page(READ_AND_WRITE)
    page.emulate_media(media="print")

    assert not page.locator("#pst-primary-sidebar").is_visible()
    assert not page.locator(".bd-header-article").is_visible()
    assert page.get_by_role("heading", level=1).and_(page.locator(":visible")).count() == 1
    cut = "[...document.querySelectorAll('article pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    assert io.BytesIO(page.pdf(format="A4")).read(5) == b"%PDF-"


def test_the_page_is_downloaded_as_notebook_script_and_text(open_page, site):
    page = open_page(RULES)
    page.locator(".article-header-buttons button.dropdown-toggle").click()

    for words, suffix in (("Notebook", ".ipynb"), ("Python script", ".py"), ("Markdown (", ".md")):
        with page.expect_download() as started:
            page.locator(".article-header-buttons a", has_text=words).click()
        there = (site / RULES).with_suffix(suffix)

        assert started.value.suggested_filename == there.name
        assert started.value.path().read_bytes() == there.read_bytes()


def test_the_page_is_copied_as_markdown(open_page, site):
    page = open_page(RULES)
    page.locator(".article-header-buttons button.dropdown-toggle").click()

    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_role("button", name="Copied").wait_for()

    assert page.evaluate("navigator.clipboard.readText()") == (site / RULES).with_suffix(".md").read_text()


def test_without_scripts_the_foot_has_what_the_menu_has(open_page):
    page = open_page(RULES, java_script_enabled=False)
    foot = page.locator(".guide-foot a")

    wanted = ["Open on the hub", "Notebook", "Script", "Markdown", "Edit this page"]
    assert foot.all_inner_texts()[:5] == wanted
    assert all(link.is_visible() for link in foot.all())


def test_without_scripts_the_page_is_complete_and_shows_no_dead_buttons(open_page):
    page = open_page(READ_AND_WRITE, java_script_enabled=False)

    assert page.locator("article .cell_input").first.is_visible()
    assert [
        button for button in page.locator("header button, .bd-header-article button").all() if button.is_visible()
    ] == []
    assert page.evaluate("getComputedStyle(document.querySelector('article h1')).borderBottomStyle") == "solid"


def test_a_page_opened_from_disk_has_its_style(browser, site):
    page = browser.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto((site / RULES).as_uri())

    assert page.evaluate("getComputedStyle(document.querySelector('article h1')).borderBottomStyle") == "solid"
    assert page.locator("button.copybtn").count() > 0
    assert errors == []
    page.close()


def test_the_picture_of_the_readme_can_be_taken_again(browser, site, root, tmp_path):
    take(browser, site, tmp_path / "guide.png")

    assert (tmp_path / "guide.png").read_bytes()[16:24] == (root / "book/_images/guide.png").read_bytes()[16:24]
    assert "book/_images/guide.png" in (root / "README.md").read_text()
