"""Limits on what is written, what a wait looks for, and parts of registers in both byte orders."""

from __future__ import annotations

import operator
import threading
from typing import Any

import pytest

from regmap.errors import AccessError, UnknownName, ValueDoesNotFit, WaitTimeout
from tests.support import Recorder, device_of

CHIP = """
    regmap: 1
    block: block
    instance: DEV
    enums:
      shown: {IDLE: 0, BUSY: 1, SOME: {value: "0b1x"}}
      asked: {START: 1, STOP: 2}
    registers:
      LIMITED: {offset: 0, constraint: {min: 0x10, max: 0x4F}, fields: {A: {bits: "3:0"},
        B: {bits: "7:4"}}}
      LIMITED_ALONE: {offset: 4, access: wo, constraint: {max: 1}}
      LIMITED_WHOLE: {offset: 8, constraint: {max: 5}}
      LIMITS:
        offset: 12
        reset: 0
        fields:
          FREE: {bits: "3:0"}
          RANGE: {bits: "7:4", constraint: {min: 2, max: 9}}
          NAMED: {bits: "9:8", enum: {X: 1, Z: 2}, constraint: enum}
          ACT: {bits: 12, access: rw1c, constraint: {min: 1}}
          SEEN: {bits: "17:16", access: ro, constraint: {max: 1}}
      KEPT: {offset: 16, reset: 0, fields: {FREE: {bits: "3:0"}, RSVD: {bits: "7:4",
        constraint: as-read}}}
      KEPT_WHOLE: {offset: 20, constraint: as-read, fields: {FREE: {bits: "3:0"}}}
      STATE: {offset: 24, fields: {S: {bits: "1:0", enum: {read: shown, write: asked}},
        LOW: {bits: "7:4", constraint: {max: 3}}}}
      SEL: {offset: 28, fields: {S: {bits: "2:0", array: {count: 10, stride: 3, name: "S{i+10}"}}}}
"""


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def device(bus: Recorder) -> Any:
    return device_of(CHIP, bus)


@pytest.fixture
def dev(device: Any) -> Any:
    return device.DEV


# ---- big-endian registers in parts -------------------------------------------------------------

VALUE = 0x11223344_55667788
# The bytes at 0 and at 4 of that number in each byte order, as little-endian words.
WORDS = {"little": {0: 0x55667788, 4: 0x11223344}, "big": {0: 0x44332211, 4: 0x88776655}}
LOW = {"little": 0, "big": 4}


def parts_of(byte_order: str, word_order: str, bus: Any) -> Any:
    text = f"""
        regmap: 1
        block: block
        instance: DEV
        registers:
          R: {{offset: 0, width: 64, access-widths: [32], word-order: {word_order},
            byte-order: {byte_order}}}
    """
    return device_of(text, bus).DEV.R


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("word_order", ["low-first", "high-first", "high-low-high"])
def test_the_order_of_parts_follows_the_halves_of_the_value(
    byte_order: str, word_order: str, bus: Recorder
) -> None:
    words, low = WORDS[byte_order], LOW[byte_order]
    high = 4 - low
    register = parts_of(byte_order, word_order, bus)
    order = [low, high] if word_order == "low-first" else [high, low]
    again = [high] if word_order == "high-low-high" else []
    bus.memory.update(words)
    assert register.raw == VALUE
    assert bus.taken() == [("R", at, 32) for at in [*order, *again]]
    bus.memory.clear()
    register.raw = VALUE
    assert bus.taken() == [("W", at, 32, words[at]) for at in order]


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_a_counter_that_carries_is_read_whole_in_either_byte_order(byte_order: str) -> None:
    class Counter(Recorder):
        """Ticks once before each read; the low half is about to overflow."""

        now = 0x0000_0001_FFFF_FFFE

        def read(self, address: int, width: int) -> int:
            self.now += 1
            self.accesses.append(("R", address, width))
            half = self.now >> 32 if address != LOW[byte_order] else self.now & 0xFFFF_FFFF
            return int.from_bytes(half.to_bytes(4, byte_order), "little")  # type: ignore[arg-type]

    bus = Counter()
    low = LOW[byte_order]
    assert parts_of(byte_order, "high-low-high", bus).raw == 0x2_0000_0002
    assert [at for _, at, _ in bus.taken()] == [4 - low, low, 4 - low, low, 4 - low]


# ---- limits ------------------------------------------------------------------------------------


def test_a_limit_of_a_register_holds_for_what_its_fields_make_of_it(
    dev: Any, bus: Recorder
) -> None:
    bus.memory[0] = 0x1F
    dev.LIMITED.A = 3
    dev.LIMITED.modify(B=4)
    dev.LIMITED.bit[0] = 0
    assert bus.taken() == [
        ("R", 0, 32), ("W", 0, 32, 0x13), ("R", 0, 32), ("W", 0, 32, 0x43),
        ("R", 0, 32), ("W", 0, 32, 0x42),
    ]  # fmt: skip
    for use in (
        lambda: setattr(dev.LIMITED, "B", 5),
        lambda: setattr(dev.LIMITED, "B", 0),
        lambda: dev.LIMITED.modify(A=1, B=9),
        lambda: operator.setitem(dev.LIMITED.bit, 31, 1),
    ):
        with pytest.raises(ValueDoesNotFit, match=r"DEV\.LIMITED: .*largest 0x4f"):
            use()
        assert bus.taken() == [("R", 0, 32)], "it is known after the read, and nothing is written"
    dev.LIMITED_WHOLE.bit[2] = 1
    assert bus.taken() == [("R", 8, 32), ("W", 8, 32, 4)]
    with pytest.raises(ValueDoesNotFit):
        dev.LIMITED_WHOLE.bit[1] = 1
    assert bus.taken() == [("R", 8, 32)]


def test_a_limit_of_a_field_holds_for_the_whole_register_and_its_bits(
    dev: Any, bus: Recorder
) -> None:
    for value, field in ((0x110, "RANGE"), (0x1A0, "RANGE"), (0x020, "NAMED"), (0x320, "NAMED")):
        with pytest.raises(ValueDoesNotFit, match=rf"DEV\.LIMITS\.{field}: "):
            dev.LIMITS.raw = value
        with pytest.raises(ValueDoesNotFit, match=rf"DEV\.LIMITS\.{field}: "):
            dev.LIMITS = value
    for bit in (4, 8):
        with pytest.raises(AccessError, match="does not take every value"):
            dev.LIMITS.bit[bit] = 1
    assert bus.taken() == []
    # A write-one field may stay as it is, and a read-only one is nobody's business.
    dev.LIMITS.raw = 0x3_0120
    dev.LIMITS.bit[0] = 1
    assert [access[0] for access in bus.taken()] == ["W", "R", "W"]


def test_the_reset_value_is_nobodys_mistake(dev: Any, bus: Recorder) -> None:
    dev.LIMITS.write(FREE=1)
    dev.LIMITS.reset()
    assert bus.taken() == [("W", 12, 32, 1), ("W", 12, 32, 0)]


def test_what_takes_only_what_was_read_is_not_assigned_to(dev: Any, bus: Recorder) -> None:
    bus.memory[16] = 0x50
    dev.KEPT.FREE = 3
    dev.KEPT.raw = dev.KEPT.read().replace(FREE=4)
    assert bus.taken() == [
        ("R", 16, 32), ("W", 16, 32, 0x53), ("R", 16, 32), ("W", 16, 32, 0x54),
    ]  # fmt: skip
    for use in (
        lambda: setattr(dev.KEPT, "RSVD", 5),
        lambda: dev.KEPT.modify(RSVD=5),
        lambda: dev.KEPT.write(RSVD=5, FREE=1),
        lambda: dev.KEPT.write(FREE=1),
        dev.KEPT.reset,
        lambda: operator.setitem(dev.KEPT.bit, 4, 1),
        lambda: dev.KEPT.check_field("RSVD", 5),
        lambda: setattr(dev.KEPT_WHOLE, "FREE", 5),
        lambda: dev.KEPT_WHOLE.modify(FREE=5),
        lambda: operator.setitem(dev.KEPT_WHOLE.bit, 9, 1),
    ):
        with pytest.raises(AccessError, match="only what was read"):
            use()
    assert bus.taken() == []


# ---- waiting -----------------------------------------------------------------------------------


def test_waiting_takes_the_names_that_a_read_shows(dev: Any, bus: Recorder) -> None:
    bus.memory[24] = 1
    assert dev.STATE.wait(S="BUSY", timeout_s=0) == 1
    bus.memory[24] = 3
    assert dev.STATE.wait(S="SOME", timeout_s=0) == 3
    with pytest.raises(UnknownName, match="START"):
        dev.STATE.wait(S="START", timeout_s=0)
    bus.memory[24] = 0x90
    assert dev.STATE.wait(LOW=9, timeout_s=0) == 0x90, "a limit is one of writes"
    with pytest.raises(ValueDoesNotFit):
        dev.STATE.wait(LOW=16, timeout_s=0)


def test_a_time_that_never_comes_is_refused_and_one_that_has_passed_polls_once(
    dev: Any, bus: Recorder
) -> None:
    for times in ({"timeout_s": float("nan")}, {"timeout_s": 1, "period_s": float("nan")}):
        with pytest.raises(ValueError, match="NaN"):
            dev.STATE.wait(S=1, **times)
    assert bus.taken() == []
    with pytest.raises(WaitTimeout):
        dev.STATE.wait(S=1, timeout_s=-5, period_s=-1)
    assert bus.taken() == [("R", 24, 32)]


# ---- updates between threads -------------------------------------------------------------------


@pytest.mark.parametrize("attached", [False, True])
def test_no_update_is_lost_on_a_backend_without_one(attached: bool) -> None:
    """The first read stops until the other thread has written, or has had every chance to."""
    other_wrote, reading = threading.Event(), threading.Event()

    class Slow(Recorder):
        def read(self, address: int, width: int) -> int:
            value = super().read(address, width)
            if not reading.is_set():
                reading.set()
                other_wrote.wait(0.3)
            return value

        def write(self, address: int, width: int, value: int) -> None:
            super().write(address, width, value)
            other_wrote.set()

    class Attaching(Slow):
        def attach(self, address: int, size: int) -> Slow:
            return self

    bus = Attaching() if attached else Slow()
    register = device_of(CHIP, bus).DEV.SEL

    def first() -> None:
        register.S10 = 1

    thread = threading.Thread(target=first)
    thread.start()
    assert reading.wait(30)
    register.S11 = 1
    thread.join(30)
    assert bus.memory[28] == 0b001_001
    assert [access[0] for access in bus.taken()] == ["R", "W", "R", "W"]
