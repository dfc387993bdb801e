"""The x86-64 guest: a Q35 with HPET, local APIC, I/O APIC and three PCI devices to poke at.

* ``edu`` (1234:11e8) takes 32-bit accesses, and 64-bit ones from offset 0x80;
* ``sdhci-pci`` (1b36:0007) takes 8, 16 and 32 bits;
* ``pci-testdev`` (1b36:0005) holds the marks.

``TRANSPORTS`` is the same with one device more, an e1000 (8086:100e) that can be unplugged.
"""

from __future__ import annotations

import platform
from dataclasses import replace

from tools.hardware.debian import Unavailable
from tools.hardware.guest import Guest
from tools.hardware.trace import Marker, Operation

__all__ = ["GUEST", "MARK_OFFSET", "TRANSPORTS", "VICTIM", "by_the_job", "require"]

MARK_OFFSET = 0x10
_REGIONS = {"hpet", "ioapic", "edu-mmio", "sdhci"}  # QEMU's names


def by_the_job(operation: Operation) -> bool:
    """Whether it is an access to one of the devices, and not one that goes on all the time.

    Interrupt messages and what a kernel does on a timer's are writes to the local APIC's page.
    """
    if operation.region == "apic-msi":
        return operation.kind == "read"
    return operation.region in _REGIONS


GUEST = Guest(
    program="qemu-system-x86_64",
    package="qemu-system-x86",
    kernel="linux-image-amd64",
    machine=(
        *("-machine", "q35,hpet=on", "-accel", "tcg", "-cpu", "max", "-m", "512"),
        *("-device", "edu,addr=5", "-device", "pci-testdev,addr=6", "-device", "sdhci-pci,addr=7"),
    ),
    # tsc=reliable: without it the kernel keeps reading the HPET, to watch the TSC.
    command_line="console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off tsc=reliable nokaslr",
    marker=Marker("pci-testdev-mmio", MARK_OFFSET),
    by_the_job=by_the_job,
)


# A device that can be unplugged, and drivers for the transports that need one.
VICTIM = "victim"
_PORTS = {"rtc", "rtc-index", "pci-conf-idx", "pci-conf-data"}
TRANSPORTS = replace(
    GUEST,
    machine=(
        *GUEST.machine,
        *("-device", "pcie-root-port,id=plug,chassis=1,addr=9"),
        *("-device", f"e1000,id={VICTIM},bus=plug,romfile="),
    ),
    modules=("msr", "uio_pci_generic"),
    by_the_job=lambda operation: by_the_job(operation) or operation.region in _PORTS,
)


def require() -> None:
    """Raise Unavailable where this machine's Python cannot run in the guest."""
    if platform.machine() != "x86_64":
        raise Unavailable(f"the guest runs this machine's Python: x86-64, not {platform.machine()}")
