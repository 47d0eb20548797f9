"""Every page of the book follows the rules that ``make page`` reports, and each rule reports a page that breaks it."""

import json

import pytest

from guide.checks.page_rules import MOST_CELLS, page_problems
from guide.checks.prose import MOST_WORDS
from guide.facts import load
from guide.pages.toc import pages_of_book
from hubfacts.load import FactsError

CLEAN_UP = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n## Clean up\n```{code-cell} python\n"


@pytest.fixture(scope="module")
def facts(root):
    return load(root / "hub.yml")


@pytest.mark.parametrize("page", [pytest.param(path, id=path.stem) for path in pages_of_book()])
def test_a_page_follows_the_rules(page, root, facts):
    assert page_problems(page, root, facts) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Read this. " * MOST_WORDS, f"page.md: {2 * MOST_WORDS} words, at most {MOST_WORDS}"),
        ("\nJust run it.", "page.md:2: leave out 'Just'"),
        ("```bash run\npytest\n```", "page.md:2: 'pytest' shows that the page does not run on the hub"),
        ("Objects stay for seven days.", "page.md:1: 'seven days' is a fact: write its key, "),
        ("Run `conda activate leap`.", "page.md:1: uses the environment 'leap', which neither the page nor the file"),
        ("```bash file=job.sh\nsource activate leap\n```", "page.md:2: uses the environment 'leap'"),
        (
            "```bash run\ncurl http://93.184.216.34/ || true\n```",
            "page.md:1: 93.184.216.34 is the address of a machine",
        ),
        ("```python run\nassert 1 + 1 == 2\n```", "page.md:1: an assert tests the page: use a hidden check"),
        ("```python run\nprint(fs.exists(path))\n```", "page.md:1: a print of exists() tests the page"),
        ("```python run\nprint('gone:', fs.exists(path))\n```", "page.md:1: a print of exists() tests the page"),
        ("```python run\nxr.open_zarr(path, consolidated=False)\n```", "page.md:1: consolidated= is explained on"),
        ('```python run raises="KeyError: \'month\'"\n{}["month"]\n```', "page.md:1: an error is raised on purpose"),
        ('```bash run fails="No such file"\ncat a\n```', "page.md:1: an error is raised on purpose"),
        ("A reference is an\n<image-name>:<tag>.", "page.md:2: <image-name> is shown as nothing, because"),
        (":::{note}\nWrite\n<tag>.\n:::", "page.md:3: <tag> is shown as nothing"),
        (CLEAN_UP + "fs.rm(folder, recursive=True)\n```", "page.md:6: a reader may have set 'folder' to"),
        (CLEAN_UP + "fs.rm([f'{a}/guide-examples/page', b], recursive=True)\n```", "have set 'b' to"),
        (
            CLEAN_UP + "fs.rm(fs.find(folder))\n```",
            "have set 'fs.find(folder)' to their",
        ),
        (CLEAN_UP + "path = folder / 'guide'\nshutil.rmtree(path)\n```", "have set 'path' to"),
        ("Form: {{ images.custom.message }}", "page.md:1: <image-name> is shown as nothing"),
        ("<details>\n<b-c>\n</details>", "page.md:2: <b-c> is shown as nothing"),
        ("name: leap\n`mamba install --yes --name laep zarr`", "page.md:2: uses the environment 'laep'"),
    ],
    ids=[
        *("long", "word", "stand-in", "fact", "activated", "activated in a job", "address", "assert", "exists"),
        *("exists with a label", "consolidated", "raises", "fails"),
        *("lost text", "lost in a note", "removed", "removed in a list", "found and removed", "removed at home"),
        *("lost from a fact", "lost in an answer", "installed into"),
    ],
)
def test_a_page_that_breaks_a_rule_is_reported(text, problem, tmp_path, facts):
    page = tmp_path / "page.md"
    page.write_text(text)

    assert any(problem in line for line in page_problems(page, tmp_path, facts))


@pytest.mark.parametrize(
    "text",
    [
        "`conda activate hub`, from the guide's file, or `conda activate base`.",
        "```yaml file=environment.yml\nname: leap\n```\n`conda activate leap`",
        "`conda create --name leap zarr`, then `conda activate leap`.",
        "`conda list --explicit` names no environment, and neither does `jupyter --name leap`.",
    ],
    ids=["guide's", "file", "created", "none"],
)
def test_a_page_may_use_an_environment_that_it_makes(text, tmp_path, facts):
    page = tmp_path / "page.md"
    page.write_text(text)

    assert page_problems(page, tmp_path, facts) == []


@pytest.mark.parametrize(
    "text",
    [
        "`<image-name>`, <https://example.org>, a < b > c and\n<details><summary>Answer</summary>Yes.</details>",
        '```text skip="only a template of it"\n<tag>\n```',
    ],
    ids=["in a sentence", "in a block"],
)
def test_code_addresses_and_folded_answers_are_no_lost_text(text, tmp_path, facts):
    page = tmp_path / "page.md"
    page.write_text(text)

    assert page_problems(page, tmp_path, facts) == []


@pytest.mark.parametrize(
    "text",
    [
        CLEAN_UP + "example = f'{scratch}/guide-examples/page'\nfs.rm(example, recursive=True)\n```",
        CLEAN_UP + "name = 'guide-examples/page'\nshutil.rmtree(Path.home() / name)\n```",
        CLEAN_UP + "fs.rm(f'{folder}/one-file')\n```",
        "```python run\nfs.rm(path, recursive=True)\n```\n\n## Clean up",
    ],
    ids=["variable", "joined", "one file", "in a recipe"],
)
def test_a_page_may_delete_its_own_example(text, tmp_path, facts):
    page = tmp_path / "page.md"
    page.write_text(text)

    assert page_problems(page, tmp_path, facts) == []


def test_a_notebook_that_deletes_a_variable_is_reported(tmp_path, facts):
    heading = {"cell_type": "markdown", "source": ["## Shut down and clean up\n", "Delete it:"], "metadata": {}}
    code = {"cell_type": "code", "source": ["fs.rm(folder, recursive=True)"], "metadata": {}, "outputs": []}
    code["execution_count"] = 1
    notebook = tmp_path / "bad.ipynb"
    notebook.write_text(
        json.dumps({"cells": [code, heading, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )

    problem = "a reader may have set 'folder' to their own folder: name guide-examples/bad in this block"
    assert f"bad.ipynb:3: {problem}" in page_problems(notebook, tmp_path, facts)
    assert f"bad.ipynb:1: {problem}" not in page_problems(notebook, tmp_path, facts)


def test_a_notebook_that_breaks_every_rule_is_reported(tmp_path, facts):
    note = {"cell_type": "markdown", "source": ["Just read."]}
    code = {"cell_type": "code", "source": ["1 + 1"], "execution_count": None, "outputs": []}
    notebook = tmp_path / "bad.ipynb"
    notebook.write_text(json.dumps({"cells": [code, note, *[code] * MOST_CELLS]}))

    assert page_problems(notebook, tmp_path, facts) == [
        "bad.ipynb, cell 2:1: leave out 'Just'",
        "bad.ipynb: 27 cells, at most 25: move a task to another notebook",
        "bad.ipynb: begin with a cell that has the title",
        "bad.ipynb: cells without outputs: make outputs PAGE=bad.ipynb",
        "bad.ipynb: no cell draws a plot; every notebook needs one",
    ]


EXERCISE = {"start": "n = ...", "checks": ["n == 2"], "hint": "Count them.", "solution": "n = 2"}


@pytest.mark.parametrize(
    ("changed", "text", "problem"),
    [
        ({}, "**Question:** how many?", None),
        ({"solution": "n = 3"}, "**Question:** how many?", "'n = 3' is wrong, and must be right"),
        ({"start": "n = 2"}, "**Question:** how many?", "'n = 2' is right, and must be open"),
        (
            {"solution": "n = m"},
            "**Question:** how many?",
            "'n = m' is error NameError: name 'm' is not defined, and must be right",
        ),
        ({}, "How many?", "an exercise needs a cell with one **Question:**, and this has 0"),
        ({}, "**Question:** a?\n\n**Question:** b?", "an exercise needs a cell with one **Question:**, and this has 2"),
        (
            {"answer": "2"},
            "**Question:** how many?",
            "an exercise has the keys start, checks, hint and solution, and no others",
        ),
        (
            {"checks": "n == 2"},
            "**Question:** how many?",
            "checks is a list of expressions, and start, hint and solution are texts",
        ),
    ],
)
def test_an_exercise_that_cannot_be_solved_is_reported(tmp_path, facts, changed, text, problem):
    cell = {"id": "a", "cell_type": "markdown", "source": [text], "metadata": {"exercise": EXERCISE | changed}}
    notebook = tmp_path / "bad.ipynb"
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    found = [line for line in page_problems(notebook, tmp_path, facts) if line.startswith("bad.ipynb:cell 1: ")]

    assert found == ([] if problem is None else [f"bad.ipynb:cell 1: {problem}"])


def test_make_page_reports_a_rule_that_is_broken(monkeypatch, capsys, root):
    from guide import __main__ as commands

    page = root / "book/buckets/rules.md"
    monkeypatch.setattr("guide.checks.page_rules.page_problems", lambda path, *_: [f"{path.stem}: a rule"])

    assert commands.broken_rules([page, root / "tests/broken/failing-cell.md"]) == ["rules: a rule"]


def test_make_page_prints_a_broken_rule_and_leaves_an_unreadable_page_to_the_run(monkeypatch, capsys, root, tmp_path):
    from guide import __main__ as commands

    monkeypatch.setattr("guide.checks.page_rules.page_problems", lambda path, *_: [f"{path.stem}: a rule"])

    assert commands._print_broken_rules([root / "book/buckets/rules.md"]) == 1
    assert commands._print_broken_rules([root / "book/buckets/rules.md", tmp_path / "missing.md"]) == 0
    assert capsys.readouterr().out == "rules: a rule\n"


def test_make_page_reports_wrong_facts_in_one_line(monkeypatch, capfd):
    from guide import __main__ as commands

    def wrong(_):
        raise FactsError("hub.yml: hub.regionn: unknown key; did you mean region?")

    monkeypatch.setattr("guide.facts.load", wrong)

    assert commands.main(["page", "book/buckets/rules.md"]) == 1
    assert capfd.readouterr() == ("", "hub.yml: hub.regionn: unknown key; did you mean region?\n")
