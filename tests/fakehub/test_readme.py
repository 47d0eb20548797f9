"""The README of the stand-in: its first facts are those of the minimal example, and it names every section."""

import re
import textwrap

import yaml

from hubfacts.schema import Facts


def test_the_first_facts_are_the_minimal_example(root):
    block = re.search(
        r"\n\n((?:    .*\n)+)", (root / "fakehub/README.md").read_text().partition("Write a `hub.yml`")[2]
    )

    example = yaml.safe_load((root / "examples/minimal/hub.yml").read_text())
    assert yaml.safe_load(textwrap.dedent(block[1])) == example


def test_every_section_is_named(root):
    facts = (root / "fakehub/README.md").read_text().partition("\n## Facts\n")[2].partition("\n## ")[0]
    first_cells = " ".join(re.findall(r"^\| ([^|]+) \|", facts, re.MULTILINE))

    assert set(re.findall(r"`(\w+)`", first_cells)) == set(Facts.model_fields)
