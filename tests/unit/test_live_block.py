"""Blocks: members made on first touch, iteration in address order, windows and their ports."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from regmap.errors import AccessError, BadAddress, NotWritable, UnknownName
from regmap.live.path import registers_of
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    description: What it is.
    registers:
      LAST: {offset: 0x70}
      FIRST: {offset: 0}
      SECOND: {offset: 4, array: {count: 2, stride: 8, name: "S{i}"}}
      THIRD: {offset: 8, array: {count: 2, stride: 8}}
    groups:
      G:
        offset: 0x20
        array: {count: 2, stride: 0x10}
        registers: {B: {offset: 4}, A: {offset: 0}}
        groups: {IN: {offset: 8, registers: {X: {offset: 0}}}}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


def test_members_are_made_once_and_touch_nothing(dev: Any, bus: Recorder) -> None:
    assert dev.FIRST is dev.FIRST
    assert dev.G[0].IN is dev.G[0].IN
    assert dev["G[0].IN.X"] is dev.G[0].IN.X
    assert bus.taken() == []


def test_it_says_where_and_what_it_is(dev: Any) -> None:
    assert (dev.path, repr(dev)) == ("DEV", "<block DEV at 0x0>")
    assert (dev.G[1].path, dev.G[1].IN.X.path) == ("DEV.G[1]", "DEV.G[1].IN.X")
    assert dev.G[1].IN.X.address == 0x38
    assert type(dev).__doc__ == "What it is."
    assert {"FIRST", "S0", "SECOND", "G"} <= set(dir(dev))
    assert repr(type(dev).MEMBERS["FIRST"]) == "<register at +0x0>"
    assert repr(type(dev).MEMBERS["THIRD"]) == "<array of 2>"


def test_iteration_gives_each_register_once_in_address_order(dev: Any, bus: Recorder) -> None:
    paths = [register.path for register in dev]
    assert paths == [
        "DEV.FIRST", "DEV.S0", "DEV.THIRD[0]", "DEV.S1", "DEV.THIRD[1]",
        "DEV.G[0].A", "DEV.G[0].B", "DEV.G[0].IN.X", "DEV.G[1].A", "DEV.G[1].B", "DEV.G[1].IN.X",
        "DEV.LAST",
    ]  # fmt: skip
    assert [register.path for register in dev.G[1]] == ["DEV.G[1].A", "DEV.G[1].B", "DEV.G[1].IN.X"]
    assert bus.taken() == []


def test_only_registers_can_be_assigned_to(dev: Any, bus: Recorder) -> None:
    write: Callable[[], object]
    for write in (
        lambda: setattr(dev, "G", 1),
        lambda: setattr(dev, "THIRD", 1),
        lambda: setattr(dev.G[0], "IN", 1),
    ):
        with pytest.raises(NotWritable, match="it is not a register"):
            write()
    with pytest.raises(UnknownName, match="did you mean FIRST"):
        dev.FIRTS
    assert bus.taken() == []


def test_a_block_without_a_clock_says_so(dev: Any) -> None:
    with pytest.raises(AccessError, match="names no clock"):
        _ = dev.clock


def test_on_cpu_is_the_same_block_seen_from_there(dev: Any, bus: Recorder) -> None:
    cpu = min(os.sched_getaffinity(0))
    other = dev.on_cpu(cpu)
    assert type(other) is type(dev)
    assert other.FIRST is not dev.FIRST
    assert other.context.cpu == cpu
    other.FIRST = 1
    group = dev.G[1].on_cpu(cpu)
    assert (group.path, group.parent.context) == ("DEV.G[1]", group.context)
    group.A = 2
    assert bus.taken() == [("W", 0, 32, 1), ("W", 0x30, 32, 2)]
    assert other.FIRST.path == "DEV.FIRST"


# ---- windows -----------------------------------------------------------------------------------

WINDOWS = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      BEFORE: {offset: 0}
      SEL: {offset: 4, width: 16, byte-order: big, reset: 0x8001, fields: {
            NUMBER: {bits: "11:8"}, FIXED: {bits: 0, access: ro}}}
      DATA: {offset: 8}
      AFTER: {offset: 12}
      SEL8: {offset: 16, width: 8}
      DATA8: {offset: 17, width: 8}
    windows:
      pair:
        index: SEL.NUMBER
        data: DATA
        registers:
          B: {index: 5}
          A: {index: 3}
          LIST: {index: 8, array: {count: 2, stride: 2, name: "L{i}"}}
          BIG: {index: 12, byte-order: big}
          FAR: {index: 15, width: 64, access-widths: [32], word-order: low-first}
          NARROW: {index: 1, width: 16}
      bytes:
        index: SEL8
        data: DATA8
        registers:
          WORD: {index: 0x10, width: 16, access-widths: [8], word-order: low-first}
"""


def select(number: int) -> tuple[str, int, int, int]:
    """The write that selects: the index in bits 11:8, the rest as after reset, bytes turned."""
    value = 0x8001 & ~0x0F00 | number << 8
    return "W", 4, 16, (value & 0xFF) << 8 | value >> 8


@pytest.fixture
def behind(bus: Recorder) -> Any:
    return device_of(WINDOWS, bus).DEV


def test_a_register_behind_a_window_is_selected_first(behind: Any, bus: Recorder) -> None:
    behind.A = 7
    assert behind.L1.read() == 7
    assert bus.taken() == [select(3), ("W", 8, 32, 7), select(10), ("R", 8, 32)]
    assert behind.A.path == "DEV.A"


def test_each_register_has_its_own_byte_order(behind: Any, bus: Recorder) -> None:
    behind.BIG = 0x1234_5678
    assert bus.taken() == [select(12), ("W", 8, 32, 0x7856_3412)]


def test_a_wide_register_takes_consecutive_indexes(behind: Any, bus: Recorder) -> None:
    behind.WORD = 0xABCD
    assert bus.taken() == [
        ("W", 16, 8, 0x10), ("W", 17, 8, 0xCD), ("W", 16, 8, 0x11), ("W", 17, 8, 0xAB),
    ]  # fmt: skip


def test_an_index_that_does_not_fit_is_refused_and_not_cut(behind: Any, bus: Recorder) -> None:
    """The second word of FAR would have index 16, which four bits cannot say; so the first word
    is not touched either."""
    for use in (behind.FAR.read, lambda: behind.FAR.write(1), lambda: behind.FAR.bit[0]):
        with pytest.raises(BadAddress, match="no index above 0xf"):
            use()
    assert bus.taken() == []


def test_a_register_that_the_data_register_cannot_carry_is_refused(
    behind: Any, bus: Recorder
) -> None:
    with pytest.raises(BadAddress, match="takes accesses of 16 bits and this bus has 32"):
        behind.NARROW.read()
    assert bus.taken() == []


def test_iteration_puts_them_after_the_data_register(behind: Any) -> None:
    names = [register.name for register in registers_of(behind)]
    assert names.index("DATA") < names.index("A") < names.index("B") < names.index("L0")
    assert names.index("FAR") < names.index("AFTER")
    assert names[-2:] == ["DATA8", "WORD"]


def test_one_window_has_one_port(behind: Any) -> None:
    assert behind.A.port is behind.B.port
    assert behind.window("pair") is behind.window("pair")
    with pytest.raises(UnknownName, match="pair"):
        behind.window("pear")


def test_the_pair_may_stand_in_a_group(bus: Recorder) -> None:
    dev = device_of(
        """
        regmap: 1
        block: block
        instance: DEV
        groups:
          G:
            offset: 0x100
            array: {count: 2, stride: 0x10}
            registers: {SEL: {offset: 0}, DATA: {offset: 4}}
        windows: {pair: {index: "G[1].SEL", data: "G[0].DATA", registers: {IN: {index: 3}}}}
        """,
        bus,
    ).DEV
    dev.IN = 5
    assert bus.taken() == [("W", 0x110, 32, 3), ("W", 0x104, 32, 5)]
    assert [r.path for r in dev][1:3] == ["DEV.G[0].DATA", "DEV.IN"]
