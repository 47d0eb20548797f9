"""What ``fakehub lab`` gives to a reader: the guide's notebooks, the scripts that they use, and the facts of its hub.

A wheel carries it in ``DATA``, where ``setup.py`` writes it. In a checkout, it is made from the sources.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

import yaml

DATA = Path(__file__).with_name("data")
NOTEBOOKS = "notebooks"
HUB_YML = "hub.yml"
_CHECKOUT = Path(__file__).resolve().parents[2]
_LINK_TO_PAGE = re.compile(r"(?<=\]\()([^)\s:#]+)\.md(#[^)\s]*)?(?=\))")
# What JupyterLab uses of the metadata. The rest is for the guide's own runs, and outputs are for the reader to make.
_METADATA = {"kernelspec", "language_info"}
_CELL_METADATA = {"tags"}


def hub_yml() -> Path:
    """Return the path of the facts of the guide's hub."""
    return (DATA if DATA.is_dir() else _CHECKOUT) / HUB_YML


def material() -> dict[str, bytes]:
    """Return the content of each file for the reader's folder, by its path in it."""
    if not DATA.is_dir():
        return from_checkout(_CHECKOUT)
    files = sorted(path for path in DATA.rglob("*") if path.is_file() and path != DATA / HUB_YML)
    return {path.relative_to(DATA).as_posix(): path.read_bytes() for path in files}


def sources(root: Path) -> list[str]:
    """Return the paths of all files in the checkout ``root`` that the material is made of."""
    names = sorted(path.relative_to(root).as_posix() for path in (root / NOTEBOOKS).glob("*.ipynb"))
    used = {name for notebook in names for name in _used_files(json.loads((root / notebook).read_bytes()))}
    return [HUB_YML, *names, *sorted(used)]


def from_checkout(root: Path) -> dict[str, bytes]:
    """Make the reader's files from the checkout ``root``, at the same paths, by which notebooks find their scripts."""
    _, *names = sources(root)
    site = site_of(root)
    contents = {name: (root / name).read_bytes() for name in names}
    return {
        name: _for_reader(content, urljoin(site, name)) if name.endswith(".ipynb") else content
        for name, content in contents.items()
    }


def site_of(root: Path) -> str:
    """Return the address of the guide's site, from the facts of the checkout ``root``."""
    return yaml.safe_load((root / HUB_YML).read_bytes())["guide"]["site"]


def write_data(root: Path, data: Path) -> None:
    """Write the material and the facts of the checkout ``root`` into the folder ``data``, and nothing else."""
    shutil.rmtree(data, ignore_errors=True)  # of an earlier build
    for name, content in {HUB_YML: (root / HUB_YML).read_bytes(), **from_checkout(root)}.items():
        target = data / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _used_files(notebook: Mapping[str, Any]) -> list[str]:
    """Return the paths of the files that a notebook lists, which are relative to its own folder."""
    return [PurePosixPath(name).relative_to("..").as_posix() for name in notebook["metadata"].get("files", [])]


def _for_reader(content: bytes, address: str) -> bytes:
    """Return a notebook without outputs, whose links to pages lead to the site; its own page there is ``address``."""
    notebook = json.loads(content)
    notebook["metadata"] = _only(notebook["metadata"], _METADATA)
    for cell in notebook["cells"]:
        cell["metadata"] = _only(cell["metadata"], _CELL_METADATA)
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        else:
            cell["source"] = [_with_addresses(line, address) for line in cell["source"]]
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _only(metadata: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name in names}


def _with_addresses(line: str, address: str) -> str:
    return _LINK_TO_PAGE.sub(lambda link: urljoin(address, f"{link[1]}.html{link[2] or ''}"), line)
