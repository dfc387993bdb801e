"""Bit positions: the one value type for "which bits", and the two directions through it.

``lsb`` and ``msb`` count from 0 and are both inside; ``width`` is in bits; ``mask`` is always in
register position. Pure arithmetic, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BitRange", "extract", "insert", "mask_of", "ones", "swap_bytes"]


def ones(width: int) -> int:
    """A number with the lowest ``width`` bits set."""
    return (1 << width) - 1


@dataclass(frozen=True, slots=True, order=True)
class BitRange:
    """A run of neighbouring bits: ``BitRange(4, 3)`` is bits 6 to 4."""

    lsb: int
    width: int

    @property
    def msb(self) -> int:
        """The highest bit, inside the range."""
        return self.lsb + self.width - 1

    @property
    def mask(self) -> int:
        """The bits in register position."""
        return ones(self.width) << self.lsb

    def shifted(self, by: int) -> BitRange:
        """The same range, ``by`` bits higher."""
        return BitRange(self.lsb + by, self.width)

    def __str__(self) -> str:
        return str(self.lsb) if self.width == 1 else f"{self.msb}:{self.lsb}"


def mask_of(bits: tuple[BitRange, ...]) -> int:
    """All bits of a field in register position."""
    mask = 0
    for part in bits:  # written out: layout asks for the mask of every field several times
        mask |= ((1 << part.width) - 1) << part.lsb
    return mask


def extract(bits: tuple[BitRange, ...], raw: int) -> int:
    """A field's own number out of a register's number.

    ``bits`` lists the parts of the field from its least significant end.
    """
    value = shift = 0
    for part in bits:
        value |= ((raw >> part.lsb) & ones(part.width)) << shift
        shift += part.width
    return value


def insert(bits: tuple[BitRange, ...], value: int) -> int:
    """A field's own number in register position; ``value`` must fit."""
    raw = 0
    for part in bits:
        raw |= (value & ones(part.width)) << part.lsb
        value >>= part.width
    return raw


def swap_bytes(value: int, width: int) -> int:
    """``value`` of ``width`` bits with its bytes in the other order."""
    return int.from_bytes(value.to_bytes(width // 8, "little"), "big")
