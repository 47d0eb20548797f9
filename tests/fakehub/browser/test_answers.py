"""Answers to the questions of a notebook are judged without changing its variables."""

import pytest

from fakehub.browser.answers import Judgement, judge

CHECKS = ["chunks == 256", "size > 1"]


@pytest.mark.parametrize(
    ("answer", "judgement"),
    [
        ("chunks, size = 16 * 16, 2", Judgement("right")),
        ("chunks, size = 256, 1", Judgement("wrong")),
        ("chunks = 256", Judgement("wrong")),
        ("chunks, size = 256, 'many'", Judgement("wrong")),
        ("chunks, size = ..., ...", Judgement("open")),
        ("chunks, size = 256, ...", Judgement("open")),
        ("chunks, size = 256, months / 6", Judgement("right")),
        ("chunks = 1 / 0", Judgement("error", "ZeroDivisionError: division by zero")),
        ("exit('bye')", Judgement("error", "SystemExit: bye")),
    ],
)
def test_an_answer_is_judged(answer, judgement):
    assert judge(answer, CHECKS, {"months": 36}) == judgement


def test_an_answer_that_is_no_python_is_an_error():
    judgement = judge("chunks = = 2", CHECKS, {})

    assert judgement.result == "error" and judgement.message.startswith("SyntaxError: ")


def test_variables_of_the_cells_stay_and_their_dots_are_not_the_readers():
    variables = {"chunks": 1, "everything": ...}

    assert judge("chunks, size = 256, 2", CHECKS, variables).result == "right"
    assert variables == {"chunks": 1, "everything": ...}
