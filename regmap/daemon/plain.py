"""A configuration as JSON text and back, from a process that is trusted less.

What comes back is checked against the types of ``Config``; nothing is executed.
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

from regmap.daemon.policy import Config
from regmap.errors import DaemonError

__all__ = ["dumps", "loads"]


def dumps(config: Config) -> str:
    """The configuration as text."""
    return json.dumps(_plain(config), separators=(",", ":"))


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def loads(text: str) -> Config:
    """The configuration in a text. Raises DaemonError for anything else."""
    try:
        made = _read(Config, json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DaemonError(f"this is no configuration: {str(error)[:200]}") from None
    assert isinstance(made, Config)  # noqa: S101  (for the type checker)
    return made


def _read(hint: Any, value: Any) -> Any:
    """The value as its annotation says it. Raises TypeError, ValueError, KeyError."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return _read(next(each for each in inner if each is not type(None)), value)
    if origin in (tuple, frozenset):
        if type(value) is not list:
            raise TypeError(f"{type(value).__name__} where a list belongs")
        return origin(_read(inner[0], each) for each in value)
    if is_dataclass(hint) and isinstance(hint, type):
        if type(value) is not dict:
            raise TypeError(f"{type(value).__name__} where {hint.__name__} belongs")
        hints = typing.get_type_hints(hint)
        if value.keys() != hints.keys():
            raise KeyError(f"{hint.__name__} has other keys")
        return hint(**{key: _read(hints[key], each) for key, each in value.items()})
    allowed = (int, float) if hint is float else (hint,)
    if type(value) not in allowed:
        raise TypeError(f"{type(value).__name__} where {hint.__name__} belongs")
    return value
