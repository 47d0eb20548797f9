"""``make sbom``: a bill of materials for each lock, in CycloneDX's form. Runs with the Python of ``.venv/audit``.

Made from the locks alone, in their order, without a date or a number of its own: the same lock has the same bill.
"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model import HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^ ;\\\n]+)(.*?)(?=^[a-z0-9]|\Z)", re.MULTILINE | re.DOTALL)


def from_python(lock: Path) -> Iterator[Component]:
    """The components of a lock of Python packages."""
    for name, version, rest in _PACKAGE.findall(lock.read_text(encoding="utf-8")):
        hashes = [HashType.from_composite_str(text) for text in sorted(re.findall(r"sha256:[0-9a-f]{64}", rest))]
        yield _component("pypi", name, version, hashes)


def from_npm(lock: Path) -> Iterator[Component]:
    """The components of a lock of npm's."""
    for place, package in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        if place:
            kind, _, digest = package["integrity"].partition("-")
            hashes = [HashType.from_composite_str(f"{kind}:{base64.b64decode(digest).hex()}")]
            yield _component("npm", place.rpartition("node_modules/")[2], package["version"], hashes)


def _component(kind: str, name: str, version: str, hashes: list[HashType]) -> Component:
    space, _, own = name.rpartition("/")
    url = PackageURL(kind, space or None, own, version)
    reference = {"type": ComponentType.LIBRARY, "bom_ref": str(url), "purl": url}
    return Component(name=own, group=space or None, version=version, hashes=hashes, **reference)


def text_of(components: list[Component]) -> str:
    """The bill of these components."""
    bill = json.loads(JsonV1Dot6(Bom(components=components)).output_as_string())
    # A number drawn at random and the time: two bills of one lock would differ.
    bill.pop("serialNumber", None)
    bill.get("metadata", {}).pop("timestamp", None)
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def main(out: Path) -> int:
    """Write the bills of all locks into the folder ``out``; 0."""
    out.mkdir(parents=True, exist_ok=True)
    bills = {lock.stem: list(from_python(lock)) for lock in sorted(ROOT.glob("lock/*.txt"))}
    bills |= {lock.parent.name: list(from_npm(lock)) for lock in sorted(ROOT.glob("lock/*/package-lock.json"))}
    for name, components in bills.items():
        (out / f"{name}.cdx.json").write_text(text_of(components), encoding="utf-8")
        print(f"{out / name}.cdx.json: {len(components)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
