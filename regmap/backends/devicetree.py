"""The device tree of a machine: which nodes are compatible with what, and at which CPU address.

A node's ``reg`` is an address on its parent's bus, which the ``ranges`` of each bus on the way to
the root turn into the CPU's. Source: Devicetree Specification 0.4, 2.3.1, 2.3.5, 2.3.6 and 2.3.8.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import PurePosixPath

from regmap.backends.machine import Machine

__all__ = ["ROOT", "address_of", "compatible"]

ROOT = "/proc/device-tree"
# No real tree comes near; one that a test or a guest made up must not take forever.
_MOST_NODES = 50_000
_CELL = 4


def compatible(names: Iterable[str], machine: Machine) -> list[str]:
    """The nodes that say to be any of ``names`` and are not switched off, in the order of the
    tree."""
    wanted = set(names)
    found = []
    top = machine.path(ROOT)
    for number, (folder, below, files) in enumerate(os.walk(top)):
        below.sort()
        if number > _MOST_NODES:
            break
        if "compatible" not in files:
            continue
        node = "/" + os.path.relpath(folder, machine.root)
        if wanted.isdisjoint(machine.text(f"{node}/compatible").split("\0")):
            continue
        if machine.text(f"{node}/status") in {"", "ok", "okay"}:
            found.append(node)
    return found


def address_of(node: str, machine: Machine) -> int | None:
    """The CPU's address of a node's first region; None where the tree does not state one."""
    path = PurePosixPath(node)
    reg = machine.data(f"{node}/reg")
    width = _cells(path.parent, "#address-cells", 2, machine)
    if not width or len(reg) < width:
        return None
    address = int.from_bytes(reg[:width], "big")
    for bus in path.parents:
        if str(bus) == ROOT:
            return address
        found = _through(bus, address, machine)
        if found is None:
            return None
        address = found
    return None


def _through(bus: PurePosixPath, address: int, machine: Machine) -> int | None:
    """An address on a bus as its parent's; None where the bus does not reach it."""
    if not machine.exists(f"{bus}/ranges"):
        return None
    ranges = machine.data(f"{bus}/ranges")
    if not ranges:
        return address  # an empty one: the same addresses
    here = _cells(bus, "#address-cells", 2, machine)
    above = _cells(bus.parent, "#address-cells", 2, machine)
    length = _cells(bus, "#size-cells", 1, machine)
    step = here + above + length
    if not (here and above and length):
        return None
    for at in range(0, len(ranges) - step + 1, step):
        first = int.from_bytes(ranges[at : at + here], "big")
        outer = int.from_bytes(ranges[at + here : at + here + above], "big")
        size = int.from_bytes(ranges[at + here + above : at + step], "big")
        if first <= address < first + size:
            return outer + address - first
    return None


def _cells(node: PurePosixPath, name: str, default: int, machine: Machine) -> int:
    """Bytes of a number of this kind below a node."""
    data = machine.data(f"{node}/{name}")
    cells = int.from_bytes(data, "big") if len(data) == _CELL else default
    return _CELL * cells if cells <= 4 else 0
