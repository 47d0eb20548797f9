"""``python3 scripts/publish_branch.py FOLDER``: puts a folder, as it is, onto the branch of its name.

For the made notebooks, which readers' copies follow: a commit on top of the last, never another history, for a copy
could not be brought up to it. The checkout is left alone. Standard library and git only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


class PublishError(Exception):
    """What git refused, in one line."""


def publish(folder: Path, remote: str = "origin") -> bool:
    """Push ``folder`` to the branch named like it at ``remote``; False when that has it already.

    Runs in a checkout, of whose last commit the new one has date and name. Raises ``PublishError``.
    """
    branch = folder.name
    if not any(folder.rglob("*.ipynb")):
        raise PublishError(f"{folder}: there is no notebook; build the book first")
    known = _git("ls-remote", "--heads", remote, f"refs/heads/{branch}")
    parent = known.split()[0] if known else None
    if parent:
        _git("fetch", "--quiet", "--depth=1", remote, parent)
    with tempfile.TemporaryDirectory() as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        _git("--work-tree", str(folder.resolve()), "add", "--all", "--force", ".", cwd=folder, **index)
        tree = _git("write-tree", **index)
    if parent and tree == _git("rev-parse", f"{parent}^{{tree}}"):
        return False
    what, date = _git("log", "-1", "--format=%h %cI").split()
    who = {"NAME": "The guide's build", "EMAIL": "noreply@github.com", "DATE": date}
    names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    parents = ["-p", parent] if parent else []
    commit = _git("commit-tree", tree, *parents, "-m", f"Notebooks made from the pages of {what}", **names)
    _git("push", "--quiet", remote, f"{commit}:refs/heads/{branch}")
    return True


def _git(*arguments: str, cwd: Path | None = None, **env: str) -> str:
    there = subprocess.run(["git", "rev-parse", "--absolute-git-dir"], capture_output=True, text=True)
    settings = {"GIT_DIR": there.stdout.strip()} if there.returncode == 0 else {}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=os.environ | settings | env, capture_output=True, text=True)
    if done.returncode:
        raise PublishError(f"git {arguments[0]}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
    return done.stdout.strip()


def main(arguments: list[str]) -> int:
    """Publish the folder named; 0, or 1 with one line on stderr."""
    if len(arguments) != 1:
        print("publish: name the folder whose name is the branch's", file=sys.stderr)
        return 2
    try:
        pushed = publish(Path(arguments[0]))
    except PublishError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1
    print(f"{arguments[0]}: {'published' if pushed else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
