"""Hidden checks: what they say when they fail, and that a reader's session does not notice them."""

import re
import warnings

import pytest
from IPython.utils.capture import capture_output

from guide.pages.reader import read_page
from guide.run import kernel_checks
from guide.run.page_session import RunOptions, run_page
from guide.run.preimport import reload_environment

FRONT_MATTER = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n"


def first_problem(checks, names):
    """Evaluate ``checks`` as in a kernel whose namespace is ``names``."""
    return kernel_checks.first_problem(checks, names, capture_output)


def nothing(one, other):
    """Return nothing, as the assertions of xarray and pandas do."""


def assert_same(one, other):
    """Raise an error unless both are equal."""
    if one != other:
        raise AssertionError("not the same\nat all")


NAMES = {"n": 12, "text": "a" * 200, "lines": ["a", "b"], "assert_same": assert_same, "nothing": nothing}


@pytest.mark.parametrize(
    "check",
    [
        "n == 12",
        "0 < n < 20",
        "n > 3 and 'a' in lines",
        "n is not None and 'c' not in lines",
        "not n == 13",
        "n",
        "any(x == 'b' for x in lines)",
        "assert_same(n, 12)",
        "(m := n) == 12",
    ],
)
def test_a_check_that_holds_says_nothing(check):
    assert first_problem([check], NAMES) == ""


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("n == 24", "left side is 12"),
        ("24 == n", "right side is 12"),
        ("n == len(lines)", "left side is 12, right side is 2"),
        ("0 < n < len(lines)", "left side is 12, right side is 2"),
        ("'c' in lines", "right side is ['a', 'b']"),
        ("n > 3 and n == 13", "n == 13: left side is 12"),
        ("not lines", "lines is ['a', 'b']"),
        ("n == 24 or n == 13", "it is False"),
        ("nothing(n, 12)", "it is None"),
        ("assert_same(n, 24)", "raises AssertionError: not the same at all"),
        ("lines[2] == 'c'", "raises IndexError: list index out of range"),
        ("exit(3)", "raises SystemExit: 3"),
        ("print(n) is None", "prints '12'; a check has to be silent"),
        ("text == ''", f"left side is '{'a' * 98}…"),
    ],
)
def test_a_check_that_fails_says_why_in_one_line(check, problem):
    assert first_problem(["n == 12", check, "no_such_name"], NAMES) == f"{check}: {problem}"


def test_each_part_of_a_check_is_evaluated_once():
    called = []

    def count():
        called.append(1)
        return len(called)

    assert first_problem(["count() == 2"], {"count": count}) == "count() == 2: left side is 1"
    assert len(called) == 1


def test_a_check_sets_no_name():
    names = dict(NAMES)

    assert first_problem(["(m := n) == 12"], names) == ""
    assert names == NAMES


def test_a_warning_in_a_check_is_shown_again_by_the_page():
    def warn():
        warnings.warn("consolidated metadata", stacklevel=1)
        return True

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        assert first_problem(["warn()"], {"warn": warn}) == ""
        assert shown == []
        warn()

    assert [str(warning.message) for warning in shown] == ["consolidated metadata"]


# Cells that show everything that a check could change: names, history, counts, the last values, streams and plots.
CELLS = [
    ("import random, warnings\nrandom.seed(1)\ncount = 3\ncount", "count == 3"),
    ("_", "(count := 4) == 4"),
    ("def warn():\n    warnings.warn('once', stacklevel=1)\n    return True", "warn()"),
    ("warn()", "_ is True"),
    ("print(sorted(name for name in globals() if not name.startswith('_')))", "'In' in globals()"),
    ("print(len(In), sorted(Out), repr(_i), repr(__), count, random.random())", "len(In) == 7"),
    ("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])", "plt.get_fignums() == []"),
    ("print(get_ipython().execution_count, plt.get_fignums())", "get_ipython().execution_count == 9"),
]
SHELL = [
    ("mkdir -p ~/guide-examples/page && cd ~/guide-examples/page && export YEAR=2000", "cd / && export YEAR=2001"),
    ("basename $PWD; echo $YEAR; cd; rmdir ~/guide-examples/page", "test $YEAR = 2000"),
]


def page_of(with_checks):
    """Return the text of a page of these blocks, with or without their checks."""
    cells = (f"```{{code-cell}} python\n:check: {check}\n{source}\n```\n" for source, check in CELLS)
    shell = (f"```bash run check='{check}'\n{source}\n```\n" for source, check in SHELL)
    text = "\n".join([FRONT_MATTER, *cells, *shell])
    return text if with_checks else re.sub(r":check: .*\n| check='.*'", "", text)


def run(folder, with_checks):
    """Run the page of ``page_of``; return the results, and the count of each cell."""
    home = folder / "home"
    home.mkdir(parents=True)
    (folder / "page.md").write_text(page_of(with_checks))
    results, notebook = run_page(read_page(folder / "page.md", folder), home, pytest.fail, RunOptions())
    return results, [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]


def printed(results):
    """Return what the blocks printed, without the run's temporary folder and the number of the kernel's process."""
    return re.sub(r"tmp-[\w-]+/ipykernel_\d+", "ipykernel", repr([result.printed for result in results]))


def test_a_page_prints_the_same_with_its_checks(tmp_path, fakehub_session, monkeypatch):
    monkeypatch.setattr("os.environ", fakehub_session.environment)
    reload_environment()
    try:
        checked, counts = run(tmp_path / "checked", with_checks=True)
        plain, same_counts = run(tmp_path / "plain", with_checks=False)
    finally:
        reload_environment()

    assert printed(checked) == printed(plain)
    assert counts == same_counts == [*range(1, len(CELLS) + 1)]
    assert ({result.checks for result in checked}, {result.checks for result in plain}) == ({1}, {0})


def test_a_check_that_draws_leaves_no_plot_to_the_next_cell():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    problem = first_problem(["pyplot.figure().number > 0"], {"pyplot": pyplot})

    assert problem == "pyplot.figure().number > 0: draws a plot; a check has to be silent"
    assert pyplot.get_fignums() == []
