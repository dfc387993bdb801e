"""The simulator: a backend whose registers react as the description and the action table say.

It is public, for tests of your own. It is strict: an address without a register, a width that the
register does not take and a block without its clock are bus faults. It models what a description
can say; what a peripheral does beyond that comes from hooks.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterator
from threading import RLock

from regmap._core import merge
from regmap.bits import ones, swap_bytes
from regmap.errors import (
    AccessError,
    BadAddress,
    BusFault,
    ClosedError,
    NoSuchElement,
    UnknownName,
    ValueDoesNotFit,
)
from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.layout.shape import RegisterLayout, ViewLayout
from regmap.model.access import READ_RULES, WRITE_RULES, Access, ReadAction, WriteAction
from regmap.sim.cells import Cell, Place, Places
from regmap.sim.clocks import Clocks
from regmap.sim.pads import Pads

__all__ = ["Simulator"]

Hook = Callable[[int], int]

_MANY_DIGITS = 600


class Simulator:
    """A whole device without hardware. One lock makes each access whole between threads.

    ``drive`` sets a pin from outside; ``peek`` and ``poke`` reach storage behind the bus's back;
    ``on_read`` and ``on_write`` let a function play a counter or a FIFO; ``drop_writes`` makes
    registers ignore writes as a protected pad does; ``power_on_reset`` starts again.
    """

    def __init__(self, layout: DeviceLayout) -> None:
        self.layout = layout
        self.lock = RLock()
        self._sorted = sorted(layout.instances.values(), key=lambda at: at.base)
        self._bases = [at.base for at in self._sorted]
        self._places: dict[str, Places] = {}
        self._pads: dict[str, list[tuple[ViewLayout, Pads]]] = {}
        self._on_read: dict[int, Hook] = {}
        self._on_write: dict[int, Hook] = {}
        self._dropped: set[int] = set()
        self._clocks = Clocks(layout, self._place)
        self._closed = False

    # The bus side.

    def read(self, address: int, width: int) -> int:
        """One bus read; applies read actions.

        Raises BusFault, ClosedError, BadAddress for a width that no bus has.
        """
        _check_width(address, width, "read")
        with self.lock:
            place, shift = self._find(address, width, "read", readable=True)
            layout = place.layout
            hook = self._on_read.get(id(place.cell))
            if hook is not None:
                place.cell.value = _hooked(hook, place.cell.value, place)
            value = _turn(layout, place.cell.value & _shown(layout))
            part = value >> shift & ones(width)
            self._after_read(place, _turn_mask(layout, ones(width) << shift))
            return part

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write; applies write actions.

        Raises BusFault, ClosedError, ValueDoesNotFit, BadAddress for a width that no bus has.
        """
        _check_width(address, width, "write")
        value = _fitting(f"{address:#x}", value, width)
        with self.lock:
            place, shift = self._find(address, width, "write", readable=False)
            layout = place.layout
            reached = _turn_mask(layout, ones(width) << shift)
            written = _turn(layout, value << shift)
            if id(place.cell) in self._dropped:
                return
            hook = self._on_write.get(id(place.cell))
            if hook is not None:
                written = _hooked(hook, written, place)
            _react(place.cell, layout, written, reached)
            self._settle(place)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One bus read and one bus write with nobody in between; returns what was written."""
        with self.lock:
            new = merge(self.read(address, width), keep, neutral, mask, value)
            self.write(address, width, new)
            return new

    def close(self) -> None:
        """Later accesses raise ClosedError."""
        self._closed = True

    # The outside.

    def drive(self, pin: int | str, level: int) -> None:
        """Put ``level`` on a pin from outside: by index where there is one GPIO block, by its
        board name (``"P1-11"``), or by path (``"GPIO1.pin[21]"``). Raises UnknownName,
        ValueDoesNotFit for a level that is neither 0 nor 1."""
        with self.lock:
            pads, index = self._pin(pin)
            pads.drive(index, _fitting(f"pin {pin}", level, 1))

    def level(self, pin: int | str) -> int:
        """What a pin shows: its latch as an output, else what is driven. Raises UnknownName."""
        with self.lock:
            pads, index = self._pin(pin)
            return pads.level(index)

    def watch(self, pin: int | str, tell: Callable[[int], object]) -> Callable[[], None]:
        """Call ``tell(level)`` on each change of a pin, whoever makes it, in the thread that does;
        it must not access the device. Returns what ends that. Raises UnknownName."""
        with self.lock:
            pads, index = self._pin(pin)
            watchers = pads.watchers.setdefault(index, [])
            watchers.append(tell)
        return lambda: watchers.remove(tell) if tell in watchers else None

    def peek(self, path: str) -> int:
        """What a register's storage holds, without a bus access or side effect."""
        with self.lock:
            return self._reached(path).cell.value

    def poke(self, path: str, value: int) -> None:
        """Set a register's storage without a bus access, whatever its access rights. Raises
        UnknownName, ValueDoesNotFit."""
        with self.lock:
            place = self._reached(path)
            place.cell.value = _fitting(path, value, place.layout.width)
            self._settle(place)

    def on_read(self, path: str, hook: Hook) -> None:
        """Before each read of a register, replace what it holds by ``hook(old)``: a counter."""
        self._on_read[id(self._reached(path).cell)] = hook

    def on_write(self, path: str, hook: Hook) -> None:
        """Before each write takes effect, replace the number written by ``hook(written)``."""
        self._on_write[id(self._reached(path, write=True).cell)] = hook

    def drop_writes(self, path: str) -> None:
        """Let a register ignore writes without a word, as hardware does that wants privilege."""
        self._dropped.add(id(self._reached(path, write=True).cell))

    def power_on_reset(self) -> None:
        """Every storage back to its reset value; hooks and driven pins stay."""
        with self.lock:
            for places in self._places.values():
                for cell in places.cells.values():
                    cell.restart()
            for entries in self._pads.values():
                for _, pads in entries:
                    pads.settle()

    # Inside.

    def _find(self, address: int, width: int, verb: str, *, readable: bool) -> tuple[Place, int]:
        if self._closed:
            raise ClosedError("the simulator is closed")
        why = "nothing is there"
        refused: tuple[Places, Place] | None = None
        for instance in self._instances(address):
            if not self._clocks.run(instance.clock):
                why = f"{instance.name} has no clock: {instance.clock_hint}"
                continue
            places = self._of(instance)
            offset = address - instance.base
            there = places.at.get(offset, ())
            whole = [at for at in there if width == at.layout.width and _takes(at, width)]
            for place in whole:
                layout = place.layout
                if layout.refuse_read if readable else layout.refuse_write:
                    refused = refused or (places, place)
                    continue
                return self._behind(places, place, address, width, verb)
            found = places.inside(offset, width)
            if found is not None:
                return found
            taken = [str(n) for n in (8, 16, 32, 64) if any(_takes(place, n) for place in there)]
            if taken:
                why = f"the register takes {' or '.join(taken)} bits"
            elif why == "nothing is there":
                why = "no register is there"
        if refused is not None:
            return self._behind(*refused, address, width, verb)
        raise BusFault(f"{width}-bit {verb} at {address:#x}: {why}", address=address)

    def _behind(
        self, places: Places, place: Place, address: int, width: int, verb: str
    ) -> tuple[Place, int]:
        """The register behind a window's data register, or the register itself."""
        window = places.window_of(place)
        if window is None:
            return place, 0
        index = (window.index.cell.value & window.mask) >> window.lsb
        found = window.by_index.get(index)
        if found is None:
            raise BusFault(
                f"{width}-bit {verb} at {address:#x}: no register has index {index:#x}",
                address=address,
            )
        return found

    def _instances(self, address: int) -> Iterator[InstanceLayout]:
        """Who lies at an address: the nearest base first, and of one base the last written. Blocks
        further down are only laid out where those before them do not answer."""
        for number in range(bisect_right(self._bases, address) - 1, -1, -1):
            at = self._sorted[number]
            if address < at.base + at.size or address < at.base + at.reach:
                yield at

    def _of(self, instance: InstanceLayout) -> Places:
        places = self._places.get(instance.name)
        if places is None:
            places = self._places[instance.name] = Places(instance.name, instance.block)
            self._pads[instance.name] = [
                (member, Pads(member, member.pad, places))
                for member in instance.block.members
                if isinstance(member, ViewLayout) and member.pad is not None
            ]
        return places

    def _place(self, path: str) -> Place:
        name, _, rest = path.partition(".")
        instance = self.layout.instances.get(name)
        if instance is None:
            raise UnknownName(self.layout.name, name, self.layout.instances)
        places = self._of(instance)
        if rest not in places.by_path:
            raise UnknownName(name, rest, places.by_path)
        return places.by_path[rest]

    def _reached(self, path: str, *, write: bool = False) -> Place:
        """The register that an access of the one at ``path`` reaches: itself, or another
        instance's where two share the address."""
        place = self._place(path)
        own = self.layout.instances[path.partition(".")[0]]
        readable = not place.layout.refuse_read and not (write and not place.layout.refuse_write)
        for instance in () if place.window else self._instances(own.base + place.offset):
            if instance is own:
                break
            for at in self._of(instance).at.get(own.base + place.offset - instance.base, ()):
                refuses = at.layout.refuse_read if readable else at.layout.refuse_write
                if at.layout.width == place.layout.width and not refuses:
                    return at
        return place

    def _pin(self, pin: int | str) -> tuple[Pads, int]:
        """The pads that a pin is among, and its number there."""
        instance, view, index = self._named_pin(pin)
        self._of(self.layout.instances[instance])
        for layout, pads in self._pads[instance]:
            if layout.name == view:
                if not 0 <= index < layout.length:
                    raise NoSuchElement(f"{instance}.{view}", index, layout.length)
                return pads, index
        raise UnknownName(instance, view, [layout.name for layout, _ in self._pads[instance]])

    def _named_pin(self, pin: int | str) -> tuple[str, str, int]:
        """The instance, the view and the index of a pin."""
        if isinstance(pin, int):
            owners = [at for at, view in self.layout.views() if view.pad and view.name == "pin"]
            if len(owners) != 1:
                raise AccessError(
                    f"pin {pin}", f"{self.layout.name} has {len(owners)} GPIO blocks; use a path"
                )
            return owners[0].name, "pin", pin
        for entry in self.layout.pins:
            if pin in entry.names:
                return entry.instance, entry.view, entry.number
        instance, _, rest = pin.partition(".")
        view, _, index = rest.partition("[")
        digits = index[:-1]
        # So many digits are a number that Python may refuse to read, and no pin's.
        if instance in self.layout.instances and index[-1:] == "]" and digits.isdecimal():
            return instance, view, int(digits) if len(digits) < _MANY_DIGITS else 10**_MANY_DIGITS
        known = [name for entry in self.layout.pins for name in entry.names]
        raise UnknownName(f"{self.layout.name}.pins", pin, known)

    def _settle(self, place: Place) -> None:
        """What follows from a register's new contents: the status of clocks, and pads."""
        self._clocks.follow(place.cell)
        for _, pads in self._pads.get(place.path.partition(".")[0], ()):
            if id(place.cell) in pads.cells:
                pads.settle()

    def _after_read(self, place: Place, reached: int) -> None:
        layout, cell = place.layout, place.cell
        actions = [(f.read_action, f.mask) for f in layout.fields if f.read_action]
        if layout.read_action and not actions:
            actions = [(layout.read_action, ones(layout.width))]
        for action, bits in actions:
            after = READ_RULES[ReadAction(action)].after
            if after is not None:
                mask = bits & reached
                cell.value = cell.value & ~mask | after(cell.value & mask, mask)

    def __repr__(self) -> str:
        return f"<simulator of {self.layout.name}>"


def _check_width(address: int, width: int, verb: str) -> None:
    if width not in (8, 16, 32, 64):
        raise BadAddress(f"{width}-bit {verb} at {address:#x}: no bus has this width")


def _fitting(path: str, value: object, width: int) -> int:
    """A number that fits; nothing is cut. Raises ValueDoesNotFit, TypeError."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"{path}: takes a number, not {value!r} ({kind})") from None
    if not 0 <= number <= ones(width):
        raise ValueDoesNotFit(path, number, width, ones(width))
    return number


def _hooked(hook: Hook, number: int, place: Place) -> int:
    """What a hook makes of a number, which has to fit in its register."""
    return _fitting(f"the hook of {place.path}", hook(number), place.layout.width)


def _takes(place: Place, width: int) -> bool:
    """Whether the register takes accesses of this width."""
    return width in (place.layout.access_widths or (place.layout.width,))


def _shown(layout: RegisterLayout) -> int:
    """The bits that a read shows."""
    if not layout.fields:
        return ones(layout.width) if Access(layout.access).readable else 0
    hidden = 0
    for field in layout.fields:
        if not Access(field.access).readable:
            hidden |= field.mask
    return ones(layout.width) & ~hidden if not layout.refuse_read else 0


def _react(cell: Cell, layout: RegisterLayout, written: int, reached: int) -> None:
    """What the storage holds after a write of the ``reached`` bits."""
    if not layout.fields:
        if Access(layout.access).writable:
            _apply(cell, layout.write_action, layout.access, ones(layout.width) & reached, written)
        return
    declared = 0
    for field in layout.fields:
        declared |= field.mask
        if Access(field.access).writable:
            _apply(cell, field.write_action, field.access, field.mask & reached, written)
    # Bits that nobody declared hold what is written wherever a write is meant to keep them, so
    # that a write which does not keep them is seen.
    free = layout.keep & ~declared & reached
    cell.value = cell.value & ~free | written & free


def _apply(cell: Cell, action: str, access: str, mask: int, written: int) -> None:
    if Access(access).once:
        mask &= ~cell.written_once
        cell.written_once |= mask
    after = WRITE_RULES[WriteAction(action)].after(cell.value, written, mask)
    cell.value = cell.value & ~mask | after & mask


def _turn(layout: RegisterLayout, value: int) -> int:
    """Between the register's number and the bytes on the bus."""
    return swap_bytes(value, layout.width) if layout.big_endian else value


_turn_mask = _turn
