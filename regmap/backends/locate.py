"""Where a block is on this machine, found rather than assumed: by a map's ``locator``.

``devicetree`` takes the names that a node may say to be compatible with, ``acpi`` the name of a
table and of what is in it (``HPET``, ``MADT.LAPIC``, ``MADT.IOAPIC``), ``pci`` a device and its BAR
(``1234:11e8/0``), ``iomem`` the name of a region in /proc/iomem. No bus access.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from regmap.backends import devicetree
from regmap.backends.machine import Machine
from regmap.backends.pcidevices import bar_address
from regmap.errors import BackendUnavailable

__all__ = ["addresses", "locate"]

_LOG = logging.getLogger("regmap")
_TABLES = "/sys/firmware/acpi/tables"
# ACPI Specification 6.5, 5.2.6: the header that all tables have.
_HEADER = 36


def locate(kind: str, key: str, default: int, machine: Machine) -> int:
    """The address of a block: ``default`` where the machine says so, or says nothing, or names
    several others."""
    found = addresses(kind, key, machine)
    if not found or default in found:
        return default
    if len(found) > 1:
        listed = ", ".join(f"{address:#x}" for address in found)
        _LOG.warning("%s %s is at %s; %#x is used, as described", kind, key, listed, default)
        return default
    _LOG.info("%s %s is at %#x here, not at %#x", kind, key, found[0], default)
    return found[0]


def addresses(kind: str, key: str, machine: Machine) -> tuple[int, ...]:
    """Every address that this machine states for what ``key`` names; none is tried."""
    if kind == "devicetree":
        nodes = devicetree.compatible(key.split(), machine)
        stated = (devicetree.address_of(node, machine) for node in nodes)
        return tuple(dict.fromkeys(address for address in stated if address is not None))
    if kind == "acpi":
        return tuple(dict.fromkeys(_acpi(key, machine)))
    if kind == "iomem":
        tops = machine.regions("iomem")
        return tuple(
            region.start
            for top in tops
            for region in top.walk()
            if region.name == key and not region.hidden
        )
    if kind == "pci":
        try:
            return (bar_address(key, machine),)
        except BackendUnavailable:
            return ()
    return ()


def _acpi(key: str, machine: Machine) -> Iterator[int]:
    table, _, part = key.partition(".")
    if table == "HPET" and (data := _table("HPET", machine)):
        # IA-PC HPET 1.0a, 3.2.4: a Generic Address Structure; space 0 is memory.
        if len(data) >= _HEADER + 16 and data[_HEADER + 4] == 0:
            yield int.from_bytes(data[_HEADER + 8 : _HEADER + 16], "little")
    elif table == "MADT" and (data := _table("APIC", machine)):
        # ACPI Specification 6.5, 5.2.12.
        if part == "LAPIC":
            wide = [int.from_bytes(each[4:12], "little") for each in _entries(data, 5, 12)]
            yield from wide or [int.from_bytes(data[_HEADER : _HEADER + 4], "little")]
        elif part == "IOAPIC":
            # The one whose inputs begin at 0 is the first.
            found = [(each[8:12], each[4:8]) for each in _entries(data, 1, 12)]
            first = [address for inputs, address in found if inputs == bytes(4)]
            for address in first or [address for _, address in found]:
                yield int.from_bytes(address, "little")


def _entries(data: bytes, kind: int, size: int) -> Iterator[bytes]:
    """The entries of the MADT of one type."""
    at = _HEADER + 8
    while at + 2 <= len(data):
        length = data[at + 1]
        if length < 2:
            return
        if data[at] == kind and length >= size and at + length <= len(data):
            yield data[at : at + length]
        at += length


def _table(name: str, machine: Machine) -> bytes:
    """A table whose signature, length and checksum are right, else nothing."""
    data = machine.data(f"{_TABLES}/{name}")
    if len(data) < _HEADER + 8 or data[:4] != name.encode():
        return b""
    length = int.from_bytes(data[4:8], "little")
    return data if length == len(data) and sum(data) % 256 == 0 else b""
