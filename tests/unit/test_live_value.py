"""Snapshots: immutable numbers with fields, and the table that they print."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap.errors import AccessError, UnknownName, ValueDoesNotFit
from regmap.live.value import RegisterValue
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    registers:
      STATUS:
        offset: 0
        fields:
          MODE: {bits: "2:0", enum: {IDLE: 0, FAST: 4}}
          TEMPERATURE: {bits: "15:8", unit: degC}
          SPLIT: {bits: ["31:30", "17"]}
          DONE: {bits: 3, access: rw1c}
          GO: {bits: 4, access: wo}
          ONCE: {bits: 5, access: w1}
          LIST: {bits: 20, array: {count: 3, stride: 1}}
          LEFT: {bits: 7, access: rc}
      WHOLE: {offset: 4, width: 64}
      BYTE: {offset: 8, width: 8}
"""
RAW = 0x8012_2B0C
TABLE = """\
DEV.STATUS = 0x80122b0c
  [31:30,17] SPLIT        0x5
  [      22] LIST2        0x0
  [      21] LIST1        0x0
  [      20] LIST0        0x1
  [    15:8] TEMPERATURE  0x2b degC
  [       7] LEFT         0x0
  [       3] DONE         0x1
  [     2:0] MODE         FAST (4)"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder({0: RAW, 4: 1 << 63})


@pytest.fixture
def dev(bus: Recorder) -> Any:
    return device_of(CHIP, bus).DEV


@pytest.fixture
def now(dev: Any, bus: Recorder) -> RegisterValue:
    value: RegisterValue = dev.STATUS.read()
    bus.taken()
    return value


def test_it_is_the_number_that_was_read(now: RegisterValue, bus: Recorder) -> None:
    assert now == RAW
    assert isinstance(now, int)
    assert hash(now) == hash(RAW)
    assert (now.raw, type(now.raw)) == (RAW, int)
    assert now & 0xFF == 0x0C
    assert type(now & 0xFF) is int
    assert f"{now:#x}" == hex(RAW)
    assert (now.path, now.width) == ("DEV.STATUS", 32)
    assert bus.taken() == []


def test_its_fields_are_attributes_and_read_nothing(now: RegisterValue, bus: Recorder) -> None:
    assert (now.MODE, now.TEMPERATURE, now.SPLIT, now.DONE, now.LIST0) == (4, 0x2B, 5, 1, 1)
    assert now.MODE.name == "FAST"
    assert list(now.fields) == [
        "MODE", "TEMPERATURE", "SPLIT", "DONE", "LIST0", "LIST1", "LIST2", "LEFT",
    ]  # fmt: skip
    assert now.LEFT == 0  # read once, with the register; looking again changes nothing
    assert bus.taken() == []


def test_what_a_read_does_not_show_is_no_field_of_it(now: RegisterValue) -> None:
    for name in ("GO", "ONCE"):
        with pytest.raises(AccessError, match="write-only"):
            getattr(now, name)
        assert not hasattr(now, name)
        assert name not in now.fields
    with pytest.raises(UnknownName, match="did you mean MODE"):
        _ = now.MOOD


def test_tools_can_look_at_it(now: RegisterValue) -> None:
    found = dict(inspect.getmembers(now))
    assert found["TEMPERATURE"] == 0x2B
    assert "MODE" in dir(now)


def test_it_never_changes(now: RegisterValue) -> None:
    change: Callable[[], object]
    for change in (
        lambda: setattr(now, "MODE", 1),
        lambda: setattr(now, "path", "elsewhere"),
        lambda: setattr(now, "new", 1),
        lambda: delattr(now, "path"),
        lambda: delattr(now, "MODE"),
    ):
        with pytest.raises(AccessError, match="does not change"):
            change()
    assert now == RAW
    assert now.path == "DEV.STATUS"


def test_replace_gives_another_and_leaves_this_one(now: RegisterValue, bus: Recorder) -> None:
    other = now.replace(MODE="IDLE", TEMPERATURE=1, SPLIT=0)
    assert other == 0x0010_0108
    assert type(other) is type(now)
    assert other.MODE.name == "IDLE"
    assert now == RAW
    with pytest.raises(ValueDoesNotFit, match=r"DEV\.STATUS\.MODE"):
        now.replace(MODE=8)
    with pytest.raises(UnknownName):
        now.replace(NOTHING=1)
    assert bus.taken() == []


def test_it_prints_as_a_table(dev: Any, now: RegisterValue, bus: Recorder) -> None:
    assert str(now) == TABLE
    assert f"{now}" == TABLE
    assert repr(now) == "<DEV.STATUS 0x80122b0c>"
    whole = dev.WHOLE.read()
    assert str(whole) == "DEV.WHOLE = 0x8000000000000000"
    assert repr(dev.BYTE.read()) == "<DEV.BYTE 0x00>"


def test_a_copy_elsewhere_is_the_plain_number(now: RegisterValue) -> None:
    for other in (pickle.loads(pickle.dumps(now)), copy.copy(now), copy.deepcopy(now)):  # noqa: S301
        assert other == RAW
        assert type(other) is int


@given(st.integers(0, (1 << 32) - 1))
def test_replacing_every_field_with_itself_changes_nothing(raw: int) -> None:
    now = device_of(CHIP, Recorder({0: raw})).DEV.STATUS.read()
    assert now.replace(**now.fields) == raw
    assert all(getattr(now, name) == value for name, value in now.fields.items())
