"""After a change in hub.yml alone, the form and the tables of pages follow, and an old picture is refused."""

import hub_driver
import pytest
import yaml
from forms import expected, lists
from hub_driver import ROOT, log_in, open_list

from fakehub.hub.people import account_of
from guide.browser import picture_capture
from guide.browser.hub_pictures import form_of, pictures
from guide.facts import load
from guide.site.facts.tables import TABLES

LABEL, IMAGE = "~8 GB, as of today", "Base Pangeo Notebook (of tomorrow)"


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A facts file in which the label of a share, the shares of a team and the label of an image are changed."""
    facts = yaml.safe_load((ROOT / "hub.yml").read_text(encoding="utf-8"))
    facts["node_shares"]["options"]["mem_8"]["label"] = LABEL
    facts["images"]["options"]["pangeo"]["label"] = IMAGE
    facts["access"]["tiers"][1]["cpu_node_shares"].append("mem_64")
    file = tmp_path_factory.mktemp("facts") / "hub.yml"
    file.write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def hub(playwright, stack, changed):
    """A hub with the changed facts."""
    with hub_driver.start(stack, hub_yml=changed) as started:
        yield started


@pytest.fixture
def form(hub, visit):
    """The form of the tier that may start one more share."""
    page = visit(device_scale_factor=2)
    log_in(page, hub, account_of(hub.facts.access.tiers[1].name))
    page.locator(".profile-select").first.wait_for()
    return page


def test_the_form_follows(hub, form):
    offers = lists(form, hub.facts)

    assert offers == expected(hub.facts, hub.facts.access.tiers[1].cpu_node_shares, [])
    assert LABEL in str(offers)
    assert IMAGE in str(offers)


def test_the_old_picture_is_refused_until_it_is_taken_again(hub, form, stack, tmp_path):
    shares, name = hub.facts.node_shares, form_of(hub.facts, hub.facts.access.tiers[1])
    picture = pictures(hub.facts)[name]
    open_list(form, shares.profile, shares.choice)

    images, words = picture_capture.capture(form, name, picture)

    assert LABEL in picture.alt
    message = f"{name}: the page says .*{LABEL}.*if that is right: make pictures"
    with pytest.raises(picture_capture.PictureError, match=message):
        picture_capture.compare(name, images, words)
    entry = picture_capture.manifest_entry(picture, images, words, "a journey", {})
    picture_capture.store(name, images, entry, tmp_path)
    picture_capture.compare(name, images, words, tmp_path)


def test_the_tables_of_the_pages_follow(changed):
    tables = {name: str(make(load(changed))) for name, make in TABLES.items()}

    assert LABEL in tables["node-shares"]
    assert any(IMAGE in text for text in tables.values())
