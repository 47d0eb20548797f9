"""Mistakes in the site's own style sheets, scripts and templates stop the build, with their places."""

import shutil

import pytest
import yaml

from guide.checks.reader_environment import environment_problems
from guide.checks.site_files import site_file_problems

EXPECTED = [
    "book/_static/hidden.css:1: '.bd-article > p:nth-child(2n)' hides text from readers",
    "book/_static/hidden.css:5: 'html .admonition.warning' hides text from readers",
    "book/_static/unreadable.css:2: a browser cannot read this declaration: ",
    "book/_static/unreadable.css:5: a browser cannot read this rule: ",
    "book/_static/unreadable.js:4: a browser cannot read this script: its syntax is wrong here",
    "book/_templates/page-foot.html:1: exports.edit is missing",
    "book/_templates/page-foot.html:1: exports.downloads is missing",
    "book/_templates/script.html:2: the site's policy refuses a script inside a page: write it to book/_static",
    "book/_templates/unclosed.html:2: </p> closes <a> of line 2",
    "book/_templates/unclosed.html:3: </nav> closes <a> of line 2",
    "book/_templates/unclosed.html:1: <nav> is never closed",
    "book/_templates/unclosed.html:2: <p> is never closed",
    "book/_templates/unclosed.html:2: <a> is never closed",
]


def test_every_mistake_is_reported_with_its_line(root):
    problems = site_file_problems(root / "tests/broken/site-files")

    assert len(problems) == len(EXPECTED)
    assert all(problem.startswith(start) for problem, start in zip(problems, EXPECTED, strict=True)), problems


def test_the_files_of_the_site_have_none(root):
    assert site_file_problems(root) == []


def test_the_build_stops_at_one(monkeypatch, capsys, root):
    from guide.run.profile import RunProfile
    from guide.site import build

    monkeypatch.setattr(build, "site_file_problems", lambda _: ["book/_static/a.css:1: wrong"])
    monkeypatch.setattr(build, "run_book", lambda *_: 1 / 0)

    assert build.build_site(None, RunProfile("hub", "funky-user", "names"), 1) == 1
    assert capsys.readouterr().err == "book/_static/a.css:1: wrong\n"


def test_another_version_in_the_readers_environment_is_reported(root, tmp_path):
    for name in ("environment.yml", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    file = tmp_path / "environment.yml"
    assert environment_problems(tmp_path) == []

    file.write_text(file.read_text().replace("zarr=3.1.5", "zarr=3.1.3").replace("tqdm=", "tqdn="))

    assert environment_problems(tmp_path) == [
        "environment.yml: tqdn is 4.67.1, but not in pyproject.toml",
        "environment.yml: zarr is 3.1.3, but 3.1.5 in pyproject.toml",
    ]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("conda-forge::zarr==3.1.5", None),
        ("zarr=3.1.5=pyhd8ed1ab_0", None),
        ("python>=3.12", None),
        ("zarr >=3.1", "environment.yml: zarr is 3.1, but 3.1.5 in pyproject.toml"),
        ({"pip": ["zarr==3.1.3"]}, "environment.yml: zarr is 3.1.3, but 3.1.5 in pyproject.toml"),
    ],
    ids=["channel", "build", "python", "range", "pip"],
)
def test_every_form_of_a_version_is_read(root, tmp_path, entry, problem):
    shutil.copy(root / "pyproject.toml", tmp_path)
    (tmp_path / "environment.yml").write_text(yaml.safe_dump({"dependencies": [entry, "ipykernel"]}))

    assert environment_problems(tmp_path) == ([] if problem is None else [problem])
