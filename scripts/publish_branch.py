"""``python3 scripts/publish_branch.py FOLDER``: publish a folder as the branch of the same name.

For the generated notebooks, of which readers have clones: the content becomes a commit on top of the branch, whose
history is never rewritten, as clones could not follow. Does not touch the checkout. Uses the standard library and git
only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


class PublishError(Exception):
    """A git command that failed, in one line."""


def publish(folder: Path, remote: str = "origin") -> bool:
    """Push ``folder`` to the branch of the same name at ``remote``; return False if the branch already has its content.

    Runs in a checkout, whose last commit gives the new one its date and message. Raises ``PublishError``.
    """
    branch = folder.name
    if not any(folder.rglob("*.ipynb")):
        raise PublishError(f"{folder} has no notebook; build the book first")
    listed = _git("ls-remote", "--heads", remote, f"refs/heads/{branch}")
    parent = listed.split()[0] if listed else None
    if parent:
        _git("fetch", "--quiet", "--depth=1", remote, parent)
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        _git("--work-tree", str(folder.resolve()), "add", "--all", "--force", ".", cwd=folder, **index)
        tree = _git("write-tree", **index)
    if parent and tree == _git("rev-parse", f"{parent}^{{tree}}"):
        return False
    source, date = _git("log", "-1", "--format=%h %cI").split()
    person = {"NAME": "The guide's build", "EMAIL": "noreply@github.com", "DATE": date}
    signature = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    parents = ["-p", parent] if parent else []
    commit = _git("commit-tree", tree, *parents, "-m", f"Notebooks made from the pages of {source}", **signature)
    _git("push", "--quiet", remote, f"{commit}:refs/heads/{branch}")
    return True


def _git(*arguments: str, cwd: Path | None = None, **env: str) -> str:
    """Run git on the checkout's repository, with ``cwd`` as its working directory; return what it prints."""
    repository = subprocess.run(["git", "rev-parse", "--absolute-git-dir"], capture_output=True, text=True)
    settings = {"GIT_DIR": repository.stdout.strip()} if repository.returncode == 0 else {}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=os.environ | settings | env, capture_output=True, text=True)
    if done.returncode:
        raise PublishError(f"git {arguments[0]}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
    return done.stdout.strip()


def main(arguments: list[str]) -> int:
    """Publish the folder named; return 0, or 1 or 2 after one line on stderr."""
    if len(arguments) != 1:
        print("publish: give one folder, whose name is the name of the branch", file=sys.stderr)
        return 2
    try:
        pushed = publish(Path(arguments[0]))
    except PublishError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1
    print(f"{arguments[0]}: {'published' if pushed else 'already published'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
