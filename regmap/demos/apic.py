"""Replaces pages of offsets: the I/O APIC's table lies behind an index and a data register.

The pair is used under one lock, so two threads never mix a select of one with an access of the
other. The local APIC differs by CPU at one address; each access runs on the CPU that is asked for.
"""

from __future__ import annotations

import os
from typing import Any

BOARD = "pc"


def prepare(sim: Any) -> None:
    """On the simulator: 24 inputs, two of them routed, and an APIC of version 0x14."""
    sim.poke("IOAPIC.IOAPICVER", 0x00170020)
    sim.poke("IOAPIC.IOREDTBL[1]", 0x31)
    sim.poke("IOAPIC.IOREDTBL[9]", 0x0100_0000_0000_8039)
    sim.poke("LAPIC.VERSION", 0x00050014)
    sim.poke("LAPIC.SVR", 0x1FF)


def play(device: Any) -> None:
    """The local APIC of one CPU, then the redirection table."""
    cpu = min(os.sched_getaffinity(0))
    lapic = device.LAPIC.on_cpu(cpu)
    print(lapic.VERSION.read())
    table = device.IOAPIC.IOREDTBL
    for number, entry in enumerate(table):
        now = entry.read()
        if now.INTERRUPT_MASK == 0:
            print(f"input {number}: vector {now.INTVEC:#x} to {now.DESTINATION:#x}")
