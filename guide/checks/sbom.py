"""``make sbom``: a bill of materials in CycloneDX format for each environment and each npm lock.

Made only from the locks, without a date or a random number: the same lock gives the same bytes.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from guide.paths import ROOT

UV = ROOT / ".venv" / "uv" / "bin" / "uv"
# The option of uv that selects the packages of each environment; only some of them hold what fakehub requires.
ENVIRONMENTS = {
    "hub": "--group=hub",
    "latest": "--group=latest",
    "tools": "--only-group=programs",
    "jupyterhub": "--group=jupyterhub",
    "jupyterhub-latest": "--group=jupyterhub-latest",
    "suites": "--group=suites",
}


def from_python(environment: str) -> dict[str, Any]:
    """Return the bill of the Python packages that ``uv.lock`` holds for an environment."""
    command = [str(UV), "export", "--quiet", "--frozen", ENVIRONMENTS[environment], "--format", "cyclonedx1.5"]
    exported = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    bill: dict[str, Any] = json.loads(exported.stdout)
    del bill["serialNumber"], bill["metadata"]["timestamp"]
    return bill


def from_npm(lock: Path) -> dict[str, Any]:
    """Return the bill of the npm packages in a ``package-lock.json``."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    components = [_npm_component(path, package) for path, package in packages.items() if path]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def _npm_component(path: str, package: dict[str, str]) -> dict[str, Any]:
    """Return the component for one entry of a ``package-lock.json``."""
    scope, _, name = path.rpartition("node_modules/")[2].rpartition("/")
    purl = f"pkg:npm/{scope.replace('@', '%40')}/{name}" if scope else f"pkg:npm/{name}"
    algorithm, _, digest = package["integrity"].partition("-")
    hashes = [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}]
    component: dict[str, Any] = {"type": "library", "bom-ref": path, "name": name, "version": package["version"]}
    return component | ({"group": scope} if scope else {}) | {"purl": f"{purl}@{package['version']}", "hashes": hashes}


def main(out: Path) -> int:
    """Write all bills into the folder ``out``; return 0."""
    out.mkdir(parents=True, exist_ok=True)
    bills = {name: from_python(name) for name in ENVIRONMENTS}
    bills |= {lock.parent.name: from_npm(lock) for lock in sorted(ROOT.glob("lock/*/package-lock.json"))}
    for name, bill in bills.items():
        path = out / f"{name}.cdx.json"
        path.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{path}: {len(bill['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
