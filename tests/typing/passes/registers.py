"""Registers and fields: what reading gives and what may be assigned."""

from __future__ import annotations

from typing import assert_type

from regmap.generated.rpi1_rev2 import Bcm2835Gpio, Bcm2835Gpio_fsel

from regmap.live.typed import Number
from regmap.live.value import FieldInfo


def fields(gpio: Bcm2835Gpio) -> None:
    gpio.GPFSEL1.FSEL17 = "OUTPUT"
    gpio.GPFSEL1.FSEL17 = Bcm2835Gpio_fsel.OUTPUT
    gpio.GPFSEL1.FSEL17 = 1
    gpio.GPFSEL1.FSEL17 = gpio.GPFSEL1.FSEL16
    gpio.GPREN0.REN17 = True
    gpio.GPREN0.REN17 |= 1
    gpio.GPSET0.SET17 = 1
    level: int = gpio.GPLEV0.LEV17
    assert_type(gpio.GPLEV0.LEV17, Number)
    assert_type(gpio.GPFSEL1.FSEL17, Bcm2835Gpio_fsel | Number)
    function: Bcm2835Gpio_fsel | int = gpio.GPFSEL1.FSEL17
    print(level + 1, f"{function:#x}", Bcm2835Gpio_fsel(gpio.GPFSEL1.FSEL17).name)
    print({gpio.GPLEV0.LEV17: "a number can be a key"})


def descriptions(gpio: Bcm2835Gpio) -> None:
    assert_type(type(gpio.GPFSEL1).FSEL17, FieldInfo)
    assert_type(type(gpio.GPLEV0).LEV17, FieldInfo)
    assert_type(type(gpio.GPSET0).SET17, FieldInfo)
    print(type(gpio.GPFSEL1).FSEL17.position, gpio.GPFSEL1.LAYOUT.description)


def whole(gpio: Bcm2835Gpio) -> None:
    gpio.GPFSEL1 = 5
    gpio.GPSET0 = 1 << 17
    gpio.GPFSEL1 = gpio.GPFSEL1.read()
    gpio.GPFSEL1.raw = 5
    gpio.GPSET0.raw = 1
    number: int = gpio.GPFSEL1.raw | gpio.GPLEV0.raw
    gpio.GPFSEL1.bit[3] = 1
    print(number, gpio.GPFSEL1.bit[3], gpio.GPLEV0.bit[3], len(gpio.GPLEV0.bit))
    gpio.GPFSEL1.reset()


def methods(gpio: Bcm2835Gpio) -> None:
    gpio.GPFSEL1.modify(FSEL16="INPUT", FSEL17=Bcm2835Gpio_fsel.ALT5, FSEL18=3)
    gpio.GPFSEL1.write(FSEL10=0, FSEL11="OUTPUT")
    gpio.GPFSEL1.write(0)
    gpio.GPSET0.write(SET1=1)
    gpio.GPSET0.set("SET1", "SET2")
    gpio.GPCLR0.clear("CLR1")
    gpio.GPEDS0.clear("EDS17")
    now = gpio.GPLEV0.wait(LEV17=1, timeout_s=0.5)
    assert_type(now.LEV17, int)
    gpio.GPLEV0.wait(lambda seen: seen.LEV1 == seen.LEV2, timeout_s=1, period_s=0.01)
    gpio.GPFSEL1.wait(FSEL17="INPUT", timeout_s=1)


def snapshots(gpio: Bcm2835Gpio) -> None:
    now = gpio.GPFSEL1.read()
    # All eight values of a function have names.
    assert_type(now.FSEL17, Bcm2835Gpio_fsel)
    assert_type(gpio.GPLEV0.read().LEV17, int)
    other = now.replace(FSEL17="ALT0", FSEL16=1)
    assert_type(other.FSEL16, Bcm2835Gpio_fsel)
    assert_type(now.fields, dict[str, int])
    print(now == other, now & 7, now.path, now.width, now.FSEL17.name)


def pins(gpio: Bcm2835Gpio) -> None:
    pin = gpio.pin[17]
    pin.function = "OUTPUT"
    pin.function = Bcm2835Gpio_fsel.INPUT
    pin.level = 1
    pin.pull = "UP"
    pin.rising = True
    pin.set()
    pin.clear()
    assert_type(pin.function, Bcm2835Gpio_fsel | Number)
    assert_type(pin.level, Number)
    print(pin.index, pin.names, pin.path, type(pin).level.__doc__)
