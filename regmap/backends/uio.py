"""Userspace I/O: ``uio:NAME-or-N[/MAP]``, the maps and the interrupt of /dev/uioN.

A device is named by its number or by the name that its driver gave it, a map by its index or name
(by default 0). Source: linux Documentation/driver-api/uio-howto.rst, drivers/uio/uio.c.
"""

from __future__ import annotations

import mmap
import os
import re
from typing import TYPE_CHECKING

from regmap.backends import explain
from regmap.backends.interrupt import UioInterrupt
from regmap.backends.machine import Machine
from regmap.backends.mapped import Mapped
from regmap.errors import BackendUnavailable, nearest

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["Uio", "open_uio"]

_CLASS = "/sys/class/uio"
_PAGE = mmap.PAGESIZE


class Uio(Mapped):
    """One map of a UIO device, and its interrupt ``irq``."""

    def __init__(
        self,
        fd: int,
        device: str,
        *,
        origin: int,
        skew: int,
        size: int,
        number: int,
        irq: UioInterrupt,
    ) -> None:
        # The kernel tells maps apart by the page that is asked for.
        start = number * _PAGE
        super().__init__(
            fd,
            device,
            origin=origin,
            limit=lambda: size,
            skew=skew,
            start=start,
            gone=lambda: not irq.present(),
        )
        self.irq = irq

    def why_fault(self, address: int) -> str:
        """What a fault in a map most likely means."""
        return f"nothing answers at {address:#x}: the device is gone, or its clock or power is off"

    def seal(self) -> None:
        """The device stays open: its interrupt comes by the same descriptor."""

    def close(self) -> None:
        """Unmap and close; a second call does nothing."""
        self.irq.close()
        super().close()


def open_uio(target: Target) -> Uio:
    """A map of a UIO device; no register is accessed and the interrupt is left as it is."""
    machine = target.machine or Machine()
    name, _, wanted = target.rest.partition("/")
    own = _device(name, machine)
    number, folder = _map(own, wanted, machine)
    size, skew = (_number(machine, f"{folder}/{each}") for each in ("size", "offset"))
    if not size or skew >= _PAGE:
        raise BackendUnavailable(f"{own}: map {number} states no size that makes sense")
    device = f"/dev/{own}"
    try:
        fd = os.open(machine.path(device), os.O_RDWR | os.O_SYNC | os.O_CLOEXEC)
    except OSError as error:
        raise BackendUnavailable(explain.uio(error, device, machine)) from error
    return Uio(
        fd,
        f"{device} map {number}",
        origin=target.origin,
        skew=skew,
        size=size,
        number=number,
        irq=UioInterrupt(fd, device, machine.path(f"{_CLASS}/{own}")),
    )


def _device(name: str, machine: Machine) -> str:
    """``uioN`` of a number, of ``uioN`` itself, or of the name that the driver gave."""
    folder = machine.path(_CLASS)
    found = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    if not found:
        raise BackendUnavailable(
            "this machine has no UIO device; a driver makes them, such as uio_pci_generic or"
            " uio_pdrv_genirq (`modprobe uio_pdrv_genirq of_id=...`)"
        )
    for own in (name, f"uio{name}"):
        if own in found:
            return own
    named = {own: machine.text(f"{_CLASS}/{own}/name") for own in found}
    called = [own for own, text in named.items() if text == name]
    if len(called) == 1:
        return called[0]
    listed = ", ".join(f"{own} ({text})" for own, text in named.items())
    if called:
        raise BackendUnavailable(f"{len(called)} UIO devices are called {name!r}: {listed}")
    near = nearest(name, [*named.values(), *found], 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise BackendUnavailable(f"no UIO device {name!r}; {hint}There are: {listed}")


def _map(own: str, wanted: str, machine: Machine) -> tuple[int, str]:
    """The number of a map and its folder."""
    folder = f"{_CLASS}/{own}/maps"
    maps = machine.path(folder)
    found = {
        int(match[1]): machine.text(f"{folder}/{each.name}/name")
        for each in (maps.iterdir() if maps.is_dir() else ())
        if (match := re.fullmatch(r"map(\d{1,3})", each.name))
    }
    if not found:
        raise BackendUnavailable(f"{own} has no memory to map, only an interrupt")
    numbers = {str(number): number for number in found}
    numbers |= {text: number for number, text in found.items() if text}
    if (number := numbers.get(wanted or "0")) is not None:
        return number, f"{folder}/map{number}"
    listed = ", ".join(
        f"{number} ({text})" if text else f"{number}" for number, text in found.items()
    )
    raise BackendUnavailable(f"{own} has no map {wanted!r}; there are {listed}")


def _number(machine: Machine, file: str) -> int:
    try:
        return int(machine.text(file), 0)
    except ValueError:
        return 0
