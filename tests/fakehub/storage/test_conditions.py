"""Unit tests of preconditions on generations and metagenerations."""

from types import SimpleNamespace

import pytest
from multidict import MultiDict
from refusals import refusal

from fakehub.storage.conditions import check, number

CURRENT = SimpleNamespace(generation=5, metageneration=2)


@pytest.mark.parametrize(
    ("condition", "current", "reading", "status"),
    [
        ({"ifGenerationMatch": "5"}, CURRENT, False, None),
        ({"ifGenerationMatch": "6"}, CURRENT, False, 412),
        ({"ifGenerationMatch": "0"}, None, False, None),
        ({"ifGenerationMatch": "0"}, CURRENT, False, 412),
        ({"ifGenerationMatch": "6"}, CURRENT, True, 412),
        ({"ifGenerationNotMatch": "5"}, CURRENT, False, 412),
        ({"ifGenerationNotMatch": "5"}, CURRENT, True, 304),
        ({"ifGenerationNotMatch": "6"}, CURRENT, True, None),
        ({"ifMetagenerationMatch": "2"}, CURRENT, False, None),
        ({"ifMetagenerationMatch": "3"}, CURRENT, False, 412),
        ({"ifMetagenerationMatch": "0"}, None, False, 412),
        ({"ifMetagenerationNotMatch": "2"}, CURRENT, False, 412),
        ({"ifMetagenerationNotMatch": "3"}, CURRENT, False, None),
        ({"ifGenerationMatch": "5", "ifMetagenerationMatch": "3"}, CURRENT, False, 412),
        ({"ifGenerationMatch": "x"}, CURRENT, False, 400),
        ({"ifSourceGenerationMatch": "6"}, CURRENT, False, None),
        ({}, None, False, None),
    ],
)
def test_conditions(condition, current, reading, status):
    error = refusal(check, MultiDict(condition), current, "if", reading)

    assert (error.status if error else None) == status


def test_conditions_on_a_source_do_not_apply_to_the_destination():
    assert refusal(check, MultiDict({"ifSourceGenerationMatch": "6"}), CURRENT, "ifSource").status == 412
    assert refusal(check, MultiDict({"ifGenerationMatch": "6"}), CURRENT, "ifSource") is None


@pytest.mark.parametrize("text", ["", "1.5", "+1", "9" * 19, "--1"])
def test_a_number_has_64_bits_or_is_400(text):
    assert refusal(number, "ifGenerationMatch", text).status == 400
    assert number("x", "-7") == -7
