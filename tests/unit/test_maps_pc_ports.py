"""The clock, timer and configuration ports of a PC, and QEMU's edu device: what reaches the bus."""

from __future__ import annotations

import pytest

import regmap
from regmap.errors import ReadHasSideEffect
from tests.support import Recorder

# linux include/linux/mc146818rtc.h
CMOS = {
    "SECONDS": 0, "SECONDS_ALARM": 1, "MINUTES": 2, "MINUTES_ALARM": 3, "HOURS": 4,
    "HOURS_ALARM": 5, "DAY_OF_WEEK": 6, "DATE_OF_MONTH": 7, "MONTH": 8, "YEAR": 9,
    "REGISTER_A": 10, "REGISTER_B": 11,
}  # fmt: skip


def test_a_byte_of_the_clock_is_a_select_and_a_read() -> None:
    for name, index in CMOS.items():
        recorder = Recorder()
        clock = regmap.open("pc-ports", backend=recorder).RTC
        getattr(clock, name).read()
        assert recorder.accesses == [("W", 0x70, 8, index), ("R", 0x71, 8)]


def test_reading_why_it_interrupted_must_be_meant() -> None:
    recorder = Recorder()
    clock = regmap.open("pc-ports", backend=recorder).RTC
    with pytest.raises(ReadHasSideEffect):
        _ = clock.REGISTER_C.PF
    assert recorder.accesses == []
    clock.REGISTER_C.read()
    assert recorder.accesses == [("W", 0x70, 8, 0x0C), ("R", 0x71, 8)]


def test_a_timer_is_programmed_by_control_word_and_two_bytes() -> None:
    recorder = Recorder()
    timer = regmap.open("pc-ports", backend=recorder).PIT
    timer.CONTROL_WORD.write(SC="COUNTER_2", RW="LSB_THEN_MSB", M="SQUARE_WAVE", BCD=0)
    timer.COUNTER2 = 0xA9
    timer.COUNTER2 = 0x04
    assert recorder.accesses == [
        ("W", 0x43, 8, 0xB6), ("W", 0x42, 8, 0xA9), ("W", 0x42, 8, 0x04),
    ]  # fmt: skip


def test_a_dword_of_configuration_space_is_selected_and_read() -> None:
    recorder = Recorder()
    pci = regmap.open("pc-ports", backend=recorder).PCI
    pci.CONFIG_ADDRESS.write(ENABLE=1, BUS=0, DEVICE=5, FUNCTION=0, REGISTER=4)
    pci.CONFIG_DATA.read()
    assert recorder.accesses == [("W", 0xCF8, 32, 0x80002810), ("R", 0xCFC, 32)]


def test_edu_takes_words_of_32_bits_and_its_long_registers_either_way() -> None:
    recorder = Recorder()
    edu = regmap.open("edu", backend=recorder).EDU
    edu.FACTORIAL = 10
    edu.DMA_COUNT = 0x100
    assert recorder.accesses == [("W", 0x08, 32, 10), ("W", 0x90, 64, 0x100)]
