"""What the laws say an operation must do, worked out bit by bit from a description's own words.

It knows nothing of the masks that ``layout`` derives and nothing of the action table: only access
words, action words, bits, reset values and the order of parts. For an operation on one register it
says which bus accesses are made, with their values; what the register's storage holds afterwards;
what the user sees; or which errors the user may see, and then that nothing happens at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from regmap.errors import (
    AccessError,
    BadAddress,
    NotReadable,
    NotWritable,
    ReadHasSideEffect,
    RegmapError,
    UnknownName,
    ValueDoesNotFit,
    WaitTimeout,
)
from regmap.layout.shape import FieldLayout, RegisterLayout, WindowLayout

__all__ = ["Access", "Outcome", "Spot", "Window", "expected"]

# What a stored bit becomes when a bit is written over it.
_WRITTEN: Mapping[str, Callable[[int, int], int]] = {
    "modify": lambda _old, new: new,
    "oneToClear": lambda old, new: 0 if new else old,
    "oneToSet": lambda old, new: 1 if new else old,
    "oneToToggle": lambda old, new: 1 - old if new else old,
    "zeroToClear": lambda old, new: old if new else 0,
    "zeroToSet": lambda old, new: old if new else 1,
    "zeroToToggle": lambda old, new: old if new else 1 - old,
    "clear": lambda _old, _new: 0,
    "set": lambda _old, _new: 1,
}
_READABLE = {"read-only", "read-write", "read-writeOnce"}

Access = tuple[str, int, int, int]


class Window(NamedTuple):
    """An index/data pair at absolute addresses."""

    layout: WindowLayout
    index_address: int
    index_width: int
    index_big: bool
    data_address: int
    data_width: int


class Spot(NamedTuple):
    """A register where it is; behind a window, ``address`` is the index."""

    path: str
    layout: RegisterLayout
    address: int
    window: Window | None = None


@dataclass
class Outcome:
    """What an operation does. ``errors`` is not empty where it is refused; a time-out is an error
    that comes after the accesses."""

    accesses: list[Access] = field(default_factory=list)
    after: int = 0
    result: Any = None
    errors: tuple[type[RegmapError], ...] = ()


def expected(spot: Spot, stored: int, once: int, verb: str, arguments: tuple[Any, ...]) -> Outcome:
    """The outcome of ``verb`` on a register that holds ``stored``; ``once`` are the bits of
    write-once fields that were written already."""
    case = _Case(spot, stored, once)
    outcome: Outcome = getattr(case, f"do_{verb}")(*arguments)
    if case.errors:
        return Outcome(after=stored, errors=tuple(case.errors))
    return outcome


# ---- words -------------------------------------------------------------------------------------


def _bits(of: FieldLayout) -> list[int]:
    """The register's bit numbers of a field, from its least significant bit."""
    return [lsb + n for lsb, width in of.bits for n in range(width)]


def _mask(of: FieldLayout) -> int:
    return sum(1 << bit for bit in _bits(of))


def _spread(of: FieldLayout, number: int) -> int:
    """A field's number at its bits in the register."""
    return sum((number >> n & 1) << bit for n, bit in enumerate(_bits(of)))


def _gather(of: FieldLayout, raw: int) -> int:
    return sum((raw >> bit & 1) << n for n, bit in enumerate(_bits(of)))


def _readable(of: FieldLayout | RegisterLayout) -> bool:
    return of.access in _READABLE


def _writable(of: FieldLayout | RegisterLayout) -> bool:
    return of.access != "read-only"


def _acting(of: FieldLayout | RegisterLayout) -> int | None:
    """The bit value that does something, for a write-one or write-zero kind."""
    if not _writable(of):
        return None
    return {"one": 1, "zer": 0}.get(of.write_action[:3])


def _plain(of: FieldLayout | RegisterLayout) -> bool:
    """It holds what was written and can be read back: a neighbour keeps it."""
    return of.access == "read-write" and of.write_action == "modify"


def _swapped(value: int, width: int) -> int:
    return sum((value >> 8 * n & 0xFF) << (width - 8 - 8 * n) for n in range(width // 8))


class _Case:
    """One register, what it holds, and what the laws say of it. ``errors`` collects all that
    refuses the operation; the user sees one of them."""

    def __init__(self, spot: Spot, stored: int, once: int) -> None:
        self.errors: list[type[RegmapError]] = []
        self.spot = spot
        self.layout = layout = spot.layout
        self.stored = stored
        self.once = once
        self.every = (1 << layout.width) - 1
        self.fields = layout.fields
        self.declared = sum(_mask(each) for each in self.fields)
        parts: tuple[FieldLayout | RegisterLayout, ...] = self.fields or (layout,)
        self.readable = any(map(_readable, parts))
        self.writable = any(map(_writable, parts))
        self.changes = bool(layout.read_action) or any(f.read_action for f in self.fields)
        # Law 4: what a write of one field can neither keep nor write neutral.
        self.unkept = 0
        # What it must keep, and with it all that it can only write back as it was read.
        kept = returned = 0
        self.neutral = 0
        acts = []
        for part in parts:
            mask = _mask(part) if isinstance(part, FieldLayout) else self.every
            acting = _acting(part)
            if acting is not None:
                acts.append(acting)
                self.neutral |= 0 if acting else mask
            elif _plain(part):
                kept |= mask
            elif _writable(part):
                self.unkept |= mask
            else:
                returned |= mask
        undeclared = self.every & ~self.declared if self.fields else 0
        write_one_only = bool(acts) and not kept and not self.unkept
        if write_one_only:
            self.neutral |= undeclared if set(acts) == {0} else 0
        elif self.readable:
            kept |= undeclared
        elif layout.reset is not None:
            self.neutral |= undeclared & layout.reset
        self.keep = kept | returned if kept and self.readable else 0
        if not self.fields and not self.writable:
            self.keep = self.every

    # The bus.

    def parts(self) -> tuple[int, list[int]]:
        """The width of the bus accesses and the numbers of the parts, for a write."""
        layout, window = self.layout, self.spot.window
        taken = layout.access_widths or (layout.width,)
        if window:
            taken = tuple(width for width in taken if width == window.data_width)
        taken = tuple(width for width in taken if width <= layout.width)
        if layout.width in taken:
            return layout.width, [0]
        if not taken or not layout.word_order:
            self.errors.append(BadAddress)
            return layout.width, [0]
        width = max(taken)
        numbers = list(range(layout.width // width))
        # "low" is the register's low part; of a big-endian one, that lies last.
        ascending = (layout.word_order == "low-first") != layout.big_endian
        return width, numbers if ascending else numbers[::-1]

    def bus(self, kind: str, value: int) -> list[Access]:
        """The accesses that carry ``value``, the register's number."""
        width, order = self.parts()
        if kind == "R" and self.layout.word_order == "high-low-high" and len(order) > 1:
            order = [*order, *order[:-1]]
        on_bus = _swapped(value, self.layout.width) if self.layout.big_endian else value
        made: list[Access] = []
        for part in order:
            word = on_bus >> part * width & (1 << width) - 1
            if self.spot.window is None:
                made.append((kind, self.spot.address + part * width // 8, width, word))
            else:
                made.append(self.select(self.spot.window, self.spot.address + part))
                made.append((kind, self.spot.window.data_address, width, word))
        return made

    @staticmethod
    def select(window: Window, index: int) -> Access:
        pair = window.layout
        value = pair.index_rest & ~pair.index_mask | index << pair.index_lsb
        if window.index_big:
            value = _swapped(value, window.index_width)
        return "W", window.index_address, window.index_width, value

    @property
    def shown(self) -> int:
        """What a read answers: what cannot be read shows 0."""
        if not self.readable:
            return 0
        hidden = sum(_mask(each) for each in self.fields if not _readable(each))
        return self.stored & ~hidden

    # What one access makes of the storage.

    def after_read(self) -> int:
        parts = [(each.read_action, _mask(each)) for each in self.fields if each.read_action]
        if not parts and self.layout.read_action:
            parts = [(self.layout.read_action, self.every)]
        after = self.stored
        for action, mask in parts:
            if action in {"clear", "set"}:
                after = after & ~mask | (mask if action == "set" else 0)
        return after

    def after_write(self, raw: int) -> int:
        """The storage after ``raw`` is written. Bits that nobody declared hold what is written
        where a write of a field has to keep them."""
        parts: list[tuple[FieldLayout | RegisterLayout, list[int]]] = [
            (each, _bits(each)) for each in self.fields
        ] or [(self.layout, list(range(self.layout.width)))]
        undeclared = self.keep & ~self.declared if self.fields else 0
        after = self.stored & ~undeclared | raw & undeclared
        for part, bits in parts:
            if not _writable(part):
                continue
            for bit in bits:
                if "Once" in part.access and self.once >> bit & 1:
                    continue
                new = _WRITTEN[part.write_action](self.stored >> bit & 1, raw >> bit & 1)
                after = after & ~(1 << bit) | new << bit
        return after

    # Operations.

    def refuse(self, error: type[RegmapError], when: object) -> None:
        if when:
            self.errors.append(error)

    def looked(self, result: Any) -> Outcome:
        return Outcome(self.bus("R", self.shown), self.after_read(), result)

    def do_read(self) -> Outcome:
        self.refuse(NotReadable, not self.readable)
        return self.looked(self.shown)

    def look(self, readable: bool) -> None:
        """Law 3: an attribute looks only where that changes nothing."""
        self.refuse(NotReadable, not readable)
        self.refuse(ReadHasSideEffect, self.changes)

    def do_raw(self) -> Outcome:
        self.look(self.readable)
        return self.looked(self.shown)

    def do_get(self, name: str) -> Outcome:
        found = self.layout.field(name)
        self.look(_readable(found))
        return self.looked(_gather(found, self.shown))

    def do_get_element(self, array: str, number: int) -> Outcome:
        return self.do_get(dict(self.layout.field_arrays)[array][number])

    def do_bit(self, number: int) -> Outcome:
        owner = self.owner(number)
        self.look(_readable(owner) if owner else self.readable)
        return self.looked(self.shown >> number & 1)

    def do_wait(self, values: Mapping[str, object]) -> Outcome:
        outcome = self.looked(self.shown)
        for name, value in values.items():
            found = self.layout.field(name)
            self.look(_readable(found))
            number, care = self.awaited(found, value)
            if _gather(found, self.shown) & care != number:
                outcome.errors = (WaitTimeout,)
        return outcome

    def owner(self, bit: int) -> FieldLayout | None:
        return next((each for each in self.fields if bit in _bits(each)), None)

    def awaited(self, found: FieldLayout, value: object) -> tuple[int, int]:
        """What a read has to show, and in which bits; names are of the enum of reads."""
        every = (1 << found.width) - 1
        enum = found.enum
        known = {name: (number, every) for name, number in enum.members} if enum else {}
        known.update({n: (v & c, c) for n, v, c in enum.patterns} if enum else {})
        if isinstance(value, str):
            self.refuse(UnknownName, value not in known)
            return known.get(value, (0, every))
        assert isinstance(value, int)
        self.refuse(ValueDoesNotFit, not 0 <= value <= every)
        return value, every

    def number(self, name: str, value: object) -> int:
        """A value as a field's number."""
        found = self.layout.field(name)
        enum = found.write_enum or found.enum
        known = dict(enum.members) if enum else {}
        known.update({n: v for n, v, _ in enum.patterns} if enum else {})
        if isinstance(value, str):
            self.refuse(UnknownName, value not in known)
            value = known.get(value, 0)
        assert isinstance(value, int)
        low = 0 if found.minimum is None else found.minimum
        high = (1 << found.width) - 1 if found.maximum is None else found.maximum
        self.refuse(ValueDoesNotFit, not low <= value <= high)
        self.refuse(ValueDoesNotFit, found.enum_only and value not in known.values())
        return value

    def placed(self, values: Mapping[str, object]) -> tuple[int, int]:
        """Mask and bits of what is to be written."""
        mask = raw = 0
        for name, value in values.items():
            found = self.layout.field(name)
            self.refuse(NotWritable, not _writable(found))
            number = self.number(name, value)
            acting = _acting(found)
            idle = None if acting is None else 0 if acting else (1 << found.width) - 1
            self.refuse(AccessError, number == idle)
            mask |= _mask(found)
            raw |= _spread(found, number)
        return mask, raw

    def merged(self, mask: int, raw: int, *, read_anyway: bool = False) -> Outcome:
        """Law 4: the bits of ``mask`` are written and nothing else changes."""
        reads = self.keep if read_anyway else self.keep & ~mask
        self.refuse(AccessError, self.unkept & ~mask or (reads and self.changes))
        old = self.shown & self.keep if reads else 0
        value = (old | self.neutral) & ~mask | raw
        before = self.bus("R", self.shown) if reads else []
        low = 0 if self.layout.minimum is None else self.layout.minimum
        high = self.every if self.layout.maximum is None else self.layout.maximum
        if not low <= value <= high:
            # Whether it fits is known after the read; then nothing is written.
            self.refuse(ValueDoesNotFit, not reads)
            return Outcome(before, self.stored, errors=(ValueDoesNotFit,))
        # Whatever the write does, it does to the bits of ``mask`` alone.
        after = self.after_write(value) & mask | self.stored & ~mask
        return self.verified([*before, *self.bus("W", value)], after)

    def verified(self, accesses: list[Access], after: int) -> Outcome:
        if self.layout.verify:
            self.stored = after
            return Outcome([*accesses, *self.bus("R", self.shown)], after)
        return Outcome(accesses, after)

    def do_set(self, name: str, value: object) -> Outcome:
        return self.merged(*self.placed({name: value}))

    def do_set_element(self, array: str, number: int, value: object) -> Outcome:
        return self.do_set(dict(self.layout.field_arrays)[array][number], value)

    def do_modify(self, values: Mapping[str, object]) -> Outcome:
        return self.merged(*self.placed(values), read_anyway=True)

    def do_act(self, verb: str, *names: str) -> Outcome:
        mask = raw = 0
        verbs = {"Clear": "clear", "Set": "set", "Toggle": "toggle", "clear": "clear", "set": "set"}
        for name in names:
            found = self.layout.field(name)
            does = next((v for k, v in verbs.items() if found.write_action.endswith(k)), "")
            self.refuse(AccessError, not _writable(found) or does != verb)
            mask |= _mask(found)
            raw |= _mask(found) if _acting(found) == 1 else 0
        return self.merged(mask, raw)

    def do_set_bit(self, number: int, value: int) -> Outcome:
        owner = self.owner(number) or (None if self.fields else self.layout)
        self.refuse(NotWritable, (owner and not _writable(owner)) or not self.writable)
        self.refuse(AccessError, isinstance(owner, FieldLayout) and _limited(owner))
        self.refuse(ValueDoesNotFit, value not in {0, 1})
        acting = _acting(owner) if owner else None
        self.refuse(AccessError, acting is not None and value != acting)
        return self.merged(1 << number, value << number)

    def whole(self, raw: int) -> Outcome:
        """One write of the whole register."""
        low = 0 if self.layout.minimum is None else self.layout.minimum
        high = self.every if self.layout.maximum is None else self.layout.maximum
        self.refuse(NotWritable, not self.writable)
        self.refuse(ValueDoesNotFit, not low <= raw <= high)
        return self.verified(self.bus("W", raw), self.after_write(raw))

    def do_set_raw(self, raw: int) -> Outcome:
        """Every field gets a number of its own then, which it has to take."""
        for each in self.fields:
            acting = _acting(each)
            idle = None if acting is None else 0 if acting else (1 << each.width) - 1
            number = _gather(each, raw)
            if _limited(each) and _writable(each) and number != idle:
                self.number(each.name, number)
        return self.whole(raw)

    do_write = do_assign = do_set_raw

    def resets(self, mask: int) -> int:
        """The reset value beside ``mask``, write-one bits neutral; refused where unknown."""
        layout = self.layout
        known = 0 if layout.reset is None else self.every
        if layout.reset_mask is not None:
            known &= layout.reset_mask
        raw = (layout.reset or 0) & known
        acting = 0
        for part in self.fields or (layout,):
            bits = _mask(part) if isinstance(part, FieldLayout) else self.every
            if _acting(part) is not None:
                acting |= bits
            elif _writable(part) and bits & ~mask & ~known:
                self.errors.append(AccessError)
        if not (self.keep or self.unkept):
            acting = self.every  # law 4: what is not declared is written as its neighbours are
        return (raw & ~acting | self.neutral & acting) & ~mask

    def do_reset(self) -> Outcome:
        self.refuse(AccessError, self.layout.reset is None)
        return self.whole(self.resets(0))

    def do_write_fields(self, values: Mapping[str, object]) -> Outcome:
        mask, raw = self.placed(values)
        return self.whole(self.resets(mask) | raw)


def _limited(of: FieldLayout) -> bool:
    """Not every number may be written, so not every bit by itself."""
    return of.minimum is not None or of.maximum is not None or of.enum_only
