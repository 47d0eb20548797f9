"""The supply chain: packages locked by hash, under allowed licences, audited, and workflows without tokens."""

import http.server
import json
import re
import subprocess
import sys
import threading
import tomllib

import pytest
import yaml
from license_expression import get_spdx_licensing

from guide.checks.licences import check, is_allowed, unlicensed
from guide.checks.sbom import ENVIRONMENTS
from guide.checks.workflows import broken_rules


@pytest.fixture
def lock(root):
    return tomllib.loads((root / "uv.lock").read_text())


@pytest.fixture
def uv(root):
    """The project's uv."""
    program = root / ".venv/uv/bin/uv"
    if not program.exists():
        pytest.skip("there is no .venv/uv; run: make setup")
    return program


def test_every_locked_package_is_under_an_allowed_licence(root):
    environments = [root / ".venv" / name for name in ENVIRONMENTS if (root / ".venv" / name).is_dir()]

    assert check(root, environments) == []


@pytest.mark.parametrize(
    ("licence", "lines"),
    [
        ("AGPL-3.0-only", ["pump is under AGPL-3.0-only"]),
        ("MIT AND GPL-3.0-only", ["pump is under MIT AND GPL-3.0-only"]),
        ("", ["pump is under no licence that its metadata names"]),
        ("MIT OR GPL-3.0-only", []),
        ("(MIT OR CC0-1.0)", []),
        ("BSD License", []),
    ],
)
def test_a_package_under_another_licence_is_reported(root, licence, lines):
    rules = yaml.safe_load((root / "lock/licences.yml").read_text()) | {"exceptions": {}}

    assert unlicensed(rules, [("pump", licence)]) == lines


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("(MIT OR Apache-2.0) AND (GPL-3.0-only)", False),
        ("(MIT OR GPL-3.0-only) AND (Apache-2.0 OR GPL-3.0-only)", True),
        ("MIT AND (Apache-2.0 OR BSD-3-Clause)", True),
        ("MIT AND (GPL-3.0-only OR (BSD-3-Clause AND Apache-2.0))", True),
        ("MIT AND (GPL-3.0-only OR (BSD-3-Clause AND LGPL-2.1-only))", False),
        ("((MIT))", True),
        ("mit or gpl-3.0-only", True),
        ("apache-2.0 and gpl-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("Apache-2.0 WITH MIT", False),
        ("Nonsense-1.0", False),
        ("MIT OR Nonsense-1.0", False),
        ("MIT AND", False),
        ("UNLICENSED", False),
        ("", False),
    ],
)
def test_an_spdx_expression_is_allowed_only_if_allowed_licences_satisfy_it(expression, allowed):
    assert is_allowed(expression, {"MIT", "Apache-2.0", "BSD-3-Clause"}) == allowed


def test_every_allowed_licence_is_an_spdx_identifier(root):
    rules = yaml.safe_load((root / "lock/licences.yml").read_text())

    assert get_spdx_licensing().unknown_license_keys(" AND ".join(rules["allowed"])) == []
    assert all(is_allowed(expression, set(rules["allowed"])) for expression in rules["called"].values())


def test_an_exception_without_a_package_is_reported(root):
    rules = yaml.safe_load((root / "lock/licences.yml").read_text()) | {"exceptions": {"gone": {}}}

    assert unlicensed(rules, []) == ["gone is an exception, but no package"]


@pytest.mark.parametrize("name", ["check", "nightly", "publish"])
def test_a_workflow_keeps_the_rules(root, name):
    assert broken_rules(root / f".github/workflows/{name}.yml") == []


def test_there_are_no_other_workflows(root):
    assert {path.name for path in (root / ".github/workflows").iterdir()} == {"check.yml", "nightly.yml", "publish.yml"}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("moving-tag", ["line 10: action not pinned by digest with its version: - uses: actions/setup-python@v5"]),
        (
            "token-for-code",
            [
                "job issue: has permissions besides reading, but runs code or is not the job that publishes",
                "it reads a secret: GITHUB_TOKEN",
            ],
        ),
        (
            "cached-publication",
            ["it publishes what a pull request may have put into a cache: actions/cache@"],
        ),
        (
            "rights-for-code",
            [
                "it runs on pull_request_target",
                "the workflow's permissions are not `contents: read`",
                "job build: has permissions besides reading, but runs code or is not the job that publishes",
                "job build: has no time limit",
                "job build: leaves the checkout's token to later steps",
                "it reads a secret: secrets.",
            ],
        ),
    ],
)
def test_a_workflow_that_breaks_a_rule_is_reported(root, name, lines):
    assert broken_rules(root / f"tests/broken/workflows/{name}.yml") == lines


def test_every_locked_package_comes_from_the_public_index_with_a_hash(root, lock):
    files = {
        package["name"]: [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        for package in lock["package"]
        if package["source"] != {"editable": "."}
    }

    assert {package["source"].get("registry") for package in lock["package"]} == {None, "https://pypi.org/simple"}
    assert len(files) > 300
    assert [name for name in files if not files[name]] == []
    assert [file for locked in files.values() for file in locked if not file["hash"].startswith("sha256:")] == []
    assert {re.match(r"https://[^/]+", file["url"])[0] for locked in files.values() for file in locked} == {
        "https://files.pythonhosted.org"
    }
    assert re.fullmatch(r"uv==[\d.]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", (root / "lock/uv.txt").read_text())


def test_the_lock_belongs_to_pyproject_toml(root, uv):
    checked = subprocess.run([uv, "lock", "--check", "--offline"], cwd=root, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stderr


@pytest.fixture
def audit(root, uv):
    """Run the command of ``make audit`` against a vulnerability service with the given vulnerable packages."""
    servers = []

    def run(*vulnerable: str, answers: bool = True) -> subprocess.CompletedProcess[str]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _service(vulnerable, answers))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        recipe = (root / "Makefile").read_text().partition("\naudit:")[2].partition("\n\n")[0]
        (line,) = (line for line in recipe.splitlines() if "uv audit" in line)
        command = [*line.strip().removeprefix("@").split(), "--service-url", f"http://127.0.0.1:{server.server_port}/"]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def _service(vulnerable: tuple[str, ...], answers: bool) -> type[http.server.BaseHTTPRequestHandler]:
    """Return a handler that knows one vulnerability of each ``vulnerable`` package, in the format of OSV."""
    known = {"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            hits = ({"vulns": [known]} if query["package"]["name"] in vulnerable else {} for query in queries)
            self._send({"results": list(hits)})

        def do_GET(self) -> None:
            self._send(known | {"summary": "it leaks", "affected": []})

        def _send(self, answer: dict) -> None:
            self.send_response(200 if answers else 403)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler


def test_an_audit_of_packages_without_vulnerabilities_passes(audit, lock):
    done = audit()

    assert done.returncode == 0, done.stderr
    assert f"{len(lock['package']) - 1} packages" in done.stdout + done.stderr


def test_an_audit_fails_for_a_vulnerable_package_and_names_it(audit):
    done = audit("numpy")

    assert done.returncode == 1
    assert "numpy 2.3.5 has 1 known vulnerability" in done.stdout
    assert "PYSEC-1: it leaks" in done.stdout


def test_an_audit_without_an_answer_has_not_passed(audit):
    assert audit(answers=False).returncode == 2


def test_a_bill_of_materials_has_every_locked_package_with_its_hashes(root, uv, tmp_path):
    made = [
        subprocess.run([sys.executable, "-m", "guide.checks.sbom", tmp_path / str(number)], cwd=root)
        for number in range(2)
    ]
    text = (tmp_path / "0/hub.cdx.json").read_text()
    bill = json.loads(text)
    command = [uv, "export", "--frozen", "--group", "hub", "--no-hashes", "--no-annotate", "--no-header"]
    exported = subprocess.run([*command, "--no-emit-project"], cwd=root, capture_output=True, text=True, check=True)
    locked = re.findall(r"^([a-z0-9][\w.-]*)==([^ ;\\\n]+)", exported.stdout, re.MULTILINE)

    assert [one.returncode for one in made] == [0, 0]
    assert bill["bomFormat"] == "CycloneDX"
    assert {(one["name"], one["version"]) for one in bill["components"]} == set(locked)
    assert all(one["purl"].startswith("pkg:pypi/") for one in bill["components"])
    assert all(file["hashes"] for one in bill["components"] for file in one["externalReferences"])
    assert text == (tmp_path / "1/hub.cdx.json").read_text()
    proxy = json.loads((tmp_path / "0/hub-proxy.cdx.json").read_text())["components"]
    assert any(one["purl"].startswith("pkg:npm/configurable-http-proxy@5.1.0") for one in proxy)
    assert {path.name for path in (tmp_path / "0").iterdir()} == {
        f"{name}.cdx.json" for name in (*ENVIRONMENTS, "hub-proxy", "language", "live", "npm")
    }
