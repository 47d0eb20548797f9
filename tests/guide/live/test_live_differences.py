"""Differences between outputs in the browser and on the hub: only declared ones pass, and each has its reason."""

from __future__ import annotations

import base64
import io
import itertools
import re

import nbformat
import pytest
from PIL import Image, ImageDraw

from guide.live.differences import FIGURES, allowed_differences, compare, reasons
from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book
from guide.run.recorded_outputs import recorded_outputs

# For each rule: what a page shows, what the browser prints instead, and what it must not print.
EXAMPLES = {
    "resolution of times": ("dtype='datetime64[ns]'", "dtype='datetime64[us]'", "dtype='timedelta64[us]'"),
    "times in nanoseconds": ("2026-01-01T00:00:00.000000000", "2026-01-01T00:00:00.000000", "2026-01-01T00:00:01"),
    "versions": ("numpy: 2.3.5", "numpy: 2.4.0", "zarr: 3.1.4"),
    "integers": ("sst (x) int64 80B", "sst (x) int32 40B", "sst (x) float32 40B"),
    "engines": ("IO backends ['netcdf4', 'zarr']", "IO backends ['zarr']", "IO backend ['zarr']"),
}
RULES = {rule.name: rule for rule in allowed_differences()}


def text(content):
    return [nbformat.v4.new_output("execute_result", data={"text/plain": content}, execution_count=1)]


def stream(content):
    return [nbformat.v4.new_output("stream", name="stdout", text=content)]


def page_of(name):
    """Return a page on which a rule holds."""
    return next(iter(RULES[name].pages), "book/index.md")


def picture(line=((10, 20), (190, 80)), size=(200, 100), colour="navy"):
    """Return an output with a picture of a line."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).line(line, fill=colour, width=6)
    content = io.BytesIO()
    image.save(content, "PNG")
    data = {"image/png": base64.b64encode(content.getvalue()).decode(), "text/plain": "<Figure>"}
    return [nbformat.v4.new_output("display_data", data=data)]


def test_every_rule_has_an_example():
    assert set(EXAMPLES) | {FIGURES} == set(RULES)


@pytest.mark.parametrize("output", [text, stream])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_rule_allows_what_it_says(name, output):
    recorded, printed, _ = EXAMPLES[name]

    assert compare(page_of(name), output(recorded), output(printed)) == ("", (name,))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_rule_allows_nothing_else(name):
    recorded, _, other = EXAMPLES[name]
    problem, used = compare(page_of(name), text(recorded), text(other))

    assert other in problem
    assert used == ()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if RULES[name].pages])
def test_a_rule_for_some_pages_does_not_hold_on_others(name):
    recorded, printed, _ = EXAMPLES[name]

    assert compare("book/index.md", text(recorded), text(printed))[0]


def test_equal_outputs_need_no_rule():
    recorded = EXAMPLES["versions"][0]

    assert compare("book/index.md", text(recorded), text(recorded)) == ("", ())


def test_a_difference_beside_an_allowed_one_is_reported():
    recorded, printed, _ = EXAMPLES["versions"]

    assert compare("book/index.md", text(f"{recorded}\n1"), text(f"{printed}\n2"))[0]
    assert compare("book/index.md", text(recorded), [*text(printed), *stream("more")])[0]
    assert compare("book/index.md", text(recorded), [])[0]


def test_several_rules_at_once():
    (one, other, _), (first, second, _) = EXAMPLES["versions"], EXAMPLES["resolution of times"]
    problem, used = compare("book/index.md", text(f"{one}\n{first}"), text(f"{other}\n{second}"))

    assert (problem, set(used)) == ("", {"versions", "resolution of times"})


@pytest.mark.parametrize(
    "printed",
    [
        picture(size=(202, 101)),
        picture(size=(199, 98)),
        picture(colour=(30, 30, 150)),
    ],
    ids=["larger", "smaller", "shade"],
)
def test_pictures_that_show_the_same(printed):
    content = printed[0].data["image/png"]

    assert compare("book/index.md", picture(), printed) == ("", (FIGURES,))
    assert printed[0].data["image/png"] == content


@pytest.mark.parametrize(
    "printed",
    [
        picture(size=(220, 100)),
        picture(line=((10, 80), (190, 20))),
        picture(colour="orange"),
        picture(line=((0, 0), (0, 0))),
    ],
    ids=["size", "another line", "colour", "nothing"],
)
def test_pictures_that_show_something_else(printed):
    assert compare("book/index.md", picture(), printed)[0]


def test_every_rule_has_a_reason_for_readers():
    for rule in allowed_differences():
        assert re.fullmatch(r".{20,}\.", rule.why), rule.name
    assert reasons([FIGURES, "engines"]) == [RULES[FIGURES].why, RULES["engines"].why]
    assert reasons([]) == []


@pytest.mark.parametrize(
    "name", ["rule-without-reason", "rule-without-pattern", "rule-with-unknown-field", "rule-as-text"]
)
def test_an_incomplete_rule_is_refused(root, name):
    with pytest.raises(ValueError, match=rf"{name}\.yml: versions needs a pattern and a reason \(why\)"):
        allowed_differences(root / f"tests/broken/live/{name}.yml")


@pytest.fixture(scope="module")
def recorded(root):
    """The recorded outputs of each page of the book, as one text."""
    pages = (read_page(path, root) for path in pages_of_book())
    return {str(page.path): "\n".join(texts_of(recorded_outputs(page, root) or [])) for page in pages}


def texts_of(blocks):
    """Yield the texts in the outputs of all blocks, and the kinds of other representations."""
    for output in itertools.chain(*blocks):
        for kind, content in {**output, **output.get("data", {})}.items():
            yield content if isinstance(content, str) and not kind.startswith("image/") else kind


def test_every_rule_matches_something_that_its_pages_show(recorded):
    unused = []
    for rule in allowed_differences():
        pages = rule.pages or recorded
        texts = (recorded[page] for page in pages)
        found = [("image/png" in text) if rule.name == FIGURES else rule.pattern.search(text) for text in texts]
        # Of the pages that a rule names, each needs it.
        unused += [(rule.name, page) for page, one in zip(pages, found, strict=True) if rule.pages and not one]
        unused += [] if any(found) else [(rule.name, "all pages")]

    assert unused == []


def test_no_rule_hides_what_another_one_names():
    texts = [example[0] for example in EXAMPLES.values()]
    names = [[name for name in EXAMPLES if RULES[name].pattern.search(text)] for text in texts]

    assert list(itertools.chain(*names)) == list(EXAMPLES)
