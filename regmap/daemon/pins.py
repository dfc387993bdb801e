"""The pins by the article's numbers: wiringPi's 0 to 16, on the lines of the board's revision.

Each pin and verb becomes a closure when the board is opened, so that a request costs its bus
accesses and little else. A READ is one bus read; a WRITE one write to the set or clear register;
a MODE one read, then one read and one write. A MODE OUT of a pin that a peripheral has (an ALT
function) goes through INPUT first, as the manual asks, with one more read and write.

Source of numbers and function names: the article's table, WiringPi's wiringPi.c.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

from regmap.daemon.policy import Peer
from regmap.daemon.values import OK, Action, Audit
from regmap.errors import AccessError
from regmap.live.device import Device
from regmap.live.register import Register
from regmap.live.views import ViewItem
from regmap.wire import WireError

__all__ = ["FUNCTIONS", "Driven", "Pin", "Pins"]

# What the article calls the pins, by their numbers.
FUNCTIONS = (
    *(f"GPIO {number}" for number in range(8)),
    *("SDA", "SCL", "CE0", "CE1", "MOSI", "MISO", "SCLK", "TxD", "RxD"),
)


@runtime_checkable
class Driven(Protocol):
    """A backend whose pins are set from outside by a call: the simulator."""

    def drive(self, pin: int | str, level: int) -> None:
        """Put a level on a pin."""


class Pin(NamedTuple):
    """A pin: the article's number, the line of the chip, what the article calls it, and the live
    pin. ``load() & mask`` is its level."""

    number: int
    line: int
    name: str
    item: ViewItem
    load: Callable[[], int]
    mask: int

    @property
    def path(self) -> str:
        """Where it is: ``GPIO.pin[17]``."""
        return self.item.path


class Pins:
    """The pins of a board. Making them touches no bus."""

    def __init__(self, device: Device, audit: Audit) -> None:
        self._audit = audit
        self._backend = device.backend
        known = {name for pin in device.layout.pins for name in pin.names}
        self.by_number = {
            number: _pin(number, name, device.pins[f"WPI{number}"])
            for number, name in enumerate(FUNCTIONS)
            if f"WPI{number}" in known
        }

    def find(self, word: str) -> Pin:
        """The pin of this number. Raises WireError."""
        pin = self.by_number.get(int(word))
        if pin is None:
            raise WireError("pin", "this board has no such pin")
        return pin

    def read(self, pin: Pin) -> Action:
        """``READ n``."""
        load, mask = pin.load, pin.mask
        high, low = (b"%d %d\n" % (pin.number, level) for level in (1, 0))

        def read(_: Peer) -> bytes:
            return high if load() & mask else low

        return read

    def write(self, pin: Pin, level: int) -> Action:
        """``WRITE n level``."""
        act = _writer(pin.item, level)
        audit, path = self._audit, f"{pin.path}.level"

        def write(peer: Peer) -> bytes:
            act()
            audit(peer, path, None, level)
            return OK

        return write

    def mode(self, pin: Pin, word: str) -> Action:
        """``MODE n IN`` or ``MODE n OUT``."""
        pad = pin.item.PAD
        member = pad.output_member if pad else "function"
        name = "INPUT" if word == "IN" else "OUTPUT"
        audit, path, item = self._audit, f"{pin.path}.{member}", pin.item
        get: Callable[[], Any] = partial(getattr, item, member)
        put = partial(setattr, item, member)

        def mode(peer: Peer) -> bytes:
            old = get()
            if name == "OUTPUT" and getattr(old, "name", "INPUT") not in {"INPUT", "OUTPUT"}:
                put("INPUT")
            put(name)
            audit(peer, path, int(old), 0 if pad is None or word == "IN" else pad.output_value)
            return OK

        return mode

    def read_all(self) -> Action:
        """``READALL``: one bus read for each level register, and a line for each pin."""
        if len(self.by_number) < len(FUNCTIONS):
            raise WireError("pin", "this board does not have all 17 pins")
        loads: list[Callable[[], int]] = []
        rows: list[tuple[int, int, bytes, bytes]] = []
        for pin in self.by_number.values():
            if pin.load not in loads:
                loads.append(pin.load)
            start = f"{pin.number} {pin.line} {pin.name} ".encode()
            rows.append((loads.index(pin.load), pin.mask, start + b"1\n", start + b"0\n"))

        def read_all(_: Peer) -> bytes:
            now = [load() for load in loads]
            return b"".join([high if now[at] & mask else low for at, mask, high, low in rows])

        return read_all

    def drive(self, pin: Pin, level: int) -> Action:
        """``DRIVE n level``, on a simulator. Raises WireError."""
        backend = self._backend
        if not isinstance(backend, Driven):
            raise WireError("access", "only a simulator's pins are driven")
        put, path = backend.drive, pin.path

        def drive(_: Peer) -> bytes:
            put(path, level)
            return OK

        return drive


def _pin(number: int, name: str, item: ViewItem) -> Pin:
    pad = item.PAD
    if pad is None:
        raise AccessError(item.path, "the map does not say where its level is (`pad`)")
    target = pad.level[item.index]
    register: Register = item.register(target.register)
    layout = register.LAYOUT
    mask = layout.field(target.field).mask if target.field else 1 << max(target.bit, 0)
    if layout.refuse_read or layout.side_effect:
        raise AccessError(register.path, layout.refuse_read or layout.side_effect)
    return Pin(number, item.index, name, item, register.load, mask)


def _writer(item: ViewItem, level: int) -> Callable[[], object]:
    """One write: the pin's own ``set`` or ``clear``, or else its level."""
    name = "set" if level else "clear"
    if name in item.ACCESSORS:
        act: Callable[[], object] = getattr(item, name)
        return act
    return partial(setattr, item, "level", level)
