"""The repository holds what its documentation names, and nothing that a trial or a login left."""

import re
import shutil
import subprocess

import pytest

# What each project has; the README and CONTRIBUTING name everything else at the top of the repository.
USUAL = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"}
# A Google access token of the stand-in or a real one. Tests and the stand-in write shorter ones.
TOKEN = re.compile(r"\bya29\.[\w.-]{60}")


def unnamed(names, documentation):
    """Return those ``names`` that the documentation does not have in backticks."""
    named = set(re.findall(r"`([\w.-]+)[`/]", documentation))
    return {name for name in names if name not in USUAL | named and not name.startswith(".")}


@pytest.fixture(scope="module")
def tracked(root):
    """All files that git tracks."""
    if not (root / ".git").exists() or not shutil.which("git"):
        pytest.skip("not run: this is no checkout of git")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [path for name in done.stdout.split("\0") if name and (path := root / name).is_file()]


def test_everything_at_the_top_is_named(root, tracked):
    names = {path.relative_to(root).parts[0] for path in tracked}
    documentation = (root / "README.md").read_text() + (root / "CONTRIBUTING.md").read_text()

    assert unnamed(names, documentation) == set()


def test_no_file_has_a_token(root, tracked):
    texts = [path for path in tracked if path.suffix not in {".webp", ".png", ".ico", ".woff2"}]

    assert [str(path.relative_to(root)) for path in texts if TOKEN.search(path.read_text(errors="ignore"))] == []


def test_a_leftover_is_not_named():
    assert unnamed({"book", "token.txt", ".ci", "LICENSE"}, "| `book/` | the pages |") == {"token.txt"}


def test_a_token_is_recognized():
    assert TOKEN.search("token: ya29." + "a0.iWTVIYu81KJm98ffH69Hf6VcGjG76gf5iYnYfI3fFiGMfcctOapmyd7icxqS5")
