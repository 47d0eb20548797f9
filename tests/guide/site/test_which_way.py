"""The choice of a way to upload: questions that narrow a table, which works without scripts too."""

import itertools
import re

import pytest

from guide.facts import load
from guide.pages.features import lacking
from guide.pages.hub_variant import for_hub, front_matter_value
from guide.pages.links import without_links

PAGE = "book/uploads/which-way.html"
HUBS = ("hub.yml", "examples/other-hub/hub.yml", "examples/small-hub/hub.yml")


def _table(root, hub="hub.yml"):
    """Return the headings and rows of the table on the page, as the guide of the ``hub`` has them."""
    facts = load(root / hub)
    needs = {page: front_matter_value(page, "needs") for page in (root / "book").rglob("*.md")}
    left_out = {str(page.relative_to(root).with_suffix("")) for page in needs if lacking(facts, needs[page])}
    text = for_hub((root / "book/uploads/which-way.md").read_text(), facts)
    lines = without_links(text, "book/uploads/which-way", left_out).splitlines()
    lines = [line for line in lines if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return head, rows


def _values(row, column):
    return {value.strip() for value in row[column].split(",")}


@pytest.mark.parametrize("hub", HUBS)
def test_every_answer_to_every_question_leads_to_one_way(root, hub):
    head, rows = _table(root, hub)
    columns = range(len(head) - 1)
    answers = [set().union(*(_values(row, column) for row in rows)) - {"any"} for column in columns]

    for chosen in itertools.product(*answers):
        fits = [row for row in rows if all(_values(row, c) & {"any", chosen[c]} for c in columns)]
        assert len(fits) == 1, (chosen, [row[-1] for row in fits])


def test_data_of_an_hpc_system_lead_to_its_page_with_and_without_a_browser(root):
    rows = [row for row in _table(root)[1] if "on an HPC system" in _values(row, 1)]

    assert {value for row in rows for value in _values(row, 2)} == {"yes", "no"}
    assert all("(from-hpc.md)" in row[-1] for row in rows)


@pytest.mark.parametrize("hub", HUBS)
def test_every_way_is_a_page_that_exists(root, hub):
    for row in _table(root, hub)[1]:
        (link,) = re.findall(r"\]\(([^)]+)\)", row[-1])
        assert (root / "book/uploads" / link).is_file()


@pytest.fixture
def page(browser, address):
    """The page in a new browser context."""
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"{address}/{PAGE}")
    yield opened
    context.close()


def _left(page):
    return page.locator("table.which-way tbody tr:visible").count()


def test_answers_narrow_the_table_to_one_page(page, root):
    everything = len(_table(root)[1])
    assert _left(page) == everything

    page.get_by_label("no", exact=True).first.check()
    assert 1 < _left(page) < everything
    page.get_by_label("on an HPC system").check()
    page.get_by_role("group", name="Can you open a browser there?").get_by_label("no", exact=True).check()
    page.get_by_label("my group").check()

    assert _left(page) == 1
    page.locator(".which-way [role=status]").get_by_role("link").click()
    page.wait_for_url("**/from-hpc.html")


def test_the_choice_can_be_made_and_cleared_with_the_keyboard(page, root):
    first = page.locator("form.which-way input").first
    first.focus()
    page.keyboard.press("Space")
    narrowed = _left(page)
    page.get_by_role("button", name="Reset").press("Enter")

    page.wait_for_function(
        "n => document.querySelectorAll('table.which-way tbody tr:not([hidden])').length === n",
        arg=len(_table(root)[1]),
    )
    assert narrowed < _left(page)


def test_on_a_phone_the_answer_stays_on_the_screen_and_the_table_is_its_last_column(page, root):
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("form.which-way input").first.scroll_into_view_if_needed()
    answer = page.locator(".which-way [role=status]").bounding_box()

    assert answer["y"] + answer["height"] <= 844
    assert page.locator("table.which-way th:visible").all_inner_texts() == _table(root)[0][-1:]


def test_without_scripts_it_is_a_table(browser, address, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{PAGE}")

    assert _left(page) == len(_table(root)[1])
    assert page.locator("form.which-way").count() == 0
    context.close()


def test_only_that_page_loads_the_script(site):
    having = [
        p for p in site.rglob("*.html") if "which-way." in "".join(re.findall(r'src="([^"]+\.js)"', p.read_text()))
    ]

    assert [str(path.relative_to(site)) for path in having] == [PAGE]
