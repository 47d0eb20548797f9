"""Optimized pages: style sheets, scripts, icons, pictures, names and policy."""

import base64
import hashlib
import re
from pathlib import Path

import pydata_sphinx_theme
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from guide.site.optimize import icons, styles
from guide.site.optimize.policy import policy
from guide.site.optimize.sheet_rules import plausible
from guide.site.optimize.site import optimize_site

THEME = ".bd-article{margin:0}.nowhere{margin:1px}:root{--far:red;--near:1}.made-later{top:0}"
PAGE = """<html><head><meta charset="utf-8"/><title>A</title>
<link href="_static/theme.css" rel="stylesheet"/><style>.frame{color:var(--far)}</style>
<script data-cfasync="false">old()</script><script src="_static/own.js"></script>
<script src="_static/copybutton.js"></script></head>
<body><article class="bd-article"><h1>A</h1><p style="color: red">text</p><img alt="a" src="_images/a.png"/>
<img alt="b" src="_images/b.webp"/>
<div class="cell_output"><img alt="c" class="guide-sharp only-dark" src="_images/c.webp"/></div>
<table><tr><th></th><th>x</th></tr></table><code><span class="pre">a_short_name</span>
<span class="pre">a.name.of.more.than.24.letters</span></code>
<label for="f" aria-controls="p">l</label>
<svg><symbol id="i"></symbol></svg><svg><symbol id="i"></symbol></svg></article></body></html>"""


@pytest.fixture
def site(tmp_path):
    """A site of one page, as Sphinx writes it, then optimized."""
    site = tmp_path / "html"
    for folder in ("_static", "_images"):
        (site / folder).mkdir(parents=True)
    (site / "page.html").write_text(PAGE)
    (site / "_static/theme.css").write_text(THEME)
    (site / "_static/later.js").write_text("let c = 'made-later';")
    (site / "_static/own.js").write_text("// why\nlet a  =  1;\n")
    (site / "_static/copybutton.js").write_text("let b;")
    for name in ("a.png", "b.webp"):
        Image.new("RGB", (30, 20), "navy").save(site / "_images" / name)
    Image.new("RGB", (1800, 20), "navy").save(site / "_images/c.webp")
    assert optimize_site(site, tmp_path / "store") == []
    return site


@pytest.fixture
def page(site):
    """The page of that site."""
    return BeautifulSoup((site / "page.html").read_text(), "html.parser")


def test_rules_and_variables_that_no_page_uses_are_removed(site, page):
    sheets = [(site / link["href"]).read_text() for link in page.select("link[rel=stylesheet]")]

    assert ".bd-article{margin:0}" in sheets[0] and "--far:red" in sheets[0]
    assert "nowhere" not in sheets[0] and "--near" not in sheets[0]
    assert ".made-later" in sheets[0] and (site / "_static/later.js").is_file()
    assert sheets[1] == ".frame{color:var(--far)}"


def test_a_style_of_an_element_becomes_a_class_of_the_same_specificity(site, page):
    sheet = (site / page.select_one("link[rel=stylesheet]")["href"]).read_text()
    name = page.p["class"][0]

    assert not page.find_all(style=True) and not page.find_all("style")
    assert f".{name}:not(#_){{color: red}}" in sheet


def test_a_page_loads_only_the_scripts_it_needs_minified_and_deferred(site, page):
    scripts = page.select("script[src]")

    assert [tag.has_attr("defer") for tag in scripts] == [True]
    assert (site / scripts[0]["src"]).read_text() == "let a=1;"
    assert re.fullmatch(r"_static/own\.[0-9a-f]{10}\.js", scripts[0]["src"])
    assert not (site / "_static/own.js").exists()


def test_the_policy_allows_the_one_script_in_the_page_and_is_a_header_too(site, page):
    rules = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    digest = base64.b64encode(hashlib.sha256(page.find("script", src=False).string.encode()).digest()).decode()

    assert f"script-src 'self' 'sha256-{digest}';" in rules
    assert "unsafe" not in rules and "http" not in rules and rules.startswith("default-src 'none'")
    assert f"Content-Security-Policy: {rules}; frame-ancestors 'none'" in (site / "_headers").read_text()


@pytest.mark.parametrize(("place", "older"), [(0, "PNG"), (1, "JPEG")])
def test_a_picture_has_a_size_is_loaded_late_and_is_webp_with_an_older_format_beside_it(site, page, place, older):
    picture = page.select("picture")[place]

    assert (picture.img["width"], picture.img["height"], picture.img["loading"]) == ("30", "20", "lazy")
    assert picture.source["type"] == "image/webp"
    assert Image.open(site / picture.source["srcset"]).format == "WEBP"
    assert Image.open(site / picture.img["src"]).format == older
    assert re.search(r"\.[0-9a-f]{10}\.webp$", picture.source["srcset"]), "its address changes with its content"
    assert f"/{picture.source['srcset']}\n  Cache-Control" in (site / "_headers").read_text()
    assert picture.parent.name == "a" and picture.parent["href"] == picture.source["srcset"]


def test_a_sharp_picture_has_two_pixels_for_one_of_the_page_and_its_link_follows_the_theme(site, page):
    picture = page.select("picture")[2]

    assert (picture.img["width"], picture.img["height"]) == ("900", "10")
    assert Image.open(site / picture.source["srcset"]).width == 2 * Image.open(site / picture.img["src"]).width == 1800
    assert picture.parent["class"] == ["guide-enlarge", "guide-wide", "only-dark"]
    assert picture.parent["href"] == picture.source["srcset"]


def test_the_first_sentence_describes_the_page(page):
    assert page.find("meta", attrs={"name": "description"})["content"] == "text"


def test_the_empty_corner_of_a_table_is_not_a_heading(page):
    assert [tag.name for tag in page.tr.find_all(True)] == ["td", "th"]


def test_what_a_validator_refuses_is_repaired(page):
    assert len(page.select("#i")) == 1
    assert not page.label.has_attr("aria-controls")


def test_only_a_long_name_in_code_may_break(page):
    assert [tag.get_text() for tag in page.select("code .guide-long")] == ["a.name.of.more.than.24.letters"]


def test_an_icon_that_a_rule_names_through_a_variable_is_in_the_font():
    assert icons.code_points('a::before{content:"\\f09b"}:root{--icon:"\uf071";--x:"y"}') == {0xF09B, 0xF071}


def test_a_reduced_font_is_made_once(tmp_path, monkeypatch):
    icons.prepare(tmp_path)
    font = next(Path(pydata_sphinx_theme.__file__).parent.rglob("fa-solid-900.ttf"))
    monkeypatch.setattr(icons, "_as_data", lambda font, points: "made again")

    assert icons.as_data(font, {0xF002}, tmp_path).startswith("data:font/woff2;base64,d09G")
    assert icons.as_data(font, {0xF0F4}, tmp_path) == "made again", "another icon"


def test_optimizing_unchanged_pages_again_changes_nothing(site, tmp_path):
    before = (site / "page.html").read_bytes()
    (site / "_static/theme.css").write_text(THEME)
    for name in ("own.js", "copybutton.js"):
        (site / "_static" / name).write_text("// why\nlet a  =  1;\n" if name == "own.js" else "let b;")

    assert optimize_site(site, tmp_path / "store") == []

    assert (site / "page.html").read_bytes() == before


def test_pages_name_the_cards_by_a_fingerprint(site, page, tmp_path):
    assert page.html["data-previews"] == "_static/previews.json", "there are none"
    (site / "_static/previews.json").write_text("{}")
    optimize_site(site, tmp_path / "store")
    (cards,) = (site / "_static").glob("previews*.json")

    assert re.fullmatch(r"previews\.[0-9a-f]{10}\.json", cards.name)
    assert f'data-previews="_static/{cards.name}"' in (site / "page.html").read_text()
    assert f"/_static/{cards.name}\n  Cache-Control" in (site / "_headers").read_text()


def test_blocks_name_their_data_by_a_fingerprint_also_after_the_data_changed(tmp_path):
    site = tmp_path / "html"
    (site / "book").mkdir(parents=True)
    block = '<div class="guide-block" data-bucket="a.bucket.json"></div>'
    page = f"<html><head></head><body><article><h1>A</h1>{block * 2}</article></body></html>"
    (site / "book/a.html").write_text(page)
    names = []
    for content in ("{}", "{}", "[]"):
        (site / "book/a.bucket.json").write_text(content)
        assert optimize_site(site, tmp_path / "store") == []
        (name,) = (path.name for path in (site / "book").glob("a.bucket.*.json"))
        assert (site / "book" / name).read_text() == content
        assert (site / "book/a.html").read_text().count(f'data-bucket="{name}"') == 2
        assert f"/book/{name}\n  Cache-Control" in (site / "_headers").read_text()
        names.append(name)

    assert re.fullmatch(r"a\.bucket\.[0-9a-f]{10}\.json", names[0])
    assert names[0] == names[1] != names[2]


def test_a_new_style_sheet_replaces_the_previous_one(site, tmp_path):
    (site / "_static/own.js").write_text("let a = 2;")
    (site / "_static/theme.css").write_text(".bd-article{margin:9px}")

    optimize_site(site, tmp_path / "store")

    assert len(list((site / "_static").glob("site.*.css"))) == 1
    assert len(list((site / "_static").glob("own.*.js"))) == 1


@pytest.mark.parametrize(
    ("article", "refused"), [("<script>a()</script>", "<script>a()"), ('<p onclick="a()">x</p>', 'onclick="a()"')]
)
def test_a_script_that_the_policy_refuses_is_reported_with_its_page(tmp_path, article, refused):
    (tmp_path / "html").mkdir()
    (tmp_path / "html/page.html").write_text(f"<html><head></head><body><article>{article}</article></body></html>")

    warnings = optimize_site(tmp_path / "html", tmp_path / "store")

    assert len(warnings) == 1
    assert warnings[0].startswith("page.html: ") and refused in warnings[0]


def trimmed(sheet, used):
    (text,) = styles.trimmed([sheet], used)
    return text


@pytest.mark.parametrize(
    "rule",
    [
        "p.in a{top:0}",
        "@media print{.in>p{top:0}}",
        ":is(.out,.in){top:0}",
        ".in:not(.out){top:0}",
        "[data-x=y] p{top:0}",
    ],
)
def test_a_rule_that_could_match_is_kept(rule):
    used = styles.Used(tags={"p", "a"}, words={"in"})

    assert trimmed(rule, used).replace(" ", "") == rule.replace(" ", "")


@pytest.mark.parametrize(
    "rule", ["p.out{top:0}", "#out{top:0}", "b{top:0}", "@media print{.out{top:0}}", ":is(.out){top:0}"]
)
def test_a_rule_that_cannot_match_is_removed(rule):
    assert trimmed(rule, styles.Used(tags={"p", "a"}, words={"in"})) == ""


@pytest.mark.parametrize("root", ["/", "/guide/"])
def test_the_not_found_page_works_at_any_depth(tmp_path, root):
    site = tmp_path / "html"
    (site / "_static").mkdir(parents=True)
    (site / "_static/own.js").write_text("let a = 1;")
    (site / "404.html").write_text(
        '<html data-content_root="./"><head><script src="_static/own.js"></script></head>'
        '<body><a href="#main">m</a><a href="book/index.html">first</a><a href="https://example.org/">x</a></body></html>'
    )
    optimize_site(site, tmp_path / "store", root)

    page = BeautifulSoup((site / "404.html").read_text(), "html.parser")

    assert page.html["data-content_root"] == root
    assert [a["href"] for a in page.select("a")] == ["#main", f"{root}book/index.html", "https://example.org/"]
    assert page.script["src"].startswith(f"{root}_static/own.")


def test_a_policy_without_scripts_has_no_hash():
    assert "script-src 'self';" in policy([])


@pytest.mark.parametrize(
    "kept",
    [
        '.in{content:"}.out{"}',
        "/* } .out{ */.in{top:0}",
        r".in{content:'\'}.out{'}",
        ".out,.in:hover{top:0}",
        ".in:not(.out,.other){top:0}",
        ".in:is(:not(.out)){top:0}",
        '.in[data-x=".out"]{top:0}',
        r".out\:in,.in{top:0}",
        r".out\:in{top:0}",
        "/* .out */ .in{top:0}",
        "@font-face{font-family:out}",
        "@supports (top:0){@media print{.in{top:0}}}",
        "@import url('a;b.css');.in{top:0}",
    ],
)
def test_what_pages_may_need_stays_before_a_style_sheet_is_parsed(kept):
    sheet = f".out{{top:1}}{kept}.out a{{top:2}}"

    assert plausible(sheet, {"in"}) == kept


def test_what_is_left_out_before_parsing_makes_no_difference():
    theme = Path(pydata_sphinx_theme.__file__).with_name("theme")
    (sheet,) = theme.rglob("pydata-sphinx-theme.css")
    used = styles.Used({"html", "body", "p", "a", "nav"}, {"bd-header", "btn", "nav-link", "sd-card", "active", "show"})

    whole = trimmed(sheet.read_text(), used)

    assert len(whole) > 5_000
    assert trimmed(plausible(sheet.read_text(), used.words), used) == whole


def test_a_variable_that_only_an_unused_one_reads_is_removed_too():
    sheet = ":root{--read:var(--inner);--inner:1px;--unread:var(--lost);--lost:2px}p{margin:var(--read)}"

    assert trimmed(sheet, styles.Used(tags={"p"})) == ":root{--read:var(--inner);--inner:1px}p{margin:var(--read)}"
