"""The gallery of notebooks: a card for each, with its plot, what it needs, and links to read and to open it."""

import base64
import hashlib
import io
import json

import nbformat
import pytest
from PIL import Image

from guide.facts import load
from guide.pages.toc import book_toc, source_of
from guide.pages.tutorials import Tutorial
from guide.site.notebook_cards import Card, first_figure, needs_of, thumbnail

TUTORIAL = Tutorial("Cut & paste", "Cut a store.", 20, "any image", None, ("Zarr", "Dask"))


def _card(**about):
    return Card(TUTORIAL, {"Time": "20 min"}, "../notebooks/cut.html", "https://hub.example.org/a?b=1&c=2", **about)


def _notebook(*outputs, **metadata):
    cell = nbformat.v4.new_code_cell("plot()", outputs=list(outputs), metadata=metadata)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A"), cell])


def _plot(colour):
    out = io.BytesIO()
    Image.new("RGBA", (900, 300), colour).save(out, "PNG")
    return nbformat.v4.new_output("display_data", data={"image/png": base64.b64encode(out.getvalue()).decode()})


def test_the_thumbnail_is_a_small_copy_of_the_first_plot():
    text = nbformat.v4.new_output("stream", name="stdout", text="1\n")
    notebook = _notebook(text, _plot("red"), _plot("blue"), mystnb={"image": {"alt": "A red area."}})

    figure = first_figure(notebook, {})

    assert (figure.description, list(figure.versions)) == ("A red area.", [""])
    with Image.open(io.BytesIO(thumbnail(figure.versions[""]))) as small:
        assert (small.format, small.size) == ("WEBP", (380, 127))
        assert small.getpixel((0, 0))[0] > 240 > 15 > small.getpixel((0, 0))[2]


def test_the_transparent_parts_of_a_plot_are_white():
    figure = first_figure(_notebook(_plot((0, 0, 0, 0))), {})
    with Image.open(io.BytesIO(thumbnail(figure.versions[""]))) as small:
        assert min(small.getpixel((5, 5))) > 250


def test_a_plot_that_was_drawn_for_the_site_has_a_thumbnail_for_each_theme():
    plot = _plot("red")
    digest = hashlib.sha256(base64.b64decode(plot.data["image/png"])).hexdigest()
    drawn = {digest: {"light": base64.b64encode(b"L").decode(), "dark": base64.b64encode(b"D").decode()}}

    assert first_figure(_notebook(plot), drawn).versions == {"light": b"L", "dark": b"D"}


def test_a_notebook_without_a_plot_has_letters_that_a_screen_reader_skips():
    assert first_figure(_notebook(), {}) is None
    assert _card().words() == '<div class="notebook-words" aria-hidden="true">Zarr</div>\n'


def test_the_names_of_links_say_which_notebook():
    foot = _card().foot()

    assert 'aria-label="Read: Cut &amp; paste">Read</a>' in foot
    assert 'href="https://hub.example.org/a?b=1&amp;c=2" aria-label="Open on the hub: Cut &amp; paste">' in foot


def test_a_copied_card_is_an_item_of_a_list():
    assert _card().markdown("https://guide.example.org/book/notebooks.html") == (
        "- [Cut & paste](https://guide.example.org/notebooks/cut.html): Cut a store. "
        "Time: 20 min; Subjects: Zarr, Dask. [Open on the hub](https://hub.example.org/a?b=1&c=2)"
    )


@pytest.mark.parametrize(("gib", "memory"), [(None, "2 GiB"), (1, "2 GiB"), (16, "16 GiB")])
def test_the_memory_is_that_of_the_smallest_share_that_is_enough(root, gib, memory):
    small = load(root / "examples/small-hub/hub.yml")
    tutorial = Tutorial("T", "O.", 20, "an image that has JAX", gib, ("Zarr",))

    assert needs_of(tutorial, small) == {"Time": "20 min", "Memory": memory, "Image": "one that has JAX"}


@pytest.fixture(scope="module")
def gallery(browser, address):
    """The page, without scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/notebooks.html")
    yield page
    context.close()


def test_every_notebook_of_the_book_has_a_card_with_its_plot_and_both_links(gallery, address, root):
    names = [name for name in book_toc().pages if source_of(name, root).suffix == ".ipynb"]
    titles = [
        "".join(json.loads((root / f"{n}.ipynb").read_text())["cells"][0]["source"]).split("\n")[0] for n in names
    ]
    cards = gallery.locator("li.notebook-card")

    assert cards.locator("h3").all_inner_texts() == [title.removeprefix("# ") for title in titles]
    reads = gallery.get_by_role("link", name="Read: ").evaluate_all("all => all.map(one => one.href)")
    assert reads == [f"{address}/{name}.html" for name in names]
    thumbnails = cards.locator("img[loading=lazy][width][height]:not([alt=''])")
    assert cards.locator("img.only-light").count() == cards.locator("img.only-dark").count() > 0
    assert sum(one.is_visible() for one in thumbnails.all()) == len(names)
    assert gallery.locator("a.guide-enlarge img.notebook-thumbnail").count() == 0


def test_a_card_opens_a_notebook_as_its_page_does(gallery, open_page):
    card = gallery.get_by_role("link", name="Open on the hub: Your first Zarr store")

    page = open_page("notebooks/first-zarr-store.html")

    assert card.get_attribute("href") == page.locator("a.guide-launch").get_attribute("href")


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (768, 2), (1280, 2)])
def test_cards_stand_in_columns_and_a_click_on_a_plot_reads(gallery, width, columns):
    gallery.set_viewport_size({"width": width, "height": 900})
    first = gallery.locator(".notebook-cards").first.locator("li.notebook-card")

    assert len({round(card.bounding_box()["x"]) for card in first.all()}) == columns
    link_to = first.first.get_by_role("link", name="Read: ").get_attribute("href")
    first.first.locator("img").first.click(position={"x": 9, "y": 9}, force=True)
    gallery.wait_for_url(f"**{link_to.lstrip('.')}")
    gallery.go_back()
