"""Enums: shared ones by name, those written inside a field, and their values.

A value is a number, ``"0b1x"`` where some bits do not count (bits above the pattern must be 0),
or ``default`` for the name of every value not listed. A field's ``enum`` is a name, a mapping of
values, or ``{read: ..., write: ...}`` with one of the two each where reading and writing differ
(a mapping is taken for this form if it has no other keys and no number behind them). Among the
values, a mapping called ``svd`` that has no ``value`` is what SVD says beyond them.
"""

from __future__ import annotations

import re
from typing import Any

from regmap.bits import ones
from regmap.loaders.extra import extra_of
from regmap.loaders.keys import WRONG, Keys, as_is, entries, text, wanted
from regmap.loaders.nodes import Mapping, Node, Scalar
from regmap.loaders.report import UNRESOLVED_REFERENCE, WRONG_VALUE, Log, did_you_mean, shown
from regmap.loaders.scalars import Ambiguous
from regmap.model.block import Enum, EnumValue, Extra

__all__ = ["Enums", "read_enum"]

_VALUE_KEYS = Keys("an enum value", {"value": as_is, "description": text}, required=("value",))
_EXTRA = extra_of("an enum")
_PATTERN = re.compile(r"0b([01xX_]+)")
# Bits above a pattern count and are 0; no register is wider than this.
_ALL_BITS = ones(64)
_LARGEST = ones(64)


class Enums:
    """The shared enums of one block; each is one object wherever it is used."""

    def __init__(self, node: Node | None, log: Log) -> None:
        self._log = log
        self.by_name: dict[str, Enum] = {}
        for name, key, value in entries(node, "enums", log):
            self.by_name[name] = read_enum(value, key, log, name)

    def usage(self, node: Node, what: str, key: Scalar) -> tuple[Enum | None, Enum | None]:
        """A field's enums: (for reading and writing, for writing where it differs)."""
        if isinstance(node, Mapping) and _is_usage(node):
            found = [
                self.one(side, what, key) if side is not None else None
                for side in (node.get("read"), node.get("write"))
            ]
            return found[0], found[1]
        return self.one(node, what, key), None

    def one(self, node: Node, what: str, key: Scalar) -> Enum | None:
        """The enum that a node names or holds."""
        if isinstance(node, Mapping):
            return read_enum(node, key, self._log)
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            wanted(f"`{what}` is the name of an enum or a mapping of its values", node, self._log)
            return None
        found = self.by_name.get(node.value)
        if found is None:
            fix = did_you_mean(
                node.value, self.by_name, "" if self.by_name else "add it under `enums:`"
            )
            name = shown(node.value)
            self._log.error(
                UNRESOLVED_REFERENCE, node.place, f"no enum {name!r} in this block", fix
            )
        return found


def _is_usage(node: Mapping) -> bool:
    sides = {"read": node.get("read"), "write": node.get("write")}
    if not node.entries or not all(key in sides for key in node.entries):
        return False
    return all(
        isinstance(side, Mapping)
        or (isinstance(side, Scalar) and isinstance(side.value, str) and side.value != "default")
        for side in sides.values()
        if side is not None
    ) and not any(map(_is_value, sides.values()))


def _is_value(node: Node | None) -> bool:
    """Whether a mapping is one value of an enum, with the number under ``value``."""
    return isinstance(node, Mapping) and isinstance(node.get("value"), Scalar)


def read_enum(node: Node, key: Scalar, log: Log, name: str = "") -> Enum:
    """An enum out of a mapping of names to values; ``key`` is what names it."""
    values = []
    extra: Extra = ()
    for value_name, value_key, value in entries(node, name or "enum", log):
        if value_name == "svd" and isinstance(value, Mapping) and not _is_value(value):
            kept = _EXTRA(value, value_name, log)
            extra = () if kept is WRONG else kept
            continue
        found = _value(value_name, value_key, value, log)
        if found is not None:
            values.append(found)
    return Enum(name=name, values=tuple(values), extra=extra, place=key.place)


def _value(name: str, key: Scalar, node: Node, log: Log) -> EnumValue | None:
    description = ""
    if isinstance(node, Mapping):
        values = _VALUE_KEYS.read(node, key.place, log)
        if values is None:
            return None
        node, description = values["value"], values.get("description", "")
    number = _number(node, name, log)
    if number is WRONG:
        log.incomplete = True
        return None
    if number is None:
        return EnumValue(
            name=name, value=None, description=description, default=True, place=key.place
        )
    value, care = number
    return EnumValue(name=name, value=value, care=care, description=description, place=key.place)


def _number(node: Node, name: str, log: Log) -> Any:
    """(value, care), None for ``default``, or WRONG."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value <= _LARGEST:
            return value, None
        log.error(
            WRONG_VALUE, node.place, f"value of {shown(name)} is out of range", "write 0 to 2**64-1"
        )
        return WRONG
    if value == "default":
        return None
    if isinstance(value, str) and not isinstance(value, Ambiguous):
        match = _PATTERN.fullmatch(value)
        digits = match[1].replace("_", "").lower() if match else ""
        if 0 < len(digits) <= 64:
            free = int(re.sub("[^x]", "0", digits).replace("x", "1"), 2)
            return int(digits.replace("x", "0"), 2), (_ALL_BITS ^ free) if free else None
    return wanted(f'the value of {shown(name)} is a number, "0b1x" or default', node, log)
