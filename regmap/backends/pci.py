"""PCI devices through sysfs: ``pci:DEVICE/BAR`` for a memory or I/O BAR, ``pciconf:DEVICE`` for
its configuration space.

``DEVICE`` is an address as lspci prints it (``0000:00:05.0``, ``00:05.0``) or vendor and device
in hexadecimal (``1234:11e8``) where there is one such device. ``+enable`` behind the BAR switches
the device on and off again at the end; ``+wc`` asks for write-combining, which merges and reorders
writes, so never for registers unless the manual says so.

Sources: linux Documentation/PCI/sysfs-pci.rst, drivers/pci/pci-sysfs.c.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from regmap.backends import explain
from regmap.backends.machine import Machine, is_gone
from regmap.backends.mapped import Mapped
from regmap.backends.pcidevices import BARS, Region, device_of, region_of
from regmap.errors import (
    BackendError,
    BackendUnavailable,
    BadAddress,
    BusFault,
    ClosedError,
    nearest,
)

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["Bar", "ConfigSpace", "IoBar", "open_bar", "open_config"]

_OPTIONS = ("enable", "wc")
# linux include/linux/ioport.h
_IS_IO, _IS_MEMORY, _PREFETCHABLE = 0x100, 0x200, 0x2000
# PCI Local Bus Specification 3.0, 6.2.2: the command register.
_COMMAND, _IO_ENABLE, _MEMORY_ENABLE = 4, 1, 2
_PAGE = mmap.PAGESIZE


class Bar(Mapped):
    """A memory BAR. One smaller than a page is mapped with the page around it, of which nothing
    but the BAR is reached.

    A device that is removed while it is mapped answers reads with all ones (in a virtual machine
    also with zeros) and loses writes. A read of either is a BusFault where the kernel no longer
    has the device; of a write nothing tells.
    """

    def __init__(
        self,
        fd: int,
        device: str,
        *,
        origin: int,
        region: Region,
        gone: Callable[[], bool],
        on: _Enabled | None = None,
    ) -> None:
        skew = region.start % _PAGE
        super().__init__(fd, device, origin=origin, limit=lambda: region.size, skew=skew, gone=gone)
        self._on = on

    def why_fault(self, address: int) -> str:
        """What a fault in a BAR most likely means."""
        return f"nothing answers at {address:#x}: the device was removed, reset or switched off"

    def close(self) -> None:
        """Unmap and close, and switch the device off where this switched it on."""
        super().close()
        if self._on is not None:
            self._on.end()


class _Words:
    """A file of sysfs in which one read or write of an aligned word is one bus access. Takes the
    descriptor over; ``read_only`` says why nothing may be written, "" where it may. Threads may
    share it."""

    widths = (8, 16, 32)

    def __init__(self, fd: int, device: str, *, base: int, size: int, read_only: str = "") -> None:
        self._fd = fd
        self.read_only = read_only
        self._give_back = weakref.finalize(self, os.close, fd)
        self.device = device
        self.base = base
        self.size = size
        self.lock = threading.RLock()

    def attach(self, address: int, size: int) -> _Words:
        """This, once it is made sure that the instance lies inside."""
        self._offset(address, 8 * size if size in {1, 2, 4} else 8)
        if address + size > self.base + self.size:
            raise self._outside(address, size)
        return self

    def read(self, address: int, width: int) -> int:
        """One read of ``width`` bits."""
        offset = self._offset(address, width)
        try:
            data = os.pread(self._fd, width // 8, offset)
        except OSError as error:
            raise self._failed(error, address) from error
        if len(data) != width // 8:
            raise self._cut(address)
        return int.from_bytes(data, "little")

    def write(self, address: int, width: int, value: int) -> None:
        """One write of ``width`` bits."""
        offset = self._offset(address, width)
        if self.read_only:
            raise BackendError(f"{self.device} is open for reading only: {self.read_only}")
        try:
            done = os.pwrite(self._fd, value.to_bytes(width // 8, "little"), offset)
        except OSError as error:
            raise self._failed(error, address) from error
        if done != width // 8:
            raise self._cut(address)

    def _offset(self, address: int, width: int) -> int:
        if not self._give_back.alive:
            raise ClosedError(f"{self.device} is closed")
        if width not in self.widths:
            raise BadAddress(f"{self.device} takes 8, 16 or 32 bits at once, not {width}")
        if not self.base <= address <= self.base + self.size - width // 8:
            raise self._outside(address, width // 8)
        offset = address - self.base
        if offset % (width // 8) or address % (width // 8):
            raise BadAddress(f"{width} bits at {address:#x} are not aligned: that is two accesses")
        return offset

    def _outside(self, address: int, size: int) -> BadAddress:
        return BadAddress(
            f"{self.device} holds {self.base:#x} to {self.base + self.size - 1:#x};"
            f" {size:#x} bytes at {address:#x} are outside"
        )

    def _failed(self, error: OSError, address: int) -> BackendError:
        text = f"{self.device} at {address:#x}: {error.strerror}; the device may be gone"
        return BusFault(text, address=address)

    def _cut(self, address: int) -> BackendError:
        return BackendError(f"{self.device} has nothing at {address:#x} for this user")

    def close(self) -> None:
        """Close it; a second call does nothing."""
        self._give_back()

    def __repr__(self) -> str:
        return f"<{self.device} from {self.base:#x}>"


class IoBar(_Words):
    """An I/O BAR: the kernel makes one in or out of each read or write."""

    def __init__(
        self, fd: int, device: str, *, base: int, size: int, on: _Enabled | None = None
    ) -> None:
        super().__init__(fd, device, base=base, size=size)
        self._on = on

    def close(self) -> None:
        """Close it, and switch the device off where this switched it on."""
        super().close()
        if self._on is not None:
            self._on.end()


class ConfigSpace(_Words):
    """Configuration space, 256 or 4096 bytes; users other than root see the first 64."""

    def _cut(self, address: int) -> BackendError:
        return BackendError(
            f"{self.device} shows nothing at {address:#x}: only root sees more than 64 bytes"
        )


class _Enabled:
    """A device that was switched on here, and is switched off at the end."""

    def __init__(self, switch: Path) -> None:
        switch.write_text("1")
        self.end = weakref.finalize(self, _switch_off, switch)


def _switch_off(switch: Path) -> None:
    with suppress(OSError):  # the device may be gone
        switch.write_text("0")


def open_bar(target: Target) -> Bar | IoBar:
    """A BAR of a device; no register of it is accessed.

    The device must be switched on already (a driver does that) unless the URI ends in
    ``+enable``.
    """
    machine = target.machine or Machine()
    name, _, rest = target.rest.partition("/")
    text, *options = rest.split("+")
    for option in options:
        if option not in _OPTIONS:
            near = nearest(option, _OPTIONS, 1) or _OPTIONS
            raise BackendUnavailable(f"pci:{target.rest}: no option {option!r}; try +{near[0]}")
    if not (len(text) == 1 and text.isascii() and text.isdecimal()) or int(text) >= BARS:
        raise BackendUnavailable(f"pci:{target.rest}: which BAR? Write /0 to /{BARS - 1} behind it")
    folder, number = device_of(name, machine), int(text)
    region = region_of(folder, number, machine)
    device = f"BAR {number} of PCI device {folder.name}"
    is_io = bool(region.flags & _IS_IO)
    on = _switched_on(folder, device, machine, is_io=is_io, wanted="enable" in options)
    file = f"resource{number}" + ("_wc" if "wc" in options else "")
    if "wc" in options and (is_io or not region.flags & _PREFETCHABLE):
        raise BackendUnavailable(f"{device} is not prefetchable, so +wc is not for it")
    fd = _open(folder / file, machine)
    if is_io:
        return IoBar(fd, device, base=target.origin, size=region.size, on=on)
    return Bar(
        fd, device, origin=target.origin, region=region, gone=partial(is_gone, folder), on=on
    )


def open_config(target: Target) -> ConfigSpace:
    """The configuration space of a device; nothing of it is read."""
    machine = target.machine or Machine()
    folder = device_of(target.rest, machine)
    file, read_only = folder / "config", ""
    try:
        fd = os.open(file, os.O_RDWR | os.O_SYNC | os.O_CLOEXEC)
    except OSError as error:
        # Every user may read its beginning, also where /sys is mounted read-only.
        read_only = f"{error.strerror}; root may write to it"
        fd = _open(file, machine, os.O_RDONLY)
    size = os.fstat(fd).st_size
    device = f"configuration space of PCI device {folder.name}"
    return ConfigSpace(fd, device, base=target.origin, size=size, read_only=read_only)


def _switched_on(
    folder: Path, device: str, machine: Machine, *, is_io: bool, wanted: bool
) -> _Enabled | None:
    """Make sure that the device answers on the bus; a handle where this had to switch it on."""
    file = folder / "config"
    try:
        with file.open("rb", buffering=0) as config:
            config.seek(_COMMAND)
            command = int.from_bytes(config.read(2), "little")
    except OSError as error:
        raise BackendUnavailable(explain.pci(error, _shown(file, machine), machine)) from error
    if command & (_IO_ENABLE if is_io else _MEMORY_ENABLE):
        return None
    if not wanted:
        raise BackendUnavailable(
            f"{device} is switched off (its command register says so), and no driver has it; add"
            " +enable to the URI to switch it on"
        )
    try:
        return _Enabled(folder / "enable")
    except OSError as error:
        raise BackendUnavailable(f"{device} cannot be switched on: {error.strerror}") from error


def _open(path: Path, machine: Machine, mode: int = os.O_RDWR) -> int:
    try:
        return os.open(path, mode | os.O_SYNC | os.O_CLOEXEC)
    except OSError as error:
        raise BackendUnavailable(explain.pci(error, _shown(path, machine), machine)) from error


def _shown(path: Path, machine: Machine) -> str:
    return "/" + str(path.relative_to(machine.root))
