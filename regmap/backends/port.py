"""x86 I/O ports: ``port:``, by the in and out instructions, width-exact.

An address is a port number, 0 to 0xffff; widths are 8, 16 and 32 bits. The kernel grants ports to
a thread (ioperm(2)), so every thread takes those of an instance when it first uses them. Where the
instructions are refused but /dev/port opens, that is used for what it can do: single bytes, since
the driver splits everything wider into bytes (linux drivers/char/mem.c, read_port and write_port;
ioperm(2)).
"""

from __future__ import annotations

import errno
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regmap._core import IoPorts
from regmap.backends import explain
from regmap.backends.machine import Machine
from regmap.errors import BackendError, BackendUnavailable, BadAddress, ClosedError

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["DevPort", "Ports", "open_port"]

_PORTS = 0x10000
# Nothing is behind this port; Linux itself writes to it to pass the time (arch/x86 io_delay).
_HARMLESS = 0x80


class Ports:
    """I/O ports by instructions of the CPU. Threads may share it."""

    widths = (8, 16, 32)

    def __init__(self, machine: Machine | None = None) -> None:
        self._machine = machine or Machine()
        self._ports = IoPorts()

    def attach(self, address: int, size: int) -> Ports:
        """This, with the ports of an instance asked for now, so that a refusal comes early."""
        if size < 1 or address < 0 or address + size > _PORTS:
            raise BadAddress(f"{size:#x} ports at {address:#x} are none: the last one is 0xffff")
        with self._explained():
            self._ports.grant(address, size)
        return self

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the kernel refuses is told with the reason; any thread may be the first to ask."""
        try:
            yield
        except BackendError:
            raise
        except OSError as error:
            raise BackendUnavailable(explain.ports(error, self._machine)) from error

    def read(self, address: int, width: int) -> int:
        """One ``in`` of ``width`` bits."""
        with self._explained():
            return self._ports.read(address, width)

    def write(self, address: int, width: int, value: int) -> None:
        """One ``out`` of ``width`` bits."""
        with self._explained():
            self._ports.write(address, width, value)

    def update(
        self, address: int, width: int, *, keep: int, neutral: int, mask: int, value: int
    ) -> int:
        """One ``in`` and one ``out`` with no other thread of this process in between."""
        with self._explained():
            return self._ports.update(
                address, width, keep=keep, neutral=neutral, mask=mask, value=value
            )

    def why_fault(self, address: int) -> str:
        """What a fault at this port most likely means."""
        return f"the port {address:#x} was taken from this thread again (ioperm)"

    def close(self) -> None:
        """Refuse further accesses; the kernel keeps the thread's permissions until it ends."""
        self._ports.close()

    def __repr__(self) -> str:
        return "<I/O ports>"


class DevPort:
    """I/O ports through /dev/port: single bytes. Takes the descriptor over."""

    widths = (8,)

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._give_back = weakref.finalize(self, os.close, fd)
        self.lock = threading.RLock()

    def read(self, address: int, width: int) -> int:
        """One byte read."""
        self._check(address, width)
        return os.pread(self._fd, 1, address)[0]

    def write(self, address: int, width: int, value: int) -> None:
        """One byte written."""
        self._check(address, width)
        os.pwrite(self._fd, value.to_bytes(1, "little"), address)

    def _check(self, address: int, width: int) -> None:
        if not self._give_back.alive:
            raise ClosedError("/dev/port is closed")
        if width != 8:
            raise BadAddress(
                f"{width} bits at port {address:#x}: /dev/port would make {width // 8} accesses of"
                " a byte each; the in and out instructions, which do it at once, need root with"
                " CAP_SYS_RAWIO"
            )
        if not 0 <= address < _PORTS:
            raise BadAddress(f"{address:#x} is no port; the last one is 0xffff")

    def close(self) -> None:
        """Give /dev/port back; a second call does nothing."""
        self._give_back()

    def __repr__(self) -> str:
        return "<I/O ports through /dev/port, bytes only>"


def open_port(target: Target) -> Ports | DevPort:
    """The I/O ports of this machine; no port is accessed."""
    machine = target.machine or Machine()
    ports = Ports(machine)
    try:
        ports.attach(_HARMLESS, 1)
    except BackendUnavailable as refused:
        try:
            fd = os.open(machine.path("/dev/port"), os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            ports.close()
            also = "" if error.errno == errno.ENOENT else f" (/dev/port: {error.strerror})"
            raise BackendUnavailable(f"{refused}{also}") from error
        return DevPort(fd)
    return ports
