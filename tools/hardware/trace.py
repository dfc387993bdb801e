"""The hypervisor's record of memory operations: what the bus saw, in order.

QEMU writes it with ``-d guest_errors -trace 'memory_region_ops_*' -D FILE``. A guest brackets what
it does by two 8-bit writes to a marker address: the n-th bracket (from 0) opens with 2n and closes
with 2n + 1, modulo 256.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Marker", "Operation", "brackets", "operations"]

_DONE = re.compile(
    r"memory_region_ops_(read|write) cpu -?\d+ mr \S+ addr (0x[0-9a-f]+) "
    r"value (0x[0-9a-f]+) size (\d+) name '([^']*)'"
)
_REFUSED = re.compile(
    r"Invalid (read|write) at addr (0x[0-9a-fA-F]+), size (\d+), region '([^']*)'"
)


class Operation(NamedTuple):
    """One transaction: absolute address, width in bits, and the region that answered.

    A refused one (a width that the device does not take) has no value, and for its address the
    offset in the region, which is all that QEMU logs.
    """

    kind: str
    address: int
    width: int
    value: int | None
    region: str

    def __str__(self) -> str:
        what = "refused" if self.value is None else f"{self.value:#x}"
        return f"{self.kind} {self.width} {self.address:#x} {what} ({self.region})"


@dataclass(frozen=True)
class Marker:
    """Where the guest writes its tags: a region's name and the low 12 bits of the address."""

    region: str
    offset: int


def operations(lines: Iterable[str]) -> Iterator[Operation]:
    """Every transaction of a trace file's lines, in order."""
    for line in lines:
        if match := _DONE.search(line):
            kind, address, value, size, region = match.groups()
            width = 8 * int(size)
            # Some models answer with more bits than were asked for; the bus carries `width`.
            carried = int(value, 16) & ((1 << width) - 1)
            yield Operation(kind, int(address, 16), width, carried, region)
        elif match := _REFUSED.search(line):
            kind, address, size, region = match.groups()
            yield Operation(kind, int(address, 16), 8 * int(size), None, region)


def brackets(found: Iterable[Operation], marker: Marker) -> list[list[Operation]]:
    """The transactions within each bracket, in the order of the brackets.

    Raises ValueError for marks out of order: then nothing in the trace can be trusted.
    """
    done: list[list[Operation]] = []
    current: list[Operation] | None = None
    for operation in found:
        if operation.region != marker.region or operation.address & 0xFFF != marker.offset:
            if current is not None:
                current.append(operation)
            continue
        closes = current is not None
        if operation[2:4] != (8, (2 * len(done) + closes) % 256):
            raise ValueError(f"mark out of order after {len(done)} brackets: {operation}")
        if current is None:
            current = []
        else:
            done.append(current)
            current = None
    if current is not None:
        raise ValueError(f"bracket {len(done)} was never closed")
    return done
