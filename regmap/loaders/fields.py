"""Fields of a register: bit positions, what they inherit, constraints."""

from __future__ import annotations

import re
from typing import Any

from regmap.bits import BitRange
from regmap.loaders.access import ACCESS_KEYS, access_of
from regmap.loaders.arrays import read_field_array
from regmap.loaders.enums import Enums
from regmap.loaders.extra import extra_of
from regmap.loaders.keys import (
    WRONG,
    Keys,
    as_is,
    entries,
    flag,
    integer,
    items,
    name,
    text,
    wanted,
)
from regmap.loaders.nodes import Mapping, Node, Scalar, Sequence
from regmap.loaders.report import BAD_BITS, Log
from regmap.model.access import AccessTriple
from regmap.model.block import Constraint, Field

__all__ = ["LARGEST", "SHARED_KEYS", "read_constraint", "read_fields"]

LARGEST = (1 << 64) - 1
# Far above any register, so that the checker can say what is wrong with the bits.
_HIGHEST_BIT = 1023
_BITS = re.compile(r"\s*([0-9]{1,4})\s*(?::\s*([0-9]{1,4})\s*)?")

_RANGE_KEYS = Keys("a constraint", {"min": integer(0, LARGEST), "max": integer(0, LARGEST)})


def _bits(node: Node, what: str, log: Log) -> Any:
    """The parts of a field from the least significant end, or WRONG."""
    if isinstance(node, Sequence) and not node.items:
        return wanted(f"`{what}` is {_BITS_FORM}", node, log)
    parts = [_bit_range(item, what, log) for item in items(node)]
    return WRONG if WRONG in parts else tuple(reversed(parts))


_BITS_FORM = 'a bit number, a range such as "7:4", or a list of these'


def _bit_range(node: Node, what: str, log: Log) -> Any:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool):
        value = None
    match = _BITS.fullmatch(str(value)) if isinstance(value, int | str) else None
    if match is None:
        return wanted(f"`{what}` is {_BITS_FORM}", node, log)
    high = int(match[1])
    low = int(match[2]) if match[2] else high
    if low > high:
        log.error(BAD_BITS, node.place, f"bits {high}:{low} are reversed", f'write "{low}:{high}"')
        return WRONG
    if high > _HIGHEST_BIT:
        log.error(BAD_BITS, node.place, f"no register has a bit {high}")
        return WRONG
    return BitRange(low, high - low + 1)


def read_constraint(node: Node, what: str, log: Log) -> Any:
    """``enum``, ``as-read`` or ``{min:, max:}``."""
    if isinstance(node, Scalar) and node.value == "enum":
        return Constraint(enum_only=True)
    if isinstance(node, Scalar) and node.value == "as-read":
        return Constraint(as_read=True)
    if isinstance(node, Mapping) and node.entries:
        values = _RANGE_KEYS.read(node, node.place, log) or {}
        return Constraint(minimum=values.get("min"), maximum=values.get("max"))
    return wanted(f"`{what}` is enum, as-read or {{min: NUMBER, max: NUMBER}}", node, log)


# What fields and registers both may say.
SHARED_KEYS = {
    **ACCESS_KEYS,
    "reset": integer(0, LARGEST, null=True),
    "volatile": flag,
    "unit": text,
    "constraint": read_constraint,
    "lock": name,
    "description": text,
    "source": text,
    "py-name": name,
}

_KEYS = Keys(
    "a field",
    {"bits": _bits, "enum": as_is, "array": as_is, "svd": extra_of("a field"), **SHARED_KEYS},
    required=("bits",),
)


def read_fields(
    node: Node | None, access: AccessTriple, volatile: bool, enums: Enums, log: Log
) -> tuple[Field, ...]:
    """The fields of a register that has this access and volatility."""
    found = (
        _field(*entry, inherited=access, volatile=volatile, enums=enums, log=log)
        for entry in entries(node, "fields", log)
    )
    return tuple(field for field in found if field is not None)


def _field(
    field_name: str,
    key: Scalar,
    node: Node,
    *,
    inherited: AccessTriple,
    volatile: bool,
    enums: Enums,
    log: Log,
) -> Field | None:
    place = key.place
    values = _KEYS.read(node, place, log)
    if values is None:
        return None
    access = access_of(values, inherited)
    values.setdefault("volatile", volatile)
    if "enum" in values:
        values["enum"], values["write_enum"] = enums.usage(values["enum"], "enum", key)
    if "array" in values:
        values["array"] = read_field_array(values["array"], place, log)
    if "svd" in values:
        values["extra"] = values.pop("svd")
    return Field(
        name=field_name,
        access=access.access,
        write_action=access.write_action,
        read_action=access.read_action,
        place=place,
        **values,
    )
