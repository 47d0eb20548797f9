"""Tables and links made from facts: each can be rendered, and a changed fact changes it."""

import itertools
import runpy
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

from fakehub.gateway.options import cluster_options
from guide.facts import Facts, load
from guide.pages.fact_values import FactError
from guide.site.ext.facts import FactFilmRole, FactLinkRole, FactTable
from guide.site.facts.columns import misplaced
from guide.site.facts.tables import TABLES, table

NEW = "https://changed.example/"
# For each table: the key of a fact that it shows, another value, and the text of a cell with that value.
CHANGES = {
    "hub": ("hub.url", NEW, NEW),
    "tiers": ("node_shares.options.mem_8.mem_limit_gib", 9, "9, 16, 32 GiB"),
    "tier-details": ("access.tiers.2.renew_every_months", 11, "after 11 months unless renewed"),
    "extra-teams": ("gpus.options.nvidia_l4.label", "L5", "L5 and NVIDIA A100 [40GB VRAM], ~85GB RAM, 12 CPUs"),
    "node-shares": ("node_shares.options.mem_64.cpu_guarantee", 0.9, "0.9 to 15.536"),
    "gpus": ("access.tiers.3.gpus", [], "Research"),
    "gpu-machines": ("gpus.options.tesla_t4.vram_gb", 17, "17 GB"),
    "images": ("images.options.pytorch.ref", "pangeo/pytorch-notebook:new", "pangeo/pytorch-notebook:new"),
    "custom-image": ("images.custom.must", "be small", "be small"),
    "buckets": ("buckets.options.leap-persistent-ro.delete_after_days", 99, "after 99 days"),
    "rights": ("buckets.options.leap-scratch.writers_group", True, "storage.admin"),
    "osn": ("osn.buckets.leap-pubs.rule", "everybody", "everybody"),
    "environment-variables": ("environment_variables.values.JUPYTERHUB_USER.means", "you", "you"),
    "dask-gateway-options": ("dask_gateway.idle_timeout_minutes", 31, "31"),
    "worker-sizes": ("dask_gateway.worker_resource_allocation.1CPU, 7.2Gi.memory", "7.3G", "7.3 GiB"),
    "timeouts": ("hub.timeouts.server_max_age_s", 86400, "1 day"),
    "lifetimes": ("buckets.identity.token_lives_s", 1800, "after 30 min"),
    "channels": ("help.chat.channels.leap-pangeo", "access", "access"),
    "help": ("help.office_hours.book", NEW, NEW),
    "home": ("home.recommended_gb", 26, "26 GB"),
    "more": ("more.0.what", "new", "new"),
    "sources": ("sources.seed.date", "1999", "1999"),
}


@pytest.fixture(scope="module")
def facts(root) -> Facts:
    return load(root / "hub.yml")


def changed(facts: Facts, key: str, value) -> Facts:
    """Return facts with another value at the dotted ``key``; of names with dots, the longest that fits is used."""
    raw = facts.model_dump(by_alias=True)
    place, rest = raw, key
    while rest not in place if isinstance(place, dict) else "." in rest:
        if isinstance(place, list):
            name, _, rest = rest.partition(".")
            place = place[int(name)]
        else:
            name = max((name for name in place if rest.startswith(f"{name}.")), key=len)
            place, rest = place[name], rest[len(name) + 1 :]
    assert place[rest] != value
    place[rest] = value
    return Facts.model_validate(raw)


@pytest.mark.parametrize("name", ["buckets", "rights"])
def test_a_hub_without_writers_group_has_no_column_for_it(root, facts, name):
    small = load(root / "examples/small-hub/hub.yml")

    (_, with_group, _), (_, without, rows) = TABLES[name](facts), TABLES[name](small)

    assert [head for head in with_group if "riters' group" not in head] == without
    assert {len(row) for row in rows} == {len(without)}


def cells(made: tuple) -> list[str]:
    _, _, rows = made
    return [cell for row in rows for cell in row]


def test_every_table_is_tested_with_a_change():
    assert set(CHANGES) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_rendered_with_all_its_cells(facts, name):
    caption, head, rows = TABLES[name](facts)

    drawn = table(caption, head, rows)

    assert [title.astext() for title in drawn.findall(nodes.title)] == ([caption] if caption else [])
    assert [entry.astext() for entry in drawn.findall(nodes.entry)] == [*head, *(cell for row in rows for cell in row)]
    assert {len(row) for row in rows} == {len(head)}
    assert all(cell for row in rows for cell in row)


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_fact_changes_the_table(facts, name):
    key, value, shown = CHANGES[name]
    before = cells(TABLES[name](facts))

    after = cells(TABLES[name](changed(facts, key, value)))

    assert before.count(shown) < after.count(shown)


# Columns of the same kind, which only the test below and that of the options compare with the facts.
ALIKE = {
    ("From a server of the hub", "From elsewhere, in the writers' group"),
    ("Meaning", "Allowed values"),
}


@pytest.mark.parametrize("name", TABLES)
def test_two_swapped_columns_are_noticed_at_the_build(facts, name):
    _, head, rows = TABLES[name](facts)
    assert list(misplaced(facts, head, rows)) == []

    for first, second in itertools.combinations(range(len(head)), 2):
        order = list(range(len(head)))
        order[first], order[second] = second, first
        swapped = [[row[place] for place in order] for row in rows]
        found = list(misplaced(facts, head, swapped))
        assert bool(found) != ((head[first], head[second]) in ALIKE), (head[first], head[second])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("swapped.py", "the column 'Threads' has the cell '7.235 GiB', which is not of its kind"),
        ("other-fact.py", "the column 'Memory limit' has the cell '1 to 1 CPUs', which is not of its kind"),
    ],
)
def test_a_wrong_table_is_a_warning_on_its_page(root, monkeypatch, file, message):
    monkeypatch.setitem(TABLES, "sizes", runpy.run_path(str(root / "tests/broken/fact-tables" / file))["made"])
    page = SimpleNamespace(
        env=SimpleNamespace(note_dependency=lambda path: None),
        arguments=["sizes"],
        lineno=7,
        state=SimpleNamespace(document=new_document("page.md")),
    )

    (warning,) = FactTable.run(page)

    assert (warning["source"], warning["line"]) == ("page.md", 7)
    assert message in warning.astext() and "fact table 'sizes'" in warning.astext()


def test_a_gpu_for_some_people_says_for_whom(facts):
    reserved = changed(facts, "gpus.options.tesla_t4.only_for", "members of the group modellers")

    _, _, rows = TABLES["gpus"](reserved)

    assert rows[0][-1] == "members of the group modellers"
    assert reserved.gpus.on_request == ["members of the group modellers", "members of the team large-gpu"]


def test_roles_are_those_of_the_facts(facts):
    _, _, rows = TABLES["rights"](facts)
    roles = {name: [here, elsewhere] for name, here, elsewhere, _ in rows}

    assert roles == {
        f"gs://{name}": [
            "storage.admin" if bucket.hub == "write" else "storage.objectViewer",
            "storage.admin" if bucket.writers_group else "none",
        ]
        for name, bucket in facts.buckets.options.items()
    }
    assert len({tuple(pair) for pair in roles.values()}) > 1


def test_a_new_bucket_is_in_all_tables_of_buckets(facts):
    bucket = facts.buckets.options["leap-scratch"].model_dump(by_alias=True) | {"variable": None}
    more = changed(facts, "buckets.options", facts.model_dump(by_alias=True)["buckets"]["options"] | {"new": bucket})

    assert all("new" in " ".join(cells(TABLES[name](more))) for name in ("buckets", "rights", "lifetimes"))


def test_options_of_a_cluster_are_those_of_the_gateway(facts):
    offered = cluster_options(facts.dask_gateway).get_specification()

    _, _, rows = TABLES["dask-gateway-options"](facts)

    assert [row[0] for row in rows] == [option["field"] for option in offered]


def test_an_address_in_a_cell_is_a_link(facts):
    links = [link["refuri"] for link in table(*TABLES["help"](facts)).findall(nodes.reference)]

    assert {facts.help.forum, f"mailto:{facts.help.email}"} <= set(links)


def test_a_film_is_a_link_to_the_page_of_the_film(facts):
    address = FactFilmRole().address(facts, "hub.intro_video")

    assert address == f"https://www.youtube.com/watch?v={facts.hub.intro_video.youtube}"


def test_a_fact_that_is_not_a_film_is_refused(facts):
    with pytest.raises(FactError, match=r"hub\.operator\.youtube"):
        FactFilmRole().address(facts, "hub.operator")


def test_a_link_to_a_mail_address_opens_a_letter(facts):
    assert FactLinkRole().address(facts, "buckets.writers_group") == f"mailto:{facts.buckets.writers_group}"
