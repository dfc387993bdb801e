"""An error in the body of each poll: a checker that took it for unreachable would not see it."""

from __future__ import annotations

from everything_board import Everything, Everything_mode
from regmap.generated.rpi1_rev2 import Bcm2835Gpio, Bcm2835Gpio_fsel


def numbers(gpio: Bcm2835Gpio) -> None:
    gpio.GPREN0.REN1 = 1
    while gpio.GPREN0.REN1 == 0:
        gpio.nothing  # error: attr-defined
    gpio.GPREN0.REN1 = True
    while not gpio.GPREN0.REN1:
        gpio.nothing  # error: attr-defined
    gpio.GPREN0.raw = 1
    while gpio.GPREN0.raw == 0:
        gpio.nothing  # error: attr-defined
    gpio.pin[17].level = 1
    while gpio.pin[17].level == 0:
        gpio.nothing  # error: attr-defined


def members(gpio: Bcm2835Gpio, block: Everything) -> None:
    gpio.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL17 == Bcm2835Gpio_fsel.INPUT:
        gpio.nothing  # error: attr-defined
    gpio.GPFSEL1.FSEL17 = "OUTPUT"
    while gpio.GPFSEL1.FSEL17 != Bcm2835Gpio_fsel.OUTPUT:
        gpio.nothing  # error: attr-defined
    gpio.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL17 is not Bcm2835Gpio_fsel.OUTPUT:
        gpio.nothing  # error: attr-defined
    gpio.GPFSEL1.FSEL[7] = Bcm2835Gpio_fsel.OUTPUT
    while gpio.GPFSEL1.FSEL[7] == Bcm2835Gpio_fsel.INPUT:
        gpio.nothing  # error: attr-defined
    gpio.pin[17].function = Bcm2835Gpio_fsel.OUTPUT
    while gpio.pin[17].function == Bcm2835Gpio_fsel.INPUT:
        gpio.nothing  # error: attr-defined
    block.CTRL.MODE = Everything_mode.RUN
    while block.CTRL.MODE == Everything_mode.IDLE:
        gpio.nothing  # error: attr-defined
