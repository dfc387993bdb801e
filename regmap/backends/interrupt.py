"""Interrupts of a UIO device: waiting, counting, and switching on again.

The kernel counts interrupts; a read of the device waits for one more and tells the count, so an
interrupt that nobody waited for shows as a difference of more than one. Most drivers leave the
interrupt off after each one until it is switched on again: by a write to the device, or for
uio_pci_generic by the bit Interrupt Disable of the PCI command register, since there the write is
refused (ENOSYS). Source: linux drivers/uio/uio.c, uio_pci_generic.c, uio-howto.rst.
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

from regmap.backends.base import Interrupts, readable
from regmap.backends.machine import is_gone
from regmap.errors import BackendError, ClosedError, WaitTimeout

__all__ = ["UioInterrupt"]

_COUNT_BYTES = 4
# PCI Local Bus Specification 3.0, 6.2.2.
_COMMAND, _INTERRUPT_DISABLE = 4, 1 << 10


class UioInterrupt:
    """The interrupt of a UIO device. The descriptor belongs to the backend.

    Each call waits at most ``timeout_s`` seconds. One thread at a time.
    """

    def __init__(self, fd: int, device: str, folder: Path) -> None:
        self._fd = fd
        self._device = device
        self._folder = folder
        self._last: int | None = None
        self._closed = False

    def wait(self, timeout_s: float | None = None) -> Interrupts:
        """Wait for an interrupt, switched on first unless one has come already.

        What the device wants done to end its interrupt is done by the caller, between waits.
        Raises WaitTimeout, BackendError.
        """
        if not self._came(0):
            self.enable()
        if not self._came(timeout_s):
            raise self._late(timeout_s)
        return self._take()

    async def wait_async(self, timeout_s: float | None = None) -> Interrupts:
        """As ``wait``, in an asyncio task."""
        if timeout_s is not None and timeout_s <= 0:
            return self.wait(timeout_s)  # asyncio would give up before it looked
        if not self._came(0):
            self.enable()
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._fd, _resolve, ready)
        try:
            await asyncio.wait_for(ready, timeout_s)
        except TimeoutError:
            raise self._late(timeout_s) from None
        finally:
            loop.remove_reader(self._fd)
        return self._take()

    def _came(self, timeout_s: float | None) -> bool:
        self._check()
        return readable(self._fd, timeout_s)

    def enable(self) -> None:
        """Switch the interrupt on. Raises BackendError where the kernel refuses."""
        self._check()
        try:
            os.write(self._fd, (1).to_bytes(_COUNT_BYTES, "little"))
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise BackendError(f"{self._device}: interrupt not enabled: {error}") from error
            self._enable_pci()

    def _enable_pci(self) -> None:
        """A driver without a switch: one for PCI has it in configuration space, another needs
        none."""
        config = self._folder / "device" / "config"
        try:
            with config.open("r+b", buffering=0) as file:
                file.seek(_COMMAND)
                command = int.from_bytes(file.read(2), "little")
                if command & _INTERRUPT_DISABLE:
                    file.seek(_COMMAND)
                    file.write((command & ~_INTERRUPT_DISABLE).to_bytes(2, "little"))
        except FileNotFoundError:
            return
        except OSError as error:
            text = f"{self._device}: the interrupt is switched on in {config}: {error.strerror}"
            raise BackendError(text) from error

    def _late(self, timeout_s: float | None) -> WaitTimeout:
        text = f"no interrupt within {timeout_s:g} s"
        return WaitTimeout(self._device, text, last=self._last, values=())

    def _take(self) -> Interrupts:
        try:
            data = os.read(self._fd, _COUNT_BYTES)
        except OSError as error:
            raise BackendError(f"{self._device}: {error.strerror}; is the device gone?") from error
        if len(data) != _COUNT_BYTES:
            raise BackendError(f"{self._device}: no count came with the interrupt")
        count = int.from_bytes(data, "little")
        # Before the first wait nobody was waiting, so nothing counts as missed.
        new = 1 if self._last is None else (count - self._last) % (1 << 8 * _COUNT_BYTES)
        self._last = count
        return Interrupts(count, new, max(new - 1, 0))

    def _check(self) -> None:
        if self._closed:
            raise ClosedError(f"{self._device} is closed")

    def present(self) -> bool:
        """Whether the kernel still has the device, as far as this process may look."""
        return not is_gone(self._folder)

    def close(self) -> None:
        """Refuse further waits; a second call does nothing."""
        self._closed = True


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
