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
    """A module of ``package`` whose names can all be imported; using one raises ``AbsentError``."""

    # Some packages look at the version of another before they use it.
    __version__ = "0"

    def __init__(self, name: str, package: str) -> None:
        super().__init__(name)
        self._package = package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Names(name, (_Placeholder,), {"__module__": self.__name__, "_package": self._package})


class _Names(type):
    """The type of placeholders, whose attributes are placeholders too."""

    _package: str

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Names(name, (_Placeholder,), {"__module__": cls.__module__, "_package": cls._package})

    def __iter__(cls) -> Iterator[Any]:
        """Yield nothing: an absent enumeration has no members."""
        return iter(())


class _Placeholder(AbsentError, metaclass=_Names):
    """A name of an absent package. It is an exception, so that ``except`` can name it."""

    def __new__(cls, *_arguments: Any, **_options: Any) -> NoReturn:
        raise AbsentError(f"{cls._package} does not run in a browser; run this cell on the hub")


class _Finder:
    """Finds every module of the absent packages."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = tuple(packages)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a module of an absent package."""
        return None if self._package_of(name) is None else ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def _package_of(self, name: str) -> str | None:
        """Return the absent package that a module belongs to, if any."""
        return next((package for package in self._packages if f"{name}.".startswith(f"{package}.")), None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the empty module."""
        return _Absent(spec.name, self._package_of(spec.name) or spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module has no content."""


def install(packages: Iterable[str]) -> None:
    """Let modules of ``packages`` be imported although they do not exist."""
    sys.meta_path.append(_Finder(packages))
