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
from regmap.live.context import Refused
from regmap.live.device import Device
from regmap.live.parts import InParts
from regmap.live.register import Register
from regmap.live.views import View, ViewItem
from regmap.live.window import WindowPort

__all__ = ["Target", "find", "lookup", "present", "registers_of"]

_STEP = re.compile(r"(?P<name>[A-Za-z0-9_*?]+)(?P<indexes>(?:\[(?:[0-9]{1,9}|\*)\])*)(?:\.|$)")


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
            if index == "*":
                raise UnknownName("a path that names one thing", f"{name}[*]")
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
    targets.sort(key=lambda target: _place_of(target.register))
    if not targets:
        if "*" not in pattern and "?" not in pattern:
            lookup(root, pattern)
        raise UnknownName(_path_of(root), pattern)
    return targets


def _place_of(register: Register) -> tuple[int, int, int]:
    """Where a register comes in address order: behind a window, after the data register."""
    port = register.port
    while isinstance(port, InParts | Refused):
        port = port.port
    if isinstance(port, WindowPort):
        return port.data_address, 1, register.address
    return register.address, 0, 0


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
    return iter(_sorted_registers(block, Array.present))


_Elements = Callable[[Array], Iterator[Any]]


def _sorted_registers(block: Block, elements_of: _Elements) -> list[Register]:
    found = list(dict.fromkeys(_all(block, elements_of)))
    return sorted(found, key=_place_of)


def _all(block: Block, elements_of: _Elements) -> Iterator[Register]:
    """Every register in the order of the description; ``elements_of`` says which elements of an
    array there are."""
    members = type(block).MEMBERS
    # Elements with names of their own are members too; whether they are there, the array says.
    elements = {
        name
        for member in members.values()
        if isinstance(member, ArrayMember)
        for name, _ in member.elements
    }
    for name, member in members.items():
        if isinstance(member, RegisterMember | GroupMember | ArrayMember) and name not in elements:
            thing = getattr(block, name)
            for one in elements_of(thing) if isinstance(thing, Array) else (thing,):
                if isinstance(one, Register):
                    yield one
                else:
                    yield from _all(one, elements_of)
