"""Plain values to nodes of the YAML tree, and one mapping laid over another.

A node made of a plain value stands where the item stands that the value was said of, so that the
readers of the YAML language can speak of it.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from regmap.errors import Place
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence

__all__ = ["laid", "named", "node_of", "same", "widened"]


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Event:
    """What a node keeps of the parser's event: its text and where it stands."""

    value: str
    start_mark: _Mark
    end_mark: _Mark
    # Not plain, so that no name is taken for one to be passed over.
    implicit: tuple[bool, bool] = (False, False)


def _event(value: str, place: Place) -> _Event:
    line, column = place.line - 1, place.column - 1
    end = _Mark(place.file, line, column + place.width)
    return _Event(value, _Mark(place.file, line, column), end)


def node_of(value: Any, place: Place) -> Node:
    """A plain value as a node at ``place``."""
    if isinstance(value, MappingABC):
        entries: dict[str | int, tuple[Scalar, Node]] = {}
        for key, inner in value.items():
            key_node = Scalar(key, _event(str(key), place))
            entries[key] = (key_node, node_of(inner, place))
        return Mapping(entries, _event("", place))
    if isinstance(value, list):
        return Sequence([node_of(item, place) for item in value], _event("", place))
    return Scalar(value, _event(str(value), place))


def named(name: str, node: Node, place: Place) -> Mapping:
    """A mapping of one name, which stands at ``place``."""
    return Mapping({name: (Scalar(name, _event(name, place)), node)}, _event("", place))


def laid(base: Mapping, over: Mapping) -> Mapping:
    """``over`` on top of ``base``: mappings entry by entry, null removes, the rest replaces."""
    entries = dict(base.entries)
    for key, (key_node, value) in over.entries.items():
        before = entries.get(key)
        if isinstance(value, Scalar) and value.value is None:
            entries.pop(key, None)
        elif before is not None and isinstance(value, Mapping) and isinstance(before[1], Mapping):
            entries[key] = (key_node, laid(before[1], value))
        else:
            entries[key] = (key_node, value)
    return Mapping(entries, over.event)


def widened(node: Node, word: str) -> Node:
    """A mapping whose values are mappings: a number stands under ``word`` in one."""
    if not isinstance(node, Mapping):
        return node
    entries: dict[str | int, tuple[Scalar, Node]] = {}
    for key, (key_node, value) in node.entries.items():
        is_number = isinstance(value, Scalar) and value.value is not None
        inner = Mapping({word: (key_node, value)}, value.event) if is_number else value
        entries[key] = (key_node, inner)
    return Mapping(entries, node.event)


def same(one: Any, other: Any) -> bool:
    """Whether two parts of a model say the same, wherever they stand."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        return all(
            same(getattr(one, each.name), getattr(other, each.name))
            for each in fields(one)
            if each.compare and each.name != "place"
        )
    return bool(one == other)
