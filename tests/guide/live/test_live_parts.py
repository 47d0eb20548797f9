"""Packages for browsers are used only if Pyodide's lock file has their checksum."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest

from guide.live import parts
from guide.live.parts import PartsError

BROKEN = "tests/broken/live/changed-package.txt"


def wheel(**files: str) -> bytes:
    """Return a zip file with ``files``, texts by the names of modules."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return content.getvalue()


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """Return a function that has ``fetch`` find these wheels in the carrier, and ``locked`` ones in the lock file."""
    pyodide = tmp_path / "node_modules/pyodide"
    pyodide.mkdir(parents=True)
    carrier = tmp_path / "carrier.whl"
    monkeypatch.setattr(parts, "LIVE", tmp_path)
    monkeypatch.setattr(parts, "PYODIDE", pyodide)
    monkeypatch.setattr(parts, "download_carrier", lambda: carrier)
    installed = []
    monkeypatch.setattr(parts, "_install_pure", lambda names, target: installed.append(target.name))

    def offer(wheels: dict[str, bytes], locked: dict[str, bytes]):
        packages = {
            name: {"file_name": f"{name}.whl", "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in locked.items()
        }
        (pyodide / "pyodide-lock.json").write_text(json.dumps({"packages": packages}))
        (pyodide / "package.json").write_text("{}")
        with zipfile.ZipFile(carrier, "w") as archive:
            for name, content in wheels.items():
                archive.writestr(f"open_webui/frontend/pyodide/{name}.whl", content)
        return installed

    return offer


@pytest.fixture
def wheels():
    """A wheel for each package with compiled code."""
    return {name: wheel(**{name: "1\n"}) for name in (*parts.COMPILED, *parts.FIGURES)}


def test_packages_are_unpacked_for_their_purpose(offered, wheels):
    installed = offered(wheels, wheels)
    site = parts.fetch()

    assert {path.name for path in (site / "compiled").iterdir()} == {f"{name}.py" for name in parts.COMPILED}
    assert {path.name for path in (site / "figures").iterdir()} == {f"{name}.py" for name in parts.FIGURES}
    assert installed == ["pure", "client"]


def test_parts_that_are_there_are_not_fetched_again(offered, wheels):
    installed = offered(wheels, wheels)
    parts.fetch()
    parts.fetch()

    assert installed == ["pure", "client"]


def test_a_changed_package_is_not_used(root, offered, wheels, tmp_path):
    offered(wheels | {"pandas": (root / BROKEN).read_bytes()}, wheels)

    with pytest.raises(PartsError, match=r"pandas\.whl has the checksum \w+…, and Pyodide's lock file \w+…; do not"):
        parts.fetch()
    assert not list(tmp_path.rglob("pandas*"))
    assert not (tmp_path / "site/.ready").exists()


def test_a_package_that_is_missing_is_named(offered, wheels):
    offered({name: content for name, content in wheels.items() if name != "numpy"}, wheels)

    with pytest.raises(PartsError, match=r"carrier\.whl does not contain numpy\.whl"):
        parts.fetch()


def test_the_checksum_of_a_changed_package(root):
    content = (root / BROKEN).read_bytes()

    parts.verify(content, "a.whl", hashlib.sha256(content).hexdigest())
    with pytest.raises(PartsError, match="do not use it"):
        parts.verify(content, "a.whl", hashlib.sha256(content + b" ").hexdigest())


def test_without_pyodide_the_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "LIVE", tmp_path)
    monkeypatch.setattr(parts, "PYODIDE", tmp_path / "pyodide")
    monkeypatch.setattr(parts, "_key", lambda: "")

    with pytest.raises(PartsError, match="run: make live"):
        parts.fetch()


def test_every_package_in_plain_python_is_locked(root):
    text = (root / "uv.lock").read_text()

    assert [name for name in (*parts.PURE, *parts.CLIENT) if f'\nname = "{name}"\n' not in text] == []
