"""The local APIC in x2APIC mode: the registers of its page as MSRs.

Register at offset N is MSR 0x800 + N/16. What differs is kept from a map that was written for the
page: ARBITRATION, remote read and destination format do not exist, ICR is one MSR of 64 bits, the
ID has 32 bits where the page shows 8 in the upper byte, and LDR is read-only. In this mode the page
itself is dead. Source: Intel SDM volume 3A, 11.12.1; linux arch/x86/include/asm/apicdef.h.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from regmap.backends.machine import Machine
from regmap.backends.msr import Msr, open_cpu
from regmap.errors import BackendError, BadAddress

__all__ = ["X2Apic", "in_x2apic_mode"]

_APIC_BASE = 0x1B
_X2APIC_ENABLED = 1 << 10
_FIRST = 0x800
_PAGE = 0x1000
_ID, _EOI, _LDR, _ESR, _ICR_LOW, _ICR_HIGH = 0x020, 0x0B0, 0x0D0, 0x280, 0x300, 0x310
_NONE = {0x090: "arbitration priority", 0x0C0: "remote read", 0x0E0: "destination format"}
_LOW = 0xFFFF_FFFF


def in_x2apic_mode(machine: Machine) -> bool | None:
    """Whether this thread's CPU has its local APIC in x2APIC mode; None where its MSRs cannot be
    read."""
    try:
        msr = open_cpu(_cpu(), machine)
    except BackendError:
        return None
    try:
        return bool(msr.read(8 * _APIC_BASE, 64) & _X2APIC_ENABLED)
    except BackendError:
        return None
    finally:
        msr.close()


def _cpu() -> int:
    """The CPU that this thread runs on, as far as it is pinned to one."""
    return min(os.sched_getaffinity(0))


class X2Apic:
    """The page at ``base`` as MSRs of the CPU that the calling thread is pinned to.

    ``opened`` gives the MSRs of a CPU. Threads may share it.
    """

    widths = (32,)

    def __init__(self, base: int, opened: Callable[[int], Msr]) -> None:
        self._base = base
        self._opened = opened
        self._msrs: dict[int, Msr] = {}
        self.lock = threading.RLock()
        # ICR is written as a whole; its upper half waits here for the lower, which sends. Each
        # thread has its own, as it may be on another CPU.
        self._waiting = threading.local()

    def read(self, address: int, width: int) -> int:
        """One rdmsr."""
        offset = self._offset(address, width)
        if offset == _ICR_HIGH:
            return self._msr().read(8 * (_FIRST + (_ICR_LOW >> 4)), 64) >> 32
        value = self._msr().read(8 * (_FIRST + (offset >> 4)), 64)
        if offset != _ID:
            return value & _LOW
        if value > 0xFF:
            raise BadAddress(
                f"the ID of this CPU is {value:#x}, which the page's register cannot show: read"
                f" MSR {_FIRST + (_ID >> 4):#x}"
            )
        return value << 24

    def write(self, address: int, width: int, value: int) -> None:
        """One wrmsr; none for ICR_HIGH, which goes with the next write of ICR_LOW."""
        offset = self._offset(address, width)
        if offset == _LDR:
            raise BadAddress("LDR is read-only in x2APIC mode: it follows from the ID")
        if offset in {_EOI, _ESR} and value:
            raise BadAddress(f"only 0 may be written there in x2APIC mode, not {value:#x}")
        if offset == _ICR_HIGH:
            self._waiting.high = value
            return
        if offset == _ICR_LOW:
            value |= getattr(self._waiting, "high", 0) << 32
        self._msr().write(8 * (_FIRST + (offset >> 4)), 64, value)

    def _offset(self, address: int, width: int) -> int:
        offset = address - self._base
        if width != 32 or not 0 <= offset < _PAGE or offset % 16:
            raise BadAddress(
                f"{width} bits at {address:#x}: a register of the local APIC has 32 bits at a"
                " multiple of 16"
            )
        if offset in _NONE:
            raise BadAddress(f"{_NONE[offset]} ({address:#x}) does not exist in x2APIC mode")
        return offset

    def _msr(self) -> Msr:
        cpu = _cpu()
        with self.lock:
            if cpu not in self._msrs:
                self._msrs[cpu] = self._opened(cpu)
            return self._msrs[cpu]

    def close(self) -> None:
        """Give the MSRs back; a second call does nothing."""
        for msr in self._msrs.values():
            msr.close()

    def __repr__(self) -> str:
        return f"<local APIC at {self._base:#x} in x2APIC mode, by MSRs>"
