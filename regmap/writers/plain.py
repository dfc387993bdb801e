"""What all mappings are made of: numbers and texts that know how they are best written, names that
a file can hold, and the refusal of what it cannot.

The two classes are plain values with a hint; whoever does not care sees an ``int`` or a ``str``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar

from regmap.errors import MapError, Place, Problem, Severity
from regmap.model.block import Extra

__all__ = ["AsWritten", "Hex", "Mapping", "kept", "named", "refuse"]

Mapping = dict[str, Any]
_Item = TypeVar("_Item")

_LONGEST_NAME = 128


class Hex(int):
    """A number that people read in hexadecimal digits; ``digits`` is the least of them, 0 for a
    number that is written in decimal while it is small."""

    digits = 0

    def __new__(cls, value: int, digits: int = 0) -> Self:
        """The number with its hint."""
        made = super().__new__(cls, value)
        made.digits = digits
        return made


class AsWritten(str):
    """A text of which only the characters count: ``0x400`` needs no quotes."""

    __slots__ = ()


def refuse(text: str, place: Place | None, fix: str = "") -> MapError:
    """The error for a model that no file can hold."""
    problem = Problem(
        rule="RM000",
        name="cannot-write",
        severity=Severity.ERROR,
        text=text,
        place=place,
        fix=fix,
    )
    return MapError([problem])


def named(
    items: Iterable[_Item], what: str, write: Callable[[_Item], Any], into: Mapping | None = None
) -> Mapping:
    """Items by name, in their order. Raises MapError for a name that a file cannot hold."""
    found: Mapping = {} if into is None else into
    for item in items:
        name: str = item.name  # type: ignore[attr-defined]
        if name in found:
            text = f"two {what} are called {name[:_LONGEST_NAME]!a}"
            raise refuse(text, item.place, "rename one of them")  # type: ignore[attr-defined]
        if name != name.strip() or not 0 < len(name) <= _LONGEST_NAME:
            text = f"{name[:_LONGEST_NAME]!a} in {what} is no name"
            fix = f"a name has 1 to {_LONGEST_NAME} characters, no blanks around them"
            raise refuse(text, item.place, fix)  # type: ignore[attr-defined]
        found[name] = write(item)
    return found


def kept(extra: Extra) -> Mapping:
    """What SVD says beyond the model: a repeated element becomes a list."""
    found: Mapping = {}
    for name, value in extra:
        one = AsWritten(value) if isinstance(value, str) else kept(value)
        if name not in found:
            found[name] = one
        elif isinstance(found[name], list):
            found[name].append(one)
        else:
            found[name] = [found[name], one]
    return found
