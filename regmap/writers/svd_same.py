"""Whether two models say the same: everything in them but places and what a file extends."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

__all__ = ["Same"]

_ASIDE = frozenset({"place", "extends", "_make"})


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.name not in _ASIDE)


class Same:
    """Compares parts of two models, each pair of shared parts once.

    Both models must live as long as this does.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def of(self, one: Any, other: Any, *, aside: frozenset[str] = frozenset()) -> bool:
        """Whether two parts say the same, these attributes of theirs aside."""
        if one is other:
            return True
        if type(one) is not type(other):
            return False
        if isinstance(one, tuple):
            return len(one) == len(other) and all(map(self.of, one, other))
        if isinstance(one, dict):
            return list(one) == list(other) and all(map(self.of, one.values(), other.values()))
        if isinstance(one, type) or not is_dataclass(one):
            return bool(one == other)
        kind: type = type(one)
        key = (id(one), id(other))
        if aside or key not in self._known:
            names = [name for name in _names(kind) if name not in aside]
            same = all(self.of(getattr(one, name), getattr(other, name)) for name in names)
            if aside:
                return same
            self._known[key] = same
        return self._known[key]
