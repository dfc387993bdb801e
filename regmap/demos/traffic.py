"""Bus traffic with names: which register an address belongs to, and an access as a line of text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from regmap.layout.device import DeviceLayout, InstanceLayout
from regmap.layout.rows import Row, rows

if TYPE_CHECKING:
    from regmap.backends.trace import Access

__all__ = ["line_of", "namer"]


def namer(layout: DeviceLayout) -> Callable[[int, int], str]:
    """A function from (address, width) to the name of the register there, "" for none.

    A part of a wider register is named with its offset in bytes: ``HPET.MAIN_CNT+4``. An instance
    is laid out when the first of its addresses is asked for.
    """
    ordered = sorted(layout.instances.values(), key=lambda at: at.base)
    bases = [at.base for at in ordered]
    known: dict[str, list[Row]] = {}

    def name(address: int, width: int) -> str:
        at = bisect_right(bases, address) - 1
        if at < 0 or address >= ordered[at].base + ordered[at].size:
            return ""
        instance = ordered[at]
        found = known.get(instance.name)
        if found is None:
            found = known[instance.name] = _rows_of(instance)
        return _named(found, address, width)

    return name


def _rows_of(instance: InstanceLayout) -> list[Row]:
    alone = DeviceLayout(
        name=instance.name, class_name="", kind="block", instances={instance.name: instance}
    )
    return [row for row in rows(alone) if row.address is not None]


def _named(found: list[Row], address: int, width: int) -> str:
    last = bisect_right(found, address, key=_address)
    part = ""
    # The widest register is 8 bytes: what holds the address begins no further away.
    for row in reversed(found[:last]):
        offset = address - _address(row)
        if offset >= 8:
            break
        if offset == 0 and row.register.width == width:
            return row.path
        if 8 * offset + width <= row.register.width:
            part = f"{row.path}+{offset}" if offset else row.path
    return part


def _address(row: Row) -> int:
    return row.address or 0


def line_of(access: Access) -> str:
    """An access as a line: ``W32 0x20200028 = 0x00000F80  GPIO.GPCLR0``, R for a read.

    64 bits are written in two halves, since nobody counts sixteen digits.
    """
    digits = f"{access.value:0{access.width // 4}X}"
    if access.width == 64:
        digits = f"{digits[:8]}_{digits[8:]}"
    value = "?" if access.op == "read" and access.error else f"0x{digits}"
    parts = [f"{f'{access.op[0].upper()}{access.width}':<3} 0x{access.address:08X} = {value}"]
    if access.path:
        parts.append(access.path)
    if access.error:
        parts.append(f"failed: {access.error}")
    return "  ".join(parts)
