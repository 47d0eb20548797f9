"""The facts that are restored without pydantic are those that pydantic validated."""

from __future__ import annotations

import json

import pytest

from fakehub.browser import plain_models
from hubfacts import public_data
from hubfacts.load import load, load_hub
from tests.fakehub.browser import in_browser

# Describes a model with all its fields and properties, in either process.
DESCRIBE = """
def described(value):
    kind = type(value)
    if kind.__module__.startswith("hubfacts"):
        fields = {name for one in kind.__mro__ if one.__module__.startswith("hubfacts") for name in one.__annotations__}
        derived = {name for one in kind.__mro__ for name, member in vars(one).items() if type(member) is property}
        names = sorted(name for name in fields | derived if name[:2] != "__" and not name.startswith("model_"))
        return {"kind": kind.__qualname__} | {name: described(getattr(value, name)) for name in names}
    if hasattr(value, "items"):
        return [[repr(key), described(one)] for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [described(one) for one in value]
    return repr(value)
"""
PROGRAM = f"""
{DESCRIBE}
from fakehub.browser import plain_models
import pydantic

results["pydantic"] = hasattr(pydantic, "__file__")
for name, text in json.loads((folder / "models.json").read_text()).items():
    model = plain_models.restore(text)
    results[name] = described(model)
    if plain_models.restore(text) != model:
        results[name] = "two copies differ"
facts = plain_models.restore(json.loads((folder / "models.json").read_text())["hub.yml"])
copied = facts.hub.model_copy(update={{"zone": "europe-west1-b"}})
results["copy"] = [copied.zone, copied == facts.hub, type(copied) is type(facts.hub), facts.hub.zone != copied.zone]
bucket = next(iter(facts.buckets.options.values()))
results["hash"] = error_of(hash, bucket)
results["default"] = type(bucket)(write=True).delete_after_days
results["load"] = error_of(__import__, "hubfacts.load")
"""
FILES = ("hub.yml", "examples/minimal/hub.yml", "examples/other-hub/hub.yml", "examples/small-hub/hub.yml")
WHOLE = ("hub.yml", "examples/other-hub/hub.yml")


@pytest.fixture(scope="module")
def models(root):
    """The validated models of all facts files, by names."""
    found = {name: load(root / name) for name in FILES}
    found |= {f"{name} as hub": load_hub(root / name) for name in WHOLE}
    return found | {"public data": public_data.load()}


@pytest.fixture(scope="module")
def restored(models, tmp_path_factory):
    """What the models are in a process without pydantic."""
    folder = tmp_path_factory.mktemp("models")
    dumped = {name: plain_models.dump(model) for name, model in models.items()}
    (folder / "models.json").write_text(json.dumps(dumped))
    return in_browser.run(PROGRAM, folder)


@pytest.mark.parametrize("name", [*FILES, *(f"{name} as hub" for name in WHOLE), "public data"])
def test_every_field_and_property_is_the_same(models, restored, name):
    namespace = {}
    exec(DESCRIBE, namespace)

    assert restored[name] == namespace["described"](models[name])


def test_the_comparison_sees_fields_and_properties(restored):
    facts = restored["hub.yml"]

    assert facts["kind"] == "Facts"
    assert facts["hub"]["zone"].startswith("'us-")
    assert "'leap-scratch'" in [name for name, _ in facts["buckets"]["known"]]


def test_pydantic_is_not_there(restored):
    assert restored["pydantic"] is False


def test_models_are_copied_compared_and_have_defaults(restored):
    assert restored["copy"] == ["europe-west1-b", False, True, True]
    assert restored["hash"].startswith("TypeError: unhashable type")
    assert restored["default"] is None


def test_only_models_are_dumped_with_their_class():
    assert plain_models.dump({"a": [1, ("b", None)]}) == '{"a":[1,["b",null]]}'
