"""Every text of the project is clean or on the list of those that are not yet, and each check rejects its input."""

import shutil

import pytest

from guide.language import check, grammar
from guide.language.markdown import markdown_passages

# Where each input in tests/broken/language/ belongs, and what must be found in it.
BROKEN = {
    "banned-phrase.md": ("book/page.md", "page.md:3: The files lie in one folder.\n    'lie in': say is, is stored"),
    "comment.py": ("guide/module.py", "'by itself': say \"automatically\""),
    "disagreement.md": ("book/page.md", "'do': The form of the verb must agree"),
    "docstring.py": ("guide/module.py", "'an': Incorrect indefinite article. (AnA): write 'a'"),
    "hub.yml": ("hub.yml", '\'shall\': say "should" or "must"'),
    "long-sentence.md": ("README.md", "37 words, at most 30: divide the sentence"),
    "misspelt.md": ("book/page.md", "'xaray' is in no dictionary"),
    "no-introduction.md": ("book/page.md", "page.md:3: The size of the store:\n    no verb before a block"),
    "notebook.ipynb": ("notebooks/a.ipynb", "a.ipynb, cell 1:3: The sizes of all chunks:\n    no verb before a block"),
    "script.js": ("book/_static/script.js", "'a slip': say typo"),
    "strings.py": ("guide/module.py", "'an': Incorrect indefinite article. (AnA): write 'a'"),
    "template.html": ("book/_templates/a.html", "a.html:2: Log in anew, or go to the home page.\n    'anew'"),
    "wrong-article.md": ("CHANGELOG.md", "'a': Incorrect indefinite article. (AnA): write 'an'"),
}


def test_every_text_is_clean_or_listed(root):
    paths = check.checked_files(root)
    found = check.find(paths, root)

    assert check.verdict(found, [path.relative_to(root).as_posix() for path in paths], check.debt()) == []


def test_the_list_names_only_files_that_are_checked(root):
    assert check.debt() <= {path.relative_to(root).as_posix() for path in check.checked_files(root)}


@pytest.fixture(scope="module")
def broken(root, tmp_path_factory):
    """What is found in each broken input, all in one run of the checker."""
    paths = {}
    for name, (place, _) in BROKEN.items():
        folder = tmp_path_factory.mktemp("project")
        paths[name] = folder / place
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "tests/broken/language" / name, paths[name])
    documents = {name: check.passages_of(path, _project(path, BROKEN[name][0])) for name, path in paths.items()}
    grammar.mistakes([check.prose(passages) for passages in documents.values() if check.prose(passages)])
    return {name: check.find([path], _project(path, BROKEN[name][0])) for name, path in paths.items()}


def _project(path, place):
    return path.parents[place.count("/")]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_text_is_rejected_for_one_reason(name, broken):
    [finding] = broken[name]

    assert BROKEN[name][1] in str(finding)


def test_every_broken_text_is_tested(root):
    assert {path.name for path in (root / "tests/broken/language").iterdir()} == set(BROKEN)


def test_a_listed_file_must_have_findings(broken):
    found = broken["misspelt.md"]

    assert check.verdict(found, ["book/page.md"], {"book/page.md"}) == []
    assert check.verdict(found, ["book/page.md"], set()) == [str(found[0])]
    assert check.verdict([], ["book/page.md"], {"book/page.md", "book/other.md"}) == [
        "book/page.md: its language is clean; remove it from guide/language/debt.yml"
    ]


def test_make_language_prints_findings_and_their_number(root, capsys, monkeypatch, tmp_path):
    page = tmp_path / "book/page.md"
    page.parent.mkdir()
    page.write_text("# A\n\nIt begins anew.\n")
    monkeypatch.setattr(check, "mistakes", lambda documents: [])

    assert check.report([page], tmp_path) == 1
    assert capsys.readouterr().out.endswith("say starts again\n2 findings in 1 of 1 file\n")
    page.write_text("# A\n\nIt starts again.\n")
    assert check.report([page], tmp_path) == 0
    assert capsys.readouterr().out == "0 findings in 0 of 1 file\n"


def test_a_missing_checker_is_one_line_that_says_what_to_run(monkeypatch, tmp_path, capsys):
    from guide import __main__ as commands

    monkeypatch.setattr(grammar, "PACKAGES", tmp_path)
    monkeypatch.setattr(grammar, "_KEPT", tmp_path / "kept.json")

    assert commands.main(["language", "book/index.md"]) == 1
    output = capsys.readouterr()
    assert output.err == "the grammar checker is not installed; run: python3 scripts/setup_env.py tools language\n"


def test_an_unknown_rule_is_named(monkeypatch, tmp_path):
    settings = grammar.settings() | {"disabled": {"reason": ["NoSuchRule"]}}
    monkeypatch.setattr(grammar, "settings", lambda: settings)
    grammar._version.cache_clear()
    monkeypatch.setattr(grammar, "_KEPT", tmp_path / "kept.json")
    try:
        with pytest.raises(grammar.NoChecker, match="Harper has no rule NoSuchRule; remove it"):
            grammar.mistakes([markdown_passages("It works.", "page.md")])
    finally:
        grammar._version.cache_clear()


def test_answers_are_kept_for_texts_that_did_not_change(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(grammar, "_KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(
        grammar, "_ask", lambda documents: asked.append(documents) or [{"lints": [], "verbs": []}] * len(documents)
    )
    one, two = (markdown_passages(text, "page.md") for text in ("It works.", "It fails."))

    grammar.mistakes([one])
    grammar.mistakes([one, two])

    assert [[question["text"] for question in documents] for documents in asked] == [["It works."], ["It fails."]]
