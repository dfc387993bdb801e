"""Replaces a script that mapped /dev/mem by hand and computed every offset, mask and shift.

There, each mmap slice touched the register twice, and helpers named INP, OUT, ALT, SET and CLR hid
which bits they changed. Here they are attributes. (W32 is one bus write of 32 bits, R32 one read.)
"""

from __future__ import annotations

import time
from typing import Any

BOARD = "rpi1-rev2"
LEDS = range(7, 12)


def play(device: Any) -> None:
    """Five LEDs on GPIO 7 to 11, flashed in turn."""
    gpio = device.GPIO
    gpio.GPCLR0 = sum(1 << led for led in LEDS)
    for led in LEDS:
        device.pin[led].function = "OUTPUT"
    print(gpio.GPFSEL1.read())
    for led in LEDS:
        gpio.GPSET0 = 1 << led
        time.sleep(0.2)
        gpio.GPCLR0 = 1 << led
    led = device.pins["P1-26"]
    led.set()
    print(led.level)
    led.clear()


def off(device: Any) -> None:
    """All LEDs off: one write."""
    device.GPIO.GPCLR0 = sum(1 << led for led in LEDS)


def draw(simulator: Any) -> str:
    """The LEDs as a line of text."""
    return "  ".join(("●" if simulator.level(led) else "○") + f" GPIO{led}" for led in LEDS)
