"""The panel about a bucket in a browser: what it says, by keyboard and finger, in each theme, and for other code."""

import gzip
import json
import re
import shutil

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from test_cards import THEME

from guide.browser.static_server import serve
from guide.site.optimize.policy import policy

PAGE = """<!DOCTYPE html><html lang="en" data-theme="light" data-content_root="./"><head>
<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}"><title>Page</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="_static/guide.css">
<link rel="stylesheet" href="_static/blocks.css"><link rel="stylesheet" href="_static/theme.css"></head>
<body><main><article class="bd-article"><h1>Page</h1>{blocks}</article></main>
<script defer src="_static/names.js"></script><script defer src="_static/blocks.js"></script></body></html>"""
BLOCK = """<div class="guide-block" id="block-{number}"{data}><div class="guide-bar"><span class="guide-label">Notebook
cell</span></div><div class="highlight"><pre>code {number}</pre></div></div>"""
FOLDER = "gs://leap-scratch/funky-user/guide-examples/look/sst.zarr/"
HEAD = '{\n  "zarr_format": 3,\n  "node_type": "<b>group</b>"\n}'
GROUP = {"name": f"{FOLDER}zarr.json", "size": 4251, "state": "new", "type": "application/json", "head": HEAD}
CHUNK = {"size": 108_520, "state": "new", "type": "application/octet-stream", "head": "28b52ffd", "hex": True}
CHUNKS = [CHUNK | {"name": f"{FOLDER}sst/c/{number}/0/0"} for number in range(12)]
LISTED = {"what": "List objects", "bucket": "gs://leap-scratch", "count": 1, "bytes_sent": 0, "bytes_received": 3034}
LOOKED = {"what": "Look up object", "bucket": "gs://leap-scratch", "count": 3, "bytes_sent": 0, "bytes_received": 90}
WROTE = {
    "what": "Write object",
    "bucket": "gs://leap-scratch",
    "count": 13,
    "bytes_sent": 1_306_491,
    "bytes_received": 0,
}
READ = {"what": "Read object", "bucket": "gs://public", "count": 2, "bytes_sent": 0, "bytes_received": 50_000_000}


def _later(objects, state):
    """Return ``objects`` as the description of a later block has them."""
    return [{key: one[key] for key in ("name", "size")} | {"state": state} for one in objects]


BLOCKS = [
    {"block": "block-2", "objects": [GROUP | {"hex": False}, *CHUNKS], "requests": [LOOKED | {"missing": 2}, WROTE]},
    {"block": "block-3", "objects": _later([GROUP], "unchanged"), "requests": [LISTED | {"refused": 1}, READ]},
    {
        "block": "block-4",
        "objects": [*_later([GROUP], "deleted"), *_later(CHUNKS, "unchanged")],
        "requests": [],
        "more": {"count": 30, "size": 3_000_000},
    },
    {"block": "block-5", "objects": [], "requests": [READ]},
]
PANEL = ".bucket-panel"
# The most that a page's file may have, compressed.
MOST_BYTES = 40_000
# What is wider than its place.
WIDER = """panel => [...panel.querySelectorAll("*")].filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 150))"""


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """Serve a page with five blocks; the first did nothing to a bucket."""
    site = tmp_path_factory.mktemp("panels")
    (site / "_static").mkdir()
    for name in ("guide.css", "blocks.css", "blocks.js", "names.js"):
        shutil.copy(root / "book/_static" / name, site / "_static")
    for file in (root / "book/_static").glob("bucket-*"):
        shutil.copy(file, site / "_static")
    (site / "_static/theme.css").write_text(THEME)
    (site / "page.bucket.json").write_text(json.dumps({"blocks": BLOCKS}))
    data = ["", *[' data-bucket="page.bucket.json"'] * 4]
    blocks = "".join(BLOCK.format(number=number, data=name) for number, name in enumerate(data, start=1))
    (site / "page.html").write_text(PAGE.format(policy=policy([]), blocks=blocks))
    (site / "bare.html").write_text(PAGE.format(policy=policy([]), blocks='<div id="place"></div>'))
    with serve(site) as served:
        yield served


def _open(page, block):
    """Open the panel of a block; return its button and the panel."""
    button = page.locator(f"#block-{block}").get_by_role("button", name="Bucket")
    button.click()
    panel = page.locator(f"#block-{block} {PANEL}")
    panel.locator("div").first.wait_for()
    return button, panel


def test_a_panel_says_what_its_block_left_and_requested_and_everything_is_loaded_once(open_page):
    page = open_page("page.html")
    requested = []
    page.on("request", lambda request: requested.append(request.url.rpartition("/")[2]))
    assert page.get_by_role("button", name="Bucket").count() == len(BLOCKS), "a block that did nothing has none"

    _, panel = _open(page, 2)
    total = "13 objects (1.3 MB): 13 new. 16 requests: 1.3 MB sent, 90 B received."
    assert panel.get_by_role("status").inner_text() == total
    assert panel.locator(".bucket-folder").inner_text() == FOLDER
    assert panel.locator("summary").inner_text() == "sst/c/ 12 new objects, 1.3 MB"
    assert panel.locator("button:visible").all_inner_texts() == ["zarr.json\nnew\n4.3 kB"]
    panel.locator("summary").click()
    assert panel.locator("details .bucket-name").all_inner_texts() == [f"{number}/0/0" for number in range(12)]
    assert [row.split("\t") for row in panel.locator("tbody tr").all_inner_texts()] == [
        ["gs://leap-scratch"],
        ["Look up object 2 not found", "3", "0 B", "90 B"],
        ["Write object", "13", "1.3 MB", "0 B"],
    ]
    _, other = _open(page, 5)
    assert other.get_by_role("status").inner_text() == "0 objects. 2 requests: 0 B sent, 50 MB received."
    assert other.locator(".bucket-objects").count() == 0
    assert sorted(requested) == ["bucket-inspector.js", "bucket-panel.css", "bucket-panel.js", "page.bucket.json"]


def test_a_later_block_shows_what_stayed_and_what_is_gone(open_page):
    page = open_page("page.html")
    _, stayed = _open(page, 3)
    said = "1 object (4.3 kB), none changed. 3 requests: 0 B sent, 50 MB received."
    assert stayed.get_by_role("status").inner_text() == said
    stayed.locator("summary").click()
    stayed.locator("button").click()
    assert stayed.locator("pre").inner_text() == HEAD, "as it was when another block wrote it, and never markup"
    assert stayed.locator("tbody").nth(0).locator("tr").last.inner_text().startswith("List objects refused")

    _, gone = _open(page, 4)
    assert gone.get_by_role("status").inner_text() == "42 objects (4.3 MB): 1 deleted. No requests."
    assert gone.locator("li").first.inner_text().split("\n") == ["zarr.json", "deleted", "4.3 kB"]
    assert gone.locator("li").first.locator("button").count() == 0
    assert gone.locator("summary").all_inner_texts() == ["sst/c/ 12 unchanged objects, 1.3 MB"], "folded once"
    assert gone.locator(".bucket-more").inner_text() == "and 30 more (3 MB)"
    assert gone.locator("table").count() == 0


def test_the_keyboard_opens_and_closes_a_panel_and_the_focus_stays_in_place(open_page):
    page = open_page("page.html")
    button = page.locator("#block-2").get_by_role("button", name="Bucket")
    button.focus()
    page.keyboard.press("Enter")
    panel = page.locator(f"#block-2 {PANEL}")
    panel.locator("table").wait_for()
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator(f"#{button.get_attribute('aria-controls')}").evaluate("e => e.matches('.bucket-panel')")
    assert button.evaluate("e => e === document.activeElement")

    page.keyboard.press("Tab")  # the button that copies
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    first = panel.locator("button").first
    assert first.get_attribute("aria-expanded") == "true" and panel.locator("pre").is_visible()
    page.keyboard.press("Enter")
    assert first.get_attribute("aria-expanded") == "false" and not panel.locator("pre").is_visible()
    page.keyboard.press("Escape")
    assert not panel.is_visible() and button.get_attribute("aria-expanded") == "false"
    assert button.evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    panel.wait_for()


@pytest.mark.parametrize(
    ("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"), (320, "dark")]
)
def test_open_panels_are_accessible_and_fit(open_page, width, theme):
    page = open_page("page.html", width=width, has_touch=width < 500, is_mobile=width < 500)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    for block in (2, 3, 4, 5):
        _open(page, block)
    for opened in [*page.locator("summary").all(), *page.locator(f"{PANEL} li > button").all()[:2]]:
        opened.click()

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [panel.evaluate(WIDER) for panel in page.locator(PANEL).all()] == [[]] * len(BLOCKS)
    page.evaluate(AXE_SCRIPT)
    rules = {"rules": {name: {"enabled": True} for name in ("target-size", "label-content-name-mismatch")}}
    found = page.evaluate(
        "rules => axe.run(document, rules).then(found => found.violations.map(rule => rule.id))", rules
    )
    assert found == []


def test_a_panel_needs_no_colours_and_no_paper(open_page):
    page = open_page("page.html", forced_colors="active")
    _, panel = _open(page, 2)
    assert panel.locator("button").first.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
    assert "new" in panel.locator("li").first.inner_text()

    page.emulate_media(media="print")
    assert not panel.is_visible()


def test_the_name_of_the_reader_is_in_the_addresses(open_page):
    page = open_page("page.html", kept={"user": "Ada-L"})
    _, panel = _open(page, 2)

    assert panel.locator(".bucket-folder").inner_text() == FOLDER.replace("funky-user", "ada-l")


def test_data_that_cannot_be_loaded_are_requested_again_by_the_next_click(open_page):
    page = open_page("page.html")
    page.route("**/page.bucket.json", lambda route: route.abort())
    button = page.locator("#block-2").get_by_role("button", name="Bucket")
    button.click()
    status = page.locator(f"#block-2 {PANEL}").get_by_role("status")
    status.get_by_text("This could not be loaded. Try again later.").wait_for()
    page.unroute("**/page.bucket.json")
    button.click()
    button.click()

    status.get_by_text("13 objects").wait_for()


def test_without_scripts_and_from_disk_there_is_no_button(open_page, browser, root, tmp_path):
    page = open_page("page.html", java_script_enabled=False)
    assert page.locator("button").count() == 0

    for name in ("blocks.js", "names.js"):
        (tmp_path / "_static").mkdir(exist_ok=True)
        shutil.copy(root / "book/_static" / name, tmp_path / "_static")
    block = BLOCK.format(number=2, data=' data-bucket="page.bucket.json"')
    (tmp_path / "page.html").write_text(PAGE.format(policy=policy([]), blocks=block))
    from_disk = browser.new_page()
    from_disk.goto((tmp_path / "page.html").as_uri())
    assert from_disk.get_by_role("button").all_inner_texts() == ["Copy"]
    from_disk.close()


def test_other_code_draws_a_panel_and_announces_each_run(open_page):
    """Code that runs cells in the browser has no file of descriptions."""
    page = open_page("bare.html")
    show = """async ([place, description]) => {
      const { showBucket } = await import("./_static/bucket-panel.js");
      const container = document.querySelector(place);
      window.before = container.querySelector("[role=status]");
      await showBucket(container, description);
      return container.querySelector("[role=status]") === window.before;
    }"""
    assert page.evaluate(show, ["#place", BLOCKS[0]]) is False
    status = page.locator("#place").get_by_role("status")
    assert status.inner_text().startswith("13 objects (1.3 MB)")

    assert page.evaluate(show, ["#place", BLOCKS[3]]) is True, "the same region announces another text"
    assert status.inner_text().startswith("0 objects.")
    assert page.locator("#place .bucket-objects").count() == 0


def test_sizes_are_written_as_the_tools_of_the_hub_print_them(open_page):
    page = open_page("bare.html")
    sizes = [0, 999, 1000, 4251, 10_400, 108_520, 999_499, 1_306_491, 50_000_000, 3_000_000_000_000]
    text = "sizes => import('./_static/bucket-panel.js').then(({ sizeText }) => sizes.map(sizeText))"

    assert page.evaluate(text, sizes) == [
        *("0 B", "999 B", "1 kB", "4.3 kB", "10 kB", "109 kB", "999 kB", "1.3 MB", "50 MB", "3 TB")
    ]


def test_every_page_whose_blocks_use_a_bucket_has_its_data_on_the_site(site, browser):
    """Under the names and the policy of the site, and so small that a phone loads them in a moment."""
    named = {}
    for page in site.rglob("*.html"):
        text = page.read_text()
        blocks = re.findall(r'<div class="guide-block" data-bucket="([^"]+)"[^>]* id="([^"]+)"', text)
        assert len(blocks) == text.count(" data-bucket="), page
        for name, block in blocks:
            named.setdefault(page.parent / name, []).append(block)
    headers = (site / "_headers").read_text()

    assert len(named) > 40
    for file, blocks in named.items():
        assert [one["block"] for one in json.loads(file.read_text())["blocks"]] == blocks, file
        assert f"/{file.relative_to(site)}\n  Cache-Control" in headers
        assert len(gzip.compress(file.read_bytes())) < MOST_BYTES, file
    with serve(site) as served:
        page = browser.new_page()
        errors = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{served}/book/buckets/read-and-write.html")
        page.get_by_role("button", name="Bucket").first.click()
        panel = page.locator(PANEL)
        panel.get_by_text("zarr.json").first.click()
        panel.locator("pre").get_by_text('"shape"').wait_for()
        assert "10 objects" in panel.get_by_role("status").inner_text()
        assert errors == []
        page.close()
