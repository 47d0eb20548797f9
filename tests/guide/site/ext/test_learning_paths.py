"""Start pages of the parts of the book, and learning paths whose ticks stay in the browser."""

import json
import posixpath
import re
from types import SimpleNamespace

import pytest

from guide.facts import load
from guide.pages.features import lacking
from guide.pages.hub_variant import for_hub, front_matter_value
from guide.pages.toc import parse_toc, source_of
from guide.site.ext import learning_paths

HUBS = ("hub.yml", "examples/other-hub/hub.yml", "examples/small-hub/hub.yml")
PATH, STEP, SHARED = "book/hub/index.html", "book/hub/log-in.html", "notebooks/first-zarr-store.html"
_MINUTES = {"an hour": (45, 80), "two hours": (100, 140), "two to three hours": (120, 180)}
_LINK = re.compile(r"\]\(([^)#\s]+)\.(?:md|ipynb)")
_STEP = re.compile(r"^\d\. \[[^\]]+\]\(([^)]+)\.(?:md|ipynb)\)(?: \((\d+) min\))?", re.M)


@pytest.mark.parametrize("hub", HUBS)
def test_every_part_starts_with_a_page_that_leads_to_all_others(root, hub):
    facts = load(root / hub)
    toc = parse_toc(
        (root / "_toc.yml").read_text(),
        lambda name: bool(lacking(facts, front_matter_value(source_of(name, root), "needs"))),
    )
    missing = {}
    for part in toc.parts:
        start, *others = part.pages
        text = for_hub(source_of(start, root).read_text(), facts)
        links = {posixpath.normpath(posixpath.join(posixpath.dirname(start), link)) for link in _LINK.findall(text)}
        missing[start] = [page for page in others if page not in links]

    assert len(missing) == 8 and all(start.endswith("/index") for start in missing)
    assert not any(missing.values()), missing


@pytest.mark.parametrize("hub", HUBS)
def test_every_path_has_a_time_for_all_of_its_steps_and_says_what_a_reader_needs(root, hub):
    facts = load(root / hub)
    first = for_hub((root / "book/index.md").read_text(), facts)
    rows = re.findall(r"^\| \[([^\]]+)\]\(([\w/]+)\.md[#\w]*\)[^|]* \| ([^|]+) \| ([^|]+) \|$", first, re.M)
    named = {
        front_matter_value(page, "learning_path"): page
        for page in (root / "book").glob("*/index.md")
        if front_matter_value(page, "learning_path")
    }

    assert {name: root / f"book/{page}.md" for name, page, *_ in rows} == named and len(named) == 4
    for name, page, time, needs in rows:
        steps = _STEP.findall(for_hub((root / f"book/{page}.md").read_text(), facts))
        least, most = _MINUTES[time]
        assert len(steps) > 1 and all(minutes for _, minutes in steps), name
        assert least <= sum(int(minutes) for _, minutes in steps) <= most and needs, (name, steps)


def _tick(page):
    return page.locator(".guide-step input")


def _done(page):
    return json.loads(page.evaluate("localStorage.getItem('guide-done')"))


def test_a_tick_at_the_end_of_a_step_is_on_its_paths_and_in_their_counts(open_page, address):
    page = open_page(SHARED)
    sent = []
    page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    page.get_by_label("Mark as done").check()
    assert _done(page) == ["notebooks/first-zarr-store"] and page.context.cookies() == []

    page.get_by_role("navigation", name="Learning path").get_by_role("link", name="First day on the hub").click()
    page.wait_for_url(f"**/{PATH}")
    assert page.locator(".guide-progress").get_by_role("status").inner_text() == "1 of 5 done"
    assert page.get_by_role("checkbox", name="Done: Your first Zarr store").is_checked()
    page.goto(f"{address}/book/index.html")
    counts = page.locator(".guide-count").all_inner_texts()
    assert counts[:2] == ["1 of 5 done", "1 of 8 done"] and all(text.endswith(" steps") for text in counts[2:])
    assert all(url.startswith(address) and "guide-done" not in url for url in sent)


def test_ticks_on_a_path_are_set_and_cleared_with_the_keyboard_and_move_nothing(open_page):
    page = open_page(PATH)
    below = page.locator("article h2").last
    before = below.bounding_box()
    first = page.locator("li .guide-tick input").first
    first.press("Space")
    assert _done(page) == ["book/hub/log-in"] and below.bounding_box() == before

    page.get_by_role("button", name="Clear ticks").press("Enter")
    assert _done(page) == [] and not first.is_checked() and below.bounding_box() == before
    assert page.evaluate("document.activeElement.matches('li .guide-tick input')")
    assert not page.get_by_role("button", name="Clear ticks").is_visible()


def test_invalid_values_and_former_pages_in_the_storage_are_ignored(open_page):
    page = open_page(STEP)
    for stored in ("<b>", '{"a": 1}', '[1, null, "book/hub/renamed"]'):
        page.evaluate("text => localStorage.setItem('guide-done', text)", stored)
        page.reload()
        assert not _tick(page).is_checked()
    _tick(page).check()
    page.reload()

    assert _tick(page).is_checked() and _done(page) == ["book/hub/renamed", "book/hub/log-in"]


def test_without_scripts_and_on_paper_a_path_is_a_plain_list(open_page):
    page = open_page(PATH, java_script_enabled=False)
    assert page.locator("ol li a").count() >= 5
    assert not any(one.is_visible() for one in page.locator(".guide-tick, .guide-progress").all())
    printed = open_page(PATH)
    printed.emulate_media(media="print")
    assert not any(one.is_visible() for one in printed.locator(".guide-tick, .guide-progress").all())
    step = open_page(STEP, java_script_enabled=False).get_by_role("navigation", name="Learning path")
    assert not step.get_by_label("Mark as done").is_visible()

    step.get_by_role("link", name="Get around JupyterLab").click()


def test_only_pages_with_ticks_or_counts_load_the_script(site):
    pages = {path: path.read_text() for path in [*site.glob("book/**/*.html"), *site.glob("notebooks/*.html")]}
    having = {path for path, text in pages.items() if re.search(r'src="[^"]*/paths\.\w+\.js"', text)}

    assert having == {path for path, text in pages.items() if "guide-tick" in text or "guide-count" in text}
    assert 20 < len(having) < len(pages) / 2


def test_a_page_is_written_again_when_its_place_in_a_path_changes(monkeypatch):
    steps = ["book/a", "book/b"]
    env = SimpleNamespace(found_docs={"book/p", *steps})
    app = SimpleNamespace(env=env)
    monkeypatch.setattr(learning_paths, "_paths", lambda _: {"book/p": ("P", steps)})

    assert learning_paths.pages_with_new_steps(app, env) == steps
    assert learning_paths.pages_with_new_steps(app, env) == []
    steps.remove("book/a")
    assert learning_paths.pages_with_new_steps(app, env) == ["book/a", "book/b"]
