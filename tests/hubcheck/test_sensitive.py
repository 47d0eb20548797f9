"""Every observation is sensitive: it alone differs when what it observes is changed.

``make test`` makes all changes at once that do not affect each other. With ``HUBCHECK=all``, each is made alone.
"""

from __future__ import annotations

import os
import sys

import pytest
from changes import CHANGES, Change, batches
from check_world import run_changed, run_check
from machines import MACHINE, Files, changed_machines
from machines import observe as observe_machine

from hubcheck.common import Hub
from hubcheck.facts import GUIDE
from hubcheck.packages import packages
from hubcheck.variables import variables

ALONE = os.environ.get("HUBCHECK") == "all"
GROUPS = [[change] for change in CHANGES] if ALONE else batches(CHANGES)
VARIABLES = {
    "JUPYTERHUB_USER": "not a username",
    "SCRATCH_BUCKET": "gs://leap-scratch/shared",
    "PANGEO_SCRATCH": "gs://leap-persistent/funky-user",
    "PERSISTENT_BUCKET": None,
    "JUPYTER_IMAGE_SPEC": "pangeo/pangeo-notebook:2020.01.01",
    "USER": "root",
    "JUPYTERHUB_API_TOKEN": None,
    "GOOGLE_APPLICATION_CREDENTIALS": "/etc/key.json",
    "DASK_GATEWAY__ADDRESS": "http://gateway/elsewhere",
}


def name_of(group: list[Change]) -> str:
    return group[0].name if len(group) == 1 else f"{len(group)} from {group[0].name}"


@pytest.mark.parametrize("group", GROUPS, ids=name_of)
def test_exactly_what_is_changed_differs(group, tmp_path):
    ran = run_changed(tmp_path, group)

    assert ran.differs == {change.name for change in group}, ran.error
    assert ran.unseen == {name for change in group for name in change.hides}


def right_variables() -> dict[str, str]:
    """Return variables that agree with the guide."""
    values = {**GUIDE["variables"], "JUPYTER_IMAGE_SPEC": GUIDE["images"][0]}
    return values | {
        "USER": "jovyan",
        "JUPYTERHUB_API_TOKEN": "0" * 32,
        "DASK_GATEWAY__ADDRESS": f"http://gateway{GUIDE['gateway']['url_prefix']}/",
    }


def differing(hub: Hub, subject) -> set[str]:
    return {one.name for one in subject(hub) if one.verdict != "agrees"}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_changed_variable_differs(name):
    env = right_variables()
    assert differing(Hub(GUIDE, env), variables) == set()

    changed = {key: value for key, value in (env | {name: VARIABLES[name]}).items() if value is not None}

    assert differing(Hub(GUIDE, changed), variables) == {f"variable.{name}"}


@pytest.mark.parametrize("name", GUIDE["packages"])
def test_another_version_of_a_package_differs(name, tmp_path, monkeypatch):
    before = differing(Hub(GUIDE, {}), packages)  # on newer versions, all of them
    metadata = tmp_path / f"{name.replace('-', '_')}-0.0.1.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    assert differing(Hub(GUIDE, {}), packages) == before | {f"package.{name}"}


def test_a_server_of_the_hub_agrees(tmp_path):
    seen = observe_machine(tmp_path, MACHINE)

    assert {one.name: one.seen for one in seen if one.verdict != "agrees"} == {}


@pytest.mark.parametrize(("name", "files"), list(changed_machines()))
def test_a_changed_machine_differs(name: str, files: Files, tmp_path):
    seen = observe_machine(tmp_path, files)

    assert {one.name for one in seen if one.verdict != "agrees"} == {name}


def test_every_observation_has_its_change(tmp_path):
    ran = run_check(tmp_path)
    changed = [change.name for change in CHANGES]
    changed += [f"variable.{name}" for name in VARIABLES] + [f"package.{name}" for name in GUIDE["packages"]]
    changed += [name for name, _ in changed_machines()]

    assert sorted(changed) == sorted(ran.agrees | ran.unseen | ran.differs)
