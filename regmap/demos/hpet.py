"""Replaces a guide's struct.unpack on a slice of /dev/mem, which reads every register twice.

The counter is 64 bits wide and some platforms split even one access of 64 bits, so it is read high,
low, high: a carry between the halves cannot tear it.
"""

from __future__ import annotations

import time
from typing import Any

BOARD = "pc"


def prepare(sim: Any) -> None:
    """On the simulator: a counter that runs at the rate it states."""
    # What QEMU's timer answers: 3 timers, 64 bits, 10 ns a tick.
    sim.poke("HPET.GCAP_ID", 0x00989680_8086A201)
    sim.poke("HPET.GEN_CONF", 1)
    sim.poke("HPET.TIMER[0].CONF", 0x00FF0104_00000030)
    start = time.monotonic_ns()
    sim.on_read("HPET.MAIN_CNT", lambda _: (time.monotonic_ns() - start) // 10)


def play(device: Any) -> None:
    """Read the capabilities, then time something."""
    hpet = device.HPET
    print(hpet.GCAP_ID.read())
    period_fs = hpet.GCAP_ID.COUNTER_CLK_PERIOD
    before = hpet.MAIN_CNT.raw
    time.sleep(0.1)
    ticks = hpet.MAIN_CNT.raw - before
    print(f"{ticks} ticks of {period_fs / 1e6:g} ns are {ticks * period_fs / 1e15:.3f} s")
    print(f"{hpet.TIMER.count()} timers; the first:")
    print(hpet.TIMER[0].CONF.read())
