"""Descriptions of pictures that contradict what the pictures show."""

import pytest

from guide.run.descriptions import description_problem

CURVE = {
    "values": [13.2, 8.1, 0, 7, 0.42],
    "ranges": [],
    "ends": [(13.2, 8.1)],
    "texts": ["epoch", "error [%]", "2,000"],
}
MAP = {"values": [-180.0, 180.0], "ranges": [(-42.0, 31.5)], "ends": [], "texts": ["January 2000"]}
CODE = 'ds.sst.sel(lat=47.5, time="2000-06-04").plot()'


@pytest.mark.parametrize(
    "description",
    [
        "The error of the training falls from 13 to 8 percent.",
        "The error rises and falls between 8 and 13 percent.",
        "A map of 4 June 2000 at 47.5 degrees: 30 degrees in the Sahara, less than -40 in Antarctica.",
        "At most 42 % are wrong.",
        "The error from spring to fall is between 8 and 13.",
        "An axis with 2,000 steps and no further numbers on it.",
    ],
)
def test_what_a_picture_shows_is_fine(description):
    assert description_problem(description, CODE, [CURVE, MAP]) == ""


@pytest.mark.parametrize(
    ("description", "problem"),
    [
        ("", "draws a picture without a description: say in mystnb, image, alt what it shows"),
        ("A plot.", "draws a picture without a description: say in mystnb, image, alt what it shows"),
        ("The error rises from 8 to 13 percent.", "with 'rises', but no curve ends higher than it begins"),
        ("The error falls from 33 to 8 percent.", "describes its picture with 33, which the picture does not show"),
        ("A map: more than 60 degrees Celsius in the Sahara.", "describes its picture with 60, which"),
        ("Temperature of the year 2010, warm and cold.", "describes its picture with 2010, which"),
    ],
)
def test_what_it_does_not_show_is_reported(description, problem):
    figures = [CURVE] if "error" in description else [MAP]

    assert problem in description_problem(description, CODE, figures)
