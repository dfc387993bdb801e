"""Arrays of registers, groups, fields and blocks."""

from __future__ import annotations

from typing import assert_type

from everything_board import (
    Everything,
    Everything_BANK,
    Everything_CHANNEL,
    Everything_mode,
    Everything_NAMED,
    EverythingBoard,
    EverythingVariant,
)
from regmap.generated.rpi1_rev2 import (
    Bcm2835Gpio,
    Bcm2835Gpio_fsel,
    Bcm2835Gpio_GPFSEL0,
    Bcm2835Gpio_GPFSEL1,
    Bcm2835Gpio_GPFSEL5,
    Bcm2835Gpio_GPSET0,
    Bcm2835Gpio_GPSET1,
)

from regmap.live.bitfields import FieldArrayInfo
from regmap.live.typed import Number


def different_elements(gpio: Bcm2835Gpio, number: int) -> None:
    assert_type(gpio.GPFSEL[0], Bcm2835Gpio_GPFSEL0)
    assert_type(gpio.GPFSEL[1], Bcm2835Gpio_GPFSEL1)
    assert_type(gpio.GPFSEL[5], Bcm2835Gpio_GPFSEL5)
    assert_type(gpio.GPSET[number], Bcm2835Gpio_GPSET0 | Bcm2835Gpio_GPSET1)
    gpio.GPFSEL[1].FSEL17 = "OUTPUT"
    gpio.GPFSEL[number].FSEL[number] = "OUTPUT"
    gpio.GPFSEL[2] = 0
    gpio.GPSET[number] = 1
    for register in gpio.GPSET:
        register.SET[0] = 1
    print(len(gpio.GPFSEL), gpio.GPFSEL.path, gpio.GPFSEL.largest)


def same_elements(block: Everything) -> None:
    assert_type(block.NAMED[1], Everything_NAMED)
    block.NAMED[1] = 5
    block.NAMED_A = 5
    assert_type(block.BANK[1][2], Everything_BANK)
    assert_type(block.BANK[1, 2], Everything_BANK)
    block.BANK[1][2] = 3
    block.BANK[1, 2] = 3
    assert_type([row[0].raw for row in block.BANK], list[Number])
    assert_type(list(block.BANK.every()), list[Everything_BANK])


def groups(block: Everything) -> None:
    for channel in block.CHANNEL:
        assert_type(channel, Everything_CHANNEL)
        channel.inner.VALUE = 1
    block.CHANNEL[3].inner.VALUE.raw = 7
    print(block.CHANNEL.count())


def behind_a_window(block: Everything) -> None:
    block.TABLE[2].WHOLE = 1 << 40
    block.TABLE[2] = 1
    print(block.TABLE[0].read().WHOLE)


def of_fields(gpio: Bcm2835Gpio, block: Everything) -> None:
    assert_type(gpio.GPFSEL1.FSEL[7], Bcm2835Gpio_fsel | Number)
    gpio.GPFSEL1.FSEL[7] = Bcm2835Gpio_fsel.INPUT
    gpio.GPSET0.SET[3] = 1
    assert_type(gpio.GPLEV0.LEV[3], Number)
    assert_type(type(gpio.GPFSEL1).FSEL, FieldArrayInfo)
    assert_type(list(gpio.GPFSEL1.FSEL), list[str])
    block.SEL[2].LINE[3] = Everything_mode.RUN
    print(len(block.SEL2.LINE))


def of_blocks(board: EverythingBoard) -> None:
    assert_type(board.UNIT, tuple[EverythingVariant, ...])
    assert_type(board.UNIT[1], EverythingVariant)
    assert_type(board.UNIT0, EverythingVariant)
    assert_type(board.other_one, Everything)
