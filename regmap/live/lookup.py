"""A dotted path followed step by step, down to the one thing that it names.

``GPIO.GPFSEL1.FSEL17``, ``GPIO.GPFSEL1.FSEL[7]``, ``HPET.TIMER[0].CONF``, ``GPIO1.pin[21]``.
Nothing here touches the bus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from regmap.errors import NoSuchElement, UnknownName
from regmap.live.handle import Indexed
from regmap.live.named import load_for
from regmap.live.register import Register

__all__ = ["Target", "elements_of", "lookup", "number", "steps"]

_STEP = re.compile(r"(?P<name>[A-Za-z0-9_*?]+)(?P<indexes>(?:\[(?:[0-9]+|\*)\])*)(?:\.|$)")

# Python reads at least so many digits as a number; there is no array of that many elements.
_MANY_DIGITS = 600


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
        register = self.register
        if not self.field:
            return register.read()
        info = register.FIELDS[self.field]
        refused = register.LAYOUT.refuse_read
        return info.decode(register.read() if refused else load_for(register, info))

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


def steps(path: str) -> list[tuple[str, tuple[str, ...]]]:
    """The names of a path, each with its indexes: digits, or ``*`` in a pattern."""
    found: list[tuple[str, tuple[str, ...]]] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or (match.end() == len(path) and path.endswith(".")):
            raise UnknownName("the grammar of paths (NAME.NAME[0].NAME)", path)
        found.append((match["name"], tuple(re.findall(r"[0-9]+|\*", match["indexes"]))))
        position = match.end()
    return found


def number(digits: str) -> int:
    """An index of a path as a number; a very long one only as about as long."""
    many = len(digits) > _MANY_DIGITS
    return 1 << 3 * min(len(digits), 1_000_000) if many else int(digits)


def lookup(root: Any, path: str) -> Any:
    """The one live thing that ``path`` names from a device or block: a block, register, array,
    view item, or the Target of a field. Raises UnknownName."""
    here = root
    for name, indexes in steps(path):
        if "*" in indexes:
            raise UnknownName("a path that names one thing", f"{name}[*]")
        if isinstance(here, Register):
            here = _field(here, name, indexes)
            continue
        members: Mapping[str, object] = getattr(type(here), "MEMBERS", {})
        if name not in members:
            raise UnknownName(here.path, name, members)
        here = getattr(here, name)
        for index in indexes:
            if not isinstance(here, Indexed):
                raise UnknownName(here.path, f"[{index}]")
            here = here[number(index)]
    return here


def elements_of(register: Register, name: str) -> tuple[str, ...]:
    """The fields that are the elements of the field array of this name; () where there is none."""
    return dict(register.LAYOUT.field_arrays).get(name, ())


def _field(register: Register, name: str, indexes: tuple[str, ...]) -> Target:
    elements = elements_of(register, name)
    if not elements:
        if name not in register.FIELDS:
            register._unknown(name)
        if indexes:
            raise UnknownName(f"{register.path}.{name}", f"[{indexes[0]}]")
        return Target(register, name)
    if not indexes:
        known = f"{name}[0] to {name}[{len(elements) - 1}]"
        raise UnknownName(register.path, name, [known])
    first, *rest = indexes
    if number(first) >= len(elements):
        raise NoSuchElement(f"{register.path}.{name}", number(first), len(elements))
    if rest:
        raise UnknownName(f"{register.path}.{name}[{first}]", f"[{rest[0]}]")
    return Target(register, elements[number(first)])
