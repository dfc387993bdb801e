"""Registers that the hardware takes only in parts: 64 bits as two accesses of 32, in one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regmap._core import merge
from regmap.backends.base import Port, lock_of
from regmap.errors import BackendError, BadAddress, ValueDoesNotFit

if TYPE_CHECKING:
    from regmap.model.block import WordOrder

__all__ = ["InParts"]

# A counter's high part changes once in 2**32 ticks; if it differs this often it is no counter.
_MOST_TRIES = 16


class InParts:
    """A port that touches each part of a register once, in the stated order.

    Part k lies ``k * part_width // 8`` bytes behind the address and is bits ``k * part_width``
    and up of the number that goes through a port, which is little-endian always. ``order`` speaks
    of the register's own number: of a ``big_endian`` register the low part lies last. The order
    ``high-low-high`` is for a counter that runs: reading repeats until the high part was the same
    before and after the low one; writing goes from high to low. The port's ``lock`` is held over
    all parts of an access.
    """

    def __init__(
        self, port: Port, part_width: int, order: WordOrder, *, big_endian: bool = False
    ) -> None:
        self.port = port
        self.part_width = part_width
        self.order = order
        self.big_endian = big_endian
        self.lock = lock_of(port)

    def read(self, address: int, width: int) -> int:
        """One bus read a part; with high-low-high the high part once more for each try.

        Raises BadAddress for a width that is no whole number of parts, BackendError when the high
        part never comes to rest.
        """
        places = self._places(address, width)
        with self.lock:
            if self.order == "low-first":
                return self._joined([self._read(at) for at in places])
            if self.order == "high-first" or len(places) == 1:
                return self._joined([self._read(at) for at in reversed(places)][::-1])
            return self._settled(places)

    def _settled(self, places: list[int]) -> int:
        low, *highs = places
        before = [self._read(at) for at in reversed(highs)]
        for _ in range(_MOST_TRIES):
            lowest = self._read(low)
            after = [self._read(at) for at in reversed(highs)]
            if before == after:
                return self._joined([lowest, *reversed(after)])
            before = after
        raise BackendError(
            f"the high part of the register at {low:#x} changed between {_MOST_TRIES + 1} reads in"
            " a row, so no whole value could be read; is this a counter, and is it there?"
        )

    def write(self, address: int, width: int, value: int) -> None:
        """One bus write a part.

        Raises BadAddress for a width that is no whole number of parts, ValueDoesNotFit.
        """
        places = self._places(address, width)
        if value < 0 or value >> width:
            raise ValueDoesNotFit(f"{address:#x}", value, width, (1 << width) - 1)
        ones = (1 << self.part_width) - 1
        shifts = self._by_value([k * self.part_width for k in range(len(places))])
        steps = [(at, value >> shift & ones) for at, shift in zip(places, shifts, strict=True)]
        with self.lock:
            for at, part in steps if self.order == "low-first" else reversed(steps):
                self.port.write(at, self.part_width, part)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """The parts of one read, then the parts of one write; returns what was written."""
        with self.lock:
            new = merge(self.read(address, width), keep, neutral, mask, value)
            self.write(address, width, new)
            return new

    def _places(self, address: int, width: int) -> list[int]:
        """The addresses of the parts, that of the register's lowest bits first."""
        if width < self.part_width or width % self.part_width:
            raise BadAddress(
                f"{width} bits at {address:#x}: the hardware takes whole parts of"
                f" {self.part_width} bits here"
            )
        step = self.part_width // 8
        return self._by_value([address + k * step for k in range(width // self.part_width)])

    def _read(self, address: int) -> int:
        return self.port.read(address, self.part_width)

    def _joined(self, parts: list[int]) -> int:
        """The port's number of parts that come lowest bits first."""
        return sum(part << k * self.part_width for k, part in enumerate(self._by_value(parts)))

    def _by_value(self, by_address: list[int]) -> list[int]:
        """From the order of addresses to that of values, or back."""
        return by_address[::-1] if self.big_endian else by_address
