"""Registers, fields and single bits by path: the steps that GET, SET, MODIFY, CAS, WAIT and BATCH
are made of.

A step is prepared without a bus access: its path is looked up and its value checked. Carried out
it is exactly the accesses of the live objects: a read is one bus read, a change of fields one read
and one write, or one write where nothing has to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from regmap import _core
from regmap.bits import ones
from regmap.daemon.policy import Peer
from regmap.daemon.values import Audit, as_value
from regmap.errors import (
    AccessError,
    NotReadable,
    NotWritable,
    ReadHasSideEffect,
    ValueDoesNotFit,
)
from regmap.live.bitfields import Bits
from regmap.live.device import Device
from regmap.live.lookup import Target, lookup
from regmap.live.register import Register
from regmap.wire import WireError

__all__ = ["Change", "Point", "Read", "find", "modify_of", "set_of"]


class Point(NamedTuple):
    """What a path names: a register, one of its fields, or one of its bits (-1: none)."""

    register: Register
    field: str = ""
    bit: int = -1

    @property
    def path(self) -> str:
        """The path in full, which the policy knows; of a bit, that of its register."""
        return f"{self.register.path}.{self.field}" if self.field else self.register.path

    @property
    def shown(self) -> str:
        """The path in full with the bit."""
        return f"{self.path}.bit[{self.bit}]" if self.bit >= 0 else self.path

    def part(self, raw: int) -> int:
        """Its number in the register's."""
        if self.field:
            return int(self.register.FIELDS[self.field].decode(raw))
        return raw >> self.bit & 1 if self.bit >= 0 else raw

    def reader(self) -> Callable[[], int]:
        """What reads its number: one bus read, side effects included. Raises AccessError."""
        register = self.register
        load, layout = register.load, register.LAYOUT
        if layout.refuse_read:
            raise NotReadable(register.path, layout.refuse_read)
        if self.bit >= 0:
            register.bit.check_read(self.bit)
            bit = self.bit
            return lambda: load() >> bit & 1
        if not self.field:
            return load
        info = register.FIELDS[self.field]
        if info.layout.access in {"write-only", "writeOnce"}:
            raise NotReadable(self.path, info.layout.refuse_read)
        if len(info.bits) != 1:
            return lambda: int(info.decode(load()))
        lsb, low = info.bits[0].lsb, (1 << info.width) - 1
        return lambda: load() >> lsb & low

    def check_quiet(self) -> None:
        """Raise where reading changes something: such a register is not polled or compared."""
        effect = self.register.LAYOUT.side_effect
        if effect:
            raise ReadHasSideEffect(self.path, f"reading changes it ({effect})")


def find(device: Device, path: str) -> Point:
    """What a path names. No bus access. Raises WireError, UnknownName."""
    head, dot, last = path.rpartition(".")
    if dot and last.startswith("bit[") and last.count("[") == 1:
        register = lookup(device, head)
        if isinstance(register, Register):
            bit = int(last[4:-1])
            if bit >= register.width:
                raise WireError("path", f"it has {register.width} bits")
            return Point(register, bit=bit)
    found = lookup(device, path)
    if isinstance(found, Target):
        return Point(found.register, found.field)
    if isinstance(found, Register):
        return Point(found)
    raise WireError("path", "it names neither a register nor a field")


class Read(NamedTuple):
    """A read; ``name`` is how the client wrote its path, with ``=``."""

    name: bytes
    load: Callable[[], int]

    def run(self) -> bytes:
        """``path=0x1``. One bus read."""
        return b"%s0x%x" % (self.name, self.load())


class Change:
    """A checked change of one register. ``carry`` does it and gives the register's old number
    where it was read on the way, else None."""

    __slots__ = ("carry", "parts", "register", "undoable")

    def __init__(
        self,
        register: Register,
        carry: Callable[[], int | None],
        parts: tuple[tuple[Point, int], ...],
        *,
        undoable: bool = False,
    ) -> None:
        self.register = register
        self.carry = carry
        self.parts = parts
        self.undoable = undoable

    def tell(self, peer: Peer, audit: Audit, old: int | None) -> None:
        """Report what was written."""
        for point, number in self.parts:
            audit(peer, point.shown, None if old is None else point.part(old), number)


def set_of(point: Point, word: str) -> Change:
    """The change that an assignment of ``word`` is. Raises what the assignment would raise."""
    value = as_value(word)
    register = point.register
    if point.bit >= 0:
        return _bit(point, value)
    if not point.field:
        if isinstance(value, str):
            raise WireError("value", "a whole register takes a number")
        number = _whole(register, value)
        return Change(register, _nothing_read(register._put, number), ((point, number),))
    number = register.check_field(point.field, value)
    info = register.FIELDS[point.field]
    mask, placed = info.mask, info.place(number)
    target = Target(register, point.field)
    carry = _merge(register, mask, placed, register.LAYOUT.keep & ~mask)
    parts = ((point, number),)
    if carry is None:
        return Change(register, _nothing_read(target.write, number), parts)
    return Change(register, carry, parts, undoable=_undoable(register, mask))


def _whole(register: Register, value: int | str) -> int:
    """The number that a register is to be written with. Beyond what may be assigned, a field may
    keep its reset value, where ``reset()`` and ``write()`` leave it whatever its limits."""
    try:
        return register.check_raw(value)
    except ValueDoesNotFit:
        layout = register.LAYOUT
        if isinstance(value, str) or layout.reset is None or not 0 <= value <= ones(layout.width):
            raise
        register._check_range(value)
        changed = value ^ register._reset_bits(named=ones(layout.width))
        for info in register.FIELDS.values():
            if changed & info.mask:
                info.check_inside(value, register.path)
        return value


def modify_of(register: Register, wanted: Iterable[tuple[Point, str]]) -> Change:
    """The change of several fields of one register as one ``modify``. Raises what that would."""
    pairs = list(wanted)
    fields: dict[str, int | str] = {}
    for point, word in pairs:
        if not point.field:
            if len(pairs) > 1:
                raise WireError("path", "a MODIFY names fields, or one bit, of a register")
            if point.bit < 0:
                raise WireError("path", "a MODIFY names fields; SET writes a whole register")
            return _bit(point, as_value(word))
        if point.field in fields:
            raise WireError("path", "the same field twice")
        fields[point.field] = as_value(word)
    mask, placed, numbers = register._place(fields)
    parts = tuple((point, numbers[point.field]) for point, _ in pairs)
    carry = _merge(register, mask, placed, register.LAYOUT.keep)
    undoable = carry is not None and _undoable(register, mask)
    if carry is None:

        def modify() -> None:
            register.modify(**numbers)

        carry = modify
    return Change(register, carry, parts, undoable=undoable)


def _merge(
    register: Register, mask: int, placed: int, reads: int
) -> Callable[[], int | None] | None:
    """The live register's own merge where nothing about it is special, which tells what was read;
    None where it is special and only the register knows how."""
    layout = register.LAYOUT
    if layout.guess & ~mask:
        raise AccessError(register.path, f"its neighbours cannot be left: {layout.why_guess}")
    if reads and layout.side_effect:
        raise ReadHasSideEffect(
            register.path, f"its neighbours must be read ({layout.side_effect})"
        )
    if layout.refuse_write:
        raise NotWritable(register.path, layout.refuse_write)
    if layout.as_read:
        raise AccessError(register.path, "it takes only what was read")
    if layout.limited or layout.verify:
        return None
    load, store, merge = register.load, register.store, _core.merge
    keep, neutral, lock = layout.keep, layout.neutral, register.context.lock
    if not reads:
        return _nothing_read(store, merge(0, keep, neutral, mask, placed))

    def carry() -> int:
        with lock:
            old = load()
            store(merge(old, keep, neutral, mask, placed))
        return old

    return carry


def _nothing_read(write: Callable[[Any], object], number: int) -> Callable[[], None]:
    def carry() -> None:
        write(number)

    return carry


def _undoable(register: Register, mask: int) -> bool:
    """Whether writing back what was read puts everything in ``mask`` back."""
    layout = register.LAYOUT
    return not (layout.neutral or layout.volatile_mask & mask) and all(
        field.write_action == "modify" and field.access == "read-write"
        for field in layout.fields
        if field.mask & mask
    )


def _bit(point: Point, value: object) -> Change:
    if isinstance(value, str):
        raise WireError("value", "a bit is 0 or 1")
    bits, bit = Bits(point.register), point.bit
    number = bits.check_write(bit, value)

    def carry() -> None:
        bits[bit] = number

    return Change(point.register, carry, ((point, number),))
