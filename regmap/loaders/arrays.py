"""``array:`` of registers, groups, instances and fields.

Only what the model cannot hold is refused here; whether counts, strides and names go together is
the checker's.
"""

from __future__ import annotations

from regmap.errors import Place
from regmap.loaders.keys import (
    WRONG,
    Keys,
    Reader,
    as_is,
    integer,
    items,
    list_of,
    name,
    parsed,
    wanted,
)
from regmap.loaders.nodes import Node, Scalar, Sequence
from regmap.loaders.report import BAD_COUNT, WRONG_VALUE, Log
from regmap.model.block import Array, FieldArray
from regmap.model.expr import Count, NamePattern

__all__ = ["MOST_ELEMENTS", "read_array", "read_field_array"]

# Registers of a whole block, arrays and groups written out.
MOST_ELEMENTS = 1_000_000

_COUNT = integer(0, MOST_ELEMENTS)
_LIVE_COUNT = parsed(Count.parse)
_STRIDE = integer(0, (1 << 64) - 1)
_BIT_COUNT = integer(0, 1024)

_KEYS = Keys(
    "an array",
    {
        "count": as_is,
        "stride": as_is,
        "name": parsed(NamePattern.parse),
        "labels": list_of(name),
        "max": _COUNT,
    },
    required=("count", "stride"),
)
_FIELD_KEYS = Keys(
    "an array of fields",
    {"count": as_is, "stride": integer(0, 1024), "name": parsed(NamePattern.parse)},
    required=("count", "stride"),
)


def read_array(node: Node, at: Place, log: Log) -> Array | None:
    """The array of a register, group or instance."""
    values = _KEYS.read(node, at, log)
    if values is None:
        return None
    count = values["count"]
    live: Count | None = None
    counts: tuple[int, ...]
    if isinstance(count, Scalar) and isinstance(count.value, str):
        live = _LIVE_COUNT(count, "count", log)
        counts = (values["max"],) if "max" in values else ()
        if not counts:
            text = "a count that the hardware states needs `max`"
            log.error(BAD_COUNT, count.place, text, "add `max:`, the most there can be")
    else:
        counts = _numbers(count, "count", _COUNT, log)
        if "max" in values:
            text = "`max` goes with a count that the hardware states, and this is a number"
            log.error(WRONG_VALUE, count.place, text, "remove `max:`")
    strides = _numbers(values["stride"], "stride", _STRIDE, log)
    if live is WRONG or not counts or not strides:
        log.incomplete = True
        return None
    return Array(
        counts=counts,
        strides=strides,
        names=values.get("name"),
        labels=values.get("labels", ()),
        live=live,
        place=node.place,
    )


def read_field_array(node: Node, at: Place, log: Log) -> FieldArray | None:
    """The array of a field; a list of counts is for the elements of the register's array."""
    values = _FIELD_KEYS.read(node, at, log)
    counts = _numbers(values["count"], "count", _BIT_COUNT, log) if values else ()
    if not values or not counts:
        log.incomplete = True
        return None
    return FieldArray(
        counts=counts, stride=values["stride"], names=values.get("name"), place=node.place
    )


def _numbers(node: Node, what: str, read: Reader, log: Log) -> tuple[int, ...]:
    """A number or a list of numbers; () where it is neither."""
    if isinstance(node, Sequence) and not node.items:
        wanted(f"`{what}` is a number or a list of numbers", node, log)
    values = [read(item, what, log) for item in items(node)]
    return () if WRONG in values else tuple(values)
