"""What readers see on paper, in forced colours, with large letters, and on a phone without scripts."""

import io
import re

import pytest
from PIL import Image

RULES = "book/buckets/rules.html"
HOME = "book/hub/home-directory.html"
# Colours of every element that can have the focus while it has it.
_FOCUS = """() => [...document.querySelectorAll("a, button, summary, input, [tabindex='0']")].filter(e => {
  if (!e.checkVisibility({ visibilityProperty: true })) return false;
  e.focus();
  return document.activeElement === e;
}).map(e => {
  e.focus();
  const style = getComputedStyle(e);
  return [e.outerHTML.slice(0, 90), style.outlineStyle, style.outlineColor];
})"""


def test_a_page_is_printed_in_light_colours_from_the_dark_theme(open_page):
    page = open_page(HOME, color_scheme="dark")
    page.emulate_media(media="print")
    page.wait_for_selector('html[data-theme="light"]', state="attached")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")

    page.wait_for_selector('html[data-theme="dark"]', state="attached")


@pytest.mark.parametrize("forced", ["active", "none"])
def test_the_focus_is_visible_everywhere_in_one_colour(open_page, forced):
    page = open_page(HOME, forced_colors=forced)
    page.keyboard.press("Tab")  # from now on, the browser shows the focus
    seen = page.evaluate(_FOCUS)

    assert len(seen) > 30
    assert [what for what, style, _ in seen if style != "solid"] == []
    assert len({colour for _, _, colour in seen}) == 1


def test_few_stops_of_the_tab_key_are_before_the_page(open_page):
    page = open_page(RULES)
    stops = 0
    while not page.evaluate("!!document.activeElement.closest('article')"):
        page.keyboard.press("Tab")
        stops += 1

    assert stops < 40


def test_a_page_says_where_in_the_book_it_is(open_page):
    page = open_page(RULES)
    trail = page.get_by_role("navigation", name="Breadcrumb").get_by_role("link")

    assert trail.all_inner_texts() == ["Home", "Store data"]
    trail.last.click()
    page.wait_for_url("**/book/buckets/index.html")


def test_without_scripts_a_phone_shows_the_list_of_pages_below_the_page(open_page):
    page = open_page(RULES, width=390, java_script_enabled=False)
    page.get_by_role("link", name="All pages").click()
    menu = page.locator(".bd-docs-nav")

    assert page.url.endswith("#pst-primary-sidebar")
    menu.locator("summary", has_text="Reference").click()
    assert menu.get_by_role("link", name="Glossary").is_visible()
    assert menu.bounding_box()["y"] > page.locator("article").bounding_box()["y"]


@pytest.mark.parametrize("width", [390, 320])
def test_buttons_of_the_header_are_large_and_not_cut_with_letters_of_twice_the_size(open_page, width):
    page = open_page(RULES, width=width)
    buttons = page.locator(".bd-header-article :is(a, button)").and_(page.locator(":visible"))
    sizes = [button.bounding_box() for button in buttons.all()]
    assert len(sizes) > 4 and min(min(size["width"], size["height"]) for size in sizes) >= 32
    assert page.get_by_role("link", name="Open on the hub").first.inner_text() == "Open on the hub"
    icons = page.locator(".bd-header-article button > :is(i, span):visible")
    assert icons.evaluate_all("all => Math.min(...all.map(e => parseFloat(getComputedStyle(e).fontSize)))") >= 24

    page.evaluate("document.documentElement.style.fontSize = '200%'")
    header = page.locator(".bd-header-article").bounding_box()
    for button in buttons.all():
        size = button.bounding_box()
        assert size["x"] >= 0 and size["x"] + size["width"] <= width
        assert header["y"] <= size["y"] and size["y"] + size["height"] <= header["y"] + header["height"]


def test_a_picture_opens_at_its_full_size(open_page, address):
    page = open_page("book/hub/jupyterlab.html", width=390)
    picture = page.locator("a.guide-enlarge").and_(page.locator(":visible")).first
    shown = picture.locator("img").bounding_box()["width"]

    answer = page.request.get(f"{address}/book/hub/{picture.get_attribute('href')}")
    assert Image.open(io.BytesIO(answer.body())).width > 2 * shown


def test_a_wide_figure_is_legible_on_a_phone_and_has_the_colours_of_the_theme(open_page, address):
    page = open_page("notebooks/choosing-chunks.html", width=390, color_scheme="dark")
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    figure = page.locator(".cell_output a.guide-enlarge:visible")

    figure.scroll_into_view_if_needed()
    assert figure.locator("img").bounding_box()["width"] > 600
    assert figure.evaluate("e => e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX") == "auto"
    assert "-dark." in figure.get_attribute("href")
    page.wait_for_function("[...document.querySelectorAll('.only-dark img')].every(image => image.complete)")
    assert [url for url in requests if "-light." in url] == []


def test_values_of_a_dataset_are_legible_on_a_phone_after_scrolling(open_page):
    page = open_page("notebooks/first-zarr-store.html", width=390)
    view = page.locator(".xr-wrap").first

    widths = view.locator(".xr-var-preview:visible").evaluate_all("all => all.map(e => e.clientWidth)")
    assert widths and min(widths) > 60
    assert view.evaluate("e => getComputedStyle(e).overflowX") == "auto"
    # A shadow says that it scrolls.
    assert "linear-gradient" in view.evaluate("e => getComputedStyle(e).backgroundImage")


def test_the_page_with_most_pictures_has_no_half_empty_pages_on_paper(open_page):
    page = open_page("book/hub/choose.html")

    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 5
