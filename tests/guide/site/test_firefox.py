"""The core of the site in Firefox: reading, search, copying, the list of pages and the theme.

Chromium is tested everywhere else, in more detail.
"""

import pytest
from firefox import Reader, started
from marionette_driver import By
from marionette_driver.keys import Keys

from guide.browser.static_server import serve

READ_AND_WRITE = "book/buckets/read-and-write.html"
# A page of each kind: the landing page, a page with code, one of error messages, a notebook with figures, tables.
PAGES = ("book/index.html", READ_AND_WRITE, "book/help/permissions.html", "notebooks/first-plot-of-era5.html")
WIDTHS = (1280, 390, 320)
THEME = "layout.css.prefers-color-scheme.content-override"
DARK, LIGHT = 0, 1
# Values of `browser.display.document_color_use`: the page's colours, or those that the reader's system forces on it.
COLOURS, PAGES_OWN, FORCED = "browser.display.document_color_use", 0, 2
OUTSIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def firefox():
    """A headless Firefox."""
    with started() as driver:
        yield driver


@pytest.fixture
def reader(firefox, address):
    """Firefox as a reader has it on the first visit, with functions that open pages of the site."""
    firefox.set_pref(THEME, LIGHT)
    firefox.navigate(f"{address}/404.html")
    firefox.execute_script("localStorage.clear(); sessionStorage.clear()")
    yield Reader(firefox, address)
    for name, value in {COLOURS: PAGES_OWN, "javascript.enabled": True}.items():
        firefox.set_pref(name, value)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_at_every_width_without_an_error_in_the_console(reader, page, theme):
    reader.firefox.set_pref(THEME, theme)
    for width in WIDTHS:
        reader.open(page, width)

        assert reader.find("article h1").is_displayed()
        assert (reader.script(OUTSIDE), reader.errors()) == (0, []), width
        assert reader.script("return document.documentElement.dataset.theme") == ("light", "dark")[theme == DARK]
    assert reader.violations() == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("other-host.html", lambda reader: reader.errors()),
        ("own-script.html", lambda reader: reader.errors()),
        ("wide.html", lambda reader: reader.script(OUTSIDE) > 0),
        ("pale.html", lambda reader: "color-contrast" in reader.violations()),
    ],
)
def test_a_broken_page_is_reported(firefox, bad_site, page, found):
    with serve(bad_site) as address:
        reader = Reader(firefox, address)
        reader.open(page, 390)

        assert found(reader)


def test_letters_of_twice_the_size_fit(reader):
    for width in WIDTHS[:2]:
        reader.open(READ_AND_WRITE, width, text=2.0)
        assert reader.script(OUTSIDE) <= 0


def test_the_search_opens_the_page_that_explains_a_pasted_error(reader):
    reader.open("book/index.html")
    reader.search("zarr group not found")
    first = reader.script("return document.querySelector('.find-results a').href")
    reader.type(Keys.ENTER)
    reader.wait("location.href.startsWith(arguments[0].split('#')[0])", first)

    assert reader.find("article h1").is_displayed()
    assert reader.errors() == []


def test_a_copied_cell_is_the_shown_one_with_the_readers_name(reader):
    reader.open(READ_AND_WRITE)
    reader.find("article .names [name=user]").send_keys("octo-cat")
    reader.wait("document.querySelector('article').innerText.includes('octo-cat')")
    cell = ".guide-block:has(> div.cell)"
    shown = reader.script(f"return document.querySelector('{cell} pre').textContent").strip()
    reader.script(f"document.querySelector('{cell}').scrollIntoView({{block: 'center'}})")
    reader.find(f"{cell} button.copybtn").click()
    copied = reader.firefox.execute_async_script("navigator.clipboard.readText().then(arguments[0])", sandbox=None)

    assert copied.strip() == shown


def test_the_list_of_pages_opens_on_a_phone_at_the_current_page(reader):
    reader.open(READ_AND_WRITE, 390)
    reader.find("button.primary-toggle").click()
    current = "document.querySelector('#pst-primary-sidebar a.current, .bd-sidebar-primary a.current')"
    reader.wait(f"{current}?.checkVisibility()")
    box = reader.wait(
        f"(box => box.left >= 0 && box.top >= 0 && [box.bottom, innerHeight])({current}.getBoundingClientRect())"
    )

    assert box[0] <= box[1]


def test_the_theme_follows_the_button_and_is_kept(reader):
    reader.open("notebooks/first-plot-of-era5.html")
    theme = "return document.documentElement.dataset.theme"
    assert reader.script(theme) == "light"
    reader.find(".theme-switch-button").click()
    assert reader.script(theme) == "dark"
    reader.open(READ_AND_WRITE)

    assert reader.script(theme) == "dark"


def test_forced_colours_keep_the_focus_and_frames_visible(reader):
    reader.firefox.set_pref(COLOURS, FORCED)
    reader.open(READ_AND_WRITE)
    assert reader.script("return matchMedia('(forced-colors: active)').matches")
    reader.type(Keys.TAB, Keys.TAB)

    outline = reader.script("return getComputedStyle(document.activeElement).outlineStyle")
    frame = reader.script("return getComputedStyle(document.querySelector('.guide-block')).borderTopStyle")
    assert "none" not in (outline, frame)


def test_motion_is_reduced(reader):
    reader.open(READ_AND_WRITE)
    moving = """return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility()).filter(e =>
      parseFloat(getComputedStyle(e).transitionDuration) > 0.01).map(e => e.outerHTML.slice(0, 80))"""

    assert reader.script("return matchMedia('(prefers-reduced-motion: reduce)').matches")
    assert reader.script(moving) == []


def test_a_page_can_be_read_without_scripts(reader):
    reader.firefox.set_pref("javascript.enabled", False)
    for width in WIDTHS[:2]:
        reader.open(READ_AND_WRITE, width)
        assert reader.find("article h1").is_displayed()
        assert reader.find(".guide-block pre").is_displayed()
        assert not any(button.is_displayed() for button in reader.firefox.find_elements(By.CSS_SELECTOR, ".copybtn"))
        assert reader.script(OUTSIDE) <= 0
