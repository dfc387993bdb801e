"""Dotted paths on a live device: one grammar for lookups, for the command line and for globs.

``GPIO.GPFSEL1.FSEL17``, ``HPET.TIMER[0].CONF``, ``GPIO1.pin[21]``; in a pattern ``*`` and ``?``
stand for characters of a name, and ``[*]`` for every index. Nothing here touches the bus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any, NamedTuple

from regmap.errors import NoSuchElement, UnknownName
from regmap.live.array import Array, ArrayMember
from regmap.live.block import Block, GroupMember, RegisterMember
from regmap.live.device import Device
from regmap.live.register import Register
from regmap.live.views import View, ViewItem

__all__ = ["Target", "find", "lookup", "present", "registers_of"]

_STEP = re.compile(r"(?P<name>[A-Za-z0-9_*?]+)(?P<indexes>(?:\[(?:[0-9]+|\*)\])*)(?:\.|$)")


class Target(NamedTuple):
    """What a path names: a register, and one of its fields where it goes that far."""

    register: Register
    field: str = ""

    @property
    def path(self) -> str:
        """The path in full."""
        return f"{self.register.path}.{self.field}" if self.field else self.register.path

    def read(self) -> int:
        """The register's or the field's number. One bus read, side effects included."""
        value = self.register.read()
        return self.register.FIELDS[self.field].decode(value) if self.field else value

    def check(self, value: object) -> None:
        """Raise what ``write`` would raise for this value before any access. No bus access."""
        if self.field:
            self.register.check_field(self.field, value)
        else:
            self.register.check_raw(value)

    def write(self, value: object) -> None:
        """Write the register or the field as an assignment would."""
        if self.field:
            setattr(self.register, self.field, value)
        else:
            self.register._set_raw(value)


def _steps(path: str) -> list[tuple[str, tuple[str, ...]]]:
    steps: list[tuple[str, tuple[str, ...]]] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or (match.end() == len(path) and path.endswith(".")):
            raise UnknownName("the grammar of paths (NAME.NAME[0].NAME)", path)
        steps.append((match["name"], tuple(re.findall(r"[0-9]+|\*", match["indexes"]))))
        position = match.end()
    return steps


def lookup(root: Device | Block, path: str) -> Any:
    """The one live thing that ``path`` names: block, register, array, view item, or Target for a
    field. Raises UnknownName."""
    here: Any = root
    for name, indexes in _steps(path):
        if isinstance(here, Register):
            if name not in here.FIELDS or indexes:
                here._unknown(name)
            here = Target(here, name)
            continue
        if not isinstance(here, Device | Block) or name not in here.MEMBERS:
            known = list(here.MEMBERS) if isinstance(here, Device | Block) else []
            raise UnknownName(_path_of(here), name, known)
        here = getattr(here, name)
        for index in indexes:
            if isinstance(here, tuple) and int(index) >= len(here):
                raise NoSuchElement(name, int(index), len(here))
            if not isinstance(here, tuple | Array | View):
                raise UnknownName(_path_of(here), f"[{index}]")
            here = here[int(index)]
    return here


def _path_of(here: Any) -> str:
    return str(here.name if isinstance(here, Device) else getattr(here, "path", here))


def find(root: Device | Block, pattern: str) -> list[Target]:
    """Every register or field that ``pattern`` names, in address order; a block or array stands
    for all its registers. Raises UnknownName when there is none."""
    found: list[Any] = [root]
    for name, indexes in _steps(pattern):
        found = [inner for here in found for inner in _match(here, name, indexes)]
    targets = list(dict.fromkeys(chain.from_iterable(map(_targets, found))))
    if not targets:
        if "*" not in pattern and "?" not in pattern:
            lookup(root, pattern)
        raise UnknownName(_path_of(root), pattern)
    return targets


def _match(here: Any, pattern: str, indexes: tuple[str, ...]) -> Iterator[Any]:
    """The members of ``here`` whose names match, with the indexes applied."""
    if isinstance(here, Register):
        names = [name for name in here.FIELDS if fnmatchcase(name, pattern)]
        yield from (Target(here, name) for name in names if not indexes)
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


def _indexed(thing: Any, index: str) -> Iterator[Any]:
    if isinstance(thing, Array):
        numbers = range(thing.largest)
    elif isinstance(thing, tuple | View):
        numbers = range(len(thing))
    else:
        return
    if index == "*":
        yield from (thing[number] for number in numbers)
    elif int(index) in numbers:
        yield thing[int(index)]


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
    """Every register of a block once, in address order; those behind a window come after the
    window's data register. No bus access."""
    return iter(_sorted_registers(block, Array.every))


def present(block: Block) -> Iterator[Register]:
    """The registers that are there: one bus read for each array whose length the hardware
    states."""
    return iter(_sorted_registers(block, Array.__iter__))


def _sorted_registers(
    block: Block, elements_of: Callable[[Array], Iterator[Any]]
) -> list[Register]:
    plain: list[tuple[int, int, Register]] = []
    behind: dict[str, list[Register]] = {}
    for name, member in type(block).MEMBERS.items():
        if isinstance(member, RegisterMember):
            register = getattr(block, name)
            if member.window:
                behind.setdefault(member.window, []).append(register)
            else:
                plain.append((register.address, len(plain), register))
        elif isinstance(member, GroupMember):
            for register in _sorted_registers(getattr(block, name), elements_of):
                plain.append((register.address, len(plain), register))
        elif isinstance(member, ArrayMember) and member.elements and member.elements[0][1]:
            first = member.elements[0][1]
            window = first.window if isinstance(first, RegisterMember) else ""
            elements = [
                register
                for element in elements_of(getattr(block, name))
                for register in (
                    [element]
                    if isinstance(element, Register)
                    else _sorted_registers(element, elements_of)
                )
            ]
            if window:
                behind.setdefault(window, []).extend(elements)
            else:
                plain.extend((r.address, len(plain) + n, r) for n, r in enumerate(elements))
    ordered = [register for _, _, register in sorted(plain, key=lambda row: row[:2])]
    for pair in type(block).WINDOWS:
        registers = sorted(behind.get(pair.name, ()), key=lambda register: register.address)
        data = getattr(block, pair.data_register)
        at = next((n for n, register in enumerate(ordered) if register is data), len(ordered))
        ordered[at + 1 : at + 1] = registers
    return ordered
