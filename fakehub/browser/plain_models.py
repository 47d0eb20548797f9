"""The facts without pydantic: they are validated when the site is built, and only read in the browser.

``dump`` writes a model as JSON with the name of each class. ``install`` provides a module ``pydantic`` with which the
classes of ``hubfacts`` can be defined, and ``restore`` makes the models again.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

_CLASS = "__class__"


def dump(model: Any) -> str:
    """Return a model of pydantic, with all models in it, as JSON."""
    return json.dumps(_plain(model), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if hasattr(value, "model_fields_set"):
        kind = type(value)
        fields = {name: _plain(getattr(value, name)) for name in kind.model_fields}
        return {_CLASS: f"{kind.__module__}:{kind.__qualname__}"} | fields
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def restore(text: str) -> Any:
    """Return the model in the JSON of ``dump``."""
    return json.loads(text, object_hook=_model)


def _model(values: dict[str, Any]) -> Any:
    name = values.pop(_CLASS, None)
    if name is None:
        return values
    module, _, kind = name.partition(":")
    return getattr(importlib.import_module(module), kind)(**values)


class BaseModel:
    """A model that checks nothing; a field that is not given has its default, as an attribute of the class."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> BaseModel:
        """Return a copy with other values in some fields."""
        return type(self)(**{**self.__dict__, **(update or {})})


def _field(default: Any = None, **_rules: Any) -> Any:
    """Return the default of a field; its rules are not checked."""
    return default


def _unchanged(*_arguments: Any, **_options: Any) -> Callable[[Any], Any]:
    """Decorate a validator, which nobody calls."""
    return lambda function: function


def install() -> None:
    """Provide the module ``pydantic``."""
    module = ModuleType("pydantic")
    names: dict[str, Any] = {"BaseModel": BaseModel, "Field": _field, "ConfigDict": dict, "ValidationError": ValueError}
    names |= {"field_validator": _unchanged, "model_validator": _unchanged, "AfterValidator": _unchanged}
    vars(module).update(names)
    sys.modules["pydantic"] = module
