"""The nodes of a YAML tree: values that know where they stand.

A node keeps the parser's event instead of a place, since most places are never asked for.
"""

from __future__ import annotations

from typing import Any

from regmap.errors import Place
from regmap.loaders.scalars import Value

__all__ = ["Mapping", "Node", "Scalar", "Sequence", "place_of"]


class Scalar:
    """One value, converted; ``str`` where it was quoted or is no number or word of YAML."""

    __slots__ = ("event", "value")

    def __init__(self, value: Value, event: Any) -> None:
        self.value = value
        self.event = event

    @property
    def text(self) -> str:
        """The characters that stand for it, without quotes and escapes."""
        return str(self.event.value)

    @property
    def place(self) -> Place:
        """Where it stands, quotes included."""
        return place_of(self.event)

    def place_at(self, offset: int) -> Place:
        """Where its character number ``offset`` stands, as far as that can be told."""
        start, end = self.event.start_mark, self.event.end_mark
        quotes = end.column - start.column - len(self.text)
        if start.line != end.line or quotes not in {0, 2}:
            return self.place
        return Place(start.name, start.line + 1, start.column + 1 + quotes // 2 + offset)


class Sequence:
    """A list of nodes."""

    __slots__ = ("event", "items")

    def __init__(self, items: list[Node], event: Any) -> None:
        self.items = items
        self.event = event

    @property
    def place(self) -> Place:
        """Where it begins."""
        mark = self.event.start_mark
        return Place(mark.name, mark.line + 1, mark.column + 1)


class Mapping:
    """Entries in the order of the file: name or number to (key, value)."""

    __slots__ = ("entries", "event")

    def __init__(self, entries: dict[str | int, tuple[Scalar, Node]], event: Any) -> None:
        self.entries = entries
        self.event = event

    @property
    def place(self) -> Place:
        """Where it begins."""
        mark = self.event.start_mark
        return Place(mark.name, mark.line + 1, mark.column + 1)

    def get(self, key: str | int) -> Node | None:
        """The value of ``key``, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None


Node = Scalar | Sequence | Mapping


def place_of(event: Any) -> Place:
    """Where an event of the parser stands; all of it underlined where it is on one line."""
    start, end = event.start_mark, event.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Place(start.name, start.line + 1, start.column + 1, max(width, 1))
