"""Blocks in a browser: long lines that wrap, error messages that are copied, and transcripts of two machines."""

import pytest

FROM_HPC = "book/uploads/from-hpc.html"
PERMISSIONS = "book/help/permissions.html"
GIT = "book/hub/git.html"


def _press(page, button):
    button.focus()
    page.keyboard.press("Enter")


def test_long_lines_wrap_on_every_page_when_the_reader_wants_it(open_page, address):
    page = open_page(FROM_HPC, width=390)
    block = page.locator(".guide-block", has_text="--remote-bootstrap").first
    toggle = block.get_by_role("button", name="Wrap lines")
    wider = "e => e.scrollWidth > e.clientWidth + 1"
    assert toggle.get_attribute("aria-pressed") == "false" and block.locator("pre").evaluate(wider)
    toggle.scroll_into_view_if_needed()
    before = toggle.bounding_box()["y"]

    _press(page, toggle)
    assert toggle.get_attribute("aria-pressed") == "true" and not block.locator("pre").evaluate(wider)
    assert abs(toggle.bounding_box()["y"] - before) < 2
    page.goto(f"{address}/{GIT}")
    other = page.get_by_role("button", name="Wrap lines").and_(page.locator(":visible")).first
    assert other.get_attribute("aria-pressed") == "true"
    _press(page, other)
    page.reload()

    assert other.get_attribute("aria-pressed") == "false"


def test_only_lines_that_do_not_fit_can_be_wrapped(open_page):
    page = open_page(FROM_HPC)
    short = page.locator(".guide-block", has_text="$ bash upload.sh").first
    assert not short.get_by_role("button", name="Wrap lines").is_visible()

    page.set_viewport_size({"width": 320, "height": 700})

    assert short.get_by_role("button", name="Wrap lines").is_visible()


def test_an_error_message_is_copied_as_it_is_shown(open_page):
    page = open_page(PERMISSIONS)
    error = page.locator(".output.traceback").first
    error.get_by_role("button", name="Copy message").click()
    error.get_by_role("button", name="Copied").wait_for()

    assert page.evaluate("navigator.clipboard.readText()") == error.locator("pre").inner_text().strip()


def test_a_transcript_of_two_machines_shows_where_each_command_is_typed(open_page):
    page = open_page(FROM_HPC)
    frames = page.locator("#log-in .guide-block")

    assert frames.locator(".guide-label").all_inner_texts()[:3] == ["HPC system", "Your laptop", "HPC system"]
    # What has to be copied from the other terminal has no button.
    assert [frame.locator(".copybtn").count() for frame in frames.all()[:3]] == [1, 0, 0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_buttons_can_be_seen_and_reached_by_a_finger(open_page, theme):
    page = open_page(GIT, width=390, color_scheme=theme, has_touch=True, is_mobile=True)
    button = page.locator(".guide-bar .copybtn").first

    assert button.evaluate("e => getComputedStyle(e).opacity") == "1"
    assert button.bounding_box()["height"] >= 40


def test_in_forced_colours_the_frame_and_the_pressed_button_are_visible(open_page):
    page = open_page(FROM_HPC, width=390, forced_colors="active")
    toggle = page.get_by_role("button", name="Wrap lines").first
    _press(page, toggle)

    assert toggle.evaluate("e => getComputedStyle(e).borderTopWidth") == "2px"
    assert page.locator(".guide-block").first.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"


def test_on_paper_there_are_labels_and_no_buttons(open_page):
    page = open_page(PERMISSIONS)
    page.emulate_media(media="print")

    assert page.locator(".guide-label").first.is_visible()
    assert page.locator(".guide-block button").and_(page.locator(":visible")).count() == 0


def test_without_scripts_blocks_have_labels_and_no_buttons(open_page):
    page = open_page(PERMISSIONS, java_script_enabled=False)

    assert page.locator(".guide-label").first.is_visible() and page.locator(".guide-block button").count() == 0
    page.locator(".guide-proof summary").click()
    assert page.locator(".guide-proof li").first.is_visible()
