"""Commands of the page on a full home directory, among files that the page does not have."""

import os
import re
import subprocess

from guide.pages.reader import read_page

PAGE = "book/help/home-directory-full.md"


def test_the_commands_list_the_largest_files_and_folders_last(root, tmp_path):
    for name, kilobytes in {"a/b": 900, ".cache/pip": 500, "c": 300, "d": 200, "e": 100, "f": 50}.items():
        for folder in (name, f"{name}/.ipynb_checkpoints"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "file").write_bytes(os.urandom(kilobytes * 1000))
    with (tmp_path / "c/large.nc").open("wb") as large:
        large.truncate(101 * 2**20)

    source = "\n".join(block.source for block in read_page(root / PAGE, root).blocks if block.language == "console")
    folders, files, checkpoints = (_listed(command, tmp_path) for command in re.findall(r"^\$ (.*)", source, re.M))

    assert folders == ["/d", "/c", "/.cache", "/a", ""]
    assert files == ["/c/large.nc"]
    assert checkpoints == [f"/{name}/.ipynb_checkpoints" for name in ("f", "e", "d", "c", ".cache/pip", "a/b")]


def _listed(command, home):
    """Return the paths that a command lists, as they are in the ``home`` directory."""
    env = os.environ | {"HOME": str(home)}
    listed = subprocess.run(command, shell=True, env=env, check=True, capture_output=True, text=True).stdout
    return [line.split("\t")[-1].removeprefix(str(home)) for line in listed.splitlines()]
