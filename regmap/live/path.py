"""Dotted paths on a live device: one grammar for lookups, for the command line and for globs.

``GPIO.GPFSEL1.FSEL17`` or ``FSEL[7]``, ``HPET.TIMER[0].CONF``, ``GPIO1.pin[21]``; in a pattern
``*`` and ``?`` stand for characters of a name, and ``[*]`` for every index. Nothing here touches
the bus.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any

from regmap.errors import UnknownName
from regmap.live.array import Array
from regmap.live.block import Block, in_order
from regmap.live.context import place_of
from regmap.live.device import Device
from regmap.live.lookup import Target, lookup, number, steps
from regmap.live.register import Register
from regmap.live.views import View, ViewItem

__all__ = ["Target", "find", "lookup", "present", "registers_of"]


def find(root: Device | Block, pattern: str) -> list[Target]:
    """Every register or field that ``pattern`` names, in address order; a block or array stands
    for all its registers. Raises UnknownName when there is none."""
    found: list[Any] = [root]
    for name, indexes in steps(pattern):
        found = [inner for here in found for inner in _match(here, name, indexes)]
    targets = list(dict.fromkeys(chain.from_iterable(map(_targets, found))))
    targets.sort(key=lambda target: place_of(target.register.port, target.register.address))
    if not targets:
        if "*" not in pattern and "?" not in pattern:
            lookup(root, pattern)
        raise UnknownName(root.path, pattern)
    return targets


def _match(here: Any, pattern: str, indexes: tuple[str, ...]) -> Iterator[Any]:
    """The members of ``here`` whose names match, with the indexes applied."""
    if isinstance(here, Register):
        yield from (Target(here, name) for name in _fields(here, pattern, indexes))
        return
    if not isinstance(here, Device | Block):
        return
    glob = "*" in pattern or "?" in pattern
    for name in [*here.MEMBERS] if glob else [n for n in [pattern] if n in here.MEMBERS]:
        if glob and (not fnmatchcase(name, pattern) or isinstance(getattr(here, name), View)):
            continue
        things = [getattr(here, name)]
        for index in indexes:
            things = [inner for thing in things for inner in _indexed(thing, index)]
        yield from things


def _fields(register: Register, pattern: str, indexes: tuple[str, ...]) -> Iterator[str]:
    """The fields whose names match; with an index, those elements of field arrays."""
    if not indexes:
        yield from (name for name in register.FIELDS if fnmatchcase(name, pattern))
    elif len(indexes) == 1:
        for array, elements in register.LAYOUT.field_arrays:
            if fnmatchcase(array, pattern):
                yield from _indexed(elements, indexes[0])


def _indexed(thing: Any, index: str) -> Iterator[Any]:
    if isinstance(thing, Array):
        numbers = range(thing.largest)
    elif isinstance(thing, tuple | View):
        numbers = range(len(thing))
    else:
        return
    if index == "*":
        yield from (thing[each] for each in numbers)
    elif number(index) in numbers:
        yield thing[number(index)]


def _targets(thing: Any) -> Iterator[Target]:
    if isinstance(thing, Target):
        yield thing
    elif isinstance(thing, Register):
        yield Target(thing)
    elif isinstance(thing, Device | Block):
        yield from (Target(register) for register in thing)
    elif isinstance(thing, Array):
        yield from chain.from_iterable(map(_targets, thing.every()))
    elif isinstance(thing, tuple):
        yield from chain.from_iterable(map(_targets, thing))
    elif isinstance(thing, ViewItem):
        raise UnknownName(thing.path, "no register of its own; name one of its members", ())


def registers_of(block: Block) -> Iterator[Register]:
    """Every register of a block once, in address order, as iterating it gives them. No bus
    access."""
    return iter(block)


def present(block: Block) -> Iterator[Register]:
    """The registers that are there: one bus read for each array whose length the hardware
    states."""
    return iter(in_order(block._registers(there=True)))
