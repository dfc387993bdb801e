"""Model-specific registers of x86 CPUs: ``msr:CPU``, through /dev/cpu/N/msr.

An MSR has a number and 64 bits. So that a map can hold neighbours without overlap, MSR number N is
at address 8*N here: IA32_APIC_BASE (0x1b) at 0xd8. Each access is one rdmsr or wrmsr, which the
kernel runs on that CPU (msr(4); linux arch/x86/kernel/msr.c).
"""

from __future__ import annotations

import errno
import os
import threading
import weakref
from typing import TYPE_CHECKING

from regmap.backends import explain
from regmap.backends.machine import Machine
from regmap.errors import BackendError, BackendUnavailable, BadAddress, BusFault, ClosedError

if TYPE_CHECKING:
    from regmap.backends import Target

__all__ = ["Msr", "open_cpu", "open_msr"]

_WIDTH = 64
_BYTES = 8
_NUMBERS = 1 << 32


class Msr:
    """The MSRs of one CPU. Takes the descriptor over; ``read_only`` says why nothing may be
    written, "" where it may. Threads may share it."""

    widths = (_WIDTH,)

    def __init__(self, fd: int, cpu: int, *, read_only: str = "") -> None:
        self._fd = fd
        self._give_back = weakref.finalize(self, os.close, fd)
        self.cpu = cpu
        self.read_only = read_only
        # The kernel has no read-modify-write of an MSR; this keeps our own threads apart.
        self.lock = threading.RLock()

    def read(self, address: int, width: int) -> int:
        """One rdmsr."""
        number = self._number(address, width)
        try:
            return int.from_bytes(os.pread(self._fd, _BYTES, number), "little")
        except OSError as error:
            raise self._fault(error, number, address, "read") from error

    def write(self, address: int, width: int, value: int) -> None:
        """One wrmsr."""
        number = self._number(address, width)
        if self.read_only:
            raise BackendError(
                f"/dev/cpu/{self.cpu}/msr is open for reading only: {self.read_only}"
            )
        try:
            os.pwrite(self._fd, value.to_bytes(_BYTES, "little"), number)
        except OSError as error:
            raise self._fault(error, number, address, "write") from error

    def _number(self, address: int, width: int) -> int:
        if not self._give_back.alive:
            raise ClosedError(f"msr:{self.cpu} is closed")
        if width != _WIDTH:
            raise BadAddress(f"{width} bits at {address:#x}: an MSR is read and written as 64 bits")
        if address % _BYTES or not 0 <= address < _BYTES * _NUMBERS:
            raise BadAddress(
                f"{address:#x} is the place of no MSR: number N is at address 8*N"
                f" ({address:#x} as a number is at {_BYTES * address:#x})"
            )
        return address // _BYTES

    def _fault(self, error: OSError, number: int, address: int, verb: str) -> BackendError:
        if error.errno == errno.EIO:
            return BusFault(
                f"CPU {self.cpu} has no MSR {number:#x}, or refuses this {verb} of it",
                address=address,
            )
        why = " (the kernel's lockdown or msr.allow_writes keeps MSRs from being written)"
        hint = why if verb == "write" and error.errno == errno.EPERM else ""
        return BackendError(f"{verb} of MSR {number:#x} on CPU {self.cpu}: {error.strerror}{hint}")

    def close(self) -> None:
        """Give the device back; a second call does nothing."""
        self._give_back()

    def __repr__(self) -> str:
        return f"<MSRs of CPU {self.cpu}>"


def open_msr(target: Target) -> Msr:
    """The MSRs of the CPU that the URI names; none is read."""
    machine = target.machine or Machine()
    if not (target.rest.isascii() and target.rest.isdecimal()) or len(target.rest) > 6:
        raise BackendUnavailable(f"msr:{target.rest} names no CPU; write a number, as in msr:0")
    return open_cpu(int(target.rest), machine)


def open_cpu(cpu: int, machine: Machine) -> Msr:
    """The MSRs of one CPU; none is read. Raises BackendUnavailable."""
    device = f"/dev/cpu/{cpu}/msr"
    try:
        try:
            return Msr(os.open(machine.path(device), os.O_RDWR | os.O_CLOEXEC), cpu)
        except PermissionError:
            fd = os.open(machine.path(device), os.O_RDONLY | os.O_CLOEXEC)
            return Msr(fd, cpu, read_only="this user may not write to it")
    except OSError as error:
        raise BackendUnavailable(explain.msr(error, device, machine)) from error
