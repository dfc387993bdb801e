"""The registers of this machine itself: /dev/mem for root, /dev/gpiomem for the group gpio."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from regmap.backends import devicetree, gpiochip, locate
from regmap.backends.machine import Machine
from regmap.backends.mapped import Mapped, open_device
from regmap.backends.msr import open_cpu
from regmap.backends.x2apic import X2Apic, in_x2apic_mode

if TYPE_CHECKING:
    from regmap.backends import Target
    from regmap.backends.base import EdgeKind, EdgeSource, Port

__all__ = ["Physical", "open_gpiomem", "open_mem"]

# The older gpiomem driver maps its one page wherever it is asked to: an offset behind it would
# show GPIO registers under another block's address.
_GPIOMEM_BYTES = 0x1000


class Physical(Mapped):
    """The registers of this machine itself: it says where they are, and its kernel may tell edges
    of GPIO lines."""

    def __init__(
        self,
        fd: int,
        device: str,
        machine: Machine,
        *,
        origin: int = 0,
        limit: Callable[[], int] | None = None,
        read_only: str = "",
    ) -> None:
        super().__init__(
            fd, device, origin=origin, limit=limit, read_only=read_only, machine=machine
        )
        self._here = machine
        self._others: list[X2Apic] = []
        self._chips: dict[int, tuple[str, Any] | None] = {}

    def locate(self, kind: str, key: str, base: int) -> tuple[int, Port | None]:
        """Where a block with this locator is, and what reaches it if not this mapping.

        ``base`` is where the map has it. The local APIC in x2APIC mode is reached by MSRs.
        """
        address = locate.locate(kind, key, base, self._here)
        if (kind, key) != ("acpi", "MADT.LAPIC") or not in_x2apic_mode(self._here):
            return address, None
        machine = self._here
        port = X2Apic(address, lambda cpu: open_cpu(cpu, machine))
        self._others.append(port)
        return address, port

    def close(self) -> None:
        """Unmap and close everything; a second call does nothing."""
        for port in self._others:
            port.close()
        for held in filter(None, self._chips.values()):
            held[1].close()
        self._chips.clear()
        super().close()

    def hold_lines(self, base: int) -> None:
        """Open the gpiochip of the block at ``base``, if there is one, for edges that are asked for
        when nothing can be opened any more. Raises BackendUnavailable."""
        device = gpiochip.chip_at(base, self._here)
        self._chips[base] = None if device is None else (device, gpiochip.open_chip(device))

    def line_edges(
        self, base: int, line: int, kind: EdgeKind, *, debounce_us: int, queue: int
    ) -> EdgeSource | None:
        """The edges of a line of the block at ``base``; None where no driver has the block."""
        chip = None
        if base in self._chips:
            device, chip = self._chips[base] or (None, None)
        else:
            device = gpiochip.chip_at(base, self._here)
        if device is None:
            return None
        return gpiochip.open_line(
            device, line, kind, debounce_us=debounce_us, queue=queue, chip=chip
        )


def open_mem(target: Target) -> Physical:
    """Physical memory through /dev/mem, uncached (O_SYNC)."""
    machine = target.machine or Machine()
    fd, read_only = open_device("/dev/mem", machine, os.O_SYNC)
    return Physical(fd, "/dev/mem", machine, read_only=read_only)


def open_gpiomem(target: Target) -> Physical:
    """The GPIO block of a Raspberry Pi for users of the group gpio: one page.

    Its first byte stands for the URI's address, else for what the device tree states, else for
    the map's lowest. From kernel 6.1.54 on the device may be called /dev/gpiomem0.
    """
    machine = target.machine or Machine()
    device, other = "/dev/gpiomem", "/dev/gpiomem0"
    if machine.exists(other) and not machine.exists(device):
        device = other
    stated = None
    if target.address is None:
        stated = devicetree.address_of(f"{devicetree.ROOT}/soc/gpiomem", machine)
    fd, read_only = open_device(device, machine, os.O_SYNC)
    return Physical(
        fd,
        device,
        machine,
        origin=target.origin if stated is None else stated,
        limit=lambda: _GPIOMEM_BYTES,
        read_only=read_only,
    )
