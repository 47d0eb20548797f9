"""Packages that are not in the browser, but are imported by modules whose other parts run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


class AbsentError(Exception):
    """Something that the browser does not have was used."""


class _Absent(ModuleType):
    """A module whose names can all be imported; using one raises ``AbsentError``."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Names(name, (_Placeholder,), {"__module__": self.__name__})


class _Names(type):
    """The type of placeholders, whose attributes are placeholders too."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Names(name, (_Placeholder,), {"__module__": cls.__module__})

    def __iter__(cls) -> Iterator[Any]:
        """Yield nothing: an absent enumeration has no members."""
        return iter(())


class _Placeholder(AbsentError, metaclass=_Names):
    """A name of an absent package. It is an exception, so that ``except`` can name it."""

    def __new__(cls, *_arguments: Any, **_options: Any) -> NoReturn:
        absent = next(kind for kind in cls.__mro__ if _Placeholder in kind.__bases__)
        package = absent.__module__.partition(".")[0]
        raise AbsentError(f"{package} does not run in a browser; run this cell on the hub")


class _Finder:
    """Finds every module of the absent packages."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = tuple(packages)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a module of an absent package."""
        if any(name == package or name.startswith(f"{package}.") for package in self._packages):
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the empty module."""
        return _Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module has no content."""


def install(packages: Iterable[str]) -> None:
    """Let modules of ``packages`` be imported although they do not exist."""
    sys.meta_path.append(_Finder(packages))
