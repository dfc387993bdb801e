"""Arrays written out: every register of a block with its offset, every field with its bits.

Rules of this file: one pass, in the order of the description, nothing is looked up or judged.
What is wrong with a description must not stop a walk over it: a name pattern that fails falls
back to ``NAME[0]``, a missing label or stride to nothing. The number of elements is the caller's
business (``count_registers`` tells it without writing anything out).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from math import prod
from typing import NamedTuple

from regmap.bits import BitRange
from regmap.model.block import Array, Field, Group, Register
from regmap.model.chip import Instance
from regmap.model.expr import ExprError

__all__ = [
    "INDEX_NAMES",
    "Element",
    "FieldAt",
    "InstanceAt",
    "count_innermost",
    "count_registers",
    "element_name",
    "elements",
    "extent",
    "fields_of",
    "instances_of",
    "item_end",
    "own_name",
    "walk",
]

# The indexes of an array's dimensions in a name pattern; a field's own index is the next letter.
INDEX_NAMES = "ijklmnop"

# No register has more.
_MOST_BITS = 64

Indexes = tuple[int, ...]


class Element(NamedTuple):
    """One register with all arrays written out. ``offset`` is in bytes from the block (in index
    steps behind a window); ``number`` counts the elements of the register's own array in the
    order of the manual; ``groups`` are the groups around it, the outermost first."""

    register: Register
    offset: int
    number: int
    indexes: Indexes
    groups: tuple[tuple[Group, int, Indexes], ...]

    @property
    def path(self) -> str:
        """Its path in the block: ``TIMER[2].CONF``."""
        names = [element_name(group, number, indexes) for group, number, indexes in self.groups]
        return ".".join([*names, element_name(self.register, self.number, self.indexes)])

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.offset + -(-self.register.width // 8)


class FieldAt(NamedTuple):
    """One field of one register with field arrays written out; ``element`` is its number in
    its array, None where it is in none."""

    field: Field
    name: str
    element: int | None
    bits: tuple[BitRange, ...]


class InstanceAt(NamedTuple):
    """One instance with instance arrays written out."""

    instance: Instance
    name: str
    base: int


def elements(array: Array | None) -> Iterator[tuple[int, Indexes, int]]:
    """Each element of an array as (number, indexes, offset from the first); one for no array."""
    if array is None:
        yield 0, (), 0
        return
    ranges = [range(max(count, 0)) for count in array.counts]
    strides = array.strides
    if len(ranges) == 1 and len(strides) == 1:
        stride = strides[0]
        for number in ranges[0]:
            yield number, (number,), number * stride
        return
    for number, indexes in enumerate(itertools.product(*ranges)):
        offset = sum(i * stride for i, stride in zip(indexes, strides, strict=False))
        yield number, indexes, offset


def element_name(item: Register | Group | Instance, number: int, indexes: Indexes) -> str:
    """The name of one element: its own where the array gives one, else ``NAME[0]``."""
    own = own_name(item, number, indexes)
    return own or item.name + "".join(f"[{index}]" for index in indexes)


def own_name(item: Register | Group | Instance, number: int, indexes: Indexes) -> str:
    """The name that a pattern or label gives to one element, "" where there is none."""
    array = item.array
    if array is None:
        return item.name
    if array.names is not None:
        with suppress(ExprError):
            return array.names.at(dict(zip(INDEX_NAMES, indexes, strict=False)))
    elif number < len(array.labels):
        return array.labels[number]
    return ""


def walk(items: Iterable[Register | Group]) -> Iterator[Element]:
    """Every register, arrays and groups written out, in the order of the description."""
    return _walk(items, 0, ())


def _walk(
    items: Iterable[Register | Group], base: int, groups: tuple[tuple[Group, int, Indexes], ...]
) -> Iterator[Element]:
    for item in items:
        if isinstance(item, Group) and not _holds(item):
            continue  # many empty groups would be walked through for nothing
        start = base + item.offset
        for number, indexes, offset in elements(item.array):
            if isinstance(item, Register):
                yield Element(item, start + offset, number, indexes, groups)
            else:
                yield from _walk(item.items, start + offset, (*groups, (item, number, indexes)))


def _holds(group: Group) -> bool:
    return any(isinstance(each, Register) or _holds(each) for each in group.items)


def count_registers(items: Iterable[Register | Group]) -> int:
    """How many registers ``walk`` yields, without walking."""
    total = 0
    for item in items:
        times = 1 if item.array is None else prod(max(count, 0) for count in item.array.counts)
        total += times * (1 if isinstance(item, Register) else count_registers(item.items))
    return total


def count_innermost(items: Iterable[Register | Group]) -> int:
    """How many registers and empty groups there are, arrays written out."""
    total = 0
    for item in items:
        times = 1 if item.array is None else prod(max(count, 0) for count in item.array.counts)
        total += times * (count_innermost(item.items) or 1 if isinstance(item, Group) else 1)
    return total


def item_end(item: Register | Group) -> int:
    """The offset, from the item's parent, behind the last byte of its last element."""
    size = -(-item.width // 8) if isinstance(item, Register) else extent(item.items)
    return item.offset + size + reach(item.array)


def reach(array: Array | None) -> int:
    """Bytes from the first element of an array to its farthest one."""
    if array is None:
        return 0
    steps = zip(array.counts, array.strides, strict=False)
    return sum(max(count - 1, 0) * max(stride, 0) for count, stride in steps)


def extent(items: Iterable[Register | Group]) -> int:
    """The offset behind the last byte of all items, without walking."""
    return max(map(item_end, items), default=0)


def fields_of(register: Register, number: int = 0, indexes: Indexes = ()) -> list[FieldAt]:
    """The fields of one element of a register, field arrays written out.

    A field array is never written out further than one element more than a register has bits:
    what lies beyond is wrong anyhow, and a count may be any number.
    """
    most = min(register.width, _MOST_BITS) + 1
    found: list[FieldAt] = []
    for field in register.fields:
        array = field.array
        if array is None:
            found.append(FieldAt(field, field.name, None, field.bits))
            continue
        known = dict(zip(INDEX_NAMES, indexes, strict=False))
        own = INDEX_NAMES[min(len(indexes), len(INDEX_NAMES) - 1)]
        for index in range(min(_count_for(array.counts, number), most)):
            name = f"{field.name}{index}"
            if array.names is not None:
                known[own] = index
                with suppress(ExprError):
                    name = array.names.at(known)
            bits = tuple(part.shifted(index * array.stride) for part in field.bits)
            found.append(FieldAt(field, name, index, bits))
    return found


def _count_for(counts: Sequence[int], number: int) -> int:
    return max(counts[min(number, len(counts) - 1)], 0) if counts else 0


def instances_of(instances: Iterable[Instance]) -> Iterator[InstanceAt]:
    """Every instance, arrays written out; without a pattern or labels they are ``NAME0``..."""
    for instance in instances:
        for number, indexes, offset in elements(instance.array):
            name = own_name(instance, number, indexes) or f"{instance.name}{number}"
            yield InstanceAt(instance, name, instance.base + offset)
