"""Below a page, readers say whether it helped; a list in the footer has the keyboard shortcuts."""

from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from guide.site.export.launch_links import Places

RULES = "book/buckets/rules.html"
VIOLATIONS = "axe.run('dialog[open]').then(result => result.violations.map(rule => rule.id))"


def report(page):
    """Return the title and the text of the issue that a reader is about to write."""
    link = urlsplit(page.locator(".guide-helped a").first.get_attribute("href"))
    query = parse_qs(link.query)
    return f"{link.netloc}{link.path}", query["title"][0], query["body"][0]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_report_names_the_page_its_address_and_its_version(open_page, scripts):
    page = open_page(RULES, java_script_enabled=scripts)
    where, title, body = report(page)
    heading = page.locator("article h1").inner_text().removesuffix("#").strip()

    assert where == "github.com/leap-stc/leap-stc.github.io/issues/new"
    assert title == f"{heading}: "
    assert body.startswith(f"Page: [{heading}](https://leap-stc.github.io/{RULES}), version ")
    assert body.endswith("\n\nWhat is missing or wrong?\n\n")
    assert page.locator(".guide-helped button").is_visible() == scripts
    assert page.locator(".guide-helped a").last.get_attribute("href") == "../help/get-help.html"


def test_there_is_one_link_to_report_a_problem(open_page):
    assert open_page(RULES).locator('a[href*="/issues/new?"]').count() == 1


def test_a_report_is_opened_where_issues_of_the_repository_are_written():
    places = Places("", "https://gitlab.com/group/guide", "main", "launch", "pages")

    assert places.issue("A", "https://a.org/", "").startswith(
        "https://gitlab.com/group/guide/-/issues/new?issue%5Btitle%5D=A%3A%20&issue%5Bdescription%5D=Page%3A%20%5BA%5D"
    )


def test_a_reader_who_was_helped_is_thanked_and_nothing_is_sent_or_stored(open_page):
    page = open_page(RULES)
    stored = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    sent, before = [], page.evaluate(stored)
    page.on("request", lambda request: sent.append(request.url))
    icon = page.locator("link[rel=icon]").evaluate("link => link.href")  # a busy browser requests it late
    page.locator(".guide-helped").get_by_role("button", name="Yes").click()

    assert page.locator(".guide-helped [role=status]").inner_text() == "Thank you."
    assert set(sent) <= {icon} and page.evaluate(stored) == before


def test_a_search_is_in_the_report_only_if_the_reader_adds_it(open_page):
    page = open_page(RULES)
    box = page.locator(".guide-helped input")
    assert not box.is_visible()
    page.keyboard.press("/")
    page.locator(".find-input").fill("signed & url")
    page.locator(".find-link").first.click()
    page.wait_for_url(lambda url: "rules" not in url)
    before = report(page)
    box.check()

    assert "searched" not in before[2] and report(page)[2] == before[2] + "I searched for: signed & url\n\n"
    box.uncheck()
    assert report(page) == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_shortcuts_opens_with_a_key_or_a_button_and_is_accessible(open_page, theme):
    page = open_page(RULES, 320, color_scheme=theme)
    shown = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    page.evaluate(AXE_SCRIPT)

    assert shown.locator("dt").count() > 6
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.keyboard.press("Escape")
    assert not shown.is_visible()
    page.locator(".guide-keys-open").click()
    assert shown.is_visible()
    page.emulate_media(media="print")
    assert not shown.is_visible() and not page.locator(".guide-helped").is_visible()


def test_single_keys_lead_to_the_next_page_and_change_the_theme_until_they_are_switched_off(open_page):
    page = open_page(RULES)
    following = page.locator(".right-next").get_attribute("href")
    page.keyboard.press("n")
    page.wait_for_url(f"**/{following}")
    page.keyboard.press("p")
    page.wait_for_url(f"**/{RULES}")
    mode = page.evaluate("document.documentElement.dataset.mode")
    page.keyboard.press("t")
    changed = page.evaluate("document.documentElement.dataset.mode")
    assert changed != mode

    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.keyboard.press("t")  # the list is open
    page.keyboard.press("Escape")
    for key in ("t", "/", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.documentElement.dataset.mode") == changed
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("Control+k")
    assert page.locator("#find").is_visible()


def test_keys_typed_into_a_field_or_with_another_key_do_nothing_else(open_page):
    page = open_page(RULES)
    page.get_by_text("Personalise code samples").click()
    page.locator(".names-settings [name=user]").press("?")
    page.locator("h1").click()
    page.keyboard.press("Alt+n")

    assert page.locator("dialog[open]").count() == 0
    assert page.url.endswith(RULES)
