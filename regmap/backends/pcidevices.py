"""Which PCI devices this machine has and where their BARs are, as sysfs shows them; no access.

Source: linux Documentation/PCI/sysfs-pci.rst.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from regmap.backends.machine import Machine
from regmap.errors import BackendUnavailable, nearest

__all__ = ["BARS", "Region", "bar_address", "device_of", "region_of"]

_DEVICES = "/sys/bus/pci/devices"
_ADDRESS = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])")
_IDENTITY = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})")
BARS = 6


class Region(NamedTuple):
    """What one BAR takes on the bus; ``flags`` as in linux include/linux/ioport.h."""

    start: int
    size: int
    flags: int


def device_of(name: str, machine: Machine) -> Path:
    """The folder of sysfs of a device by its address, or by vendor and device."""
    wanted = name.lower()
    devices = machine.path(_DEVICES)
    known = sorted(each.name for each in devices.iterdir()) if devices.is_dir() else []
    if not known:
        raise BackendUnavailable(f"this machine shows no PCI devices in {_DEVICES}")
    if found := _ADDRESS.fullmatch(wanted):
        domain, bus, slot, function = found.groups()
        own = f"{domain or '0000'}:{bus}:{slot}.{function}"
        if own in known:
            return devices / own
        near = nearest(own, known, 1) or known[:1]
        raise BackendUnavailable(f"there is no PCI device {own}; the nearest is {near[0]}")
    if not (found := _IDENTITY.fullmatch(wanted)):
        raise BackendUnavailable(
            f"pci:{name}: write an address as lspci prints it, 00:05.0, or vendor and device,"
            " 1234:11e8"
        )
    vendor, device = (f"0x{part}" for part in found.groups())
    matching = [
        each
        for each in known
        if (machine.text(f"{_DEVICES}/{each}/vendor"), machine.text(f"{_DEVICES}/{each}/device"))
        == (vendor, device)
    ]
    if len(matching) != 1:
        what = f"{len(matching)} such devices" if matching else "no such device"
        say = f"; name one: {', '.join(matching)}" if matching else "; see lspci -nn"
        raise BackendUnavailable(f"pci:{name}: {what} on this machine{say}")
    return devices / matching[0]


def region_of(folder: Path, number: int, machine: Machine) -> Region:
    lines = machine.text(f"{_DEVICES}/{folder.name}/resource").splitlines()
    regions = []
    for line in lines[:BARS]:
        parts = [int(part, 16) for part in line.split()]
        start, end, flags = parts if len(parts) == 3 else (0, 0, 0)
        regions.append(Region(start, end - start + 1 if end else 0, flags))
    if number < len(regions) and regions[number].size:
        return regions[number]
    there = [str(each) for each, region in enumerate(regions) if region.size]
    listed = f"it has {', '.join(there)}" if there else "it has none"
    raise BackendUnavailable(f"PCI device {folder.name} has no BAR {number}; {listed}")


def bar_address(name: str, machine: Machine) -> int:
    """Where ``DEVICE/BAR`` begins in the CPU's address space. Raises BackendUnavailable."""
    device, _, number = name.partition("/")
    if number not in {str(each) for each in range(BARS)}:
        raise BackendUnavailable(f"{name!r} names no BAR; the form is 1234:11e8/0")
    return region_of(device_of(device, machine), int(number), machine).start
