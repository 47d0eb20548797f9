"""The documentation of the stand-in: its code runs, its links lead somewhere, and it names every section of facts."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from documents import blocks_of, run_document

from hubfacts.schema import Facts

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "fakehub/README.md", *sorted((ROOT / "fakehub/docs").glob("*.md"))]


def name_of(path):
    """Return the name of a document, for the names of tests."""
    return path.stem


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_the_code_runs(document, tmp_path):
    run_document(document, Path(sys.executable).parent, tmp_path, PYTHONPATH=str(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_code_is_in_blocks_that_run_and_left_out_ones_have_tests(document):
    text = document.read_text()

    assert re.findall(r"\n\n    \S.*", re.sub(r"```.*?```", "", text, flags=re.DOTALL)) == []
    for block in blocks_of(text):
        assert block.language in {"bash", "python", "yaml"}
        assert block.file or block.language != "yaml"
        assert re.fullmatch(r'|serve|file=[\w./-]+|skip="[^"]+"', block.what), block
        assert not block.skipped_for or (ROOT / block.skipped_for).exists()


def test_code_that_fails_is_reported_with_its_line(tmp_path):
    document = tmp_path / "wrong.md"
    document.write_text("# A\n\n```bash\nexport A=1\n```\n\n```python\nimport os\nassert os.environ['A'] == '2'\n```\n")

    with pytest.raises(AssertionError, match=r"wrong\.md:7: (.|\n)*AssertionError"):
        run_document(document, Path(sys.executable).parent, tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_and_headings(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


def test_the_readme_leads_to_every_document():
    text = (ROOT / "fakehub/README.md").read_text()

    assert [path.name for path in DOCUMENTS[1:] if f"(docs/{path.name}" not in text] == []


def test_the_first_facts_are_the_minimal_example(root):
    (block,) = (block for block in blocks_of((root / "fakehub/README.md").read_text()) if block.file == "hub.yml")

    assert yaml.safe_load(block.text) == yaml.safe_load((root / "examples/minimal/hub.yml").read_text())


def test_every_section_is_named(root):
    facts = (root / "fakehub/docs/facts.md").read_text()
    first_cells = " ".join(re.findall(r"^\| ([^|]+) \|", facts, re.MULTILINE))

    assert set(re.findall(r"`(\w+)`", first_cells)) == set(Facts.model_fields)
