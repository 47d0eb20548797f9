"""Cells in the browser print what they print in a notebook."""

from __future__ import annotations

import base64
import io

import nbformat
import pytest
from PIL import Image

from tests.fakehub.browser import in_browser

CELLS = {
    "last expression": "1 + 1\n[1, 'two']",
    "assignment": "x = 3",
    "none": "None",
    "semicolon": "x = 4\nx;",
    "semicolon and spaces": "x;  \n\n",
    "semicolon and comment": "x;  # the depth",
    "semicolon in a comment": "x  # the depth;",
    "semicolon in a text": "'''a;'''",
    "underscore": "_",
    "empty": "",
    "only a comment": "# nothing",
    "prints": "print('one')\nprint('two')\n5",
    "stderr": "import sys, warnings\nprint('to stderr', file=sys.stderr)\nwarnings.warn('deep water')",
    "writelines": "import sys\nsys.stdout.writelines(['a', 'b'])\nsys.stdout.flush()\nsys.stdout.isatty()",
    "display": "display(1, 'two')\ndisplay([3])",
    "html": "from IPython.display import HTML, display\ndisplay(HTML('<b>a</b>'))\nHTML('<i>b</i>')",
    "bytes": "from IPython.display import Image\nImage(b'png')",
    "class": "class Buoy:\n    def _repr_html_(self):\n        return '<p>'\nBuoy",
    "representation": "Buoy()",
    "no representation": "class Float:\n    def _repr_html_(self):\n        return None\nFloat()",
    "not json": "class Odd:\n    def _repr_mimebundle_(self):\n        return {'text/html': object()}\nOdd()",
    "pretty": "{f'station {number}': list(range(12)) for number in range(4)}",
    "function": "def depth(pressure):\n    return 1 / pressure",
    "error": "print('before')\ndepth(0)\nprint('after')",
    "syntax": "for\n",
    "exit": "raise SystemExit(3)",
    "chained": "try:\n    depth(0)\nexcept ZeroDivisionError as error:\n    raise ValueError('no depth') from error",
    "two lines of error": "raise ValueError('first\\nsecond')",
    "after errors": "x",
    "main": "import __main__\n__main__.x, __name__",
    "file of the page": "import recipe\nrecipe.depth",
    "inspect": "import inspect\ninspect.getsource(depth).splitlines()",
    "pickle": "import pickle\npickle.loads(pickle.dumps(Buoy)) is Buoy",
    "table": "import pandas as pd\npd.DataFrame({'sst': [1.5, 2.5]})",
    "dataset": "import xarray as xr\nxr.Dataset({'sst': ('x', [1.0])})",
    "plot": "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(2, 1), dpi=50)\naxes.plot([1, 2]);",
    "two plots": "for width in (1, 2):\n    plt.figure(figsize=(width, 1)).add_subplot()\nplt.get_fignums()",
    "shown": "plt.figure(figsize=(1, 1)).add_subplot()\nplt.show()\nprint('after')",
    "empty figure": "plt.figure();",
    "figure itself": "figure",
    "closed": "plt.get_fignums()",
    "backend": "import matplotlib\nmatplotlib.get_backend()",
    "figure before an error": "plt.figure(figsize=(1, 1)).add_subplot()\n1 / 0",
}
PROGRAM = f"""
for name, source in {CELLS!r}.items():
    results[name] = [page.run(source), list(outputs)]
    outputs.clear()
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Whether each cell ended without an error, and its outputs."""
    return in_browser.run(PROGRAM, tmp_path_factory.mktemp("cells"), in_browser.PAGE)


def shown(ran, name):
    """Return the outputs of a cell in short: text by the kind or the stream's name."""
    short = {"stream": lambda one: (one["name"], one["text"]), "error": lambda one: ("error", one["traceback"][-1])}
    other = lambda one: (one["output_type"], one["data"]["text/plain"])  # noqa: E731
    return [short.get(one["output_type"], other)(one) for one in ran[name][1]]


def picture(output):
    return Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"])))


def test_outputs_have_the_format_of_notebooks(ran):
    cells = []
    for name, source in CELLS.items():
        outputs = [
            nbformat.from_dict({key: value for key, value in one.items() if key != "details"}) for one in ran[name][1]
        ]
        cells.append(nbformat.v4.new_code_cell(source, outputs=outputs))
    nbformat.validate(nbformat.v4.new_notebook(cells=cells))


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("last expression", [("execute_result", "[1, 'two']")]),
        ("assignment", []),
        ("none", []),
        ("semicolon", []),
        ("semicolon and spaces", []),
        ("semicolon and comment", []),
        ("semicolon in a comment", [("execute_result", "4")]),
        ("semicolon in a text", [("execute_result", "'a;'")]),
        ("underscore", [("execute_result", "'a;'")]),
        ("empty", []),
        ("only a comment", []),
        ("writelines", [("stdout", "a"), ("stdout", "b"), ("execute_result", "False")]),
        ("display", [("display_data", "1"), ("display_data", "'two'"), ("display_data", "[3]")]),
        ("class", [("execute_result", "__main__.Buoy")]),
        ("after errors", [("execute_result", "4")]),
        ("main", [("execute_result", "(4, '__main__')")]),
        ("file of the page", [("execute_result", "4000")]),
        ("inspect", [("execute_result", "['def depth(pressure):', '    return 1 / pressure']")]),
        ("pickle", [("execute_result", "True")]),
        ("backend", [("execute_result", "'module://fakehub.browser.figures'")]),
        ("closed", [("execute_result", "[]")]),
        ("empty figure", [("display_data", "<Figure size 640x480 with 0 Axes>")]),
    ],
)
def test_a_cell_shows(ran, name, outputs):
    assert shown(ran, name) == outputs
    assert ran[name][0]


def test_what_is_printed_comes_in_order_and_before_the_result(ran):
    texts = shown(ran, "prints")

    assert "".join(text for kind, text in texts if kind == "stdout") == "one\ntwo\n"
    assert texts[-1] == ("execute_result", "5")


def test_stderr_and_warnings(ran):
    text = "".join(text for kind, text in shown(ran, "stderr") if kind == "stderr")

    assert text.startswith("to stderr\n")
    assert "UserWarning: deep water" in text


def test_a_long_value_breaks_its_lines_as_in_jupyterlab(ran):
    ((_, text),) = shown(ran, "pretty")

    assert text.splitlines()[0] == "{'station 0': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],"


def test_representations(ran):
    displayed, result = ran["html"][1]
    assert (displayed["output_type"], displayed["data"]["text/html"]) == ("display_data", "<b>a</b>")
    assert (result["output_type"], result["data"]["text/html"]) == ("execute_result", "<i>b</i>")
    assert ran["bytes"][1][0]["data"]["image/png"] == "cG5n"
    assert ran["representation"][1][0]["data"]["text/html"] == "<p>"
    assert "text/html" not in ran["no representation"][1][0]["data"]
    assert set(ran["not json"][1][0]["data"]) == {"text/plain"}
    assert "<table" in ran["table"][1][0]["data"]["text/html"]
    assert ran["dataset"][1][0]["data"]["text/html"].lstrip().startswith("<div>")


def test_an_error_ends_the_cell(ran):
    assert ran["error"][0] is False
    assert shown(ran, "error")[-1] == ("error", "ZeroDivisionError: division by zero")
    assert "after" not in str(ran["error"][1])


def test_a_traceback_has_the_cells_and_nothing_of_the_machinery(ran):
    details = ran["error"][1][-1]["details"]

    assert details.startswith("Traceback (most recent call last):\n")
    assert details.count("File ") == 2
    assert "line 2, in <module>\n    depth(0)" in details
    assert "in depth\n    return 1 / pressure" in details
    assert details.endswith("ZeroDivisionError: division by zero\n")
    assert "fakehub" not in details


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("syntax", "SyntaxError"),
        ("exit", "SystemExit"),
        ("chained", "ValueError"),
        ("two lines of error", "ValueError"),
        ("figure before an error", "ZeroDivisionError"),
    ],
)
def test_other_errors(ran, name, error):
    ended, outputs = ran[name]
    (output,) = [one for one in outputs if one["output_type"] == "error"]

    assert not ended
    assert output["ename"] == error
    assert error in output["details"]
    assert "fakehub" not in output["details"]


def test_figures_are_shown_at_the_end_of_a_cell(ran):
    (plot,) = ran["plot"][1]
    assert plot["output_type"] == "display_data"
    assert 60 < picture(plot).width < 140

    result, first, second = ran["two plots"][1]
    assert result["data"]["text/plain"] == "[1, 2]"
    assert picture(first).width < picture(second).width


def test_a_figure_that_is_shown_is_not_shown_again(ran):
    figure, *texts = ran["shown"][1]

    assert picture(figure).width > 40
    assert "".join(text["text"] for text in texts) == "after\n"


def test_a_figure_as_the_value_of_a_cell(ran):
    assert picture(ran["figure itself"][1][0]).size == picture(ran["plot"][1][0]).size


def test_the_figure_of_a_failing_cell_is_shown(ran):
    assert [one["output_type"] for one in ran["figure before an error"][1]] == ["error", "display_data"]
