"""A field's own number: from and to enum members, within its limits; and register snapshots.

Pure arithmetic on numbers already read; nothing here touches a bus.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any, ClassVar, NoReturn, Protocol, Self

from regmap.bits import BitRange, extract, insert, ones
from regmap.errors import AccessError, NotANumber, NotReadable, UnknownName, ValueDoesNotFit
from regmap.layout.shape import EnumLayout, FieldLayout, RegisterLayout

__all__ = [
    "FieldEnum",
    "FieldInfo",
    "RegisterValue",
    "as_index",
    "as_number",
    "check_duration",
    "check_fit",
    "enum_class",
]


class FieldEnum(IntEnum):
    """The named values of a field: numbers that print as their names."""

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else self.name


@lru_cache(maxsize=4096)
def enum_class(layout: EnumLayout) -> type[FieldEnum]:
    """The enum of a layout; equal layouts give the same class."""
    make: Any = FieldEnum  # the functional form, which a checker takes for a member's lookup
    made: type[FieldEnum] = make(layout.name, list(layout.members))
    return made


def as_number(value: object, path: str) -> int:
    """``value`` as an int. Raises TypeError that names the path."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except NotANumber:
        raise
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"{path}: takes a number, not {value!r} ({kind})") from None


def as_index(index: object, path: str) -> int:
    """``index`` as an int. Raises TypeError that names the path."""
    try:
        return int(operator.index(index))  # type: ignore[arg-type]
    except NotANumber:
        raise
    except TypeError:
        kind = type(index).__name__
        raise TypeError(f"{path}: an index is a number, not a {kind}") from None


def check_duration(name: str, seconds: float) -> None:
    """Raise ValueError for what is no duration: a clock never gets there."""
    if math.isnan(seconds):
        raise ValueError(f"{name} is a number of seconds, not NaN")


def check_fit(path: str, value: int, width: int) -> None:
    """Raise ValueDoesNotFit for a number that is negative or too wide."""
    if not 0 <= value < 1 << width:
        raise ValueDoesNotFit(path, value, width, (1 << width) - 1)


class FieldInfo(property):
    """The description of a field, as its register class gives it: ``type(register).FIELD``.

    It is a ``property`` so that completion tools, which evaluate every attribute that is not one,
    leave the field alone.
    """

    layout: FieldLayout
    bits: tuple[BitRange, ...]
    enum: type[IntEnum] | None

    def __init__(self, layout: FieldLayout) -> None:
        super().__init__()
        self.__doc__ = layout.description
        self.layout = layout
        self.bits = tuple(BitRange(lsb, width) for lsb, width in layout.bits)
        self.mask = layout.mask
        self.width = layout.width
        self.enum = enum_class(layout.enum) if layout.enum else None
        # Don't-care bits have no member: it would hide the number that was read.
        self.members: Mapping[int, IntEnum] = (
            {int(member): member for member in self.enum if int(member) <= ones(self.width)}
            if self.enum
            else {}
        )
        self._numbers = _numbers(layout.write_enum or layout.enum)
        self._allowed = frozenset(self._numbers.values()) if layout.enum_only else None
        # What does nothing when written to a write-one or write-zero field.
        self.idle = None if layout.acting is None else 0 if layout.acting else ones(self.width)

    @property
    def name(self) -> str:
        """Its Python name."""
        return self.layout.name

    @property
    def position(self) -> str:
        """Its bits as manuals print them: ``7:4``, or ``3,1:0`` for a split field."""
        return ",".join(str(part) for part in reversed(self.bits))

    def decode(self, raw: int) -> int:
        """The field's number in a register's number; a member of its enum where there is one."""
        number = extract(self.bits, raw)
        return self.members.get(number, number)

    def encode(self, value: object, path: str) -> int:
        """``value`` as the field's own number. Raises ValueDoesNotFit, UnknownName, TypeError."""
        if isinstance(value, str):
            if value not in self._numbers:
                raise UnknownName(f"the enum of {path}", value, self._numbers)
            value = self._numbers[value]
        number = as_number(value, path)
        check_fit(path, number, self.width)
        self.check_limits(number, path)
        return number

    def wanted(self, value: object, path: str) -> tuple[int, int]:
        """What a read has to show for ``value``: the field's own number, and which of its bits
        matter. A name is one of the enum that reads have; what may be written plays no part.
        Raises ValueDoesNotFit, UnknownName, TypeError."""
        enum = self.layout.enum
        if isinstance(value, str):
            for name, number, care in enum.patterns if enum else ():
                if name == value:
                    return number & care, care
            numbers = _numbers(enum)
            if value not in numbers:
                raise UnknownName(f"the enum of {path}", value, numbers)
            value = numbers[value]
        number = as_number(value, path)
        check_fit(path, number, self.width)
        return number, ones(self.width)

    def check_inside(self, raw: int, path: str) -> None:
        """Raise ValueDoesNotFit unless a register at ``path`` may be written with ``raw`` as far
        as this field goes."""
        if self.layout.limited and self.layout.access != "read-only":
            number = extract(self.bits, raw)
            if number != self.idle:
                self.check_limits(number, f"{path}.{self.name}")

    def check_limits(self, number: int, path: str) -> None:
        """Raise ValueDoesNotFit unless the field may be written with ``number``."""
        layout = self.layout
        low, high = layout.minimum or 0, layout.maximum
        if number < low or (high is not None and number > high):
            largest = (1 << self.width) - 1 if high is None else high
            raise ValueDoesNotFit(path, number, self.width, largest, f"the smallest is {low:#x}")
        if self._allowed is not None and number not in self._allowed:
            names = ", ".join(self._numbers)
            raise ValueDoesNotFit(path, number, self.width, max(self._allowed), f"only {names}")

    def place(self, number: int) -> int:
        """The field's own number in register position."""
        return insert(self.bits, number)

    def __repr__(self) -> str:
        kind = self.layout.access
        if self.layout.write_action != "modify":
            kind += f", {self.layout.write_action}"
        enum = f", {', '.join(self._numbers)}" if self._numbers else ""
        return f"<field {self.name} [{self.position}] {kind}{enum}>"


def _numbers(layout: EnumLayout | None) -> dict[str, int]:
    """What may be written by name: Python names and the manual's own."""
    if layout is None:
        return {}
    numbers = dict(layout.members)
    numbers.update({name: value for name, value, _ in layout.patterns})
    for printed, python in layout.names:
        if python in numbers:
            numbers[printed] = numbers[python]
    return numbers


class _Described(Protocol):
    """What a snapshot needs of the register it came from."""

    LAYOUT: ClassVar[RegisterLayout]
    FIELDS: ClassVar[Mapping[str, FieldInfo]]


class RegisterValue(int):
    """What a register held at one moment: an int whose fields are attributes.

    Immutable, and unconnected: nothing here reads again. ``print(value)`` decodes it.
    """

    path: str
    _register: type[_Described]

    def __new__(cls, value: int, register: type[_Described], path: str) -> Self:
        self = super().__new__(cls, value)
        self.__dict__["path"] = path
        self.__dict__["_register"] = register
        return self

    @property
    def raw(self) -> int:
        """The whole register as a plain int."""
        return int(self)

    @property
    def width(self) -> int:
        """The register's width in bits."""
        return self._register.LAYOUT.width

    @property
    def fields(self) -> dict[str, int]:
        """Every field that can be read, by name."""
        return {
            name: info.decode(self)
            for name, info in self._register.FIELDS.items()
            if info.layout.access not in {"write-only", "writeOnce"}
        }

    def replace(self, /, **fields: object) -> Self:
        """The same value with some fields changed; nothing is written."""
        raw = int(self)
        for name, value in fields.items():
            info = self._info(name)
            raw = raw & ~info.mask | info.place(info.encode(value, f"{self.path}.{name}"))
        return type(self)(raw, self._register, self.path)

    def _info(self, name: str) -> FieldInfo:
        try:
            return self._register.FIELDS[name]
        except KeyError:
            raise UnknownName(self.path, name, self._register.FIELDS) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        info = self._info(name)
        if info.layout.access in {"write-only", "writeOnce"}:
            raise NotReadable(f"{self.path}.{name}", "it is write-only, a read does not show it")
        return info.decode(self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AccessError(
            f"{self.path}.{name}", "a snapshot does not change; use replace() or the register"
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise AccessError(f"{self.path}.{name}", "a snapshot does not change")

    def __dir__(self) -> Iterator[str]:
        yield from super().__dir__()
        yield from self._register.FIELDS

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        # A copy in another process is the plain number: its register's class is not there.
        return int, (int(self),)

    def __repr__(self) -> str:
        return f"<{self.path} {int(self):#0{self._register.LAYOUT.width // 4 + 2}x}>"

    def __str__(self) -> str:
        layout = self._register.LAYOUT
        lines = [f"{self.path} = {int(self):#0{layout.width // 4 + 2}x}"]
        rows = []
        for name, value in self.fields.items():
            info = self._register.FIELDS[name]
            shown = f"{value.name} ({int(value)})" if isinstance(value, IntEnum) else f"{value:#x}"
            rows.append((info, name, shown))
        rows.sort(key=lambda row: -row[0].mask)
        wide = max((len(name) for _, name, _ in rows), default=0)
        place = max((len(info.position) for info, _, _ in rows), default=0)
        for info, name, shown in rows:
            unit = f" {info.layout.unit}" if info.layout.unit else ""
            lines.append(f"  [{info.position:>{max(place, 5)}}] {name:<{wide}}  {shown}{unit}")
        return "\n".join(lines)
