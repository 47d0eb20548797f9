"""Run a command of a cluster without the homes of users: ``python -m fakehub.gateway.on_another_machine COMMAND``.

On the hub, schedulers and workers run on other machines, which do not mount home directories. Where the system allows
no namespaces, a preloaded module refuses to open files in them instead, which covers Python's own functions.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from fakehub.isolation import namespace

# The folders of a session with its users' homes: of the one user, and of all users of a JupyterHub.
_HOMES = ("home", "homes")
_VARIABLE = "FAKEHUB_HIDDEN_HOMES"


def main(command: list[str]) -> None:
    """Hide the homes of this process's session, and replace this process by ``command``."""
    homes = [Path(os.environ["FAKEHUB_SESSION"]) / name for name in _HOMES]
    try:
        namespace.hide([home for home in homes if home.is_dir()], Path(tempfile.mkdtemp(dir=Path.cwd())))
    except namespace.NamespaceError:
        os.environ[_VARIABLE] = os.pathsep.join(map(str, homes))
    os.execvp(command[0], command)


def refuse_hidden_homes() -> None:
    """Raise ``FileNotFoundError`` when Python opens a file in a home that could not be hidden."""
    homes = tuple(f"{home}{os.sep}" for home in os.environ.get(_VARIABLE, "").split(os.pathsep) if home)

    def check(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and os.path.abspath(arguments[0]).startswith(homes):
            raise FileNotFoundError(2, "No such file or directory", arguments[0])

    if homes:
        sys.addaudithook(check)


if __name__ == "__main__":
    main(sys.argv[1:])
