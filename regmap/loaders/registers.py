"""Registers, groups and windows of a block, with what they inherit.

A register takes from ``defaults`` what it does not say, and its ``source`` from the group or
block around it. ``reset: null`` says that the value is not known, whatever the defaults say; a
list gives each element of an array its own. A field's ``reset`` changes what ``defaults`` say, but
not what its register itself says (RM206).

An entry of ``registers`` that has ``registers`` or ``groups`` of its own is a group: so may groups
stand among registers.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from math import prod
from typing import Any

from regmap.bits import insert, mask_of
from regmap.errors import Place
from regmap.loaders.access import ACCESS_KEYS, access_of
from regmap.loaders.arrays import MOST_ELEMENTS, read_array
from regmap.loaders.enums import Enums
from regmap.loaders.extra import extra_of
from regmap.loaders.fields import LARGEST, SHARED_KEYS, read_fields
from regmap.loaders.keys import (
    Keys,
    as_is,
    choice,
    entries,
    flag,
    integer,
    list_of,
    name,
    parsed,
    text,
    wanted,
)
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import WRONG_VALUE, Log
from regmap.model.access import Access, AccessTriple
from regmap.model.block import Array, Field, Group, Register, Window
from regmap.model.expr import Path

__all__ = ["Scope", "read_defaults", "read_items", "read_windows"]

_OFFSET = integer(0, LARGEST)
_RESET = SHARED_KEYS["reset"]
_RESETS = list_of(integer(0, LARGEST))


def _reset(node: Node, what: str, log: Log) -> Any:
    """One reset value, or one for each element of an array."""
    return _RESETS(node, what, log) if isinstance(node, Sequence) else _RESET(node, what, log)


_WIDTH = integer(1, 1024)

_COMMON = {
    "width": _WIDTH,
    "access-widths": list_of(_WIDTH),
    "word-order": choice("low-first", "high-first", "high-low-high"),
    "byte-order": choice("little", "big"),
    "verify": flag,
    "reset-mask": integer(0, LARGEST, null=True),
}
_DEFAULTS = Keys(
    "`defaults`",
    {
        **_COMMON,
        **ACCESS_KEYS,
        "reset": _RESET,
        "volatile": flag,
    },
)
_REGISTER = {
    **_COMMON,
    **SHARED_KEYS,
    "reset": _reset,
    "array": as_is,
    "fields": as_is,
    "target": name,
    "storage": name,
    "alias": name,
    "alternate": flag,
    "svd": extra_of("a register"),
}
_REGISTER_KEYS = Keys("a register", {"offset": _OFFSET, **_REGISTER}, required=("offset",))
_INDEXED_KEYS = Keys(
    "a register behind a window", {"index": _OFFSET, **_REGISTER}, required=("index",)
)
_GROUP_KEYS = Keys(
    "a group",
    {
        "offset": _OFFSET,
        "array": as_is,
        "alternate": flag,
        "description": text,
        "source": text,
        "py-name": name,
        "svd": extra_of("a group"),
        "registers": as_is,
        "groups": as_is,
    },
    required=("offset",),
)
_WINDOW_KEYS = Keys(
    "a window",
    {
        "index": parsed(Path.parse),
        "data": parsed(Path.parse),
        "registers": as_is,
        "description": text,
        "source": text,
    },
    required=("index", "data", "registers"),
)


_INSIDE = ("registers", "groups")


@dataclass
class Scope:
    """What registers of one block share, and how many there may still be."""

    enums: Enums
    log: Log
    defaults: MappingABC[str, Any] = field(default_factory=dict)
    access: AccessTriple = AccessTriple(Access.READ_WRITE)  # noqa: RUF009  (frozen)
    left: int = MOST_ELEMENTS

    def spend(self, elements: int, place: Place) -> None:
        """Count registers, arrays written out; too many are an error, once."""
        before, self.left = self.left, self.left - elements
        if self.left < 0 <= before:
            self.log.incomplete = True
            text = f"more than {MOST_ELEMENTS:,} registers, arrays written out"
            self.log.error(WRONG_VALUE, place, text, "describe memory by its size alone")


def read_defaults(node: Node | None, scope: Scope) -> None:
    """Take ``defaults`` into the scope."""
    if node is None:
        return
    values = _DEFAULTS.read(node, node.place, scope.log) or {}
    scope.access = access_of(values, scope.access)
    scope.defaults = values


def read_items(
    node: MappingABC[str, Any], scope: Scope, source: str, times: int = 1
) -> tuple[Register | Group, ...]:
    """What ``registers`` and ``groups`` of a block or group hold, in that order.

    ``times`` is how often the surroundings repeat.
    """
    found: list[Register | Group] = []
    for kind in ("registers", "groups"):
        for each, key, value in entries(node.get(kind), kind, scope.log):
            item: Register | Group | None
            if kind == "groups" or _is_group(value):
                item = _group(each, key, value, scope, source=source, times=times)
            else:
                item = _register(
                    _REGISTER_KEYS, each, key, value, scope, source=source, times=times
                )
            if item is not None:
                found.append(item)
    return tuple(found)


def _is_group(node: Node) -> bool:
    return isinstance(node, Mapping) and not node.entries.keys().isdisjoint(_INSIDE)


def _register(
    keys: Keys, each: str, key: Scalar, node: Node, scope: Scope, *, source: str, times: int
) -> Register | None:
    place = key.place
    values = keys.read(node, place, scope.log)
    if values is None:
        return None
    if "index" in values:
        values["offset"] = values.pop("index")
    access = access_of(values, scope.access)
    by_default = "reset" not in values
    values = {**scope.defaults, "source": source, **values}
    array = _array(values, place, scope.log)
    if isinstance(values.get("reset"), tuple):
        values["resets"] = _each_reset(values.pop("reset"), _elements(array), node, scope.log)
    values["fields"] = read_fields(
        values.get("fields"), access, values.get("volatile", False), scope.enums, scope.log
    )
    if by_default and values.get("reset") is not None:
        values["reset"] = _with_fields(values["reset"], values["fields"])
    if "svd" in values:
        values["extra"] = values.pop("svd")
    scope.spend(times * _elements(array), place)
    return Register(
        name=each,
        access=access.access,
        write_action=access.write_action,
        read_action=access.read_action,
        place=place,
        **values,
    )


def _each_reset(resets: tuple[int, ...], elements: int, node: Node, log: Log) -> tuple[int, ...]:
    if len(resets) == elements:
        return resets
    wanted(f"`reset` lists {len(resets)} values for {elements} elements", node, log)
    return ()


def _with_fields(reset: int, fields: tuple[Field, ...]) -> int:
    """A default reset value with the bits of the fields that state their own."""
    for each in fields:
        if each.reset is None:
            continue
        array = each.array
        for number in range(max(array.counts) if array else 1):
            bits = (
                tuple(part.shifted(number * array.stride) for part in each.bits)
                if array
                else each.bits
            )
            reset = reset & ~mask_of(bits) | insert(bits, each.reset)
    return reset


def _array(values: dict[str, Any], place: Place, log: Log) -> Array | None:
    if "array" in values:
        values["array"] = read_array(values["array"], place, log)
        return values["array"]  # type: ignore[no-any-return]
    return None


def _elements(array: Array | None) -> int:
    return prod(array.counts) if array else 1


def _group(
    each: str, key: Scalar, node: Node, scope: Scope, *, source: str, times: int
) -> Group | None:
    place = key.place
    values = _GROUP_KEYS.read(node, place, scope.log)
    if values is None:
        return None
    array = _array(values, place, scope.log)
    values.setdefault("source", source)
    inside = {key: values.pop(key, None) for key in _INSIDE}
    if "svd" in values:
        values["extra"] = values.pop("svd")
    found = read_items(inside, scope, values["source"], times * _elements(array))
    return Group(name=each, items=found, place=place, **values)


def read_windows(node: Node | None, scope: Scope, source: str) -> tuple[Window, ...]:
    """The windows of a block."""
    found = []
    for each, key, value in entries(node, "windows", scope.log):
        values = _WINDOW_KEYS.read(value, key.place, scope.log)
        if values is None:
            continue
        inside = values.pop("registers")
        inherited = values.pop("source", source)
        registers = (
            _register(_INDEXED_KEYS, *entry, scope, source=inherited, times=1)
            for entry in entries(inside, "registers", scope.log)
        )
        items = tuple(register for register in registers if register is not None)
        found.append(Window(name=each, items=items, place=key.place, **values))
    return tuple(found)
