"""Registers of every kind: side effects, write-only and split fields, names that are no members."""

from __future__ import annotations

from typing import assert_type

from everything_board import (
    Everything,
    Everything_mode,
    Everything_speed,
    Everything_STATUS_CODE,
    EverythingBoard,
)

from regmap.live.typed import Number


def side_effects(block: Everything) -> None:
    now = block.STATUS.read()
    assert_type(now.READY, int)
    assert_type(now.CODE, Everything_STATUS_CODE | int)
    block.STATUS.clear("EVENT")
    # What is written has other names than what is read.
    block.STATUS.write(CODE="RUN", EVENT=1)
    block.STATUS.write(CODE=Everything_mode.IDLE)
    block.STATUS.raw = 1
    block.CHANNEL[0].CONF.read()


def mixed(block: Everything) -> None:
    block.CTRL.modify(MODE="RUN", SPEED="FAST", START=1, LEVEL=3, SPLIT=2)
    block.CTRL.set("START")
    block.CTRL.START = 1
    block.CTRL.SPEED = "FAST"
    block.CTRL.SPEED = Everything_speed.SLOW
    assert_type(block.CTRL.SPEED, Everything_speed | Number)
    assert_type(block.CTRL.bit32, Number)
    assert_type(block.CTRL.read().MODE, Everything_mode | int)
    block.CTRL.read().replace(START=1)


def without_fields(block: Everything) -> None:
    block.LATCH = 5
    block.LATCH.write(5)
    block.LATCH.bit[3] = 1
    block.LATCH_SET.bit[3] = 1
    block.LATCH_CLR = 1
    print(block.COUNTER.read() + 1, block.COUNTER.raw, block.COUNTER.bit[63])
    block.LATCH.wait(lambda seen: seen & 1 == 1, timeout_s=1)


def views(block: Everything) -> None:
    block.pin[3].set()
    block.pin[3].level = 1
    block.pin[3].pull = "OFF"
    block.pin[3].pull = Everything_mode.RUN


def clocks(board: EverythingBoard) -> None:
    board.EVERY.clock.enable(timeout_s=1)
    print(board.EVERY.clock.ready())
