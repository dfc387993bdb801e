"""The arm64 guests: a Raspberry Pi 3, and QEMU's own board ``virt`` with a GPIO block and PCI.

A Raspberry Pi of QEMU has no device that only stores what is written, but for the function selects
of its GPIO block. Its marks go to a block that QEMU knows the place of and nothing more, and that
no driver of the kernel has. ``virt`` has the PCI devices of the PC.
"""

from __future__ import annotations

from functools import partial

from tools.hardware import arm_packages, debian, pc
from tools.hardware.arm_root import image
from tools.hardware.arm_wheel import PACKAGES
from tools.hardware.guest import Guest
from tools.hardware.trace import Marker

__all__ = ["NEEDED", "PI", "PI_MARKS", "VIRT", "require"]

_PACKAGE = "qemu-system-arm"
_CONSOLE = "console=ttyAMA0,115200 quiet loglevel=3 panic=-1 nokaslr"
NEEDED = (_PACKAGE, *PACKAGES)
PI_MARKS = 0x3F600000  # the secondary memory interface; QEMU hw/arm/bcm2835_peripherals.c

PI = Guest(
    program="qemu-system-aarch64",
    package=_PACKAGE,
    kernel=arm_packages.METAPACKAGE,
    # Its four CPUs in turn: three of them spin until the kernel takes them, on threads of their own
    # as fast as they can.
    machine=("-machine", "raspi3b", "-accel", "tcg,thread=single"),
    command_line=_CONSOLE,
    marker=Marker("bcm2835-smi", pc.MARK_OFFSET),
    by_the_job=lambda operation: operation.region == "bcm2835_gpio",
    image=partial(image, device_tree="bcm2837-rpi-3-b.dtb"),
)

_REGIONS = {"edu-mmio", "sdhci", "pl061"}
VIRT = Guest(
    program="qemu-system-aarch64",
    package=_PACKAGE,
    kernel=arm_packages.METAPACKAGE,
    machine=(
        *("-machine", "virt", "-accel", "tcg", "-cpu", "cortex-a53", "-m", "512"),
        *("-device", "edu,addr=5", "-device", "pci-testdev,addr=6", "-device", "sdhci-pci,addr=7"),
    ),
    command_line=_CONSOLE,
    marker=Marker("pci-testdev-mmio", pc.MARK_OFFSET),
    by_the_job=lambda operation: operation.region in _REGIONS,
    image=partial(image, wanted=("uio_pci_generic",)),
    qtest=True,
)


def require() -> None:
    """Fetch what both need. Raises Unavailable where this machine lacks something."""
    debian.program(PI.program, _PACKAGE)
    debian.program("aarch64-linux-gnu-gcc", PACKAGES[0])
    for fetch in (arm_packages.kernel, arm_packages.system, arm_packages.requirements):
        fetch()
    arm_packages.headers()
