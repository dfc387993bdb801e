"""A board: what opening it gives, its blocks, its pins."""

from __future__ import annotations

from typing import assert_type

from regmap.generated import rpi1_rev2
from regmap.generated.rpi1_rev2 import (
    Bcm2835Gpio,
    Bcm2835Gpio_GPFSEL1,
    Bcm2835Gpio_GPLEV0,
    Bcm2835Gpio_pin,
    Rpi1Rev2,
)

from regmap.layout.device import DeviceLayout
from regmap.live.block import Block
from regmap.live.device import Device
from regmap.live.typed import Register, View


class Memory:
    """The least a backend must be."""

    def read(self, address: int, width: int) -> int:
        return 0

    def write(self, address: int, width: int, value: int) -> None:
        return None

    def close(self) -> None:
        return None


def opened() -> None:
    assert_type(rpi1_rev2.open(), Rpi1Rev2)
    assert_type(rpi1_rev2.open("sim:"), Rpi1Rev2)
    assert_type(rpi1_rev2.open(Memory(), force=True, cpu=1), Rpi1Rev2)
    assert_type(rpi1_rev2.LAYOUT, DeviceLayout)
    with rpi1_rev2.open("sim:") as pi:
        assert_type(pi, Rpi1Rev2)
        assert_type(pi.GPIO, Bcm2835Gpio)
        assert_type(pi.GPIO.GPFSEL1, Bcm2835Gpio_GPFSEL1)
        assert_type(pi.GPIO.GPLEV0, Bcm2835Gpio_GPLEV0)


def pins(pi: Rpi1Rev2) -> None:
    assert_type(pi.pin, View[Bcm2835Gpio_pin])
    assert_type(pi.pin[17], Bcm2835Gpio_pin)
    assert_type(pi.GPIO.pin[17], Bcm2835Gpio_pin)
    assert_type(pi.pins["P1-11"], Bcm2835Gpio_pin)
    for name in pi.pins:
        assert_type(pi.pins[name], Bcm2835Gpio_pin)
    for pin in pi.pin:
        assert_type(pin, Bcm2835Gpio_pin)


def any_device(device: Device) -> None:
    print(device.name)


def any_block(block: Block) -> None:
    print(block.path)


def any_register(register: Register) -> int:
    print(register.path, register.address, register.width)
    return len(register.FIELDS)


def handed_on(pi: Rpi1Rev2) -> None:
    any_device(pi)
    any_block(pi.GPIO)
    any_register(pi.GPIO.GPFSEL1)
    any_register(pi.GPIO.GPLEV0)
    print(pi.GPIO.on_cpu(0).GPFSEL1.path, pi.GPIO["GPFSEL1"], pi["GPIO.GPFSEL1.FSEL17"])
