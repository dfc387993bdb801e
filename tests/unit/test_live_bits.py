"""Single bits of a register, and the elements of a field array."""

from __future__ import annotations

from typing import Any

import pytest

from regmap.errors import (
    AccessError,
    NoSuchElement,
    NotReadable,
    NotWritable,
    ReadHasSideEffect,
    ValueDoesNotFit,
)
from regmap.live.bitfields import FieldArrayInfo
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      PLAIN:
        offset: 0
        fields:
          A: {bits: "3:0"}
          RO: {bits: 4, access: ro}
          W1C: {bits: 5, access: rw1c}
          W0C: {bits: 6, access: rw0c}
          LIMIT: {bits: "9:8", constraint: {max: 2}}
          NAMED: {bits: "13:12", enum: {X: 1}, constraint: enum}
      WHOLE: {offset: 4}
      ONES: {offset: 8, access: rw1c}
      ZEROS: {offset: 12, access: rw0c}
      GUESS: {offset: 16, fields: {A: {bits: 0}, W: {bits: "2:1", access: wo}}}
      FIFO: {offset: 20, access: ro, read-action: modify}
      ORDER: {offset: 24, access: wo}
      BYTE: {offset: 28, width: 8}
      SEL:
        offset: 32
        array: {count: 2, stride: 4, name: "SEL{i}"}
        fields: {S: {bits: "2:0", array: {count: [10, 4], stride: 3, name: "S{10*i+j}"}}}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


def put(register: Any, number: int, value: object) -> None:
    register.bit[number] = value


def test_reading_a_bit_is_one_read(dev: Any, bus: Recorder) -> None:
    bus.memory[4] = 1 << 31
    assert (dev.WHOLE.bit[31], dev.WHOLE.bit[30]) == (1, 0)
    assert bus.taken() == [("R", 4, 32)] * 2


def test_a_bit_of_a_plain_field_or_of_none_is_changed_alone(dev: Any, bus: Recorder) -> None:
    bus.memory[0] = 0b110_0000 | 1 << 20
    put(dev.PLAIN, 2, 1)
    assert bus.taken() == [("R", 0, 32), ("W", 0, 32, 0b100_0100 | 1 << 20)]
    put(dev.PLAIN, 20, False)
    assert bus.memory[0] == 0b100_0100
    put(dev.WHOLE, 7, True)
    assert bus.memory[4] == 1 << 7


def test_a_bit_that_acts_is_written_alone_where_nothing_is_kept(dev: Any, bus: Recorder) -> None:
    put(dev.ONES, 3, 1)
    put(dev.ZEROS, 3, 0)
    assert bus.taken() == [("W", 8, 32, 8), ("W", 12, 32, 0xFFFF_FFF7)]
    put(dev.PLAIN, 5, 1)
    put(dev.PLAIN, 6, 0)
    assert bus.taken() == [
        ("R", 0, 32), ("W", 0, 32, 0b110_0000), ("R", 0, 32), ("W", 0, 32, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("use", "error", "why"),
    [
        (lambda d: put(d.ONES, 3, 0), AccessError, "a 1 acts"),
        (lambda d: put(d.ZEROS, 3, 1), AccessError, "a 0 acts"),
        (lambda d: put(d.PLAIN, 5, 0), AccessError, "a 1 acts"),
        (lambda d: put(d.PLAIN, 4, 1), NotWritable, r"bit\[4\]: it belongs to RO"),
        (lambda d: put(d.PLAIN, 8, 1), AccessError, "LIMIT does not take every value"),
        (lambda d: put(d.PLAIN, 12, 1), AccessError, "NAMED does not take every value"),
        (lambda d: put(d.GUESS, 1, 1), AccessError, "W is write-only"),
        (lambda d: put(d.GUESS, 0, 1), AccessError, "W is write-only"),
        (lambda d: put(d.FIFO, 0, 1), NotWritable, "read-only"),
        (lambda d: put(d.ORDER, 0, 1), AccessError, "cannot be kept"),
        (lambda d: put(d.WHOLE, 0, 2), ValueDoesNotFit, r"DEV\.WHOLE\.bit\[0\]: value 2 .* 1 bit"),
        (lambda d: put(d.WHOLE, 0, -1), ValueDoesNotFit, "value -1"),
        (lambda d: put(d.WHOLE, 0, "1"), TypeError, r"DEV\.WHOLE\.bit\[0\]"),
        (lambda d: put(d.BYTE, 8, 1), NoSuchElement, "it has 8, from 0"),
        (lambda d: d.BYTE.bit[8], NoSuchElement, "it has 8, from 0"),
        (lambda d: d.BYTE.bit[-1], NoSuchElement, "no element -1"),
        (lambda d: d.FIFO.bit[0], ReadHasSideEffect, "side effect"),
        (lambda d: d.ORDER.bit[0], NotReadable, "write-only"),
        (lambda d: d.GUESS.bit[2], NotReadable, "it belongs to W, which is write-only"),
        (lambda d: d.SEL0.S[10], NoSuchElement, "no element 10; it has 10"),
        (lambda d: d.SEL1.S[4], NoSuchElement, "it has 4"),
    ],
)
def test_what_is_refused_touches_nothing(
    dev: Any, bus: Recorder, use: Any, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        use(dev)
    assert bus.taken() == []


def test_bits_of_a_register_are_counted_and_shown(dev: Any, bus: Recorder) -> None:
    assert len(dev.BYTE.bit) == 8
    assert repr(dev.BYTE.bit) == "<bits of DEV.BYTE>"
    assert dev.GUESS.bit[0] == 0
    assert bus.taken() == [("R", 16, 32)]


def test_an_element_is_the_field_of_that_name(dev: Any, bus: Recorder) -> None:
    dev.SEL1.S[3] = 5
    assert dev.SEL1.S13 == 5
    assert dev.SEL1.S[3] == 5
    assert dev.SEL1.S[-1] == 5
    assert bus.memory[36] == 5 << 9
    with pytest.raises(ValueDoesNotFit, match=r"DEV\.SEL1\.S12"):
        dev.SEL1.S[2] = 8


def test_a_field_array_is_named_counted_and_not_read(dev: Any, bus: Recorder) -> None:
    assert len(dev.SEL0.S) == 10
    assert list(dev.SEL1.S) == ["S10", "S11", "S12", "S13"]
    assert repr(dev.SEL1.S) == "<fields DEV.SEL1.S10 to S13>"
    info = type(dev.SEL1).S
    assert isinstance(info, FieldArrayInfo)
    assert info.elements == ("S10", "S11", "S12", "S13")
    assert bus.taken() == []
