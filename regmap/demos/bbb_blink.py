"""Replaces a script that wrote to a GPIO bank without asking whether its clock runs.

On an AM335x that is a bus error. Pads are another trap: a write from user space is dropped without
a word, so here each pad write is read back.
"""

from __future__ import annotations

import time
from typing import Any

from regmap.errors import BusFault, VerifyError

BOARD = "beaglebone-black"


def prepare(sim: Any) -> None:
    """On the simulator: the mux as Linux leaves it, and pads that drop writes."""
    sim.poke("CONTROL.conf_gpmc_a5", 0x07)
    sim.drop_writes("CONTROL.conf_gpmc_a5")


def play(device: Any) -> None:
    """Blink USR0, which is gpio1_21."""
    try:
        device.GPIO1.DATAIN.read()
    except BusFault as fault:
        print(fault)
    device.GPIO1.clock.enable()
    print(device.CM_PER.CM_PER_GPIO1_CLKCTRL.read())
    led = device.pins["USR0"]
    led.clear()
    led.function = "OUTPUT"
    for _ in range(3):
        led.set()
        time.sleep(0.15)
        led.clear()
        time.sleep(0.15)
    pad = device.CONTROL.conf_gpmc_a5
    print(pad.read())
    try:
        pad.rxactive = "ENABLED"
    except VerifyError as dropped:
        print(dropped)


def off(device: Any) -> None:
    """The LED off: one write, if the bank has a clock at all."""
    if device.GPIO1.clock.ready():
        device.pins["USR0"].clear()


def draw(simulator: Any) -> str:
    """The LED as text."""
    return ("●" if simulator.level("USR0") else "○") + " USR0"
