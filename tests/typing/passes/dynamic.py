"""A description that is read at run time: a checker knows no names and accepts them all."""

from __future__ import annotations

from typing import assert_type

import regmap
from regmap.live.block import Block
from regmap.live.device import Device

with regmap.open("rpi1-rev2", backend="sim:") as pi:
    assert_type(pi, Device)
    pi.GPIO.GPFSEL1.FSEL17 = "OUTPUT"
    pi.GPIO.GPSET0 = 1 << 17
    level = pi.GPIO.GPLEV0.LEV17
    pi.pin[17].function = "OUTPUT"
    pi.pins["P1-11"].set()
    print(level, pi.GPIO.GPFSEL1.read().FSEL17, pi.name, pi["GPIO.GPFSEL1"])


def lit(device: Device, gpio: Block) -> None:
    device.GPIO.GPSET0 = 1
    gpio.GPSET0.SET17 = 1
    gpio.GPSET0 = 1
    for register in gpio:
        print(register.path, register.read())
