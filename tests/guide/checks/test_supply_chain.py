"""What the project is made of: locked, under licences that are allowed, built without a token."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from guide.checks.audit import audit
from guide.checks.licences import check, unlicensed
from guide.checks.workflows import broken_rules

ENVIRONMENTS = ("tools", "jupyterhub", "audit")


def test_every_locked_package_is_under_a_licence_that_is_allowed(root, stack):
    names = [stack, *ENVIRONMENTS] if stack == "hub" else [stack, "hub", *ENVIRONMENTS]

    assert check(root, [root / ".venv" / name for name in names if (root / ".venv" / name).is_dir()]) == []


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("AGPL-3.0-only", ["pump is under AGPL-3.0-only"]),
        ("MIT AND GPL-3.0-only", ["pump is under MIT AND GPL-3.0-only"]),
        ("", ["pump is under no licence that its metadata name"]),
        ("MIT OR GPL-3.0-only", []),
        ("(MIT OR CC0-1.0)", []),
        ("BSD License", []),
    ],
)
def test_a_package_under_another_licence_is_told(root, licence, told):
    rules = yaml.safe_load((root / "lock/licences.yml").read_text()) | {"exceptions": {}}

    assert unlicensed(rules, iter([("pump", licence)])) == told


def test_an_exception_for_no_package_is_told(root):
    rules = yaml.safe_load((root / "lock/licences.yml").read_text()) | {"exceptions": {"gone": {}}}

    assert unlicensed(rules, iter(())) == ["gone is an exception, but no package"]


@pytest.mark.parametrize("name", ["check", "nightly", "publish"])
def test_a_workflow_keeps_the_rules(root, name):
    assert broken_rules(root / f".github/workflows/{name}.yml") == []


def test_there_are_no_other_workflows(root):
    assert {path.name for path in (root / ".github/workflows").iterdir()} == {"check.yml", "nightly.yml", "publish.yml"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("moving-tag", ["line 10: not pinned by digest, with its version: - uses: actions/setup-python@v5"]),
        (
            "rights-for-code",
            [
                "it runs on pull_request_target",
                "permissions of the whole are not `contents: read`",
                "job build: has rights besides reading, and runs code or is not the one that publishes",
                "job build: has no time limit",
                "job build: leaves the token of the checkout to what runs after it",
                "it reads a secret: secrets.",
            ],
        ),
    ],
)
def test_a_workflow_that_breaks_a_rule_is_told(root, name, told):
    assert broken_rules(root / f"tests/broken/workflows/{name}.yml") == told


def test_every_package_is_locked_with_its_hashes(root):
    for lock in root.glob("lock/*.txt"):
        packages = re.split(r"\n(?=[a-z0-9])", lock.read_text().strip())
        assert [text.partition("\n")[0] for text in packages if "--hash=sha256:" not in text] == [], lock.name


@pytest.fixture
def auditor(tmp_path):
    """Make a program in the auditor's place, which prints and ends as told."""

    def make(report: str, status: int, said: str = ""):
        program = tmp_path / "pip-audit"
        script = f"import sys\nopen(sys.argv[sys.argv.index('--output') + 1], 'w').write({report!r})\n"
        script = script if report else "import sys\n"
        program.write_text(f"#!{sys.executable}\n{script}print({said!r}, file=sys.stderr)\nsys.exit({status})\n")
        program.chmod(0o755)
        return program

    return make


SOUND = json.dumps({"dependencies": [{"name": "pump", "version": "1", "vulns": []}], "fixes": []})
KNOWN = {"id": "PYSEC-1", "fix_versions": ["2"]}
BAD = json.dumps({"dependencies": [{"name": "pump", "version": "1", "vulns": [KNOWN]}]})


@pytest.mark.parametrize(
    ("report", "ends", "said", "status", "told"),
    [
        (SOUND, 0, "", 0, "hub: 1 packages, no known vulnerability"),
        (BAD, 1, "", 1, "hub: pump 1: PYSEC-1; mended in 2"),
        ("", 1, "ConnectionError: pypi.org", 2, "hub: not run: ConnectionError: pypi.org"),
        ("", 0, "", 2, "hub: not run: it said nothing"),
    ],
)
def test_an_audit_tells_what_it_found_or_that_it_was_not_run(root, auditor, capsys, report, ends, said, status, told):
    found = audit([root / "lock/hub.txt"], auditor(report, ends, said))

    assert (found, capsys.readouterr().out.strip()) == (status, told)


def test_an_audit_without_its_program_is_not_run(root, tmp_path, capsys):
    assert audit([root / "lock/hub.txt"], tmp_path / "gone") == 2
    assert "hub: not run: there is no" in capsys.readouterr().out


def test_a_bill_of_materials_has_every_locked_package_with_its_hashes(root, tmp_path):
    program = root / ".venv/audit/bin/python"
    if not (root / ".venv/audit/.ready").exists():
        pytest.skip("there is no .venv/audit; run: make tools")
    made = [subprocess.run([program, "guide/checks/sbom.py", tmp_path / str(n)], cwd=root) for n in range(2)]
    text = (tmp_path / "0/hub.cdx.json").read_text()
    bill = json.loads(text)
    locked = re.findall(r"^([a-z0-9][\w.-]*)==([^ ;\\]+)", (root / "lock/hub.txt").read_text(), re.MULTILINE)

    assert [one.returncode for one in made] == [0, 0]
    assert bill["bomFormat"] == "CycloneDX"
    assert {(one["name"], one["version"]) for one in bill["components"]} == set(locked)
    assert all(one["hashes"] and one["purl"].startswith("pkg:pypi/") for one in bill["components"])
    assert text == (tmp_path / "1/hub.cdx.json").read_text()
    assert (tmp_path / "0/npm.cdx.json").exists()
