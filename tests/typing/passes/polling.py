"""Assign, then poll: a checker must not take what was assigned for what is read.

Every body below is reached in reality; where a checker thought otherwise it would say so (mypy by
--warn-unreachable), and ``fails/polling.py`` has an error in each such body that must be seen.
"""

from __future__ import annotations

from typing import Final

from everything_board import Everything, Everything_mode
from regmap.generated.rpi1_rev2 import Bcm2835Gpio, Bcm2835Gpio_fsel

READY: Final = 1


def numbers(gpio: Bcm2835Gpio) -> None:
    gpio.GPREN0.REN1 = 1
    while gpio.GPREN0.REN1 == 0:
        print("not yet")
    gpio.GPREN0.REN1 = READY
    while gpio.GPREN0.REN1 != READY:
        print("not yet")
    gpio.GPREN0.REN1 = True
    while not gpio.GPREN0.REN1:
        print("not yet")
    while not gpio.GPREN0.REN1:
        print("again")
    while gpio.GPREN0.REN1:
        print("and back")
    while gpio.GPREN0.REN1 == 0:
        if gpio.GPREN0.REN1 == 1:
            print("between two reads")
    wanted = bool(gpio.GPLEV0.LEV1)
    while wanted == gpio.GPREN0.REN1:
        print("a truth value is a number too")


def registers(gpio: Bcm2835Gpio) -> None:
    gpio.GPREN0.raw = 1
    while gpio.GPREN0.raw == 0:
        print("not yet")
    gpio.GPREN0 = 1
    while gpio.GPREN0.raw == 0:
        print("not yet")
    while gpio.GPREN0.read() == 0:
        print("not yet")


def members(gpio: Bcm2835Gpio) -> None:
    gpio.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL17 == Bcm2835Gpio_fsel.INPUT:
        print("not yet")
    gpio.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL17 != Bcm2835Gpio_fsel.OUTPUT:
        print("not yet")
    while gpio.GPFSEL1.FSEL17 != Bcm2835Gpio_fsel.OUTPUT:
        print("again")
    gpio.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL17 is not Bcm2835Gpio_fsel.OUTPUT:
        print("not yet")
    while gpio.GPFSEL1.FSEL16 == Bcm2835Gpio_fsel.INPUT:
        if gpio.GPFSEL1.FSEL16 == Bcm2835Gpio_fsel.OUTPUT:
            print("between two reads")


def names_and_numbers(gpio: Bcm2835Gpio, block: Everything) -> None:
    gpio.GPFSEL1.FSEL17 = "OUTPUT"
    while gpio.GPFSEL1.FSEL17 == Bcm2835Gpio_fsel.INPUT:
        print("not yet")
    gpio.GPFSEL1.FSEL17 = 1
    while gpio.GPFSEL1.FSEL17 == Bcm2835Gpio_fsel.INPUT:
        print("not yet")
    block.CTRL.MODE = Everything_mode.RUN
    while block.CTRL.MODE == Everything_mode.IDLE:
        print("not yet")
    match block.CTRL.MODE:
        case Everything_mode.IDLE:
            print("idle")
        case Everything_mode.RUN:
            print("running")
        case other:
            print("something without a name", int(other))


def elements(gpio: Bcm2835Gpio) -> None:
    gpio.GPFSEL1.FSEL[7] = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL[7] == Bcm2835Gpio_fsel.INPUT:
        print("not yet")
    gpio.pin[17].level = 1
    while gpio.pin[17].level == 0:
        print("not yet")
    gpio.pin[17].function = Bcm2835Gpio_fsel.OUTPUT
    while gpio.pin[17].function == Bcm2835Gpio_fsel.INPUT:
        print("not yet")
    gpio.GPREN0.bit[3] = 1
    while gpio.GPREN0.bit[3] == 0:
        print("not yet")
