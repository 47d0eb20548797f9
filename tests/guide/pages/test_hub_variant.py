"""One hub's variant of a page: facts are filled in, and lines for other hubs are removed without a trace."""

from pathlib import Path

import pytest

from guide.facts import load
from guide.pages.hub_variant import HubTextError, for_hub

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def facts():
    """The facts of a hub without GPUs."""
    return load(ROOT / "examples/other-hub/hub.yml")


PAGE = """\
Before.

:::{if-hub} gpu
For GPUs.

```python run
import gpu
```
:::

:::{if-not-hub} gpu
For CPUs.
:::

After.
"""


def test_lines_keep_their_numbers(facts):
    variant = for_hub(PAGE, facts)

    assert [(number, line) for number, line in enumerate(variant.split("\n"), start=1) if line] == [
        (1, "Before."),
        (12, "For CPUs."),
        (15, "After."),
    ]


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("One,\n:::{if-not-hub} gpu\ntwo,\n:::\nthree.\n\nNext.", "One,\ntwo,\nthree.\n\n\n\nNext."),
        ("One,\n:::{if-hub} gpu\ntwo,\n:::\nthree.\n\nNext.", "One,\nthree.\n\n\n\n\nNext."),
        ("| a |\n|---|\n:::{if-not-hub} gpu\n| b |\n:::\n| c |\n\nNext.", "| a |\n|---|\n| b |\n| c |\n\n\n\nNext."),
        ("- a\n:::{if-hub} gpu\n- b\n:::\n- c", "- a\n- c\n\n\n"),
    ],
    ids=["added to a paragraph", "left out of a paragraph", "a row of a table", "an item of a list"],
)
def test_a_paragraph_a_table_and_a_list_stay_in_one_piece(facts, text, variant):
    assert for_hub(text, facts) == variant


def test_code_has_no_blank_line_where_others_have_a_line(facts):
    code = "```python run\nimport os\n:::{if-hub} gpu\nimport jax\n:::\n\nprint(os.name)\n```\n\nNext."

    assert for_hub(code, facts) == "```python run\nimport os\n\nprint(os.name)\n```\n\n\n\n\nNext."


def test_a_code_block_after_a_paragraph_keeps_its_number(facts):
    text = "One,\n:::{if-hub} gpu\ntwo,\n:::\nthree:\n```python run\nimport os\n```\n"

    variant = for_hub(text, facts).split("\n")

    assert variant.index("```python run") == text.split("\n").index("```python run")


def test_a_longer_fence_holds_a_shorter_one(facts):
    code = "````md\n```\n:::{if-hub} gpu\ntext\n:::\n```\n````\nNext."

    assert for_hub(code, facts) == "````md\n```\n```\n````\nNext.\n\n\n"


@pytest.mark.parametrize("feature", ["gpu osn", "gpu named-servers"])
def test_a_section_needs_all_its_features(facts, feature):
    assert for_hub(f":::{{if-hub}} {feature}\ntext\n:::", facts).strip() == ""
    assert for_hub(f":::{{if-not-hub}} {feature}\ntext\n:::", facts).strip() == "text"


def test_sections_may_be_nested(facts):
    text = "::::{if-not-hub} gpu\n:::{if-hub} osn\nA\n:::\nB\n::::"

    assert for_hub(text, facts).strip() == "B"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (":::{if-hub} gpu\ntext", "2: an {if-hub} or {if-not-hub} is not closed"),
        ("\n:::{if-not-hub} gpus\ntext\n:::", "2: 'gpus' is "),
        ("\n\n{{ hub.colour }}", "3: hub.yml has no fact 'hub.colour'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(facts, text, message):
    with pytest.raises(HubTextError) as error:
        for_hub(text, facts)

    assert str(error.value).startswith(message)


@pytest.mark.parametrize("same", [False, True])
def test_the_software_page_begins_with_both_tags_if_another_image_was_tested(same):
    own = load(ROOT / "hub.yml")
    other = own.images.default.ref.rpartition(":")[0] + ":2020.01.01"
    tested = own.images.default.ref if same else other
    images = own.images.model_copy(update={"tested": tested})

    text = for_hub(
        (ROOT / "book/images/software-environment.md").read_text(), own.model_copy(update={"images": images})
    )

    first = text.partition("\n# ")[2].partition("\n## ")[0]
    assert ("{fact}`images.default_tag`" in first and "{fact}`images.tested_tag`" in first) != same
    assert images.tested_tag == (images.default_tag if same else "2020.01.01")


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        (["SCRATCH_BUCKET", "PERSISTENT_BUCKET"], "SCRATCH_BUCKET and PERSISTENT_BUCKET"),
        (["SCRATCH_BUCKET"], "SCRATCH_BUCKET and PERSISTENT_BUCKET"),
        (["PERSISTENT_BUCKET"], "PERSISTENT_BUCKET and PERSISTENT_BUCKET"),
        ([], "SCRATCH_BUCKET and PERSISTENT_BUCKET"),
    ],
)
def test_examples_write_to_the_persistent_bucket_if_it_is_the_only_one(variables, shown):
    own = load(ROOT / "hub.yml")
    kept = {name: bucket for name, bucket in own.buckets.options.items() if bucket.variable in variables}
    buckets = own.buckets.model_copy(update={"options": kept})

    text = for_hub("SCRATCH_BUCKET and PERSISTENT_BUCKET", own.model_copy(update={"buckets": buckets}))

    assert text == shown
